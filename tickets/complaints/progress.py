"""How a complaint moves: locked, checked, noted in the ticket's timeline. A refused step leaves an audit entry."""

from collections.abc import Awaitable, Callable
from typing import Any

from core import audit
from core.clock import now
from core.errors import Conflict, Forbidden, NotFound
from core.people import Actor
from core.transactions import transaction
from tickets.access import locked_ticket
from tickets.complaints.causes import PRIORITY_OF
from tickets.complaints.models import Complaint
from tickets.complaints.steps import Step, require_step
from tickets.models import PRIORITIES, Ticket
from tickets.prioritising import set_priority
from tickets.resolution import reopen
from tickets.statuses import Status
from tickets.timeline import change

Fill = Callable[[Complaint], None]
Then = Callable[[Complaint, Ticket], Awaitable[None]]

_WORK = (Step.ASSESSED, Step.INVESTIGATING)

# When a step was taken.
TIMES = {
    Step.ACKNOWLEDGED: "acknowledged_at",
    Step.ASSESSED: "assessed_at",
    Step.INVESTIGATING: "investigated_at",
    Step.DECIDED: "decided_at",
    Step.INFORMED: "informed_at",
    Step.FOLLOWED_UP: "followed_up_at",
    Step.DISMISSED: "dismissed_at",
}


async def locked_complaint(ticket_id: int, actor: Actor) -> tuple[Complaint, Ticket, str]:
    """The complaint of a ticket with the ticket, ours until the commit, and the role of `actor`. Raises NotFound."""
    ticket, role = await locked_ticket(ticket_id, actor)
    complaint = await Complaint.get_or_none(ticket_id=ticket.id)
    if complaint is None or role == "customer":
        raise NotFound("no such complaint")
    return complaint, ticket, role


async def advance(
    ticket_id: int,
    actor: Actor,
    wanted: Step,
    fill: Fill,
    *,
    then: Then | None = None,
    seen: int | None = None,
    **detail: Any,
) -> Complaint:
    """Take a step: `fill` sets what it says, `then` does what belongs to it. `seen` is the version that the actor saw.
    Whoever looks at it again opens its ticket again.

    Raises NotFound; Conflict (bad_transition, complaint_changed), Forbidden (not_your_step) and what `fill` raises of
    these kinds, all after noting the attempt.
    """
    async with transaction():
        complaint, ticket, role = await locked_complaint(ticket_id, actor)
        try:
            if seen is not None and seen != complaint.version:
                raise Conflict("somebody has changed the complaint", code="complaint_changed")
            require_step(complaint.step, wanted, role, complaint.severity)
            fill(complaint)
        except (Conflict, Forbidden) as error:
            # Raised below, after the commit: a rollback would take the audit entry with it.
            refusal = error
            what = {"current": complaint.step, "wanted": wanted.value, "why": error.code}
            await audit.note(actor, "transition_refused", complaint.public_id, **what)
        else:
            complaint.step = wanted.value
            setattr(complaint, TIMES[wanted], now())
            await store(complaint, ticket, actor, f"complaint_{wanted.value}", **detail)
            if then is not None:
                await then(complaint, ticket)
            if wanted in _WORK and ticket.status in (Status.RESOLVED, Status.CLOSED):
                await reopen(ticket.id, actor)
            return complaint
    raise refusal


async def store(complaint: Complaint, ticket: Ticket, actor: Actor, action: str, **detail: Any) -> None:
    """Save a locked complaint with a new version, its severity as the ticket's priority, and the entry."""
    complaint.version += 1
    await complaint.save()
    if ticket.priority != (priority := PRIORITY_OF[complaint.severity]):
        raised = await set_priority(ticket.id, priority, actor)
        ticket.priority, ticket.version = raised.priority, raised.version
    await change(ticket, actor, "complaint", action, **detail)


def severity_at_least(complaint: Complaint, least: str) -> bool:
    """Make the complaint at least as serious as `least`. Returns whether it was less."""
    milder = bool(complaint.severity > least)  # P1 is the gravest
    if milder:
        complaint.severity = least
    return milder


def severity_of_priority(priority: str) -> str:
    """What a ticket's priority says of its complaint; the usual one says nothing: P4."""
    graver = {name: severity for severity, name in PRIORITY_OF.items()}
    return graver[priority] if PRIORITIES.index(priority) > PRIORITIES.index("normal") else "P4"
