"""What must be done before a ticket may be resolved or closed; `tickets.resolution` asks all of them."""

from core.errors import Conflict
from tickets.complaint_models import Complaint
from tickets.complaint_steps import REJECTED, Step
from tickets.models import COMPLAINT, Ticket


async def complaint_is_settled(ticket: Ticket) -> None:
    """A complaint ends with a cause, a remedy, and a customer who knows: who was refused, where else to turn to.

    Raises Conflict (cause_and_remedy_missing, customer_not_informed, options_not_told).
    """
    if ticket.kind != COMPLAINT:
        return
    complaint = await Complaint.get_or_none(ticket_id=ticket.id)
    if complaint is None or complaint.step == Step.DISMISSED:
        return
    if not complaint.cause or not complaint.remedy:
        raise Conflict("a complaint ends with a cause and a remedy", code="cause_and_remedy_missing")
    if complaint.informed_at is None:
        raise Conflict("the customer does not know the decision", code="customer_not_informed")
    if complaint.outcome == REJECTED and complaint.options_told_at is None:
        raise Conflict("the customer does not know where else to turn to", code="options_not_told")
