"""What happened to a ticket, entry by entry. Every change passes here, so none is without a trace."""

from collections.abc import Sequence
from typing import Any

from core.clock import now
from core.people import Actor
from core.transactions import record
from tickets.events import TicketChanged
from tickets.models import Ticket, TimelineEntry


async def enter(ticket: Ticket, actor: Actor, action: str, **detail: Any) -> None:
    """Write an entry."""
    await TimelineEntry.create(
        ticket_id=ticket.id,
        at=now(),
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        action=action,
        detail=detail,
    )


async def change(
    ticket: Ticket, actor: Actor, what: str, action: str, *columns: str, look_again: bool = True, **detail: Any
) -> None:
    """Save these columns of a locked ticket with a new version, write the entry and record TicketChanged.

    Its clocks are looked at again soon.
    """
    ticket.version += 1
    ticket.updated_at = now()
    if look_again:
        ticket.look_at = ticket.updated_at
    await ticket.save(update_fields=[*dict.fromkeys((*columns, "version", "updated_at", "look_at"))])
    await enter(ticket, actor, action, **detail)
    record(
        TicketChanged(ticket_id=ticket.id, shop_id=ticket.shop_id, conversation_id=ticket.conversation_id, what=what)
    )


async def touch(tickets: Sequence[Ticket]) -> None:
    """Bring tickets to the top of the lists: something was said."""
    await Ticket.filter(id__in=[ticket.id for ticket in tickets]).update(updated_at=now())
