"""Who speaks, told live: to whoever gets or loses a conversation, and to everybody who waits."""

from datetime import timedelta
from typing import Any

import pytest

from app.reactions import connect
from app.realtime.hub import Hub
from app.realtime.topics import agent_topic, conversation_topic
from conversations.handover import claim_waiting, give_to, take
from core.clock import FrozenClock
from core.events import use_bus
from core.people import Actor
from tests.people import World, make_world
from tests.tickets.routed import waits

pytestmark = pytest.mark.anyio


class Ear:
    """Stands in for a connection."""

    def __init__(self, hub: Hub, topic: str) -> None:
        self.frames: list[dict[str, Any]] = []
        hub.subscribe(topic, self)

    def deliver(self, frame: dict[str, Any], text: str) -> None:
        self.frames.append(frame)

    def close(self, code: int, reason: str) -> None:
        raise AssertionError("nobody is sent away")

    def heard(self, *fields: str) -> list[tuple[Any, ...]]:
        told = [tuple(frame[field] for field in fields) for frame in self.frames]
        self.frames.clear()
        return told


@pytest.fixture
def hub() -> Hub:
    hub = Hub()
    use_bus(connect(hub))
    return hub


@pytest.fixture
async def world(database: object, hub: Hub, clock: FrozenClock) -> World:
    return await make_world()


async def test_whoever_gets_or_loses_it_unasked_is_told(world: World, hub: Hub) -> None:
    omar, mei, sue = (Ear(hub, agent_topic(agent.id)) for agent in (world.omar, world.mei, world.sue))
    talk = await waits(world)
    await claim_waiting(talk.id, world.omar.id)
    assert omar.heard("type", "agent", "reason") == [("handler", "Omar", "assigned")]
    await give_to(talk.id, world.mei, Actor.of(world.omar))
    assert (omar.heard("agent"), mei.heard("agent", "reason")) == ([], [("Mei", "transferred")])
    await take(talk.id, world.sue, take_over=True)
    assert (mei.heard("agent", "reason"), sue.heard("agent")) == ([("Sue", "taken_over")], [])


async def test_everybody_who_waits_hears_when_they_move_up(world: World, hub: Hub, clock: FrozenClock) -> None:
    first, second = await waits(world, due=5), await waits(world, due=9)
    ear = Ear(hub, conversation_topic(second.public_id))
    clock.advance(timedelta(minutes=1))
    await take(first.id, world.omar)
    assert ear.heard("type", "place", "wait", "by") == [("queue", 1, None, "2026-03-02T09:09:00.000Z")]
    await take(second.id, world.omar)
    assert [kind for (kind,) in ear.heard("type") if kind == "queue"] == []
