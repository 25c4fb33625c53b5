"""That a customer was reminded of their time in a case is kept in the ticket, once for each time."""

from core.people import SYSTEM
from orders.facts import stamp
from tickets.aftersales.models import AfterSale, AfterSaleTimer
from tickets.aftersales.moves import locked_case
from tickets.models import TimelineEntry
from tickets.timeline import change

REMINDED = "case_reminded"


async def remind(timer_id: int) -> AfterSale | None:
    """The locked case of a customer's timer that still runs, noted in the ticket as reminded.

    None when their time is over meanwhile, or they were reminded of it. Within the caller's transaction.
    """
    known = await AfterSaleTimer.get(id=timer_id).select_related("case")
    case = await locked_case(known.case.public_id, SYSTEM)
    timer = await AfterSaleTimer.filter(id=timer_id).select_for_update().get()
    if timer.done_at is not None or case.ticket is None:
        return None
    until = stamp(timer.due_at)
    about = {"case": case.row.number, "case_kind": case.row.kind, "timer": timer.kind, "until": until}
    noted = await TimelineEntry.filter(ticket_id=case.ticket.id, action=REMINDED)
    if any(about.items() <= entry.detail.items() for entry in noted):
        return None
    await change(case.ticket, SYSTEM, "aftersale", REMINDED, **about)
    return case.row
