"""Up next: an agent asks for what comes first, and gets it or the one after it."""

from collections.abc import Collection

from conversations.handover import claim_waiting
from conversations.models import Conversation
from core.people import Agent, shop_ids_of
from core.transactions import transaction
from tickets.capacity import Weights
from tickets.queue import waiting_in
from tickets.routing import Waiting

_TRIES = 20


def fits(item: Waiting, agent: Agent, team_ids: Collection[int]) -> bool:
    """Whether the agent would be given the item, if they had room: its team, and language and kind that they take."""
    speaks = not agent.languages or item.language in agent.languages
    skilled = not agent.skills or item.kind in agent.skills
    return speaks and skilled and (item.team_id is None or item.team_id in team_ids)


async def pick_next(agent: Agent, team_ids: Collection[int], weights: Weights) -> Conversation | None:
    """Give the agent what comes first of what fits them, else of what waits; None when nothing does.

    Whoever asks has room: capacity only limits what is given out unasked. Of two who ask at once each gets their own.
    """
    items = await waiting_in(await shop_ids_of(agent), weights)
    free = [item for item in items if item.owner_id in (None, agent.id)]
    for item in sorted(free, key=lambda item: not fits(item, agent, team_ids))[:_TRIES]:
        async with transaction():
            if await claim_waiting(item.id, agent.id, reason="taken"):
                return await Conversation.get(id=item.id)
    return None
