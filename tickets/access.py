"""Tickets are reached through the agent: what is not there and what belongs to another shop look alike."""

import re
from collections.abc import Iterable

from tortoise.expressions import Q

from conversations.models import Conversation
from core.errors import Conflict, NotFound
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
    """The ticket, ours until the commit, and the role in which `actor` acts on it.

    For verbs: everybody who changes a ticket passes here, whatever way led to its id. Raises NotFound, and for agents
    Conflict (ticket_merged) with the `number` of the ticket in which it goes on.
    """
    [ticket], role = await locked_tickets([ticket_id], actor)
    if ticket.merged_into_id is not None and actor.kind == "agent":
        target = await Ticket.get(id=ticket.merged_into_id)
        raise Conflict("it goes on in another ticket", code="ticket_merged", number=target.number)
    return ticket, role


async def locked_tickets(ticket_ids: Iterable[int], actor: Actor) -> tuple[list[Ticket], str]:
    """Several tickets in this order, ours until the commit, merged ones too, and the role. Raises NotFound."""
    wanted = list(dict.fromkeys(ticket_ids))
    known = await Ticket.filter(id__in=wanted)
    if len(known) < len(wanted):
        raise NotFound("no such ticket")
    # Always the conversations first and then the tickets, as a message does that reaches its tickets: no deadlocks.
    talks = Conversation.filter(id__in=await _conversations_of(known)).order_by("id").select_for_update()
    customers = {talk.id: talk.customer_id for talk in await talks}
    locked = {ticket.id: ticket for ticket in await Ticket.filter(id__in=wanted).order_by("id").select_for_update()}
    tickets, role = [locked[ticket_id] for ticket_id in wanted], actor.kind
    if actor.kind == "agent":
        agent = await Agent.get_or_none(id=actor.id, active=True)
        shops = await shop_ids_of(agent) if agent else []
        if agent is None or any(ticket.shop_id not in shops for ticket in tickets):
            raise NotFound("no such ticket")
        role = str(agent.role)
    elif actor.kind == "customer" and any(customers.get(ticket.conversation_id) != actor.id for ticket in tickets):
        raise NotFound("no such ticket")
    return tickets, role


async def _conversations_of(tickets: Iterable[Ticket]) -> list[int]:
    """The conversations of these tickets and of all that are merged with them."""
    ids = {ticket.conversation_id for ticket in tickets}
    roots = [ticket.merged_into_id or ticket.id for ticket in tickets if ticket.merges or ticket.merged_into_id]
    if roots:
        joined = Ticket.filter(Q(id__in=roots) | Q(merged_into_id__in=roots))
        ids.update(int(str(each)) for each in await joined.values_list("conversation_id", flat=True))
    return sorted(ids)
