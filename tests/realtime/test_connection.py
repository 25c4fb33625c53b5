"""A reader who does not read costs bounded memory, disturbs nobody, and is told to come back."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.websockets import WebSocketDisconnect

from app import serving
from app.realtime import allowance, connection, wire
from app.realtime.channel import Close, Handle
from app.realtime.client_frames import ClientFrame
from app.realtime.connection import Connection
from app.realtime.hub import Hub
from core.errors import Conflict
from tests.realtime.serving import Desk

pytestmark = pytest.mark.anyio


class Line:
    """Stands in for Starlette's WebSocket: what comes in is queued, sending waits while the peer does not read."""

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sent: list[dict[str, Any]] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.close_code: int | None = None
        self.end_code: int | None = None

    def says(self, **frame: Any) -> None:
        self.incoming.put_nowait({"type": "websocket.receive", "text": json.dumps(frame)})

    def hangs_up(self) -> None:
        self.incoming.put_nowait({"type": "websocket.disconnect", "code": 1005})

    async def receive(self) -> dict[str, Any]:
        return await self.incoming.get()

    def write(self, texts: Sequence[str]) -> bool:
        return False  # a server that has no short way out

    async def send_text(self, text: str) -> None:
        await self.reads.wait()
        if self.close_code is not None:
            raise WebSocketDisconnect(1006)
        self.sent.append(json.loads(text))

    def end(self, code: int, reason: str) -> None:
        self.end_code = code

    async def close(self, code: int, reason: str) -> None:
        await self.reads.wait()
        self.close_code = code
        self.hangs_up()


async def nothing(frame: ClientFrame) -> None:
    """A handler for those who only listen."""


@asynccontextmanager
async def running(line: Line, hub: Hub, handle: Handle = nothing) -> AsyncIterator[Connection]:
    served = Connection(line, hub)  # type: ignore[arg-type]
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(served.run(handle))
        yield served


async def test_whoever_lags_is_told_to_resync_and_closed() -> None:
    line, hub = Line(), Hub()
    line.reads.clear()
    async with running(line, hub) as served:
        hub.subscribe("topic", served)
        for number in range(connection.OUTBOX_FRAMES * 4):
            hub.publish("topic", {"type": "hint", "number": number})
        assert len(served._outbox) <= connection.OUTBOX_FRAMES
        line.reads.set()
    assert line.sent[-1] == {"type": "bye", "reason": "resync", "conversation": None}
    assert line.close_code == Close.RESYNC


async def test_a_few_huge_frames_are_too_much_as_well() -> None:
    line, hub = Line(), Hub()
    line.reads.clear()
    async with running(line, hub) as served:
        hub.subscribe("topic", served)
        for _ in range(20):
            hub.publish("topic", {"type": "message", "text": "x" * 500_000})
        assert served._characters <= connection.OUTBOX_CHARACTERS
        line.reads.set()
    assert line.close_code == Close.RESYNC


async def test_a_stalled_line_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is read any more and nothing is closed either: the writer's patience ends the connection."""
    monkeypatch.setattr(connection, "SEND_SECONDS", 0.05)
    line, hub = Line(), Hub()
    line.reads.clear()
    async with running(line, hub) as served:
        served.send({"type": "pong"})
    assert served.closing
    assert line.end_code == Close.RESYNC, "to be read by whoever reads again soon"


async def test_closing_a_stalled_line_does_not_wait_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CLOSE_SECONDS", 0.05)
    line, hub = Line(), Hub()
    line.reads.clear()
    async with running(line, hub) as served:
        served.close(Close.RESTART, "restart")
    assert (line.close_code, line.end_code) == (None, Close.RESTART)


async def test_one_stalled_reader_costs_the_others_nothing() -> None:
    stalled, lively, hub = Line(), Line(), Hub()
    stalled.reads.clear()
    async with running(stalled, hub) as one, running(lively, hub) as other:
        hub.subscribe("topic", one)
        hub.subscribe("topic", other)
        for number in range(200):
            hub.publish("topic", {"type": "hint", "number": number})
            await asyncio.sleep(0)
        while len(lively.sent) < 200:
            await asyncio.sleep(0)
        assert stalled.sent == []
        stalled.reads.set()
        stalled.hangs_up()
        lively.hangs_up()
    assert [frame["number"] for frame in lively.sent] == list(range(200))


async def test_frames_are_handled_one_by_one_in_order_and_to_the_end() -> None:
    line, hub, handled = Line(), Hub(), []

    async def slowly(frame: ClientFrame) -> None:
        await asyncio.sleep(0.001)
        handled.append(frame.number)  # type: ignore[union-attr]

    for number in range(30):
        line.says(type="read", number=number)
    line.hangs_up()
    async with running(line, hub, slowly):
        pass
    assert handled == list(range(30))


async def test_a_refusal_says_which_post_and_why_and_a_crash_says_nothing() -> None:
    line, hub = Line(), Hub()

    async def handle(frame: ClientFrame) -> None:
        if frame.type == "post":
            raise Conflict("another agent has it", code="handled_by_other", name="Mei", rows=[1])
        raise RuntimeError("the password is swordfish")

    async with running(line, hub, handle):
        line.says(type="post", client_id="client-id", text="x")
        line.says(type="read", number=1)
        line.hangs_up()
        while len(line.sent) < 2 and not line.incoming.empty():
            await asyncio.sleep(0)
    refusals = [frame for frame in line.sent if frame["type"] == "error"]
    for refusal in refusals:
        assert "swordfish" not in json.dumps(refusal)
    if refusals:
        assert refusals[0]["client_id"] == "client-id"
        assert refusals[0]["data"] == {"name": "Mei"}


async def test_a_client_that_sends_faster_than_it_is_served_has_to_wait() -> None:
    line, hub, may_go_on, handled = Line(), Hub(), asyncio.Event(), []

    async def stuck(frame: ClientFrame) -> None:
        await may_go_on.wait()
        handled.append(frame)

    async with running(line, hub, stuck):
        for number in range(50):
            line.says(type="read", number=number)
        for _ in range(200):
            await asyncio.sleep(0)
        assert line.incoming.qsize() == 49, "the server reads no further while one is handled"
        may_go_on.set()
        line.hangs_up()
    assert len(handled) == 50


async def test_a_flood_is_cut() -> None:
    line, hub = Line(), Hub()
    async with running(line, hub):
        for number in range(allowance.BURST_FRAMES + 20):
            line.says(type="read", number=number)
    assert line.close_code == Close.RATE


async def test_only_a_slow_peer_needs_a_writer() -> None:
    line, hub = Line(), Hub()
    async with running(line, hub) as served:
        await asyncio.sleep(0)
        served.send({"type": "pong"})
        assert (len(line.sent), served._writing is None) == (1, True), "written at once"
        line.reads.clear()
        for _ in range(3):
            served.send({"type": "pong"})
        assert served._writing is not None
        line.reads.set()
        await served._writing
        assert (len(line.sent), served._writing is None) == (4, True)
        line.hangs_up()


async def test_a_client_that_vanishes_ends_everything() -> None:
    line, hub = Line(), Hub()
    async with running(line, hub) as served:
        hub.subscribe("topic", served)
        line.hangs_up()
    served.send({"type": "pong"})
    assert served._outbox == type(served._outbox)()
    hub.leave(served)
    assert hub.count() == 0


async def test_a_real_stalled_reader_is_cut_and_others_go_on(desk: Desk) -> None:
    """Over TCP: a client that never reads fills its buffers; the desk lets go of it."""
    async with _silent_reader(desk) as (_, topic):
        (served,) = desk.hub._listeners[topic]
        assert isinstance(served, Connection)
        while not served.closing:
            desk.hub.publish(topic, {"type": "hint", "conversation": "x" * 60_000, "number": 1})
            await asyncio.sleep(0)
        assert served._closing == (Close.RESYNC, "resync")


async def test_who_reads_again_in_time_learns_why_the_line_ended(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "SEND_SECONDS", 0.05)
    async with _silent_reader(desk) as (reader, topic):
        await _fill(desk, topic)
        data = b""
        while chunk := await asyncio.get_running_loop().sock_recv(reader, 1 << 20):
            data = data[-100:] + chunk
    assert data.endswith(b"\x88\x08" + Close.RESYNC.to_bytes(2, "big") + b"resync")


async def test_nothing_is_kept_for_who_never_reads_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A close waits for what was written, and with a shut window that would be for ever."""
    monkeypatch.setattr(connection, "SEND_SECONDS", 0.05)
    monkeypatch.setattr(wire, "LINGER_SECONDS", 0.05)
    async with _silent_reader(desk) as (_, topic):
        await _fill(desk, topic)
        while desk.server.server_state.connections:
            await asyncio.sleep(0.005)


async def test_a_page_that_nobody_takes_is_not_kept_either(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same over HTTP, where the system has to see it: long polling, files, pages."""
    monkeypatch.setattr(serving, "STALL_SECONDS", 0.5)
    serving.end_what_stalls(desk.server.servers[0].sockets)
    async with _line(desk) as reader:
        script = b"GET /static/icons.svg HTTP/1.1\r\nHost: desk.example\r\n\r\n"
        with contextlib.suppress(TimeoutError, ConnectionError):
            while True:
                await asyncio.wait_for(asyncio.get_running_loop().sock_sendall(reader, script * 1000), 0.2)
        while desk.server.server_state.connections:
            await asyncio.sleep(0.005)


@asynccontextmanager
async def _silent_reader(desk: Desk) -> AsyncIterator[tuple[socket.socket, str]]:
    """A customer who has said hello and reads no more, and the topic that they hear."""
    async with _line(desk) as raw:
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(raw, _handshake("127.0.0.1", desk.port))
        assert b" 101 " in await loop.sock_recv(raw, 1000)
        await loop.sock_sendall(raw, _masked('{"type":"hello","site":"lumen"}'))
        while desk.hub.count() == 0:
            await asyncio.sleep(0.005)
        yield raw, desk.hub.topics("visitor:")[0]


@asynccontextmanager
async def _line(desk: Desk) -> AsyncIterator[socket.socket]:
    """A line whose reader can keep very little."""
    with contextlib.closing(socket.socket()) as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.setblocking(False)
        async with asyncio.timeout(60):
            await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", desk.port))
            yield raw


async def _fill(desk: Desk, topic: str) -> None:
    """Say so much that the desk has to wait for the reader, until it gives up."""
    while desk.hub.count():
        (served,) = desk.hub._listeners[topic]
        assert isinstance(served, Connection)
        if served._writing is None:
            desk.hub.publish(topic, {"type": "hint", "conversation": "x" * 60_000, "number": 1})
        await asyncio.sleep(0.001)
    assert len(desk.server.server_state.connections) == 1, "what was written waits for the reader"


def _handshake(host: str, port: int) -> bytes:
    lines = (
        "GET /chat/ws HTTP/1.1",
        f"Host: {host}:{port}",
        f"Origin: http://{host}:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _masked(text: str) -> bytes:
    data = text.encode()
    return bytes([0x81, 0x80 | len(data), 0, 0, 0, 0]) + data
