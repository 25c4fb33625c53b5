"""Tickets are reached through the agent: what is not there and what belongs to another shop look alike."""

import re

from conversations.models import Conversation
from core.errors import NotFound
from core.people import Actor, Agent, shop_ids_of
from tickets.models import Ticket

_NUMBER = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)


async def ticket_for(agent: Agent, number: int | str) -> Ticket:
    """The ticket, with its conversation (customer, agent, order), shop and assignee fetched. Raises NotFound."""
    if isinstance(number, bool) or not _NUMBER.fullmatch(str(number)):
        raise NotFound("no such ticket")
    ticket = (
        await Ticket.filter(number=int(number), shop_id__in=await shop_ids_of(agent))
        .select_related("conversation__customer", "conversation__agent", "conversation__order", "shop", "assignee")
        .first()
    )
    if ticket is None or not agent.active:
        raise NotFound("no such ticket")
    return ticket


async def locked_ticket(ticket_id: int, actor: Actor) -> tuple[Ticket, str]:
    """The ticket, ours until the commit, and the role in which `actor` acts on it. Raises NotFound.

    For verbs: everybody who changes a ticket passes here, whatever way led to its id.
    """
    known = await Ticket.get_or_none(id=ticket_id)
    if known is None:
        raise NotFound("no such ticket")
    # Always the conversation first and then the ticket, as a message does that reaches its tickets: no deadlocks.
    conversation = await Conversation.filter(id=known.conversation_id).select_for_update().get()
    ticket = await Ticket.filter(id=ticket_id).select_for_update().get()
    if actor.kind == "agent":
        agent = await Agent.get_or_none(id=actor.id, active=True)
        if agent is None or ticket.shop_id not in await shop_ids_of(agent):
            raise NotFound("no such ticket")
        return ticket, str(agent.role)
    if actor.kind == "customer" and conversation.customer_id != actor.id:
        raise NotFound("no such ticket")
    return ticket, actor.kind
