"""The same talk where sockets are blocked: frames in requests that wait, and nothing remembered between them."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from app.auth.sessions import start_session
from app.realtime import polling
from app.realtime.crowds import Crowd
from app.realtime.polls import MOST_FRAMES
from conversations.handover import take
from conversations.models import Conversation, Message
from conversations.noting import add_note
from conversations.posting import post
from conversations.reading import DESK, mark_read
from core.people import BOT, Actor
from tests.people import World, chat
from tests.realtime.clients import console, visitor
from tests.realtime.serving import Desk

pytestmark = pytest.mark.anyio

Answer = dict[str, Any]


class Poller:
    """A page that only has requests."""

    def __init__(self, browser: httpx2.AsyncClient, path: str, hello: dict[str, Any]) -> None:
        self.browser, self.path = browser, path
        self.hello = {"type": "hello", **hello}
        self.places: dict[str, dict[str, Any]] = {}

    async def ask(self, step: str, *frames: dict[str, Any], **headers: str) -> Answer:
        body = {"step": step, "hello": self.hello, "frames": frames, "watch": list(self.places.values())}
        answer = await self.browser.post(self.path, content=json.dumps(body), headers=headers)
        assert answer.status_code == 200, answer.text
        heard: Answer = answer.json()
        for frame in heard["frames"]:
            self._note(frame)
        for conversation, stamp in heard["stamps"].items():
            if step == "wait" and conversation in self.places:
                self.places[conversation]["stamp"] = stamp
        return heard

    async def say(self, text: str, client_id: str, **fields: Any) -> Answer:
        return await self.ask("send", {"type": "post", "client_id": client_id, "text": text, **fields})

    async def wait_for(self, kind: str) -> dict[str, Any]:
        """Wait again and again, as the client does, for the next frame of this kind."""
        async with asyncio.timeout(10):
            while True:
                for frame in (await self.ask("wait"))["frames"]:
                    if frame["type"] == kind:
                        return dict(frame)

    def follow(self, conversation: str, last: int = 0) -> None:
        self.places.setdefault(conversation, {"conversation": conversation, "last": last, "stamp": ""})

    def _note(self, frame: dict[str, Any]) -> None:
        if frame.get("visitor_token"):
            self.hello["token"] = frame["visitor_token"]
        if frame["type"] in ("welcome", "history", "ack") and frame["conversation"]:
            self.follow(frame["conversation"])
        for message in frame.get("messages", [frame] if frame["type"] == "message" else []):
            place = self.places.get(message["conversation"])
            if place is not None:
                place["last"] = max(place["last"], message["number"])


@asynccontextmanager
async def widget(desk: Desk, **hello: Any) -> AsyncIterator[Poller]:
    async with httpx2.AsyncClient(base_url=desk.address, headers={"sec-fetch-site": "same-origin"}) as browser:
        poller = Poller(browser, "/chat/poll", {"site": "lumen", **hello})
        yield poller


@asynccontextmanager
async def page_of(desk: Desk, token: str) -> AsyncIterator[Poller]:
    headers = {"sec-fetch-site": "same-origin", "cookie": f"wismo_session={token}"}
    async with httpx2.AsyncClient(base_url=desk.address, headers=headers) as browser:
        yield Poller(browser, "/console/poll", {})


def of(kind: str, answer: Answer) -> list[dict[str, Any]]:
    return [frame for frame in answer["frames"] if frame["type"] == kind]


async def test_a_talk_by_requests_alone(desk: Desk, world: World) -> None:
    async with widget(desk) as ines, console(desk, await start_session(world.omar)) as omar:
        [welcome] = of("welcome", await ines.ask("open"))
        assert welcome["visitor_token"]
        said = await ines.say("Where is my lamp?", "client-id-1")
        [ack] = of("ack", said)
        talk = ack["conversation"]
        again = await ines.say("Where is my lamp?", "client-id-1")
        assert of("ack", again)[0]["number"] == ack["number"] == 1
        assert await Message.all().count() == 1

        await ines.wait_for("history")  # what happened before it first listened
        await omar.send("watch", conversation=talk, last=0)
        waiting = asyncio.create_task(ines.ask("wait"))
        await omar.wait("history", conversation=talk)
        started = time.monotonic()
        await omar.post("It left today", conversation=talk)
        answer = await waiting
        message = of("message", answer) or [await ines.wait_for("message")]
        assert (message[0]["text"], message[0]["number"]) == ("It left today", 2)
        assert time.monotonic() - started < 5
        assert (await ines.ask("send", {"type": "ping"}))["frames"] == [{"type": "pong"}]


async def test_what_happens_between_two_requests_is_told_by_the_next(desk: Desk, world: World) -> None:
    async with widget(desk) as ines:
        await ines.ask("open")
        await ines.say("Hello", "client-id-1")
        await ines.wait_for("history")
        conversation = await Conversation.get()
        await post(conversation.id, BOT, "Good day", client_id="bot:1")
        [history] = of("history", await ines.ask("wait"))
        assert [message["text"] for message in history["messages"]] == ["Good day"]
        await mark_read(conversation.id, DESK, 2)
        [history] = of("history", await ines.ask("wait"))
        assert history["marks"]["desk_read"] == 2
        await take(conversation.id, world.omar)
        [history] = of("history", await ines.ask("wait"))
        assert (history["handler"], history["agent"]) == ("agent", "Omar")


async def test_waiting_ends_by_itself_and_leaves_nobody_in_the_hub(
    desk: Desk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "WAIT_SECONDS", 0.05)
    async with widget(desk) as ines:
        await ines.ask("open")
        assert await ines.ask("wait") == {"frames": [], "stamps": {}, "close": None}
    assert desk.hub.count() == 0


async def test_whoever_hangs_up_is_forgotten_at_once(desk: Desk, world: World) -> None:
    async with widget(desk) as ines:
        await ines.ask("open")
        waiting = asyncio.create_task(ines.ask("wait"))
        await until(lambda: desk.hub.count() == 1)
        waiting.cancel()
        await until(lambda: desk.hub.count() == 0)


async def test_a_restart_sends_waiting_pages_away(desk: Desk, world: World) -> None:
    async with widget(desk) as ines:
        await ines.ask("open")
        waiting = asyncio.create_task(ines.ask("wait"))
        await until(lambda: desk.hub.count() == 1)
        desk.hub.dismiss()
        assert (await waiting)["close"] == 1012


async def test_an_agent_by_requests_alone(desk: Desk, world: World) -> None:
    conversation = await chat(world.lumen, world.ines)
    await post(conversation.id, Actor.of(world.ines), "Hello?", client_id="client-id-1")
    async with page_of(desk, await start_session(world.omar)) as omar:
        assert of("welcome", await omar.ask("open"))[0]["agent"] == "Omar"
        omar.follow(conversation.public_id)
        [history] = of("history", await omar.ask("wait"))
        assert history["messages"][0]["text"] == "Hello?"
        note = await add_note(conversation.id, world.mei, "She is kind", "note-1")
        assert of("note", await omar.ask("wait"))[0]["id"] == note.public_id
        waiting = asyncio.create_task(omar.wait_for("message"))
        await until(lambda: desk.hub.count() == 1)
        said = await omar.say("Yes!", "client-id-2", conversation=conversation.public_id, seen=1)
        assert of("ack", said)[0]["number"] == 2
        assert (await waiting)["text"] == "Yes!"


async def test_a_page_of_another_shop_hears_nothing(desk: Desk, world: World) -> None:
    conversation = await chat(world.chaye, world.lin)
    async with page_of(desk, await start_session(world.omar)) as omar:
        omar.follow(conversation.public_id)
        [bye] = (await omar.ask("wait"))["frames"]
        assert (bye["type"], bye["reason"]) == ("bye", "revoked")


async def test_a_revoked_session_ends_a_waiting_page(desk: Desk, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "BEAT_SECONDS", 0.05)
    async with page_of(desk, await start_session(world.omar)) as omar:
        await omar.ask("open")
        waiting = asyncio.create_task(omar.ask("wait"))
        await until(lambda: desk.hub.count() == 1)
        world.omar.active = False
        await world.omar.save()
        assert (await waiting)["close"] == 4401
        assert (await omar.ask("open"))["close"] == 4401


@pytest.mark.parametrize(
    ("hello", "headers", "close"),
    [
        ({"site": "nobody"}, {}, 4403),
        ({}, {"sec-fetch-site": "cross-site"}, 4403),
        ({"token": "wv1.forged.0"}, {}, 1012),
    ],
)
async def test_strangers_are_refused_as_at_the_socket(
    desk: Desk, world: World, hello: dict[str, str], headers: dict[str, str], close: int
) -> None:
    async with widget(desk, **hello) as stranger:
        assert (await stranger.ask("wait", **headers))["close"] == close


async def test_one_address_cannot_use_up_the_requests_that_wait(
    desk: Desk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "_waiting", Crowd(3))
    monkeypatch.setattr(polling, "client_address", lambda request: request.headers.get("x-from", "near"))
    async with widget(desk) as ines:
        await ines.ask("open")
        waiting = [asyncio.create_task(ines.ask("wait")) for _ in range(3)]
        await until(lambda: desk.hub.count() == 3)
        refused = await ines.ask("wait")
        [error] = of("error", refused)
        assert (refused["close"], error["code"], error["data"]) == (4429, "too_many", {"retry_after": 10})
        assert of("pong", await ines.ask("send", {"type": "ping"})), "what is to be said passes"
        elsewhere = asyncio.create_task(ines.ask("wait", **{"x-from": "far"}))
        await until(lambda: desk.hub.count() == 4)
        desk.hub.dismiss()
        for one in (*waiting, elsewhere):
            assert (await one)["close"] == 1012
        answer = asyncio.create_task(ines.ask("wait"))
        await until(lambda: desk.hub.count() == 1)
        desk.hub.dismiss()
        assert (await answer)["close"] == 1012, "there is room again"


async def test_nonsense_gets_an_answer_and_one_wrong_frame_does_not_spoil_the_rest(desk: Desk, world: World) -> None:
    async with widget(desk) as ines:
        await ines.ask("open")
        for body in ("", "{", "[]", '{"step": "dance"}', '{"step": "open"}'):
            answer = (await ines.browser.post("/chat/poll", content=body)).json()
            assert (answer["frames"][0]["code"], answer["close"]) == ("malformed", 1012)
        long = {"type": "post", "client_id": "client-id-long", "text": "x" * 8001}
        answer = await ines.ask("send", long, {"type": "dance"}, {"type": "ping"})
        assert [frame["type"] for frame in answer["frames"]] == ["error", "error", "pong"]
        assert answer["frames"][1]["code"] == "malformed"
        assert answer["frames"][0]["client_id"] == "client-id-long"
        assert (await ines.ask("send", *[{"type": "ping"}] * (MOST_FRAMES + 1)))["close"] == 1012
        huge = await ines.browser.post("/chat/poll", content="x" * (polling.MAX_POLL_BYTES + 1))
        assert huge.json()["close"] == 4413


async def test_sockets_and_requests_of_one_visitor_are_one_conversation(desk: Desk, world: World) -> None:
    async with widget(desk) as tab:
        await tab.ask("open")
        await tab.say("By request", "client-id-1")
        async with visitor(desk, token=tab.hello["token"]) as other:
            assert [message["text"] for message in other.welcome["messages"]] == ["By request"]
            await other.post("By socket")
        [history] = of("history", await tab.ask("wait"))
        assert history["messages"][-1]["text"] == "By socket"


async def until(holds: Any) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.005)
