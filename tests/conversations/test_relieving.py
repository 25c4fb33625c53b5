"""Taking over from a colleague: team mates and supervisors may, and it is remembered."""

from datetime import timedelta

import pytest

from conversations.handover import take
from conversations.models import Conversation
from conversations.posting import post
from core.audit import AuditEntry
from core.clock import FrozenClock, now
from core.errors import Conflict
from core.people import Actor, Agent
from core.teams import Team, create_team, set_members
from tests.people import World, chat

pytestmark = pytest.mark.anyio


@pytest.fixture
async def talk(world: World, clock: FrozenClock) -> Conversation:
    """Omar answers Ines, at his desk."""
    await Agent.all().update(seen_at=now())
    talk = await chat(world.lumen, world.ines)
    await take(talk.id, world.omar)
    return talk


async def team_of(*agents: Agent, name: str = "Refunds") -> Team:
    team = await create_team(name)
    await set_members(team, {agent.id for agent in agents})
    return team


async def test_without_teams_every_colleague_may_and_it_is_audited(world: World, talk: Conversation) -> None:
    await take(talk.id, world.mei, take_over=True)
    entry = await AuditEntry.get(action="conversation.taken_over")
    assert (entry.actor_id, entry.subject, entry.detail) == (
        world.mei.id, talk.public_id, {"before": world.omar.public_id},
    )  # fmt: skip
    await take(talk.id, world.mei, take_over=True)
    assert await AuditEntry.filter(action="conversation.taken_over").count() == 1


async def test_only_the_team_and_supervisors_relieve_a_member(world: World, talk: Conversation) -> None:
    team = await team_of(world.omar)
    for attempt in (
        take(talk.id, world.mei, take_over=True),
        post(talk.id, Actor.of(world.mei), "Mei here", client_id="mei-1", take_over=True),
    ):
        with pytest.raises(Conflict) as refused:
            await attempt
        assert (refused.value.code, refused.value.data) == ("not_your_team", {"name": "Omar"})
    await set_members(team, {world.omar.id, world.mei.id})
    await post(talk.id, Actor.of(world.mei), "Mei here", client_id="mei-1", take_over=True)
    assert (await Conversation.get(id=talk.id)).agent_id == world.mei.id
    await set_members(team, {world.mei.id})
    await take(talk.id, world.sue, take_over=True)
    assert (await Conversation.get(id=talk.id)).agent_id == world.sue.id


async def test_whoever_has_gone_home_is_relieved_by_anybody(
    world: World, talk: Conversation, clock: FrozenClock
) -> None:
    await team_of(world.omar)
    clock.advance(timedelta(minutes=3))
    await take(talk.id, world.mei, take_over=True)
    assert (await Conversation.get(id=talk.id)).agent_id == world.mei.id
