"""What the desk wrote did not arrive: whoever waits for the customer waits in vain, so the work is taken up again."""

from conversations.models import Conversation
from core.clock import now
from core.people import SYSTEM
from core.transactions import transaction
from tickets.models import QUESTION, Ticket
from tickets.opening import open_ticket
from tickets.statuses import Status
from tickets.timeline import change

_MERGES = 20  # steps that are followed


async def take_up_again(conversation_id: int, address: str) -> Ticket | None:
    """Open the work of a conversation, because nothing reached `address`, and put it where the desk looks next.

    What was closed for good stays closed; then there is a new ticket. None for a conversation without any. Its
    assignee is loaded. The caller has a transaction open.
    """
    async with transaction():
        newest = await Ticket.filter(conversation_id=conversation_id).order_by("-id").first()
        if newest is None:
            return None
        ticket = await _where_it_goes_on(newest)
        if ticket.status == Status.CLOSED:
            ticket = await _new(ticket)
        ticket = await Ticket.filter(id=ticket.id).select_for_update().get()
        before = ticket.status
        ticket.status, ticket.asked_at = Status.OPEN.value, ticket.asked_at or now()
        if before == Status.RESOLVED:
            ticket.reopened += 1
            ticket.resolved_at = None
        columns = ("status", "asked_at", "reopened", "resolved_at")
        facts = {"name": address, "before": before, "after": ticket.status}
        await change(ticket, SYSTEM, "status", "undelivered", *columns, **facts)
        await ticket.fetch_related("assignee")
    return ticket


async def _where_it_goes_on(ticket: Ticket) -> Ticket:
    for _ in range(_MERGES):
        if ticket.merged_into_id is None:
            return ticket
        ticket = await Ticket.get(id=ticket.merged_into_id)
    return ticket


async def _new(closed: Ticket) -> Ticket:
    conversation = await Conversation.get(id=closed.conversation_id)
    return await open_ticket(conversation.id, QUESTION, SYSTEM, subject=closed.subject, summary=closed.summary)
