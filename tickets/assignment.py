"""Who works on a ticket."""

from core.errors import Conflict, NotFound
from core.people import SYSTEM, Actor, Agent, shop_ids_of
from core.transactions import transaction
from tickets.access import locked_ticket
from tickets.models import Ticket
from tickets.statuses import ACTIVE
from tickets.timeline import change

ANYBODY = -1  # `expected`: whoever has it now


async def assign(ticket_id: int, agent: Agent | None, actor: Actor, *, expected: int | None = ANYBODY) -> Ticket:
    """Give the ticket to `agent`, or to nobody. Returns it; nothing happens when it is theirs already.

    `expected` is the id of the assignee that the actor saw (None: nobody). Two agents who grab the same ticket must be
    told apart: the second gets Conflict (already_assigned) with the winner's `name`. Raises NotFound, also for an agent
    who does not work for the shop.
    """
    async with transaction():
        ticket, _ = await locked_ticket(ticket_id, actor)
        wanted = agent.id if agent else None
        if ticket.assignee_id == wanted:
            return ticket
        if expected != ANYBODY and ticket.assignee_id != expected:
            holder = await Agent.get_or_none(id=ticket.assignee_id)
            raise Conflict("somebody was faster", code="already_assigned", name=holder.name if holder else "")
        if agent is not None and not (agent.active and ticket.shop_id in await shop_ids_of(agent)):
            raise NotFound("no such agent in this shop")
        ticket.assignee_id = wanted
        name = agent.name if agent else ""
        await change(ticket, actor, "assignment", "assigned" if agent else "unassigned", "assignee_id", name=name)
    return ticket


async def follow_handler(conversation_id: int, agent_id: int | None, before: int | None = None) -> None:
    """Whoever speaks has the work: active tickets of the conversation that are nobody's, or those of the agent who
    spoke `before`, go to this agent; without one they are nobody's."""
    async with transaction():
        agent = await Agent.get(id=agent_id) if agent_id is not None else None
        active = Ticket.filter(conversation_id=conversation_id, status__in=ACTIVE)
        for ticket in await active.order_by("id").select_for_update():
            if ticket.assignee_id not in (None, before) or ticket.assignee_id == agent_id:
                continue
            ticket.assignee_id = agent_id
            actor, action = (Actor.of(agent), "assigned") if agent else (SYSTEM, "unassigned")
            await change(ticket, actor, "assignment", action, "assignee_id", name=agent.name if agent else "")
