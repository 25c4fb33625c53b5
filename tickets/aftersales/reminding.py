"""Customers are told once that their time in a case is nearly over, and the ticket keeps that they were."""

from conversations.models import CHAT, EMAIL, Conversation
from core.people import SYSTEM
from orders.facts import stamp
from tickets.aftersales.models import AfterSaleTimer
from tickets.aftersales.moves import Case, locked_case
from tickets.models import TimelineEntry
from tickets.timeline import change

REMINDED = "case_reminded"


async def remind(timer_id: int) -> tuple[Case, AfterSaleTimer, Conversation] | None:
    """The locked case of a customer's timer that still runs, and where to remind them, noted in the ticket.

    None when their time is over meanwhile, when they were reminded, or cannot be. Within the caller's transaction.
    """
    known = await AfterSaleTimer.get(id=timer_id).select_related("case")
    case = await locked_case(known.case.public_id, SYSTEM)
    timer = await AfterSaleTimer.filter(id=timer_id).select_for_update().get()
    if timer.done_at is not None or case.ticket is None:
        return None
    talk, until = await Conversation.get(id=case.ticket.conversation_id), stamp(timer.due_at)
    noted = await TimelineEntry.filter(ticket_id=case.ticket.id, action=REMINDED)
    if talk.channel not in (CHAT, EMAIL) or any(entry.detail.get("until") == until for entry in noted):
        return None
    about = {"case": case.row.number, "case_kind": case.row.kind, "timer": timer.kind, "until": until}
    await change(case.ticket, SYSTEM, "aftersale", REMINDED, **about)
    return case, timer, talk
