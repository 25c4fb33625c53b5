"""What the desk has promised about a ticket: that somebody answers, and by when."""

from collections.abc import Collection
from datetime import datetime

from tortoise.expressions import Q

from conversations.models import Conversation
from core import promises
from core.clock import now
from core.people import SYSTEM, Actor, anyone_online
from core.sql import Columns, Program, carry_out, query
from core.transactions import transaction
from tickets.deadlines import first_reply_due
from tickets.models import Ticket
from tickets.statuses import UNFINISHED
from tickets.timeline import change

FIRST_REPLY = "first_reply"

_IDS = Columns("id bigint")
_TOUCH = (
    "UPDATE ticket SET updated_at = {at}, asked_at = NULL,"
    " look_at = CASE WHEN asked_at IS NULL THEN look_at ELSE {at} END"
    " WHERE conversation_id IN (SELECT id FROM {conversations} AS c)"
    " AND status IN ('open', 'pending', 'resolved') RETURNING conversation_id, first_replied_at, merges"
)


async def promise_first_reply(ticket: Ticket) -> None:
    """Write down by when a person answers first, by the shop's hours and who is online."""
    await ticket.fetch_related("shop")
    due = first_reply_due(ticket.shop, ticket.created_at, await anyone_online(ticket.shop_id))
    ticket.first_reply_due_at = due
    await ticket.save(update_fields=["first_reply_due_at"])
    await promises.promise(ticket.shop_id, FIRST_REPLY, ticket.public_id, due)


async def first_reply_given(conversation_id: int, at: datetime | None = None) -> None:
    """An agent answered `at` (UTC; now): settle what was promised for the conversation's tickets, once each."""
    async with transaction():
        if await carry_out(agents_replied({conversation_id})):
            await settle_first_reply(conversation_id, at)


def agents_replied(conversation_ids: Collection[int]) -> Program[set[int]]:
    """Agents answered in these conversations: their unfinished tickets come to the top of the lists.

    Called for each answer with the conversation's row locked. Returns the conversations in which that was the first
    reply of a ticket, or to one that is merged into it; for those, `settle_first_reply` is called.
    """
    if not conversation_ids:
        return set()
    touched = yield query(_TOUCH, at=now(), conversations=_IDS.of([(key,) for key in conversation_ids]))
    return {row["conversation_id"] for row in touched if row["first_replied_at"] is None or row["merges"]}


async def settle_first_reply(conversation_id: int, at: datetime | None = None) -> None:
    """Settle what was promised for the conversation's tickets that nobody had answered yet, at `at` (UTC; now)."""
    async with transaction():
        working = Ticket.filter(conversation_id=conversation_id, status__in=UNFINISHED)
        unanswered = working.filter(Q(first_replied_at=None) | Q(merges__gt=0))
        conversation = await Conversation.get(id=conversation_id).select_related("agent")
        actor = Actor.of(conversation.agent) if conversation.agent else SYSTEM
        for ticket in await unanswered.order_by("id").select_for_update():
            await promises.settle(FIRST_REPLY, ticket.public_id, at=at)
            if ticket.first_replied_at is not None:
                continue
            ticket.first_replied_at = at or now()
            await change(ticket, actor, "reply", "first_reply", "first_replied_at")


async def withdraw_first_reply(ticket: Ticket) -> None:
    """The work ended without an answer: nothing is owed any more, but what was overdue stays broken."""
    await promises.withdraw(FIRST_REPLY, ticket.public_id)
