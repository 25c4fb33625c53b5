"""What becomes of money that goes back for a ticket, in its timeline; what needs people brings the ticket up."""

from core.people import SYSTEM
from core.transactions import transaction
from orders.refunds.models import RefundIntent
from orders.refunds.states import IntentState
from tickets.access import locked_ticket
from tickets.models import Ticket, TimelineEntry
from tickets.prioritising import set_priority
from tickets.timeline import change

TOLD = frozenset(IntentState) - {IntentState.PENDING}
_TROUBLE = (IntentState.FAILED, IntentState.FROZEN)


async def follow_refund(intent_id: int, state: str) -> None:
    """Write down that a refund of a ticket has come to `state`, once. Other refunds are passed over."""
    intent = await RefundIntent.get_or_none(id=intent_id)
    ticket = await Ticket.get_or_none(public_id=intent.case_id) if intent is not None else None
    if intent is None or ticket is None or state not in TOLD:
        return
    action = f"refund_{state}"
    async with transaction():
        locked, _ = await locked_ticket(ticket.id, SYSTEM)
        for entry in await TimelineEntry.filter(ticket_id=ticket.id, action=action):
            if entry.detail.get("refund") == intent.public_id:
                return
        what = {"refund": intent.public_id, "amount": intent.amount, "currency": intent.currency}
        await change(locked, SYSTEM, "refund", action, **what)
        if state in _TROUBLE:
            await set_priority(ticket.id, "urgent", SYSTEM)
