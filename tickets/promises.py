"""What the desk has promised about a ticket: that somebody answers, and by when."""

from datetime import datetime

from conversations.models import Conversation
from core import promises
from core.clock import now
from core.people import SYSTEM, Actor, anyone_online
from core.transactions import transaction
from tickets.deadlines import first_reply_due
from tickets.models import Ticket
from tickets.statuses import UNFINISHED
from tickets.timeline import change, touch

FIRST_REPLY = "first_reply"


async def promise_first_reply(ticket: Ticket) -> None:
    """Write down by when a person answers first, by the shop's hours and who is online."""
    await ticket.fetch_related("shop")
    due = first_reply_due(ticket.shop, ticket.created_at, await anyone_online(ticket.shop_id))
    ticket.first_reply_due_at = due
    await ticket.save(update_fields=["first_reply_due_at"])
    await promises.promise(ticket.shop_id, FIRST_REPLY, ticket.public_id, due)


async def first_reply_given(conversation_id: int, at: datetime | None = None) -> None:
    """An agent answered `at` (UTC; now): settle what was promised for the conversation's tickets, once each.

    Called for each answer with the conversation's row locked; without tickets that is one statement.
    """
    async with transaction():
        unfinished = Ticket.filter(conversation_id=conversation_id, status__in=UNFINISHED)
        tickets = await unfinished.order_by("id").select_for_update()
        if not tickets:
            return
        await touch(tickets)
        waiting = [ticket for ticket in tickets if ticket.first_replied_at is None]
        if waiting:
            conversation = await Conversation.get(id=conversation_id).select_related("agent")
            actor = Actor.of(conversation.agent) if conversation.agent else SYSTEM
            for ticket in waiting:
                ticket.first_replied_at = at or now()
                await promises.settle(FIRST_REPLY, ticket.public_id, at=at)
                await change(ticket, actor, "reply", "first_reply", "first_replied_at")


async def withdraw_first_reply(ticket: Ticket) -> None:
    """The work ended without an answer: nothing is owed any more, but what was overdue stays broken."""
    await promises.withdraw(FIRST_REPLY, ticket.public_id)
