"""Who speaks, told live: to whoever gets or loses a conversation, and to everybody who waits."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app.reactions import connect, staff
from app.realtime.hub import Hub
from app.realtime.topics import agent_topic, conversation_topic
from conversations.handover import claim_waiting, give_to, take
from core.clock import FrozenClock
from core.events import use_bus
from core.people import Actor
from core.tasks import remember_base_context
from tests.people import World, make_world
from tests.tickets.routed import waits
from tickets.models import Ticket
from tickets.prioritising import set_priority
from tickets.resolution import resolve
from tickets.staffing import end_presence, set_availability, set_work, show_presence

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

    def heard(self, kind: str, *fields: str) -> list[tuple[Any, ...]]:
        """These fields of all frames of one kind, which are forgotten with all others."""
        told = [tuple(frame[field] for field in fields) for frame in self.frames if frame["type"] == kind]
        self.frames.clear()
        return told

    async def hears(self, kind: str, **fields: Any) -> None:
        """Wait until the last frame of one kind says so; what is repeated meanwhile does not matter."""
        async with asyncio.timeout(20):
            while True:
                told = [frame for frame in self.frames if frame["type"] == kind]
                if told and fields.items() <= told[-1].items():
                    return
                await asyncio.sleep(0.005)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    monkeypatch.setattr(staff, "PAUSE_SECONDS", 0.02)
    hub = Hub()
    use_bus(connect(hub))
    return hub


@pytest.fixture
async def world(database: object, hub: Hub, clock: FrozenClock) -> World:
    remember_base_context()
    return await make_world()


async def test_whoever_gets_or_loses_it_unasked_is_told(world: World, hub: Hub) -> None:
    omar, mei, sue = (Ear(hub, agent_topic(agent.id)) for agent in (world.omar, world.mei, world.sue))
    talk = await waits(world)
    await claim_waiting(talk.id, world.omar.id)
    assert omar.heard("handler", "agent", "reason") == [("Omar", "assigned")]
    await give_to(talk.id, world.mei, Actor.of(world.omar))
    assert (omar.heard("handler"), mei.heard("handler", "agent", "reason")) == ([], [("Mei", "transferred")])
    await take(talk.id, world.sue, take_over=True)
    assert (mei.heard("handler", "agent", "reason"), sue.heard("handler")) == ([("Sue", "taken_over")], [])


async def test_everybody_who_waits_hears_when_they_move_up(world: World, hub: Hub, clock: FrozenClock) -> None:
    first, second = await waits(world, due=5), await waits(world, due=9)
    ear = Ear(hub, conversation_topic(second.public_id))
    await set_work(world.omar, capacity=4, languages=[], skills=[], actor=Actor.of(world.ada))
    await ear.hears("queue", place=2)
    clock.advance(timedelta(minutes=1))
    await take(first.id, world.omar)
    await ear.hears("queue", place=1, wait=None, by="2026-03-02T09:09:00.000Z")
    third = await waits(world, due=30)
    await set_priority((await Ticket.get(conversation_id=third.id)).id, "urgent", Actor.of(world.omar))
    await ear.hears("queue", place=2)


async def test_who_waits_hears_whether_anybody_is_there(world: World, hub: Hub, clock: FrozenClock) -> None:
    talk = await waits(world)
    ear = Ear(hub, conversation_topic(talk.public_id))
    await set_work(world.omar, capacity=4, languages=[], skills=[], actor=Actor.of(world.ada))
    await ear.hears("queue", online=False)
    await show_presence(world.omar.id)
    await ear.hears("queue", online=True)
    await set_work(world.omar, capacity=3, languages=[], skills=[], actor=Actor.of(world.ada))
    await ear.hears("queue", place=1)
    clock.advance(timedelta(minutes=1))
    await end_presence(world.omar.id)
    await ear.hears("queue", online=False)


async def test_a_burst_of_changes_is_told_twice(world: World, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    talks = [await waits(world) for _ in range(12)]
    monkeypatch.setattr(staff, "PAUSE_SECONDS", 0.5)
    use_bus(connect(hub))
    ear = Ear(hub, conversation_topic(talks[-1].public_id))
    for talk in talks[:-1]:
        await take(talk.id, world.omar)
    await ear.hears("queue", place=1)
    assert len(ear.heard("queue")) < 8


async def test_the_head_of_the_pages_shows_the_load_at_once(world: World, hub: Hub) -> None:
    omar, mei = (Ear(hub, agent_topic(agent.id)) for agent in (world.omar, world.mei))
    talk = await waits(world)
    await take(talk.id, world.omar)
    await omar.hears("work", load=2, capacity=8, availability="online")
    await give_to(talk.id, world.mei, Actor.of(world.omar))
    await omar.hears("work", load=0)
    await mei.hears("work", load=2)
    await resolve((await Ticket.get(conversation_id=talk.id)).id, Actor.of(world.mei))
    await mei.hears("work", load=0)
    await set_work(world.mei, capacity=3, languages=[], skills=[], actor=Actor.of(world.ada))
    await mei.hears("work", capacity=3)
    await set_availability(world.mei, "away")
    await mei.hears("work", availability="away")
