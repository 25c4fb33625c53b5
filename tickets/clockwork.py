"""Looks at the clocks of tickets when something happened or time has passed, and keeps on the row what lists show."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from conversations.models import BOT
from core.business_hours import BusinessHours
from core.clock import now
from core.people import SYSTEM
from core.transactions import transaction
from tickets.access import locked_ticket
from tickets.clocks import Clock, Handling, Step, Story, clocks, targets_of
from tickets.complaints.models import Complaint
from tickets.models import COMPLAINT, Ticket, TimelineEntry
from tickets.statuses import Status
from tickets.timeline import change

log = structlog.get_logger(__name__)

AT_ONCE = 200
AFTER_FAILURE = timedelta(hours=1)
WARNED = "clock_warned"

# Entries of the timeline after which a ticket has another status.
STEPS = {
    "waits": Status.PENDING,
    "answered": Status.OPEN,
    "reopened": Status.OPEN,
    "resolved": Status.RESOLVED,
    "closed": Status.CLOSED,
}


async def look_at_clocks(limit: int = AT_ONCE) -> int:
    """Look at up to `limit` tickets whose time has come. Returns how many there were."""
    ids = await Ticket.filter(look_at__lte=now()).order_by("look_at").limit(limit).values_list("id", flat=True)
    for ticket_id in ids:
        try:
            await look_at_clock(int(str(ticket_id)))
        except Exception:  # one that cannot be worked out must not stand before all others for ever
            log.exception("clock_failed", ticket=ticket_id)
            await Ticket.filter(id=ticket_id).update(look_at=now() + AFTER_FAILURE)
    return len(ids)


async def look_at_clock(ticket_id: int) -> None:
    """Work out the clocks of a ticket again; a warning or an overrun that is new goes to its timeline, once."""
    async with transaction():
        ticket, _ = await locked_ticket(ticket_id, SYSTEM)
        moment = now()
        running = await clocks_of(ticket, moment)
        first = running[0] if running else None
        before = ticket.clock_kind, ticket.clock_stage
        ticket.clock_kind = first.kind if first else None
        ticket.clock_stage = first.stage if first else None
        ticket.clock_due_at = first.due_at if first else None
        ticket.look_at = min((clock.next_at for clock in running if clock.next_at), default=None)
        columns = ("clock_kind", "clock_stage", "clock_due_at", "look_at")
        if first is None or not first.stage or (first.kind, first.stage) == before:
            await ticket.save(update_fields=columns)
            return
        detail = {"clock": first.kind, "stage": first.stage}
        await change(ticket, SYSTEM, "clock", WARNED, *columns, look_again=False, **detail)


async def clocks_of(ticket: Ticket, at: datetime) -> list[Clock]:
    """The ticket's clocks `at`, the first to be due first; none while it is merged into another."""
    if ticket.merged_into_id is not None:
        return []
    await ticket.fetch_related("shop", "conversation")
    steps = TimelineEntry.filter(ticket_id=ticket.id, action__in=STEPS).order_by("id")
    complaint = await Complaint.get_or_none(ticket_id=ticket.id) if ticket.kind == COMPLAINT else None
    story = story_of(ticket, await steps, with_bot=ticket.conversation.handler == BOT, complaint=complaint)
    hours = BusinessHours.of(ticket.shop.hours, ticket.shop.timezone)
    return clocks(story, at, hours, targets_of(ticket.shop.targets))


def story_of(
    ticket: Ticket, entries: Sequence[TimelineEntry], *, with_bot: bool, complaint: Complaint | None = None
) -> Story:
    """What the clocks are told from; while the bot has the turn nobody waits for an agent's next answer."""
    return Story(
        opened_at=ticket.created_at,
        priority=ticket.priority,
        steps=[Step(at=entry.at, status=STEPS[entry.action]) for entry in entries],
        first_replied_at=ticket.first_replied_at,
        promised_at=ticket.first_reply_due_at,
        asked_at=None if with_bot else ticket.asked_at,
        complaint=_handling(complaint) if complaint is not None and complaint.step != "dismissed" else None,
    )


def _handling(complaint: Complaint) -> Handling:
    return Handling(
        acknowledged_at=complaint.acknowledged_at,
        decided_at=complaint.decided_at,
        informed_at=complaint.informed_at,
    )
