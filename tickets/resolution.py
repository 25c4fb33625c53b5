"""How tickets wait, end and come back. A refused step leaves an audit entry."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from tortoise.expressions import Q

from conversations.handover import return_to_bot
from conversations.models import Conversation
from core import audit
from core.clock import now
from core.errors import Conflict, Forbidden
from core.people import SYSTEM, Actor
from core.shops import Shop
from core.sql import Columns, Program, carry_out, query
from core.transactions import transaction
from tickets.access import locked_ticket
from tickets.closing_guards import complaint_is_settled, no_case_waits, no_open_case, with_open_cases
from tickets.evidence import evidence_is_complete
from tickets.joining import follow_customer
from tickets.models import COMPLAINT, Ticket
from tickets.promises import withdraw_first_reply
from tickets.seen import require_seen
from tickets.statuses import UNFINISHED, Status, require_transition
from tickets.timeline import change

# Brings active tickets to the top of the lists and tells what there is. Who asks the bot does not wait for an agent.
_ASKS = (
    "asked_at IS NULL AND merged_into_id IS NULL"
    " AND 'bot' <> (SELECT handler FROM conversation WHERE id = ticket.conversation_id)"
)
_TOUCH = (
    "UPDATE ticket SET updated_at = CASE WHEN status IN ('resolved', 'closed') THEN updated_at ELSE {at} END,"  # noqa: S608
    f" asked_at = CASE WHEN {_ASKS} THEN {{at}} ELSE asked_at END,"
    f" look_at = CASE WHEN {_ASKS} THEN {{at}} ELSE look_at END"
    " WHERE conversation_id IN (SELECT id FROM {conversations} AS c)"
    " AND (status IN ('open', 'pending', 'resolved') OR merged_into_id IS NOT NULL)"
    " RETURNING conversation_id, status, merged_into_id, kind"
)
_IDS = Columns("id bigint")

# What is asked before a ticket is resolved or closed; each raises Conflict. What was resolved may be closed.
GUARDS: tuple[Callable[[Ticket], Awaitable[None]], ...] = (complaint_is_settled, evidence_is_complete, no_case_waits)


async def await_customer(ticket_id: int, actor: Actor) -> Ticket:
    """It is the customer's turn: open → pending."""
    return await _move(ticket_id, Status.PENDING, actor, "waits")


async def resolve(ticket_id: int, actor: Actor, *, seen: int | None = None) -> Ticket:
    """The work is done, unless the customer writes again. Whoever handles the conversation keeps it.

    Raises Conflict when something has to be done before (`GUARDS`), or has happened that was not `seen`.
    """
    return await _move(ticket_id, Status.RESOLVED, actor, "resolved", seen)


async def reopen(ticket_id: int, actor: Actor, *, seen: int | None = None) -> Ticket:
    """Work on it again."""
    return await _move(ticket_id, Status.OPEN, actor, "reopened", seen)


async def close(ticket_id: int, actor: Actor, *, seen: int | None = None) -> Ticket:
    """The work is over for good. After the conversation's last unfinished ticket the bot listens again."""
    return await _move(ticket_id, Status.CLOSED, actor, "closed", seen)


async def close_settled(before: datetime, *, limit: int = 500) -> int:
    """Close up to `limit` tickets that were resolved before `before` (UTC), the oldest first. Returns how many."""
    shops = list(await Shop.all().values_list("id", flat=True))  # the index of the inbox begins with the shop
    settled = Ticket.filter(shop_id__in=shops, status=Status.RESOLVED, resolved_at__lt=before)
    settled = settled.filter(~Q(id__in=with_open_cases()))
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
    """
    async with transaction():
        if (await carry_out(customers_replied({conversation_id: to_bot}))).asleep:
            await wake(conversation_id, to_bot=to_bot)


@dataclass(frozen=True, slots=True)
class Replied:
    """Conversations in which a customer's words matter to tickets, by id."""

    asleep: frozenset[int]  # a ticket wakes: `wake` is called
    complaining: frozenset[int]  # a complaint is not finished: its words are read for alarms


def customers_replied(to_bot: Mapping[int, bool]) -> Program[Replied]:
    """Customers wrote in these conversations, to the bot or not: their active tickets come to the top of the lists.

    Called for each message with the conversation's row locked.
    """
    if not to_bot:
        return Replied(frozenset(), frozenset())
    touched = yield query(_TOUCH, at=now(), conversations=_IDS.of([(key,) for key in to_bot]))
    statuses: dict[int, set[str]] = {}
    for row in touched:
        if row["merged_into_id"] is None:
            statuses.setdefault(row["conversation_id"], set()).add(row["status"])
    asleep = {row["conversation_id"] for row in touched if row["merged_into_id"] is not None} | {
        key
        for key, found in statuses.items()
        if Status.PENDING in found or (found == {Status.RESOLVED} and not to_bot[key])
    }
    complaining = {row["conversation_id"] for row in touched if row["kind"] == COMPLAINT}
    return Replied(frozenset(asleep), frozenset(complaining))


async def wake(conversation_id: int, *, to_bot: bool = False) -> None:
    """Open what waits for the customer: all pending tickets, or else the one that was resolved last.

    What goes on in a ticket of another conversation comes here first.
    """
    async with transaction():
        await follow_customer(conversation_id, to_bot=to_bot)
        if await Ticket.exists(conversation_id=conversation_id, status=Status.PENDING):
            await _wake(conversation_id, Status.PENDING, "answered")
        elif not to_bot and not await Ticket.exists(conversation_id=conversation_id, status=Status.OPEN):
            await _wake(conversation_id, Status.RESOLVED, "reopened")


async def wake_for(conversation_id: int, actor: Actor) -> None:
    """Somebody else than the customer answered the desk: the same for the tickets of this conversation alone."""
    async with transaction():
        await Conversation.filter(id=conversation_id).select_for_update().first()
        if await Ticket.exists(conversation_id=conversation_id, status=Status.PENDING):
            await _wake(conversation_id, Status.PENDING, "answered", actor)
        elif not await Ticket.exists(conversation_id=conversation_id, status=Status.OPEN):
            await _wake(conversation_id, Status.RESOLVED, "reopened", actor)


async def _wake(conversation_id: int, asleep: Status, action: str, actor: Actor | None = None) -> None:
    tickets = Ticket.filter(conversation_id=conversation_id, status=asleep).select_for_update()
    waking = await tickets.order_by("-resolved_at", "-id")
    conversation = await Conversation.get(id=conversation_id).select_related("customer")
    for ticket in waking[:1] if asleep == Status.RESOLVED else reversed(waking):
        await _enter(ticket, Status.OPEN, actor or Actor.of(conversation.customer), action)


async def _move(ticket_id: int, wanted: Status, actor: Actor, action: str, seen: int | None = None) -> Ticket:
    """Raises NotFound; Conflict (ticket_changed); Conflict (bad_transition, a guard's) and Forbidden (not_your_step),
    these after noting the attempt."""
    async with transaction():
        ticket, role = await locked_ticket(ticket_id, actor)
        if ticket.status == wanted:
            return ticket
        await require_seen(ticket, actor, seen)
        try:
            require_transition(ticket.status, wanted, role)
            if ticket.status != Status.RESOLVED and wanted in (Status.RESOLVED, Status.CLOSED):
                for guard in GUARDS:
                    await guard(ticket)
            if wanted == Status.CLOSED:
                await no_open_case(ticket)
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
    if wanted != Status.OPEN:
        ticket.asked_at = None
    if wanted in (Status.RESOLVED, Status.CLOSED):
        await withdraw_first_reply(ticket)
    columns = ("status", "reopened", "resolved_at", "closed_at", "asked_at")
    await change(ticket, actor, "status", action, *columns, before=before, after=wanted.value)


async def _free_the_conversation(ticket: Ticket, actor: Actor) -> None:
    """Its own and those of the tickets that are merged into it."""
    merged = await Ticket.filter(merged_into_id=ticket.id) if ticket.merges else []
    for conversation_id in sorted({each.conversation_id for each in [ticket, *merged]}):
        if not await Ticket.exists(conversation_id=conversation_id, status__in=UNFINISHED):
            await return_to_bot(conversation_id, actor, "ticket_closed")
