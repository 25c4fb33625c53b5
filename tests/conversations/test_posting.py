"""Posting: once per client id, gap-free under load, one speaker, nothing sent blindly."""

import asyncio
from typing import Any

import pytest

from conversations.events import HandlerChanged, MessagePosted, OrderInView
from conversations.handover import hand_to_queue
from conversations.models import Conversation, Message
from conversations.posting import post
from conversations.storing import preview
from core.clock import now
from core.errors import Conflict, Invalid, NotFound
from core.people import BOT, SYSTEM, Actor
from core.transactions import transaction
from tests.heard import Heard, counted
from tests.people import World, chat, make_order

pytestmark = pytest.mark.anyio


async def test_a_customer_writes_and_the_conversation_knows(world: World, heard: Heard) -> None:
    talk = await chat(world.lumen, world.ines)
    before = now()
    message = await post(talk.id, Actor.of(world.ines), "  Where is\r\nmy lamp? ", client_id="c1")
    assert (message.number, message.text, message.author_name) == (1, "Where is\nmy lamp?", "Ines")
    stored = await Message.get(id=message.id)
    assert (stored.text, stored.language, stored.quick_replies, stored.state) == (message.text, "en", [], "sent")
    await talk.refresh_from_db()
    assert (talk.last_number, talk.last_customer_number, talk.last_text) == (1, 1, "Where is my lamp?")
    assert talk.last_customer_at is not None
    assert talk.last_customer_at == talk.last_message_at == stored.created_at >= before
    assert heard.of(MessagePosted) == [
        MessagePosted(
            conversation_id=talk.id,
            shop_id=world.lumen.id,
            message_id=message.id,
            number=1,
            author_kind="customer",
            channel="chat",
            handler="bot",
            conversation=talk.public_id,
            message=message,
        )
    ]
    assert "lamp" not in repr(heard.everything), "no event prints what people say"


async def test_a_resend_returns_the_first_and_records_nothing(world: World, heard: Heard) -> None:
    talk = await chat(world.lumen, world.ines)
    ines = Actor.of(world.ines)
    first = await post(talk.id, ines, "hello", client_id="same")
    heard.clear()
    for text in ("hello", "changed"):
        again = await post(talk.id, ines, text, client_id="same")
        assert (again.id, again.number, again.text) == (first.id, 1, "hello")
    assert heard.everything == []
    await talk.refresh_from_db()
    assert (talk.last_number, talk.last_text) == (1, "hello")


async def test_nobody_can_use_up_the_client_id_of_the_answer(world: World) -> None:
    talk = await chat(world.lumen, world.ines)
    await post(talk.id, Actor.of(world.ines), "I am the bot", client_id="answer-1")
    answer = await post(talk.id, BOT, "It left Hamburg", client_id="answer-1")
    assert (answer.number, answer.author_kind) == (2, "bot")


async def test_fifty_at_once_leave_no_gap(world: World) -> None:
    talk = await chat(world.lumen, world.ines)
    ines = Actor.of(world.ines)
    posted = await asyncio.gather(*(post(talk.id, ines, f"line {i}", client_id=f"c{i}") for i in range(50)))
    assert sorted(message.number for message in posted) == list(range(1, 51))
    rows = await Message.filter(conversation_id=talk.id).order_by("number")
    assert [row.number for row in rows] == list(range(1, 51))
    await talk.refresh_from_db()
    assert (talk.last_number, talk.last_text) == (50, rows[-1].text)


async def test_a_storm_of_resends_leaves_one_of_each(world: World, heard: Heard) -> None:
    talk = await chat(world.lumen, world.ines)
    ines = Actor.of(world.ines)
    posted = await asyncio.gather(*(post(talk.id, ines, f"line {i % 10}", client_id=f"c{i % 10}") for i in range(60)))
    assert len({message.id for message in posted}) == 10
    assert sorted({message.number for message in posted}) == list(range(1, 11))
    assert len(heard.of(MessagePosted)) == 10
    await talk.refresh_from_db()
    newest = await Message.get(conversation_id=talk.id, number=10)
    assert (talk.last_number, talk.last_customer_number, talk.last_text) == (10, 10, newest.text)


async def test_two_writers_keep_their_own_order(world: World) -> None:
    talk = await chat(world.lumen, world.ines)

    async def write(actor: Actor) -> list[int]:
        return [(await post(talk.id, actor, f"{i}", client_id=f"{actor.kind}{i}")).number for i in range(15)]

    customer, agent = await asyncio.gather(write(Actor.of(world.ines)), write(Actor.of(world.omar)))
    assert customer == sorted(customer)
    assert agent == sorted(agent)
    assert sorted(customer + agent) == list(range(1, 31))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty_text"),
        (" \n\x00 ", "empty_text"),
        ("\u200b\u200e\u00ad", "empty_text"),
        ("x" * 8001, "text_too_long"),
    ],
)
async def test_texts_that_are_none(world: World, text: str, code: str) -> None:
    talk = await chat(world.lumen, world.ines)
    with pytest.raises(Invalid) as refused:
        await post(talk.id, Actor.of(world.ines), text, client_id="c1")
    assert refused.value.code == code


async def test_the_longest_text_is_stored_whole(world: World) -> None:
    talk = await chat(world.chaye, world.lin)
    message = await post(talk.id, Actor.of(world.lin), "茶" * 8000, client_id="c1")
    assert (await Message.get(id=message.id)).text == "茶" * 8000
    assert len((await Conversation.get(id=talk.id)).last_text) == 200


@pytest.mark.parametrize("client_id", ["", "x" * 81])
async def test_a_client_id_has_a_length(world: World, client_id: str) -> None:
    talk = await chat(world.lumen, world.ines)
    with pytest.raises(Invalid) as refused:
        await post(talk.id, Actor.of(world.ines), "hello", client_id=client_id)
    assert refused.value.code == "bad_client_id"


async def test_the_bot_speaks_only_in_its_turn(world: World) -> None:
    talk = await chat(world.lumen, world.ines)
    await post(talk.id, BOT, "Hello", client_id="b1")
    await hand_to_queue(talk.id, Actor.of(world.ines), "wants a person")
    with pytest.raises(Conflict) as refused:
        await post(talk.id, BOT, "I am still here", client_id="b2")
    assert (refused.value.code, refused.value.data) == ("not_your_turn", {"handler": "queue"})
    assert (await post(talk.id, BOT, "Hello", client_id="b1")).number == 1  # a repeat still finds its answer
    assert (await post(talk.id, SYSTEM, "You are number 2 in the queue", client_id="s1")).number == 2


async def test_an_answer_is_a_takeover(world: World, heard: Heard) -> None:
    talk = await chat(world.lumen, world.ines)
    await post(talk.id, Actor.of(world.omar), "Omar here", client_id="a1")
    await post(talk.id, Actor.of(world.omar), "One moment", client_id="a2")
    await talk.refresh_from_db()
    assert (talk.handler, talk.agent_id) == ("agent", world.omar.id)
    assert [(e.handler, e.agent_id, e.reason) for e in heard.of(HandlerChanged)] == [("agent", world.omar.id, "reply")]
    with pytest.raises(Conflict) as refused:
        await post(talk.id, Actor.of(world.mei), "Mei here", client_id="m1")
    assert (refused.value.code, refused.value.data) == ("handled_by_other", {"name": "Omar"})
    await post(talk.id, Actor.of(world.mei), "Mei here", client_id="m1", take_over=True)
    await talk.refresh_from_db()
    assert (talk.agent_id, talk.last_number) == (world.mei.id, 3)


async def test_of_two_agents_at_once_one_wins(world: World) -> None:
    talk = await chat(world.lumen, world.ines)
    agents = [world.omar, world.mei]
    outcome = await asyncio.gather(
        *(post(talk.id, Actor.of(agent), "mine", client_id=agent.name) for agent in agents), return_exceptions=True
    )
    won = [agent for agent, result in zip(agents, outcome, strict=True) if isinstance(result, Message)]
    lost = [result for result in outcome if isinstance(result, Conflict)]
    assert (len(won), len(lost)) == (1, 1)
    assert lost[0].data == {"name": won[0].name}
    await talk.refresh_from_db()
    assert (talk.agent_id, talk.last_number) == (won[0].id, 1)


async def test_resends_of_a_first_answer_at_once_take_over_once(world: World, heard: Heard) -> None:
    talk = await chat(world.lumen, world.ines)
    omar = Actor.of(world.omar)
    posted = await asyncio.gather(*(post(talk.id, omar, "Omar here", client_id="a1") for _ in range(12)))
    assert {message.number for message in posted} == {1}
    assert len(heard.of(HandlerChanged)) == len(heard.of(MessagePosted)) == 1


async def test_an_answer_to_an_older_thread_is_refused(world: World) -> None:
    talk = await chat(world.lumen, world.ines)
    await post(talk.id, Actor.of(world.ines), "Where is it?", client_id="c1")
    await post(talk.id, Actor.of(world.ines), "Stop, it has just come!", client_id="c2")
    for _ in range(2):  # the refusal changes nothing, so it is refused again
        with pytest.raises(Conflict) as refused:
            await post(talk.id, Actor.of(world.omar), "I will look for it", client_id="a1", seen=1)
        assert (refused.value.code, refused.value.data) == ("stale", {"last": 2})
    await talk.refresh_from_db()
    assert (talk.handler, talk.last_number) == ("bot", 2)
    assert (await post(talk.id, Actor.of(world.omar), "Enjoy it!", client_id="a1", seen=2)).number == 3
    # Own words and those of the system do not make an answer stale.
    await post(talk.id, SYSTEM, "Omar has joined", client_id="s1")
    assert (await post(talk.id, Actor.of(world.omar), "Anything else?", client_id="a2", seen=2)).number == 5


async def test_a_refused_post_leaves_nothing_in_a_transaction_that_goes_on(world: World) -> None:
    talk = await chat(world.lumen, world.ines)
    await hand_to_queue(talk.id, SYSTEM, "night")
    async with transaction():
        with pytest.raises(Conflict):
            await post(talk.id, BOT, "Hello", client_id="b1")
        await post(talk.id, SYSTEM, "We open at nine", client_id="s1")
    assert await Message.filter(conversation_id=talk.id).values_list("number", "text") == [(1, "We open at nine")]


@pytest.mark.parametrize("take_over", [False, True])
async def test_strangers_cannot_post(world: World, take_over: bool) -> None:
    talk = await chat(world.lumen, world.ines)
    wrong: list[tuple[int, Any]] = [(talk.id, world.lin), (talk.id, world.wei), (talk.id + 99, world.ines)]
    for conversation_id, person in wrong:
        with pytest.raises(NotFound):
            await post(conversation_id, Actor.of(person), "hello", client_id="x1", take_over=take_over)
    world.omar.active = False
    await world.omar.save()
    with pytest.raises(NotFound):
        await post(talk.id, Actor.of(world.omar), "hello", client_id="x1", take_over=take_over)
    assert (await post(talk.id, Actor.of(world.ada), "Ada sees every shop", client_id="x1")).number == 1


async def test_a_message_with_an_order_puts_it_in_view(world: World, heard: Heard) -> None:
    talk = await chat(world.lumen, world.ines)
    lamp, tea = await make_order(world.lumen, "#1001"), await make_order(world.chaye, "#1001")
    replies = [{"label": "Talk to a person", "text": "person"}]
    await post(talk.id, BOT, "Here it is", client_id="b1", order_id=lamp.id)
    message = await post(
        talk.id, BOT, "And again", client_id="b2", order_id=lamp.id, quick_replies=replies, form="code"
    )
    stored = await Message.get(id=message.id)
    assert (stored.order_id, stored.quick_replies, stored.form) == (lamp.id, replies, "code")
    assert (await Conversation.get(id=talk.id)).order_id == lamp.id
    assert [event.order_id for event in heard.of(OrderInView)] == [lamp.id]
    with pytest.raises(NotFound):
        await post(talk.id, BOT, "Another shop's", client_id="b3", order_id=tea.id)
    assert (await Conversation.get(id=talk.id)).last_number == 2


async def test_a_post_costs_four_statements_however_many_come_at_once(world: World, both_databases: str) -> None:
    talk, other = await chat(world.lumen, world.ines), await chat(world.chaye, world.lin)
    usual = ["SELECT", "UPDATE", "INSERT", "INSERT"]  # posted before? the numbers, the messages, the search rows
    if both_databases == "pg":
        usual = ["SELECT", *usual]  # holds the rows
    with counted() as statements:
        await post(talk.id, Actor.of(world.ines), "hello", client_id="c1")
    assert [text.split()[0] for text in statements] == usual
    with counted() as statements:
        await post(talk.id, BOT, "hello", client_id="b1")
    assert len(statements) == len(usual)
    await post(talk.id, Actor.of(world.omar), "hello", client_id="a1")
    with counted() as statements:
        await post(talk.id, Actor.of(world.omar), "hello again", client_id="a2", seen=3)
    assert len(statements) == len(usual)
    lin = Actor.of(world.lin)
    with counted() as statements:
        await asyncio.gather(*(post(other.id, lin, f"{number}", client_id=f"l{number}") for number in range(100)))
    assert len(statements) <= 3 * len(usual), "the first alone, and the others as soon as they can be"


def test_the_preview_is_one_line() -> None:
    assert preview("a\n\n b\t c") == "a b c"
    assert len(preview("茶" * 500)) == 200
