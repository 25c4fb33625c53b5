"""How a complaint begins: received with what its orders looked like then, and acknowledged with a time."""

from datetime import datetime, timedelta

from tortoise.expressions import Q

from conversations.models import Conversation, Message
from conversations.proofs import proven_contacts
from core import promises
from core.clock import now
from core.ids import new_id
from core.jobs import enqueue
from core.people import SYSTEM, Actor
from core.transactions import transaction
from orders.models import Order
from orders.responsibility import present_party
from orders.snapshots import OrderSnapshot, snapshots
from tickets.access import locked_ticket
from tickets.clocks import DECISION
from tickets.clockwork import clocks_of
from tickets.complaints.causes import severity_of, worst
from tickets.complaints.escalation import SEVERITY, note_escalation, raise_alarms
from tickets.complaints.models import Complaint, ComplaintOrder
from tickets.complaints.progress import advance, locked_complaint, severity_of_priority, store
from tickets.complaints.steps import UNDECIDED, Step
from tickets.complaints.suggestion import suggest
from tickets.complaints.words import symptoms
from tickets.models import COMPLAINT, Ticket, TicketLink

WORDS, RATING = "words", "rating"
AGAIN = timedelta(days=90)
DECISION_PROMISE = "decision"
_READ = 20  # messages before the ticket that are read for what the customer sees


async def receive(ticket_id: int, origin: str = WORDS) -> Complaint | None:
    """Make a ticket of the kind complaint a complaint, once; other tickets stay what they are.

    How serious it is before anybody has looked follows from the words, the orders and the ticket's priority. Without
    any sign it is P3.
    """
    async with transaction():
        ticket, _ = await locked_ticket(ticket_id, SYSTEM)
        known = await Complaint.get_or_none(ticket_id=ticket_id)
        if ticket.kind != COMPLAINT or known is not None:
            return known
        conversation, moment = await Conversation.get(id=ticket.conversation_id), now()
        words = await _words(ticket)
        seen, orders = symptoms(words), await _linked(ticket)
        complaint = await Complaint.create(
            public_id=new_id("cmp"),
            ticket_id=ticket.id,
            shop_id=ticket.shop_id,
            customer_id=conversation.customer_id,
            origin=origin,
            severity=worst([_usual(seen, orders), severity_of_priority(ticket.priority)]),
            symptoms=seen,
            repeat=await _came_before(conversation, orders, moment - AGAIN),
            received_at=moment,
            last_contact_at=conversation.last_customer_at,
        )
        await keep_orders(complaint, orders)
        await store(complaint, ticket, SYSTEM, "complaint_received")
        await raise_alarms(complaint, ticket, words)
        if complaint.severity == "P1":
            await note_escalation(complaint, ticket, SEVERITY)
        key = f"complaint.acknowledge:{complaint.id}"
        await enqueue("complaint.acknowledge", {"complaint": complaint.id}, key=key)
    return complaint


async def take_up_again(ticket_id: int) -> None:
    """The ticket of a dismissed complaint is a complaint again: it goes on where it stood."""
    async with transaction():
        ticket, _ = await locked_ticket(ticket_id, SYSTEM)
        complaint = await Complaint.get_or_none(ticket_id=ticket_id, step=Step.DISMISSED)
        if ticket.kind == COMPLAINT and complaint is not None:
            complaint.step = Step.ACKNOWLEDGED if complaint.acknowledged_at else Step.RECEIVED
            complaint.dismissal, complaint.dismissed_at = "", None
            await store(complaint, ticket, SYSTEM, "complaint_received")


async def links_changed(ticket_id: int) -> None:
    """Keep what newly linked orders of a complaint look like; what was kept before stays as it was."""
    complaint = await Complaint.get_or_none(ticket_id=ticket_id).select_related("ticket")
    if complaint is not None:
        await keep_orders(complaint, await _linked(complaint.ticket))


async def keep_orders(complaint: Complaint, orders: list[Order]) -> None:
    """Keep the axes of these orders as they are now, with what their history says of the cause."""
    known = set(await ComplaintOrder.filter(complaint_id=complaint.id).values_list("order_id", flat=True))
    new = [order for order in orders if order.id not in known]
    for order, picture in zip(new, await snapshots(new), strict=True):
        await ComplaintOrder.create(
            complaint_id=complaint.id,
            order_id=order.id,
            at=now(),
            version=order.version,
            axes=_axes(picture),
            suggestions=[one.as_json() for one in suggest(picture, complaint.received_at, complaint.symptoms)],
        )


async def acknowledge(ticket_id: int, actor: Actor, due: datetime | None, *, how: str = "message") -> Complaint:
    """The customer knows that it has arrived and by when it is decided (`due`, UTC; a promise from now on).

    `how`: message, or phone when an agent has called. Raises NotFound, Conflict (bad_transition).
    """

    async def promise(_: Complaint, ticket: Ticket) -> None:
        if due is not None:
            await promises.promise(ticket.shop_id, DECISION_PROMISE, ticket.public_id, due)

    async with transaction():
        complaint, ticket, _ = await locked_complaint(ticket_id, actor)
        if complaint.acknowledged_at is None and complaint.step in UNDECIDED[2:]:  # somebody was faster with the rest
            complaint.acknowledged_at = now()
            await store(complaint, ticket, actor, "complaint_acknowledged", how=how)
            await promise(complaint, ticket)
            return complaint
    return await advance(ticket_id, actor, Step.ACKNOWLEDGED, lambda _: None, then=promise, how=how)


async def decision_due(ticket: Ticket) -> datetime | None:
    """By when (UTC) the complaint of a ticket is to be decided; None while the clock stands, and once it is decided."""
    running = await clocks_of(ticket, now())
    return next((clock.due_at for clock in running if clock.kind == DECISION), None)


async def _words(ticket: Ticket) -> str:
    said = Message.filter(conversation_id=ticket.conversation_id, author_kind="customer").order_by("-number")
    lines = [message.text for message in await said.limit(_READ)]
    own = (
        [] if ticket.opened_by == "bot" else [ticket.subject, ticket.summary]
    )  # the bot's words are not the customer's
    return "\n".join([*own, *lines])


async def _linked(ticket: Ticket) -> list[Order]:
    links = TicketLink.filter(ticket_id=ticket.id, confirmed=True).order_by("id").select_related("order")
    return list({link.order_id: link.order for link in await links}.values())


def _usual(seen: list[str], orders: list[Order]) -> str:
    by_words = severity_of(seen) if seen else "P3"
    return worst([by_words, *(severity_of([], order.total, order.currency) for order in orders)])


async def _came_before(conversation: Conversation, orders: list[Order], since: datetime) -> bool:
    """The same customer, somebody who has proved the same contact, or the same order."""
    earlier = Complaint.filter(shop_id=conversation.shop_id, received_at__gte=since).exclude(step=Step.DISMISSED)
    who = Q(customer_id=conversation.customer_id)
    if contacts := await proven_contacts(conversation.id):
        who |= Q(ticket__conversation__proofs__contact__in=list(contacts))
    if orders:
        who |= Q(orders__order_id__in=[order.id for order in orders])
    return await earlier.filter(who).exists()


def _axes(picture: OrderSnapshot) -> dict[str, object]:
    party = present_party(picture)
    return {
        "headline": picture.headline.value,
        "confirmation": picture.confirmation.value,
        "payment": picture.payment.value,
        "fulfilment": picture.fulfilment.value,
        "returns": picture.returns.value,
        "refund": picture.refund.value,
        "closure": picture.closure.value,
        "holds": sorted(hold.value for hold in picture.holds),
        "party": party.value if party else "",
    }
