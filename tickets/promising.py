"""What customers are promised (a call back, a refund by Friday, an arrival): written down, kept, withdrawn, broken."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.clock import now, utc
from core.deadlines import end_of_day
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.people import SYSTEM, Actor, Agent, shop_ids_of
from core.promises import BROKEN, KEPT, OPEN, STATES, Promise, promise
from core.sql import Columns, fetch
from core.text import clean
from core.transactions import transaction
from tickets.access import locked_ticket
from tickets.models import PRIORITIES, Ticket
from tickets.prioritising import set_priority
from tickets.timeline import change

BY_AGENT = "agent"
TEXT_LIMIT = 300  # characters
FURTHEST = timedelta(days=366)
AT_ONCE = 100

# An arrival is kept by an order that is there, and not owed for one that is not sent any more.
_SETTLE = (
    "UPDATE promise SET settled_at = {now}, state = CASE WHEN kind = 'arrival'"
    " AND EXISTS (SELECT 1 FROM shop_order AS o WHERE o.public_id = promise.subject AND o.fulfilment = 'delivered')"
    " THEN 'kept'"
    " WHEN kind = 'arrival' AND EXISTS (SELECT 1 FROM shop_order AS o"
    " WHERE o.public_id = promise.subject AND o.closure IN ('cancelled', 'expired')) THEN 'withdrawn'"
    " ELSE 'broken' END WHERE state = 'open' AND due_at < {now} AND escalates_at IS NULL RETURNING id"
)
_ROWS = Columns("public_id text, shop_id bigint, subject text, due_at timestamptz, created_at timestamptz")
_ARRIVES = (
    "INSERT INTO promise (public_id, shop_id, kind, subject, due_at, state, created_at)"
    " SELECT r.public_id, r.shop_id, 'arrival', r.subject, r.due_at, 'open', r.created_at FROM {rows} AS r"
    " WHERE NOT EXISTS (SELECT 1 FROM promise AS p WHERE p.subject = r.subject AND p.kind = 'arrival'"
    " AND p.state = 'open' AND p.due_at = r.due_at)"
)
_LEAD = timedelta(hours=2)  # how long before its time a promise escalates, at most half of what there was


async def promise_to_customer(ticket_id: int, text: str, due_at: datetime, actor: Actor) -> Promise:
    """Write down what the customer was told and by when (UTC).

    Raises Invalid (empty_text, text_too_long, bad_time for what is past or a year ahead) and NotFound.
    """
    words, moment, due = clean(text, limit=TEXT_LIMIT + 1), now(), utc(due_at)
    if not words:
        raise Invalid("a promise without words", code="empty_text")
    if len(words) > TEXT_LIMIT:
        raise Invalid(f"{TEXT_LIMIT} characters at most", code="text_too_long", limit=TEXT_LIMIT)
    if not moment < due <= moment + FURTHEST:
        raise Invalid("the time is past, or more than a year ahead", code="bad_time")
    async with transaction():
        ticket, _ = await locked_ticket(ticket_id, actor)
        made = await promise(ticket.shop_id, BY_AGENT, ticket.public_id, due)
        made.text, made.actor_name = words, actor.name
        made.escalates_at = due - min(_LEAD, (due - moment) / 2)
        await made.save(update_fields=["text", "actor_name", "escalates_at"])
        await change(ticket, actor, "promise", "promised", text=words, by=due.isoformat())
    return made


async def promise_arrival(shop_id: int, timezone: str, order: str, moment: datetime) -> None:
    """The bot named when an order (public id) arrives: it may do so until the end of that day in the shop's zone.

    The same day said again is the same promise; another day is another one. One statement.
    """
    due = end_of_day(moment, 0, ZoneInfo(timezone))
    if due > now():
        await fetch(_ARRIVES, rows=_ROWS.of([(new_id("prm"), shop_id, order, due, now())]))


async def open_promises(ticket: Ticket) -> list[Promise]:
    """What agents have promised about a ticket and nobody has settled, the first due first."""
    return await Promise.filter(subject=ticket.public_id, kind=BY_AGENT, state=OPEN).order_by("due_at", "id")


async def settle_promise(agent: Agent, public_id: str, state: str) -> Promise:
    """Say that a promise of an agent was kept, or is withdrawn. What is kept after its time stays broken.

    Raises Invalid (bad_state), NotFound, and Conflict (promise_settled) when it is not open any more.
    """
    if state not in STATES or state in (OPEN, BROKEN):
        raise Invalid("a promise is kept or withdrawn", code="bad_state")
    known = await Promise.get_or_none(public_id=public_id, kind=BY_AGENT, shop_id__in=await shop_ids_of(agent))
    if known is None:
        raise NotFound("no such promise")
    async with transaction():
        ticket = await Ticket.get(public_id=known.subject)
        ticket, _ = await locked_ticket(ticket.id, Actor.of(agent))
        made = await Promise.filter(id=known.id).select_for_update().get()
        if made.state != OPEN:
            raise Conflict("the promise is settled", code="promise_settled")
        made.settled_at = now()
        made.state = BROKEN if state == KEPT and made.settled_at > made.due_at else state
        await made.save(update_fields=["state", "settled_at"])
        await change(ticket, Actor.of(agent), "promise", f"promise_{made.state}", text=made.text)
    return made


async def escalate_promises() -> int:
    """Raise the tickets of promises that are due soon to high, and of broken ones to urgent. Returns how many."""
    due = Promise.filter(escalates_at__lte=now()).order_by("escalates_at")
    found = await due.limit(AT_ONCE)
    for made in found:
        await _escalate(made.id)
    return len(found)


async def break_overdue() -> int:
    """Settle everything else whose time has passed: broken, unless the order itself has kept it. Returns how many."""
    return len(await fetch(_SETTLE, now=now()))


async def _escalate(promise_id: int) -> None:
    """Before its time it presses; at its time it is broken."""
    async with transaction():
        subject = (await Promise.get(id=promise_id)).subject
        ticket = await Ticket.get(public_id=subject)
        ticket, _ = await locked_ticket(ticket.id, SYSTEM)
        made = await Promise.filter(id=promise_id).select_for_update().get()
        over = made.due_at <= now()
        made.escalates_at = None if over or made.state != OPEN else made.due_at
        if made.state == OPEN:
            if over:
                made.state, made.settled_at = BROKEN, made.due_at
            await _raise(ticket, "urgent" if over else "high")
            await change(ticket, SYSTEM, "promise", "promise_broken" if over else "promise_due", text=made.text)
        await made.save(update_fields=["state", "settled_at", "escalates_at"])


async def _raise(ticket: Ticket, least: str) -> None:
    if PRIORITIES.index(ticket.priority) < PRIORITIES.index(least):
        raised = await set_priority(ticket.id, least, SYSTEM)
        ticket.priority, ticket.version = raised.priority, raised.version
