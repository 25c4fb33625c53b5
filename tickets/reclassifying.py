"""What kind of work a ticket is: changed when it turns out to be something else."""

from core.errors import Conflict, Invalid
from core.people import Actor
from core.transactions import transaction
from tickets.access import locked_ticket
from tickets.closing_guards import no_open_case
from tickets.complaints.models import Complaint
from tickets.complaints.steps import Step, require_step
from tickets.models import COMPLAINT, KINDS, Ticket
from tickets.seen import require_seen
from tickets.statuses import ACTIVE
from tickets.timeline import change


async def change_kind(ticket_id: int, kind: str, actor: Actor, *, seen: int | None = None) -> Ticket:
    """Make it another kind of work; clocks follow. What becomes a complaint is received as one, `seen` as in
    `tickets.seen`.

    A complaint stays one until it is dismissed, and one that was dismissed is taken up again by supervisors. Raises
    Invalid (bad_kind), NotFound, Forbidden (not_your_step) and Conflict: ticket_changed, ticket_finished, is_complaint,
    case_open for an after-sales case.
    """
    if kind not in KINDS:
        raise Invalid("no such kind of ticket", code="bad_kind", known=list(KINDS))
    async with transaction():
        ticket, role = await locked_ticket(ticket_id, actor)
        if ticket.kind == kind:
            return ticket
        await require_seen(ticket, actor, seen)
        if ticket.status not in ACTIVE:
            raise Conflict("it is finished", code="ticket_finished")
        await no_open_case(ticket)
        await _require_free(ticket, kind, role)
        before, ticket.kind = ticket.kind, kind
        await change(ticket, actor, "kind", "reclassified", "kind", before=before, after=kind)
    return ticket


async def _require_free(ticket: Ticket, kind: str, role: str) -> None:
    complaint = await Complaint.get_or_none(ticket_id=ticket.id)
    if complaint is None:
        return
    if complaint.step != Step.DISMISSED:
        raise Conflict("it holds a complaint", code="is_complaint")
    if kind == COMPLAINT:
        require_step(complaint.step, Step.ASSESSED, role, complaint.severity)
