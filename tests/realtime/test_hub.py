"""The hub of one process, and the relay between several: hints travel, losses heal, Redis may go and come back."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

from app.realtime import relay as relay_room
from app.realtime.hub import Hub
from app.realtime.relay import RedisRelay
from app.realtime.topics import conversation_topic, shop_topic
from conversations.posting import post
from core.people import Actor
from core.tasks import remember_base_context
from tests.people import World, chat

pytestmark = pytest.mark.anyio

Frame = dict[str, Any]


class Ear:
    """Stands in for a connection."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.texts: list[str] = []
        self.closed: tuple[int, str] | None = None

    def deliver(self, frame: Frame, text: str) -> None:
        self.frames.append(frame)
        self.texts.append(text)

    def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(8):
        while not holds():
            await asyncio.sleep(0.005)


async def test_what_comes_before_the_first_word_waits_behind_it() -> None:
    hub, ear = Hub(), Ear()
    hub.subscribe("talk", ear)
    with hub.held(ear):
        hub.publish("talk", {"type": "message", "number": 7})
        assert ear.frames == []
        ear.deliver({"type": "welcome"}, "")
        hub.publish("talk", {"type": "bye", "reason": "left"})
    hub.publish("talk", {"type": "message", "number": 8})
    assert [frame["type"] for frame in ear.frames] == ["welcome", "bye", "message", "message"]


async def test_what_is_followed_no_more_is_not_handed_over_late() -> None:
    hub, ear = Hub(), Ear()
    hub.subscribe("talk", ear)
    with hub.held(ear):
        hub.publish("talk", {"type": "message", "number": 7})
        hub.unsubscribe("talk", ear)
    assert ear.frames == []


async def test_only_listeners_hear_and_a_frame_is_written_once() -> None:
    hub, ears, deaf = Hub(), [Ear() for _ in range(50)], Ear()
    for ear in ears:
        hub.subscribe("a", ear)
    hub.subscribe("b", deaf)
    hub.publish("a", {"type": "pong", "text": "茶"})
    assert all(ear.frames == [{"type": "pong", "text": "茶"}] for ear in ears)
    assert len({id(ear.texts[0]) for ear in ears}) == 1
    assert deaf.frames == []


async def test_nothing_is_left_of_who_has_gone() -> None:
    hub, ear = Hub(), Ear()
    for topic in ("a", "b"):
        hub.subscribe(topic, ear)
        hub.subscribe(topic, ear)
    assert (hub.count(), sorted(hub.topics())) == (1, ["a", "b"])
    hub.unsubscribe("a", ear)
    hub.unsubscribe("a", ear)
    hub.publish("a", {"type": "pong"})
    assert (ear.frames, hub.hears("b", ear)) == ([], True)
    hub.leave(ear)
    hub.leave(ear)
    assert (hub.count(), hub.topics()) == (0, [])


async def test_a_listener_may_leave_while_it_hears() -> None:
    hub, ears = Hub(), [Ear(), Ear()]

    class Leaver(Ear):
        def deliver(self, frame: Frame, text: str) -> None:
            super().deliver(frame, text)
            hub.leave(self)

    for ear in (leaver := Leaver(), *ears):
        hub.subscribe("a", ear)
    hub.publish("a", {"type": "pong"})
    hub.publish("a", {"type": "pong"})
    assert [len(ear.frames) for ear in (leaver, *ears)] == [1, 2, 2]


class Tunnel:
    """A way to Redis that can be cut and opened again on the same port."""

    def __init__(self, url: str) -> None:
        self.target = urlsplit(url).port
        self.port = 0
        self.server: asyncio.Server | None = None
        self.writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    async def open(self) -> None:
        self.server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        assert self.server is not None
        self.server.close()
        for writer in list(self.writers):
            writer.transport.abort()
        await eventually(lambda: not self.writers)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        self.writers |= {writer, far_writer}
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pipe(reader, far_writer))
                group.create_task(self._pipe(far_reader, writer))
        finally:
            self.writers -= {writer, far_writer}

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                writer.write(data)
        except OSError:
            pass
        finally:
            writer.close()


@pytest.fixture
async def tunnel(redis_url: str) -> AsyncIterator[Tunnel]:
    tunnel = Tunnel(redis_url)
    await tunnel.open()
    yield tunnel
    await tunnel.cut()


@asynccontextmanager
async def relays(*urls: str) -> AsyncIterator[list[RedisRelay]]:
    """One relay for each process."""
    remember_base_context()
    started = [RedisRelay(url) for url in urls]
    for relay in started:
        await relay.start()
    await eventually(lambda: all(relay.up for relay in started))
    yield started
    for relay in started:
        await relay.stop()


@pytest.mark.redis
async def test_frames_cross_to_the_other_process_once_and_in_order(redis_url: str, world: World) -> None:
    async with relays(redis_url, redis_url) as (here, there):
        near, far = Ear(), Ear()
        here.subscribe("a", near)
        there.subscribe("a", far)
        for number in range(200):
            here.publish("a", {"type": "message", "number": number, "text": "茶"})
        assert [frame["number"] for frame in near.frames] == list(range(200)), "here at once"
        await eventually(lambda: len(far.frames) >= 200)
        there.publish("a", {"type": "pong"})
        await eventually(lambda: len(near.frames) > 200)
        assert far.frames[:200] == near.frames[:200]
        assert (len(near.frames), len(far.frames)) == (201, 201), "nobody hears an echo"


@pytest.mark.redis
async def test_what_is_too_large_travels_as_a_hint(redis_url: str, world: World) -> None:
    async with relays(redis_url, redis_url) as (here, there):
        far = Ear()
        there.subscribe("a", far)
        here.publish("a", {"type": "message", "conversation": "cnv_1", "number": 7, "text": "x" * 40_000})
        await eventually(lambda: bool(far.frames))
        assert far.frames[0] == {"type": "hint", "conversation": "cnv_1", "number": 7, "changed": False}


@pytest.mark.redis
async def test_while_redis_is_away_listeners_are_told_to_fetch(
    tunnel: Tunnel, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_room, "POLL_SECONDS", 0.05)
    conversation = await chat(world.lumen, world.ines)
    async with relays(tunnel.url) as (relay,):
        ear = Ear()
        relay.subscribe(conversation_topic(conversation.public_id), ear)
        inbox = Ear()
        relay.subscribe(shop_topic(world.lumen.id), inbox)
        await tunnel.cut()
        await eventually(lambda: not relay.up)
        await post(conversation.id, Actor.of(world.ines), "In another process", client_id="from-elsewhere")
        await eventually(lambda: any(frame["number"] == 1 for frame in ear.frames))
        await eventually(lambda: any(frame["type"] == "inbox" for frame in inbox.frames))
        relay.publish("a", {"type": "pong"})  # waits for nobody, fails nobody
        await tunnel.open()
        await eventually(lambda: relay.up)


@pytest.mark.redis
async def test_what_was_lost_meanwhile_is_found_on_the_way_back(
    tunnel: Tunnel, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_room, "POLL_SECONDS", 3600.0)
    conversation = await chat(world.lumen, world.ines)
    async with relays(tunnel.url) as (relay,):
        ear = Ear()
        relay.subscribe(conversation_topic(conversation.public_id), ear)
        await tunnel.cut()
        await eventually(lambda: not relay.up)
        await post(conversation.id, Actor.of(world.ines), "In another process", client_id="from-elsewhere")
        await tunnel.open()
        await eventually(lambda: any(frame["number"] == 1 for frame in ear.frames))


@pytest.mark.redis
async def test_a_lost_hint_is_found_by_looking(redis_url: str, world: World) -> None:
    conversation = await chat(world.lumen, world.ines)
    async with relays(redis_url) as (relay,):
        ear = Ear()
        relay.subscribe(conversation_topic(conversation.public_id), ear)
        await relay.look()
        await relay.look()
        assert [frame["number"] for frame in ear.frames] == [0], "nothing new, nothing said"
        await post(conversation.id, Actor.of(world.ines), "Hello", client_id="client-id")
        await relay.look()
        assert ear.frames[-1]["number"] == 1


@pytest.mark.redis
async def test_a_frame_that_redis_loses_is_found_while_redis_answers(
    redis_url: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert relay_room.POLL_SECONDS <= 2.5, "a lost hint costs three seconds at most"
    monkeypatch.setattr(relay_room, "POLL_SECONDS", 0.1)
    conversation = await chat(world.lumen, world.ines)
    async with relays(redis_url) as (relay,):
        monkeypatch.setattr(relay, "_take", lambda data: None)
        ear = Ear()
        relay.subscribe(conversation_topic(conversation.public_id), ear)
        await post(conversation.id, Actor.of(world.ines), "In another process", client_id="from-elsewhere")
        await eventually(lambda: any(frame["number"] == 1 for frame in ear.frames))
        assert relay.up


@pytest.mark.redis
async def test_nonsense_on_the_channel_is_ignored(redis_url: str, world: World) -> None:
    async with relays(redis_url, redis_url) as (here, there):
        far = Ear()
        there.subscribe("a", far)
        for nonsense in (b"\xff", b"[]", b"{}", b'{"from":1}', b"null"):
            await here._redis.publish(relay_room.CHANNEL, nonsense)
        here.publish("a", {"type": "pong"})
        await eventually(lambda: bool(far.frames))
        assert far.frames == [{"type": "pong"}]


@pytest.mark.redis
async def test_a_worker_elsewhere_is_called(redis_url: str, world: World) -> None:
    async with relays(redis_url, redis_url) as (web, worker):
        calls: list[str] = []
        worker.on_work = lambda: calls.append("work")
        web.call_workers()
        await eventually(lambda: bool(calls))
        worker.publish("a", {"type": "pong"})
        assert calls == ["work"]


@pytest.mark.redis
async def test_what_one_moment_publishes_travels_together_within_bounds(
    redis_url: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with relays(redis_url, redis_url) as (here, there):
        far, sizes, take = Ear(), list[int](), there._take
        there.subscribe("a", far)

        def taken(data: bytes) -> None:
            sizes.append(len(data))
            take(data)

        monkeypatch.setattr(there, "_take", taken)
        for number in range(300):
            here.publish("a", {"type": "message", "number": number})
        await eventually(lambda: len(far.frames) >= 300)
        assert (len(sizes), [frame["number"] for frame in far.frames]) == (1, list(range(300)))
        for number in range(20):
            here.publish("a", {"type": "message", "number": number, "text": "x" * 30_000})
        await eventually(lambda: len(far.frames) >= 320)
        assert len(sizes) == 4
        assert max(sizes) < relay_room.MOST_TOGETHER + 100
