"""Who acts on a customer's words: the bot, the desk, or both."""

import asyncio
from collections.abc import Iterator

import pytest

from app.reactions import connect
from app.realtime.hub import Hub
from conversations.handover import hand_back, hand_to_queue, take
from conversations.models import Conversation
from conversations.posting import post
from core.events import use_bus
from core.jobs import Job
from core.people import BOT, Actor
from tests.heard import counted
from tests.people import World, chat, make_world
from tickets.models import Ticket, TimelineEntry
from tickets.opening import open_ticket
from tickets.resolution import await_customer, resolve

pytestmark = pytest.mark.anyio


@pytest.fixture
def _reactions(database: object) -> None:
    use_bus(connect(Hub()))


@pytest.fixture
async def world(_reactions: None) -> World:
    return await make_world()


@pytest.fixture
async def talk(world: World) -> Conversation:
    return await chat(world.lumen, world.ines)


@pytest.fixture
def ids() -> Iterator[str]:
    return (f"client-id-{number}" for number in range(100))


async def say(talk: Conversation, world: World, ids: Iterator[str], text: str = "It still flickers.") -> None:
    await post(talk.id, Actor.of(world.ines), text, client_id=next(ids))


async def asked() -> int:
    return await Job.filter(kind="bot.answer").count()


async def handled(talk: Conversation, world: World) -> Ticket:
    """A ticket that Omar works on."""
    await hand_to_queue(talk.id, BOT, "asked")
    ticket = await open_ticket(talk.id, "question", BOT, subject="It flickers")
    await take(talk.id, world.omar)
    return ticket


async def status(ticket: Ticket) -> str:
    return str((await Ticket.get(id=ticket.id)).status)


async def test_a_person_who_has_the_turn_is_asked_alone(world: World, talk: Conversation, ids: Iterator[str]) -> None:
    ticket = await handled(talk, world)
    await resolve(ticket.id, Actor.of(world.omar))
    await say(talk, world, ids)
    assert (await status(ticket), await asked()) == ("open", 0)


async def test_an_answer_to_the_bot_wakes_the_ticket_that_waits_for_it(
    world: World, talk: Conversation, ids: Iterator[str]
) -> None:
    ticket = await handled(talk, world)
    await await_customer(ticket.id, Actor.of(world.omar))
    await hand_back(talk.id, world.omar)
    await say(talk, world, ids)
    assert (await status(ticket), await asked()) == ("open", 1)
    newest = await TimelineEntry.filter(ticket_id=ticket.id).order_by("-id").first()
    assert newest is not None
    assert (newest.action, newest.actor_kind, newest.actor_name) == ("answered", "customer", "Ines")


async def test_a_new_question_to_the_bot_reopens_nothing(world: World, talk: Conversation, ids: Iterator[str]) -> None:
    ticket = await handled(talk, world)
    await resolve(ticket.id, Actor.of(world.omar))
    await hand_back(talk.id, world.omar)
    await say(talk, world, ids, "Do you sell bulbs, too?")
    assert (await status(ticket), await asked()) == ("resolved", 1)


async def test_words_of_others_wake_nobody(world: World, talk: Conversation, ids: Iterator[str]) -> None:
    ticket = await handled(talk, world)
    await await_customer(ticket.id, Actor.of(world.omar))
    await post(talk.id, Actor.of(world.omar), "Does it?", client_id=next(ids))
    assert (await status(ticket), await asked()) == ("pending", 0)


async def test_a_message_costs_six_statements_however_many_come_at_once(
    world: World, talk: Conversation, ids: Iterator[str], both_databases: str
) -> None:
    """Posted before? numbers, messages, search rows; the bot's jobs, tickets that wait. Nothing for the frames."""
    each = 6 if both_databases == "sqlite" else 7  # which holds the rows first
    with counted() as statements:
        await say(talk, world, ids)
    assert len(statements) == each, statements
    with counted() as statements:
        await asyncio.gather(*(say(talk, world, ids) for _ in range(50)))
    assert len(statements) <= 3 * each, "the first alone, and the others as soon as they can be"
    assert await asked() == 51


async def test_a_ticket_that_wakes_holds_up_nobody(world: World, talk: Conversation, ids: Iterator[str]) -> None:
    ticket = await handled(talk, world)
    await await_customer(ticket.id, Actor.of(world.omar))
    others = [await chat(world.lumen, world.ines) for _ in range(9)]
    await asyncio.gather(*(say(one, world, ids) for one in (*others, talk, *others, talk)))
    assert await status(ticket) == "open"
    assert await asked() == 18
    assert await TimelineEntry.filter(ticket_id=ticket.id, action="answered").count() == 1
