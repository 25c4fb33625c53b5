"""An agent's socket: what it hears, what it may say, and how quickly it ends with the right to be there."""

from typing import Any

import pytest

from app.auth.models import Session
from app.auth.sessions import end_session, start_session
from app.realtime import connection
from app.realtime import desk as desk_room
from app.realtime.channel import Close
from app.realtime.topics import agent_topic, shop_topic
from conversations.models import Conversation
from conversations.noting import add_note
from conversations.posting import post
from core.people import Actor, Agent, ShopMember
from tests.people import World, chat, make_order
from tests.realtime.clients import console, dialled, visitor
from tests.realtime.serving import Desk

pytestmark = pytest.mark.anyio

NEEDED: dict[str, dict[str, Any]] = {
    "read": {"number": 1},
    "fetch": {"after": 0},
    "post": {"client_id": "client-id", "text": "Hi"},
}


@pytest.fixture
async def thread(world: World) -> Conversation:
    """Ines has asked Lumen something."""
    conversation = await chat(world.lumen, world.ines)
    await post(conversation.id, Actor.of(world.ines), "Where is my lamp?", client_id="ines-asks")
    return conversation


async def test_without_a_session_there_is_no_console(desk: Desk) -> None:
    for cookie in ("", "wismo_session=guessed", "wismo_session=" + "x" * 5000):
        async with dialled(desk, "/console/ws", cookie=cookie) as mallory:
            assert await mallory.closed() == Close.UNAUTHENTICATED


async def test_an_open_console_is_a_sign_of_life(desk: Desk, world: World) -> None:
    async with visitor(desk) as ines:
        assert not ines.welcome["online"]
    async with console(desk, await start_session(world.omar)) as omar:
        assert omar.welcome["agent"] == "Omar"
        async with visitor(desk) as ines:
            assert ines.welcome["online"]
        async with visitor(desk, "chaye") as lin:
            assert not lin.welcome["online"], "Omar does not work for that shop"


async def test_watching_brings_the_thread_its_notes_and_what_follows(
    desk: Desk, world: World, thread: Conversation
) -> None:
    await add_note(thread.id, world.mei, "She called, too", client_id="note-1")
    async with console(desk, await start_session(world.omar)) as omar:
        await omar.send("watch", conversation=thread.public_id)
        page = await omar.wait("history")
        assert [message["text"] for message in page["messages"]] == ["Where is my lamp?"]
        assert (await omar.wait("note"))["author"] == {"kind": "agent", "name": "Mei"}
        await add_note(thread.id, None, "The bot's summary", client_id="note-2")
        assert (await omar.wait("note"))["author"]["kind"] == "bot"
        await post(thread.id, Actor.of(world.ines), "Hello?", client_id="ines-again")
        assert (await omar.wait("message"))["number"] == 2


async def test_another_shops_thread_is_not_there(desk: Desk, world: World, thread: Conversation) -> None:
    async with console(desk, await start_session(world.wei)) as wei:
        for frame in ("watch", "read", "fetch", "post", "typing"):
            more: dict[str, dict[str, Any]] = {
                "read": {"number": 1},
                "fetch": {"after": 0},
                "post": {"client_id": "client-id", "text": "Hi"},
            }
            await wei.send(frame, conversation=thread.public_id, **more.get(frame, {}))
            refused = await wei.wait("error")
            assert refused["code"] == ("not_watched" if frame == "typing" else "not_found")
        await post(thread.id, Actor.of(world.ines), "Private", client_id="ines-again")
        assert await wei.settle() == []


async def test_an_answer_is_acknowledged_and_reaches_the_customer(desk: Desk, world: World) -> None:
    async with visitor(desk) as ines, console(desk, await start_session(world.omar)) as omar:
        public_id = (await ines.post("Hello"))["conversation"]
        await omar.send("watch", conversation=public_id)
        await omar.wait("history")
        await omar.send("typing", conversation=public_id)
        assert (await ines.wait("typing"))["name"] == "Omar"
        assert (await omar.post("Good morning", conversation=public_id, seen=1))["number"] == 2
        assert (await ines.wait("message", number=2))["author"] == {"kind": "agent", "name": "Omar"}
        await ines.send("typing")
        assert (await omar.wait("typing", who="customer"))["on"]


async def test_an_answer_to_an_old_state_is_refused(desk: Desk, world: World, thread: Conversation) -> None:
    await post(thread.id, Actor.of(world.ines), "Never mind, found it", client_id="ines-again")
    async with console(desk, await start_session(world.omar)) as omar:
        await omar.send("post", client_id="late-answer", text="…", conversation=thread.public_id, seen=1)
        refused = await omar.wait("error", client_id="late-answer")
        assert (refused["code"], refused["data"]["last"]) == ("stale", 2)


async def test_an_answer_on_an_old_order_is_refused(desk: Desk, world: World, thread: Conversation) -> None:
    order = await make_order(world.lumen, "#1001")
    async with console(desk, await start_session(world.omar)) as omar:
        saying = {"text": "It ships", "conversation": thread.public_id, "seen": 9}
        await omar.send("post", client_id="late-answer", orders={order.public_id: 0}, **saying)
        refused = await omar.wait("error", client_id="late-answer")
        assert refused["code"] == "order_changed", refused
        assert refused["data"]["orders"][0]["number"] == "#1001"
        await omar.send("post", client_id="late-answer", orders={order.public_id: 1}, **saying)
        assert (await omar.wait("ack", client_id="late-answer"))["number"]


async def test_only_colleagues_hear_that_a_note_is_written(desk: Desk, world: World) -> None:
    async with visitor(desk) as ines, console(desk, await start_session(world.omar)) as omar:
        public_id = (await ines.post("Hello"))["conversation"]
        async with console(desk, await start_session(world.mei)) as mei:
            for agent in (omar, mei):
                await agent.send("watch", conversation=public_id)
                await agent.wait("history")
            await omar.send("typing", conversation=public_id, note=True)
            assert (await mei.wait("typing"))["note"]
            await omar.send("typing", conversation=public_id, note=True, on=False)
            await mei.send("typing", conversation=public_id)
            assert (await ines.wait("typing"))["name"] == "Mei"  # the first that the customer hears


async def test_colleagues_see_each_other_come_and_go(desk: Desk, world: World, thread: Conversation) -> None:
    async with console(desk, await start_session(world.mei)) as mei:
        await mei.send("watch", conversation=thread.public_id)
        assert (await mei.wait("presence", who="colleague"))["name"] == "Mei"
        async with console(desk, await start_session(world.omar)) as omar:
            await omar.send("watch", conversation=thread.public_id)
            assert (await mei.wait("presence", name="Omar"))["on"]
            await omar.send("unwatch", conversation=thread.public_id)
            assert not (await mei.wait("presence", name="Omar"))["on"]
            await omar.send("watch", conversation=thread.public_id)
            assert (await mei.wait("presence", name="Omar"))["on"]
        assert not (await mei.wait("presence", name="Omar"))["on"], "closing the page shows at once"


async def test_the_desk_hears_its_own_shops_inboxes_only(desk: Desk, world: World) -> None:
    async with console(desk, await start_session(world.omar)) as omar:
        for shop in (world.lumen, world.chaye):
            desk.hub.publish(shop_topic(shop.id), {"type": "inbox", "conversation": shop.key, "what": "message"})
        assert [frame["conversation"] for frame in await omar.settle()] == ["lumen"]


async def revoke_session(agent: Agent) -> None:
    await end_session(await Session.get(agent_id=agent.id))


async def disable(agent: Agent) -> None:
    await Agent.filter(id=agent.id).update(active=False)


async def take_out_of_the_shop(agent: Agent) -> None:
    await ShopMember.filter(agent_id=agent.id).delete()


@pytest.mark.parametrize(
    ("revoke", "code"),
    [
        (revoke_session, Close.UNAUTHENTICATED),
        (disable, Close.UNAUTHENTICATED),
        (take_out_of_the_shop, Close.RESTART),
    ],
)
async def test_the_socket_ends_with_the_right_to_it(
    desk: Desk, world: World, monkeypatch: pytest.MonkeyPatch, revoke: object, code: int
) -> None:
    assert connection.BEAT_SECONDS < 5
    monkeypatch.setattr(connection, "BEAT_SECONDS", 0.02)
    async with console(desk, await start_session(world.omar)) as omar:
        await omar.settle()
        await revoke(world.omar)  # type: ignore[operator]
        assert await omar.closed() == code


async def test_signing_out_ends_the_socket_at_once(desk: Desk, world: World) -> None:
    async with console(desk, await start_session(world.omar)) as omar:
        desk.hub.publish(agent_topic(world.omar.id), {"type": "bye", "reason": "signed_out"})
        assert await omar.closed() == Close.UNAUTHENTICATED


async def test_presence_is_shown_again_and_again(
    desk: Desk, world: World, thread: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever joins later, in another process, learns who is there."""
    monkeypatch.setattr(connection, "BEAT_SECONDS", 0.02)
    monkeypatch.setattr(desk_room, "SHOW_PRESENCE_SECONDS", 0.0)
    async with console(desk, await start_session(world.omar)) as omar:
        await omar.send("watch", conversation=thread.public_id)
        for _ in range(3):
            await omar.wait("presence", who="colleague", on=True)
