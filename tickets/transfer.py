"""Passing a conversation on: to a colleague, to a team or to everybody, with a word on why."""

from conversations.handover import give_to, hand_to_queue, hand_to_team
from conversations.noting import add_note
from core.people import Actor, Agent
from core.teams import Team
from core.text import is_blank
from core.transactions import transaction


async def pass_on(conversation_id: int, to: Agent | Team | None, agent: Agent, note: str, client_id: str) -> None:
    """Give the conversation and its work to a colleague, a team's queue, or the queue of all (None).

    Whoever has it may, and supervisors; while nobody has it, everybody may. `note` is for the next one and may be
    empty; it is written once per `client_id`. Raises Conflict (handled_by_other) with `name`, Invalid, NotFound.
    """
    actor = Actor.of(agent)
    async with transaction():
        if isinstance(to, Agent):
            await give_to(conversation_id, to, actor)
        elif isinstance(to, Team):
            await hand_to_team(conversation_id, to, actor)
        else:
            await hand_to_queue(conversation_id, actor, "passed_on")
        if not is_blank(note):
            await add_note(conversation_id, agent, note, client_id)
