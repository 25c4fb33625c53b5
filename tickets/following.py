"""Agents who want to see what becomes of a ticket, whoever works on it."""

from core.clock import now
from core.people import Actor, Agent
from core.sql import fetch
from core.transactions import record, transaction
from tickets.access import locked_ticket
from tickets.events import TicketChanged
from tickets.models import Ticket
from tickets.work_models import Follower, Mention

_FOLLOW = (
    "INSERT INTO follower (ticket_id, agent_id) VALUES ({ticket}, {agent}) ON CONFLICT (ticket_id, agent_id) DO NOTHING"
)


async def follow(ticket_id: int, agent: Agent) -> Ticket:
    """The ticket appears among those the agent follows. Raises NotFound."""
    async with transaction():
        ticket, _ = await locked_ticket(ticket_id, Actor.of(agent))
        await add_follower(ticket, agent.id)
    return ticket


async def unfollow(ticket_id: int, agent: Agent) -> Ticket:
    """It does not any more. Raises NotFound."""
    async with transaction():
        ticket, _ = await locked_ticket(ticket_id, Actor.of(agent))
        await Follower.filter(ticket_id=ticket.id, agent_id=agent.id).delete()
        _tell(ticket)
    return ticket


async def add_follower(ticket: Ticket, agent_id: int) -> None:
    """The same for a ticket that is locked, and somebody who may see it; the same again changes nothing."""
    await fetch(_FOLLOW, ticket=ticket.id, agent=agent_id)
    _tell(ticket)


async def read_mentions(agent: Agent, conversation_id: int) -> int:
    """The agent looks at the conversation: what named them there is read. Returns how many were not."""
    unread = Mention.filter(agent_id=agent.id, conversation_id=conversation_id, read_at=None)
    return await unread.update(read_at=now())


def _tell(ticket: Ticket) -> None:
    """No entry of the timeline: it is between the agent and their list."""
    of = {"ticket_id": ticket.id, "shop_id": ticket.shop_id, "conversation_id": ticket.conversation_id}
    record(TicketChanged(what="followers", **of))
