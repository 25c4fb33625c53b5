"""Changes that an agent has not seen: who acts on a page that is out of date is told what somebody else has done."""

from core.errors import Conflict
from core.people import Actor
from tickets.models import Ticket, TimelineEntry

# What contradicts a decision that is made without knowing it. What only adds something does not.
MATTERS = (
    "assigned",
    "unassigned",
    "prioritised",
    "reclassified",
    "waits",
    "answered",
    "reopened",
    "resolved",
    "closed",
    "merged_in",
    "parted",
)


async def require_seen(ticket: Ticket, actor: Actor, seen: int | None) -> None:
    """`seen` is the id of the newest entry of the timeline that the page showed; None: whatever has happened.

    For verbs, with the ticket locked. Raises Conflict (ticket_changed) with the `name` of who did the last thing that
    matters, and the `action`. What the actor did (in another window) does not count.
    """
    if seen is None:
        return
    later = TimelineEntry.filter(ticket_id=ticket.id, id__gt=seen, action__in=MATTERS)
    for entry in await later.order_by("-id"):
        if (entry.actor_kind, entry.actor_id) != (actor.kind, actor.id):
            raise Conflict(
                "it has changed meanwhile", code="ticket_changed", name=entry.actor_name, action=entry.action
            )
