"""A team ends, and nothing that waited for it is lost."""

import pytest

from app.reactions import connect
from app.realtime.hub import Hub
from conversations.handover import hand_to_team, take
from conversations.models import Conversation
from core.audit import AuditEntry
from core.clock import FrozenClock
from core.errors import NotFound
from core.events import use_bus
from core.people import Actor
from core.teams import Team, create_team, set_members, teams_for
from tests.people import World, make_world
from tests.tickets.routed import at_the_desk, automatic, drained, holder, waits
from tickets.capacity import Weights
from tickets.models import QueueVisit
from tickets.queue import waiting_in
from tickets.retiring import retire_team, revive_team

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(database: object, clock: FrozenClock) -> World:
    use_bus(connect(Hub()))
    world = await make_world()
    await automatic(world.lumen)
    return world


async def test_what_waits_for_a_retired_team_waits_for_everybody_in_its_place(world: World) -> None:
    team = await create_team("Refunds", world.lumen)
    await set_members(team, {world.mei.id})
    await at_the_desk(world.omar)
    talks = [await waits(world, due=minutes) for minutes in (30, 10, 20)]
    taken = await waits(world, due=5)
    for talk in (*talks, taken):
        await hand_to_team(talk.id, team, Actor.of(world.sue))
    await take(taken.id, world.sue)
    assert await drained() == 0, "only Mei is of the team, and she is not there"
    since = [(item.id, item.since) for item in await waiting_in([world.lumen.id], Weights())]
    assert await retire_team(team, Actor.of(world.ada)) == 3
    after = await waiting_in([world.lumen.id], Weights())
    assert [(item.id, item.since) for item in after] == since, "nobody loses their place"
    assert not await Conversation.filter(team_id=team.id).exists()
    assert not await QueueVisit.filter(left_at=None, team_id=team.id).exists()
    assert await drained() == 3
    assert [(await holder(talk))[1] for talk in talks] == [world.omar.id] * 3
    assert (await holder(taken))[1] == world.sue.id
    entry = await AuditEntry.get(action="team.retired")
    assert (entry.subject, entry.actor_id, entry.detail["waiting"]) == (team.public_id, world.ada.id, 3)
    assert await retire_team(team, Actor.of(world.ada)) == 0


async def test_nothing_is_handed_to_a_retired_team_and_it_can_return(world: World) -> None:
    team = await create_team("Refunds")
    await set_members(team, {world.mei.id})
    talk = await waits(world)
    await retire_team(team, Actor.of(world.ada))
    assert await teams_for(world.lumen.id) == []
    with pytest.raises(NotFound):
        await hand_to_team(talk.id, team, Actor.of(world.sue))
    await Conversation.filter(id=talk.id).update(team_id=team.id)  # handed over in the same moment
    assert [item.team_id for item in await waiting_in([world.lumen.id], Weights())] == [None]
    await revive_team(team, Actor.of(world.ada))
    await revive_team(team, Actor.of(world.ada))
    assert [found.id for found in await teams_for(world.lumen.id)] == [team.id]
    assert [item.team_id for item in await waiting_in([world.lumen.id], Weights())] == [team.id]
    assert await AuditEntry.filter(action="team.revived").count() == 1
    assert (await Team.get(id=team.id)).retired_at is None
