"""What must be done before a ticket may be resolved or closed; `tickets.resolution` asks all of them."""

from tortoise.expressions import Subquery

from core.errors import Conflict
from tickets.aftersales.models import AfterSale
from tickets.aftersales.states import AT_THE_SHOP, OVER
from tickets.complaints.models import Complaint
from tickets.complaints.steps import REJECTED, Step
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


async def no_case_waits(ticket: Ticket) -> None:
    """What waits for the desk is not put aside. Raises Conflict (case_waits)."""
    if await AfterSale.exists(ticket_id=ticket.id, state__in=AT_THE_SHOP):
        raise Conflict("an after-sales case waits for the desk", code="case_waits")


async def no_open_case(ticket: Ticket) -> None:
    """A ticket lives as long as its cases: goods and money still come to it. Raises Conflict (case_open)."""
    if await AfterSale.filter(ticket_id=ticket.id).exclude(state__in=OVER).exists():
        raise Conflict("an after-sales case is open", code="case_open")


def with_open_cases() -> Subquery:
    """The ids of tickets that have an open after-sales case, for a filter."""
    return Subquery(AfterSale.filter(ticket_id__not_isnull=True, state__not_in=OVER).values("ticket_id"))
