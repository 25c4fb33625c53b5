"""What is read, by whom and how far; and that a note never reaches a customer."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from conversations import queries
from conversations.access import conversation_for, conversation_of, may_act
from conversations.events import ConversationOpened, ConversationRead, MessagesReceived, NoteAdded
from conversations.models import Conversation, Message, Note
from conversations.noting import add_note
from conversations.opening import chat_with, open_conversation
from conversations.posting import post
from conversations.queries import messages_after, messages_before, notes_of, thread
from conversations.reading import mark_read, mark_received
from conversations.search import search_messages
from core.clock import FrozenClock
from core.errors import Invalid, NotFound
from core.people import BOT, SYSTEM, Actor, Customer
from tests.heard import Heard, counted
from tests.people import World, chat, make_customer

pytestmark = pytest.mark.anyio


async def talk_of(world: World, lines: int) -> Conversation:
    talk = await chat(world.lumen, world.ines)
    for line in range(1, lines + 1):
        await post(talk.id, Actor.of(world.ines), f"line {line}", client_id=f"c{line}")
    return talk


def numbers(messages: list[Message]) -> list[int]:
    return [message.number for message in messages]


async def test_opening(world: World, heard: Heard) -> None:
    talk = await open_conversation(
        world.lumen, world.ines, channel="email", language="en", subject=" Re:\x00 lamp " + "x" * 400
    )
    stored = await Conversation.get(id=talk.id)
    assert (stored.handler, stored.channel, stored.last_number, len(stored.subject)) == ("bot", "email", 0, 300)
    assert stored.public_id.startswith("cnv_")
    expected = ConversationOpened(conversation_id=talk.id, shop_id=world.lumen.id, channel="email")
    assert heard.everything == [expected]
    with pytest.raises(NotFound):
        await open_conversation(world.lumen, world.lin, channel="chat", language="zh")


async def test_two_tabs_find_the_same_chat(world: World) -> None:
    await open_conversation(world.lumen, world.ines, channel="email", language="en")
    talks = await asyncio.gather(*(chat_with(world.lumen, world.ines, language="en") for _ in range(10)))
    assert len({talk.id for talk in talks}) == 1
    assert await Conversation.filter(channel="chat").count() == 1


async def test_pages_of_messages(world: World) -> None:
    talk = await talk_of(world, 7)
    await talk_of(world, 2)
    assert numbers(await messages_after(talk.id, 0)) == [1, 2, 3, 4, 5, 6, 7]
    assert numbers(await messages_after(talk.id, 5)) == [6, 7]
    assert numbers(await messages_after(talk.id, 0, limit=3)) == [1, 2, 3]
    assert numbers(await messages_after(talk.id, 99)) == []
    assert numbers(await messages_before(talk.id, limit=3)) == [5, 6, 7]
    assert numbers(await messages_before(talk.id, 5, limit=3)) == [2, 3, 4]
    assert numbers(await messages_before(talk.id, 2, limit=3)) == [1]
    assert len(await messages_after(talk.id, 0, limit=10**9)) == 7
    assert len(await messages_after(talk.id, 0, limit=-1)) == 1


async def test_reading_goes_forward_only_and_not_beyond_the_end(world: World, heard: Heard) -> None:
    talk = await talk_of(world, 5)
    for number in (3, 3, 2, -1, 0, 10**30):
        await mark_read(talk.id, "desk", number)
    await mark_read(talk.id, "customer", 1)
    await mark_read(talk.id + 99, "customer", 1)
    assert [(event.reader, event.number) for event in heard.of(ConversationRead)] == [
        ("desk", 3),
        ("desk", 5),
        ("customer", 1),
    ]
    await talk.refresh_from_db()
    assert (talk.desk_read, talk.customer_read) == (5, 1)
    with pytest.raises(Invalid):
        await mark_read(talk.id, "last_number", 1)


async def test_notes_are_written_once_and_read_in_order(world: World, heard: Heard) -> None:
    talk = await talk_of(world, 1)
    first = await add_note(talk.id, world.omar, " VIP ", "n1")
    again = await add_note(talk.id, world.omar, "other", "n1")
    await add_note(talk.id, None, "asked for a person twice", "bot-1")
    assert (again.id, again.text, again.agent.name if again.agent else "") == (first.id, "VIP", "Omar")
    notes = await notes_of(talk.id)
    assert [(note.text, note.agent.name if note.agent else None) for note in notes] == [
        ("VIP", "Omar"),
        ("asked for a person twice", None),
    ]
    assert len(heard.of(NoteAdded)) == 2
    for text, client_id, code in [
        ("", "n2", "empty_text"),
        ("x" * 8001, "n2", "text_too_long"),
        ("x", "", "bad_client_id"),
    ]:
        with pytest.raises(Invalid) as refused:
            await add_note(talk.id, world.omar, text, client_id)
        assert refused.value.code == code
    for agent, conversation_id in [(world.wei, talk.id), (world.omar, talk.id + 99), (None, talk.id + 99)]:
        with pytest.raises(NotFound):
            await add_note(conversation_id, agent, "x", "n3")


async def test_the_desks_thread_weaves_notes_in(world: World, clock: FrozenClock) -> None:
    talk = await chat(world.lumen, world.ines)
    for line in range(4):
        await post(talk.id, Actor.of(world.ines), f"line {line}", client_id=f"c{line}")
        clock.advance(timedelta(seconds=1))
        await add_note(talk.id, world.omar, f"note {line}", f"n{line}")
        clock.advance(timedelta(seconds=1))
    assert [entry.text for entry in await thread(talk.id)] == [
        f"{kind} {line}" for line in range(4) for kind in ("line", "note")
    ]
    assert [entry.text for entry in await thread(talk.id, limit=2)] == ["line 2", "note 2", "line 3", "note 3"]


async def test_a_note_reaches_no_customer(world: World) -> None:
    talk = await talk_of(world, 1)
    await add_note(talk.id, world.omar, "suspicious lamp buyer", "n1")
    seen = [*await messages_after(talk.id, 0), *await messages_before(talk.id)]
    seen += await search_messages([world.lumen.id], "suspicious")
    assert all(isinstance(entry, Message) for entry in seen)
    assert not any("suspicious" in entry.text for entry in seen)
    await talk.refresh_from_db()
    assert talk.last_text == "line 1"
    for question in (messages_after(talk.id, 0), messages_before(talk.id)):
        with counted() as statements:
            await question
        assert not any("note" in statement.lower() for statement in statements)
    assert {name for name in vars(queries) if "note" in name.lower()} == {"Note", "notes_in", "notes_of"}
    assert Note._meta.db_table == "note"


async def test_a_customer_reaches_only_their_own(world: World) -> None:
    talk = await chat(world.lumen, world.ines)
    assert (await conversation_of(world.ines.id, talk.public_id)).id == talk.id
    eve = await make_customer(world.lumen, "Eve", "ines@example.com")  # the same address, but never proved
    tricks = [talk.public_id.upper(), talk.public_id + " ", str(talk.id), "", "%", talk.public_id[:-1]]
    attempts: list[tuple[Customer, str]] = [(eve, talk.public_id), (world.lin, talk.public_id)]
    for customer, public_id in [*attempts, *((world.ines, trick) for trick in tricks)]:
        with pytest.raises(NotFound) as refused:
            await conversation_of(customer.id, public_id)
        assert str(refused.value) == "no such conversation"


async def test_an_agent_reaches_the_conversations_of_their_shops(world: World) -> None:
    talk = await chat(world.lumen, world.ines)
    for agent in (world.omar, world.sue, world.ada):
        found = await conversation_for(agent, talk.public_id)
        assert (found.id, found.customer.name, found.shop.name) == (talk.id, "Ines", "Lumen")
    world.mei.active = False
    await world.mei.save()
    for agent, public_id in [(world.wei, talk.public_id), (world.omar, "cnv_none"), (world.mei, talk.public_id)]:
        with pytest.raises(NotFound):
            await conversation_for(agent, public_id)


async def test_who_may_act(world: World) -> None:
    talk = await chat(world.lumen, world.ines)
    people: list[Any] = [world.ines, world.lin, world.omar, world.wei, world.ada]
    allowed = [await may_act(actor, talk.id) for actor in [*map(Actor.of, people), BOT, SYSTEM]]
    assert allowed == [True, False, True, False, True, True, True]
    assert not await may_act(SYSTEM, talk.id + 99)


async def test_what_was_received_goes_forward_only_and_not_beyond_the_end(world: World, heard: Heard) -> None:
    talk = await talk_of(world, 3)
    for number in (2, 1, 2, 99, -1):
        await mark_received(talk.id, "customer", number)
    assert [(event.receiver, event.number) for event in heard.of(MessagesReceived)] == [
        ("customer", 2),
        ("customer", 3),
    ]
    with pytest.raises(Invalid):
        await mark_received(talk.id, "bot", 1)
