"""How soon a ticket matters."""

from core.errors import Invalid
from core.people import Actor
from core.transactions import transaction
from tickets.access import locked_ticket
from tickets.models import PRIORITIES, Ticket
from tickets.seen import require_seen
from tickets.timeline import change


async def set_priority(ticket_id: int, priority: str, actor: Actor, *, seen: int | None = None) -> Ticket:
    """Set low, normal, high or urgent; `seen` as in `tickets.seen`.

    Raises Invalid (bad_priority), Conflict (ticket_changed) and NotFound.
    """
    if priority not in PRIORITIES:
        raise Invalid("no such priority", code="bad_priority", known=list(PRIORITIES))
    async with transaction():
        ticket, _ = await locked_ticket(ticket_id, actor)
        await require_seen(ticket, actor, seen)
        if ticket.priority != priority:
            before, ticket.priority = ticket.priority, priority
            await change(ticket, actor, "priority", "prioritised", "priority", before=before, after=priority)
    return ticket
