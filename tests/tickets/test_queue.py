"""The customer's place in the queue, and an honest word on how long it takes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.reactions import connect
from app.realtime.hub import Hub
from conversations.handover import hand_back, take
from conversations.models import Conversation
from core.clock import FrozenClock, now
from core.events import use_bus
from core.people import Actor
from tests.heard import counted
from tests.people import World, make_world
from tests.tickets.routed import waits
from tickets.models import Ticket
from tickets.queue import Place, place_in_queue, places_in_queue, typical_wait
from tickets.resolution import await_customer

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(database: object, clock: FrozenClock) -> World:
    use_bus(connect(Hub()))
    return await make_world()


async def place(talk: Conversation) -> Place | None:
    found = await place_in_queue(await Conversation.get(id=talk.id))
    return replace(found, due=None) if found else None


async def test_the_place_is_the_turn_and_moves_up(world: World) -> None:
    third, first, second = await waits(world, due=30), await waits(world, due=5), await waits(world, due=9)
    assert [await place(talk) for talk in (first, second, third)] == [Place(n, None) for n in (1, 2, 3)]
    await take(first.id, world.omar)
    assert [await place(talk) for talk in (first, second, third)] == [None, Place(1, None), Place(2, None)]
    ticket = await Ticket.get(conversation_id=second.id)
    await await_customer(ticket.id, Actor.of(world.omar))  # it is the customer's turn: nobody waits for a person
    assert [await place(talk) for talk in (second, third)] == [None, Place(1, None)]


async def test_an_estimate_is_the_median_of_what_was_seen_at_this_hour(world: World, clock: FrozenClock) -> None:
    for minutes in (1, 2, 3, 50):
        await waited(world, clock, minutes)
    assert await typical_wait(world.lumen, now()) is None  # four are too few
    clock.advance(timedelta(days=1))
    for minutes in (4, 1):
        await waited(world, clock, minutes)
    assert await typical_wait(world.lumen, now()) == timedelta(minutes=2.5)
    assert await typical_wait(world.lumen, now() + timedelta(hours=3)) is None
    assert await typical_wait(world.lumen, now() + timedelta(days=40)) is None
    talk = await waits(world)
    assert await place(talk) == Place(1, timedelta(minutes=2.5))
    clock.advance(timedelta(minutes=1))
    assert await place(talk) == Place(1, timedelta(minutes=1.5))
    clock.advance(timedelta(minutes=5))
    assert await place(talk) == Place(1, None)  # longer than usual: nobody knows


async def waited(world: World, clock: FrozenClock, minutes: int) -> None:
    """Somebody waits for `minutes`, at nine o'clock."""
    clock.at = now().replace(hour=9, minute=0)
    talk = await waits(world)
    clock.advance(timedelta(minutes=minutes))
    await take(talk.id, world.omar)
    await hand_back(talk.id, world.omar)
    clock.at = now().replace(hour=9, minute=55)


async def test_a_long_queue_costs_no_more_statements(world: World) -> None:
    async def statements() -> int:
        with counted() as seen:
            await places_in_queue(world.lumen.id)
        return len(seen)

    await waits(world)
    few = await statements()
    for _ in range(5):
        await waits(world)
    assert await statements() == few <= 4
