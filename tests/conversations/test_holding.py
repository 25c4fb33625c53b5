"""Undo send: said once or taken back once, in the order in which it was sent, and never over what is new."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from conversations.composing_models import HELD, REPLY, SENT, STOPPED, TAKEN_BACK, HeldMessage, WrittenDraft
from conversations.drafting import Written, keep_draft
from conversations.events import MessagePosted, ReplySettled
from conversations.handover import take
from conversations.holding import forget_settled, hold, release, release_all, send_now, stop, take_back
from conversations.models import Conversation, Message
from conversations.posting import post
from core.clock import FrozenClock, now
from core.errors import Conflict, Invalid, NotFound, WismoError
from core.jobs import Job
from core.people import Actor, Agent, ShopMember
from orders.models import Order
from orders.sights import glance_at
from tests.heard import Heard
from tests.people import World, chat, make_order

pytestmark = pytest.mark.anyio


@pytest.fixture
async def talk(world: World, clock: FrozenClock) -> Conversation:
    talk = await chat(world.lumen, world.ines)
    await post(talk.id, Actor.of(world.ines), "Where is my lamp?", client_id="asked-1")
    return talk


async def held(talk: Conversation, agent: Agent, text: str, *, seconds: int = 10, **more: Any) -> HeldMessage:
    found = await hold(talk.id, agent, text, client_id=f"id-{text}", seconds=seconds, **{"seen": 1} | more)
    assert isinstance(found, HeldMessage)
    return found


async def said(talk: Conversation) -> list[str]:
    rows = await Message.filter(conversation_id=talk.id, author_kind="agent").order_by("number")
    return [row.text for row in rows]


async def draft(talk: Conversation, agent: Agent) -> str:
    row = await WrittenDraft.get_or_none(conversation_id=talk.id, agent_id=agent.id, mode=REPLY)
    return row.text if row else ""


async def test_a_reply_waits_and_is_said_when_its_time_has_come(
    world: World, talk: Conversation, heard: Heard, clock: FrozenClock
) -> None:
    heard.clear()
    waiting = await held(talk, world.omar, "Tomorrow")
    job = await Job.get(kind="reply.release")
    assert (job.run_at - now()).total_seconds() == 10
    assert await said(talk) == []
    assert heard.of(MessagePosted) == []
    await talk.refresh_from_db()
    assert (talk.handler, talk.agent_id) == ("agent", world.omar.id)  # the bot is silent from now on
    clock.advance(timedelta(seconds=10))
    for _ in range(2):  # a job may run twice
        assert (await release(job.args["held"])).state == SENT
    [message] = await Message.filter(author_kind="agent")
    assert (message.text, message.client_id, message.created_at) == ("Tomorrow", waiting.client_id, now())
    assert len(heard.of(MessagePosted)) == 1


async def test_undo_brings_the_words_back_once(world: World, talk: Conversation) -> None:
    waiting = await held(talk, world.omar, "Tomorow")
    await keep_draft(talk.id, world.omar, REPLY, Written(text="PS: thanks", client_id="next-0001"), version=0)
    back = await take_back(world.omar, waiting.public_id)
    assert back.text == "Tomorow\n\nPS: thanks"
    assert back.client_id not in (waiting.client_id, "next-0001")  # what was held is never sent under its old name
    with pytest.raises(Conflict, match="already") as refused:
        await take_back(world.omar, waiting.public_id)
    assert refused.value.code == "already_back"
    assert (await release(waiting.id)).state == TAKEN_BACK
    assert await said(talk) == []


async def test_undo_and_release_at_once_leave_the_words_in_one_place(world: World, talk: Conversation) -> None:
    for round_ in range(10):
        waiting = await held(talk, world.omar, f"round {round_}")
        results = await asyncio.gather(
            take_back(world.omar, waiting.public_id), release(waiting.id), return_exceptions=True
        )
        assert not [error for error in results if isinstance(error, Exception) and not isinstance(error, WismoError)]
        waiting = await HeldMessage.get(id=waiting.id)
        kept = waiting.text in await draft(talk, world.omar)
        assert (waiting.text in await said(talk), kept) == ((True, False) if waiting.state == SENT else (False, True))


async def test_too_late_says_so(world: World, talk: Conversation) -> None:
    waiting = await held(talk, world.omar, "Tomorrow")
    await send_now(world.omar, waiting.public_id)
    with pytest.raises(Conflict) as refused:
        await take_back(world.omar, waiting.public_id)
    assert (refused.value.code, refused.value.data) == ("already_sent", {"number": 2})


async def test_the_customer_writes_and_the_reply_comes_back(world: World, talk: Conversation, heard: Heard) -> None:
    waiting = await held(talk, world.omar, "Tomorrow")
    await post(talk.id, Actor.of(world.ines), "It came!", client_id="asked-2")
    done = await release(waiting.id)
    assert (done.state, done.reason, done.detail) == (STOPPED, "stale", {"last": 2})
    assert (await said(talk), await draft(talk, world.omar)) == ([], "Tomorrow")
    assert heard.of(ReplySettled) == [ReplySettled(conversation_id=talk.id, agent_id=world.omar.id, held_id=waiting.id)]


async def test_the_order_moves_and_the_reply_comes_back(world: World, talk: Conversation) -> None:
    order = await make_order(world.lumen, "#1001")
    waiting = await held(talk, world.omar, "Tomorrow", order_versions={order.public_id: glance_at(order)})
    await Order.filter(id=order.id).update(headline="cancelled", version=2)
    done = await release(waiting.id)
    assert (done.state, done.reason) == (STOPPED, "order_changed")
    assert done.detail["orders"][0]["number"] == "#1001"
    assert await draft(talk, world.omar) == "Tomorrow"


async def test_a_colleague_takes_over_and_the_reply_comes_back(world: World, talk: Conversation) -> None:
    waiting = await held(talk, world.omar, "Tomorrow")
    await take(talk.id, world.sue, take_over=True)
    done = await release(waiting.id)
    assert (done.state, done.reason, done.detail) == (STOPPED, "handled_by_other", {"name": "Sue"})


@pytest.mark.parametrize("gone", ["left", "moved"])
async def test_whoever_may_not_speak_any_more_says_nothing(world: World, talk: Conversation, gone: str) -> None:
    waiting = await held(talk, world.omar, "Tomorrow")
    if gone == "left":
        await Agent.filter(id=world.omar.id).update(active=False)
    else:
        await ShopMember.filter(agent_id=world.omar.id).delete()
    assert (await release(waiting.id)).reason == "not_found"
    assert await said(talk) == []


async def test_several_are_said_in_their_order(world: World, talk: Conversation, clock: FrozenClock) -> None:
    first = await held(talk, world.omar, "one", seconds=20)
    second = await held(talk, world.omar, "two", seconds=5)
    assert second.release_at == first.release_at
    third = await held(talk, world.omar, "three", seconds=20)
    await send_now(world.omar, second.public_id)
    assert await said(talk) == ["one", "two"]
    await release_all(talk.id, world.omar)
    assert await said(talk) == ["one", "two", "three"]
    assert (await HeldMessage.get(id=third.id)).number == 4


async def test_what_follows_waits_when_a_reply_is_stopped(world: World, talk: Conversation) -> None:
    await held(talk, world.omar, "one")
    await post(talk.id, Actor.of(world.ines), "It came!", client_id="asked-2")
    with pytest.raises(Conflict) as refused:
        await release_all(talk.id, world.omar)
    assert refused.value.code == "stale"


async def test_sent_twice_it_is_held_once(world: World, talk: Conversation) -> None:
    first = await held(talk, world.omar, "Tomorrow")
    assert (await held(talk, world.omar, "Tomorrow")).id == first.id
    await release(first.id)
    again = await hold(talk.id, world.omar, "Tomorrow", client_id=first.client_id, seconds=10, seen=1)
    assert isinstance(again, Message)
    assert await HeldMessage.all().count() == 1


async def test_what_post_refuses_is_not_held(world: World, talk: Conversation) -> None:
    refused: list[tuple[type[WismoError], Agent, str, dict[str, Any]]] = [
        (Invalid, world.omar, " ", {}),
        (NotFound, world.wei, "hi", {}),
        (Conflict, world.omar, "hi", {"seen": 0}),
        (Invalid, world.omar, "hi", {"attachments": ["att_nothing"]}),
    ]
    for kind, agent, text, more in refused:
        with pytest.raises(kind):
            await held(talk, agent, text, **more)
    await take(talk.id, world.mei)
    with pytest.raises(Conflict, match="another agent"):
        await held(talk, world.omar, "hi")
    assert (await HeldMessage.all().count(), await Job.filter(kind="reply.release").count()) == (0, 0)


async def test_nobody_undoes_what_somebody_else_has_sent(world: World, talk: Conversation) -> None:
    waiting = await held(talk, world.omar, "Tomorrow")
    for act in (take_back, send_now):
        with pytest.raises(NotFound):
            await act(world.ada, waiting.public_id)
    assert (await HeldMessage.get(id=waiting.id)).state == HELD


async def test_given_up_goes_back_and_old_rows_are_forgotten(
    world: World, talk: Conversation, clock: FrozenClock
) -> None:
    waiting = await held(talk, world.omar, "Tomorrow")
    await stop(waiting.id, "failed")
    await stop(waiting.id, "failed")
    assert await draft(talk, world.omar) == "Tomorrow"
    clock.advance(timedelta(days=2))
    assert await forget_settled(timedelta(days=1)) == 1
