"""A sale day: hundreds wait for a person, and all of them come back at once, or one more asks."""

import asyncio
from typing import Any

import pytest

from app.reactions import connect
from app.realtime.colleagues import Colleagues
from app.realtime.hub import Hub
from app.realtime.places import Places
from app.realtime.topics import conversation_topic
from conversations.handover import hand_to_queue
from conversations.models import CHAT, QUEUE, Conversation
from core.clock import FrozenClock, now
from core.events import use_bus
from core.ids import new_id
from core.people import BOT, Customer
from core.tasks import remember_base_context
from tests.heard import counted
from tests.people import World, chat, make_customer, make_world

pytestmark = pytest.mark.anyio

WAITING = 500


@pytest.fixture
async def world(database: object, clock: FrozenClock) -> World:
    remember_base_context()
    return await make_world()


async def crowd(world: World) -> list[Conversation]:
    """Customers who wait for a person, in one statement: only that they wait matters."""
    common = {"shop_id": world.lumen.id, "language": "en", "created_at": now()}
    people = [Customer(public_id=new_id("cus"), name=f"Customer {place}", **common) for place in range(WAITING)]
    await Customer.bulk_create(people)
    ids = {customer.public_id: customer.id for customer in await Customer.filter(name__startswith="Customer ")}
    talks = [
        Conversation(
            public_id=new_id("cnv"), channel=CHAT, handler=QUEUE, customer_id=ids[customer.public_id], **common
        )
        for customer in people
    ]
    await Conversation.bulk_create(talks)
    return await Conversation.filter(handler=QUEUE).order_by("id")


async def test_hundreds_who_come_back_at_once_share_a_few_readings(world: World) -> None:
    talks, places = await crowd(world), Places()
    with counted() as statements:
        told = await asyncio.gather(*(places.read(talk.shop_id) for talk in talks))
    assert [standing.places[talk.id].number for standing, talk in zip(told, talks, strict=True)] == list(
        range(1, WAITING + 1)
    )
    assert len(statements) <= 5, "one reading: nobody asked after it had begun"
    first = asyncio.ensure_future(places.read(world.lumen.id))
    await asyncio.sleep(0)
    await hand_to_queue((await chat(world.lumen, world.ines)).id, BOT, "asked")
    later = await places.read(world.lumen.id)
    assert len((await first).places) in (WAITING, WAITING + 1)
    assert len(later.places) == WAITING + 1, "who asks later hears no older news"


async def test_one_more_who_waits_costs_the_same_however_many_wait(world: World) -> None:
    class Ear:
        def deliver(self, frame: dict[str, Any], text: str) -> None:
            heard.append(frame)

        def close(self, code: int, reason: str) -> None:
            raise AssertionError("nobody is sent away")

    async def asked(customer: Customer) -> int:
        """Statements of one handover, and what follows it."""
        talk = await chat(world.lumen, customer)
        use_bus(connect(hub := Hub()))
        for one in [talk, *talks]:
            hub.subscribe(conversation_topic(one.public_id), Ear())
        with counted() as statements:
            await hand_to_queue(talk.id, BOT, "asked")
        return len(statements)

    heard: list[dict[str, Any]] = []
    talks: list[Conversation] = []
    alone = await asked(world.ines)
    talks = await crowd(world)
    heard.clear()
    assert await asked(await make_customer(world.lumen, "Bob", "bob@example.com")) == alone
    assert len(heard) <= 101, "a hundred hear of their places, and one of who speaks now"


def test_pages_of_one_agent_say_it_once_and_the_last_says_goodbye() -> None:
    colleagues = Colleagues()
    said = [colleagues.shows("cnv_1", 7, page, again_after=60) for page in range(100)]
    assert said == [True] + [False] * 99
    assert colleagues.shows("cnv_1", 8, "another", again_after=60)
    assert colleagues.shows("cnv_1", 7, 5, again_after=0)
    assert [colleagues.leaves("cnv_1", 7, page) for page in range(100)] == [False] * 99 + [True]
    assert colleagues.shows("cnv_1", 7, 0, again_after=60), "and comes back"
    assert colleagues.leaves("cnv_1", 7, 0)
    assert colleagues.leaves("cnv_1", 7, 0), "who never said it may say goodbye"
