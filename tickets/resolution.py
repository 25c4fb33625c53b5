"""How tickets wait, end and come back. A refused step leaves an audit entry."""

from datetime import datetime

from conversations.handover import return_to_bot
from conversations.models import Conversation
from core import audit
from core.clock import now
from core.errors import Conflict, Forbidden
from core.people import SYSTEM, Actor
from core.shops import Shop
from core.sql import fetch
from core.transactions import transaction
from tickets.access import locked_ticket
from tickets.models import Ticket
from tickets.promises import withdraw_first_reply
from tickets.statuses import UNFINISHED, Status, require_transition
from tickets.timeline import change

# Brings active tickets to the top of the lists and tells what there is.
_TOUCH = (
    "UPDATE ticket SET updated_at = CASE WHEN status = 'resolved' THEN updated_at ELSE {at} END"
    " WHERE conversation_id = {conversation} AND status IN ('open', 'pending', 'resolved') RETURNING status"
)


async def await_customer(ticket_id: int, actor: Actor) -> Ticket:
    """It is the customer's turn: open → pending."""
    return await _move(ticket_id, Status.PENDING, actor, "waits")


async def resolve(ticket_id: int, actor: Actor) -> Ticket:
    """The work is done, unless the customer writes again. Whoever handles the conversation keeps it."""
    return await _move(ticket_id, Status.RESOLVED, actor, "resolved")


async def reopen(ticket_id: int, actor: Actor) -> Ticket:
    """Work on it again."""
    return await _move(ticket_id, Status.OPEN, actor, "reopened")


async def close(ticket_id: int, actor: Actor) -> Ticket:
    """The work is over for good. After the conversation's last unfinished ticket the bot listens again."""
    return await _move(ticket_id, Status.CLOSED, actor, "closed")


async def close_settled(before: datetime, *, limit: int = 500) -> int:
    """Close up to `limit` tickets that were resolved before `before` (UTC), the oldest first. Returns how many."""
    shops = list(await Shop.all().values_list("id", flat=True))  # the index of the inbox begins with the shop
    settled = Ticket.filter(shop_id__in=shops, status=Status.RESOLVED, resolved_at__lt=before)
    closed = 0
    for ticket_id in await settled.order_by("resolved_at", "id").limit(limit).values_list("id", flat=True):
        async with transaction():
            ticket, _ = await locked_ticket(int(str(ticket_id)), SYSTEM)
            if await settled.filter(id=ticket.id).exists():  # the customer may have written meanwhile
                await close(ticket.id, SYSTEM)
                closed += 1
    return closed


async def customer_replied(conversation_id: int, *, to_bot: bool = False) -> None:
    """The customer wrote: pending tickets are open again; if none is active, the one resolved last is reopened.

    What they say `to_bot` may be about something else, so it reopens nothing that was resolved.
    Called for each message with the conversation's row locked; unless a ticket wakes that is one statement.
    """
    async with transaction():
        touched = await fetch(_TOUCH, conversation=conversation_id, at=now())
        statuses = {row["status"] for row in touched}
        if Status.PENDING in statuses:
            await _wake(conversation_id, Status.PENDING, "answered")
        elif statuses == {Status.RESOLVED} and not to_bot:
            await _wake(conversation_id, Status.RESOLVED, "reopened")


async def _wake(conversation_id: int, asleep: Status, action: str) -> None:
    """Open what waits for the customer: all pending tickets, or the one that was resolved last."""
    tickets = Ticket.filter(conversation_id=conversation_id, status=asleep).select_for_update()
    waking = await tickets.order_by("-resolved_at", "-id")
    conversation = await Conversation.get(id=conversation_id).select_related("customer")
    for ticket in waking[:1] if asleep == Status.RESOLVED else reversed(waking):
        await _enter(ticket, Status.OPEN, Actor.of(conversation.customer), action)


async def _move(ticket_id: int, wanted: Status, actor: Actor, action: str) -> Ticket:
    """Raises NotFound; Conflict (bad_transition) and Forbidden (not_your_step), both after noting the attempt."""
    async with transaction():
        ticket, role = await locked_ticket(ticket_id, actor)
        if ticket.status == wanted:
            return ticket
        try:
            require_transition(ticket.status, wanted, role)
        except (Conflict, Forbidden) as error:
            # Raised below, after the commit: a rollback would take the audit entry with it.
            refusal = error
            await audit.note(actor, "transition_refused", ticket.public_id, current=ticket.status, wanted=wanted.value)
        else:
            await _enter(ticket, wanted, actor, action)
            if wanted == Status.CLOSED:
                await _free_the_conversation(ticket, actor)
            return ticket
    raise refusal


async def _enter(ticket: Ticket, wanted: Status, actor: Actor, action: str) -> None:
    """Carry out an allowed step of a locked ticket."""
    before, moment = ticket.status, now()
    ticket.status = wanted.value
    if wanted == Status.OPEN and before != Status.PENDING:
        ticket.reopened += 1
        ticket.resolved_at = ticket.closed_at = None
    if wanted == Status.RESOLVED:
        ticket.resolved_at = moment
    if wanted == Status.CLOSED:
        ticket.closed_at = moment
    if wanted in (Status.RESOLVED, Status.CLOSED):
        await withdraw_first_reply(ticket)
    columns = ("status", "reopened", "resolved_at", "closed_at")
    await change(ticket, actor, "status", action, *columns, before=before, after=wanted.value)


async def _free_the_conversation(ticket: Ticket, actor: Actor) -> None:
    if not await Ticket.exists(conversation_id=ticket.conversation_id, status__in=UNFINISHED):
        await return_to_bot(ticket.conversation_id, actor, "ticket_closed")
