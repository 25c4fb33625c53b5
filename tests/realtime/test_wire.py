"""The short way out of a socket, and what may wait behind a frame that is being handled."""

import asyncio
from collections.abc import Generator
from typing import Any

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.server import ServerState
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader
from websockets.uri import parse_uri

from app.realtime.wire import SocketProtocol, framed

pytestmark = pytest.mark.anyio


def parsed(data: bytes) -> Frame:
    """What a client reads."""
    reader = StreamReader()
    reader.feed_data(data)
    parser: Generator[None, None, Frame] = Frame.parse(reader.read_exact, mask=False, max_size=None)
    with pytest.raises(StopIteration) as end:
        next(parser)
    assert not reader.buffer
    frame: Frame = end.value.value
    return frame


@given(st.text() | st.sampled_from([0, 1, 125, 126, 127, 65_535, 65_536, 70_000]).map(lambda size: "x" * size))
def test_a_client_reads_the_text_that_was_framed(text: str) -> None:
    assert parsed(framed(text)) == Frame(Opcode.TEXT, text.encode(), fin=True)


class Transport(asyncio.Transport):
    """Takes what is written, and notes whether anybody reads."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.reading = True
        self.closing = False

    def write(self, data: Any) -> None:
        assert not self.closing
        self.written += data

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True


class Line:
    """A client and a server protocol with nothing between them; `scope`, `receive` and `send` as ASGI has them."""

    def __init__(self) -> None:
        config = uvicorn.Config(
            self._app, interface="asgi3", ws=SocketProtocol, ws_per_message_deflate=False, log_config=None
        )
        config.load()
        self.transport = Transport()
        self.server = SocketProtocol(config, ServerState(), {}, asyncio.get_running_loop())
        self.server.connection_made(self.transport)
        self.client = ClientProtocol(parse_uri("ws://desk.example/"))
        self.client.send_request(self.client.connect())
        self.begun = asyncio.Event()
        self.over = asyncio.Event()

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        self.receive, self.send = receive, send
        self.wire = scope["extensions"]["wismo.wire"]
        await receive()
        await send({"type": "websocket.accept"})
        self.begun.set()
        await self.over.wait()

    async def open(self) -> None:
        self.pass_on()
        await self.begun.wait()
        self.heard()

    def says(self, text: str) -> None:
        self.client.send_text(text.encode())
        self.pass_on()

    def pass_on(self) -> None:
        for data in self.client.data_to_send():
            self.server.data_received(data)

    def reads(self) -> bool:
        return self.transport.reading

    def heard(self) -> list[str]:
        self.client.receive_data(self.transport.written)
        self.transport.written = b""
        return [bytes(event.data).decode() for event in self.client.events_received() if isinstance(event, Frame)]


async def test_frames_leave_in_their_order_on_both_ways() -> None:
    line = Line()
    await line.open()
    assert line.wire.write(["one", "one more"])
    await line.send({"type": "websocket.send", "text": "two"})
    assert line.wire.write(["三"])
    assert line.heard() == ["one", "one more", "two", "三"]
    line.over.set()


async def test_nothing_is_written_to_a_slow_peer_or_after_the_end() -> None:
    line = Line()
    await line.open()
    line.server.pause_writing()
    assert not line.wire.write(["later"])
    line.server.resume_writing()
    await line.send({"type": "websocket.close", "code": 4401, "reason": "signed_out"})
    assert not line.wire.write(["too late"])
    line.over.set()
    line.server.connection_lost(None)
    assert not line.wire.write(["gone"])
    assert line.heard() == [b"\x11\x31signed_out".decode()]


async def test_nothing_is_written_to_a_line_that_ends_before_we_hear_of_it() -> None:
    line = Line()
    await line.open()
    line.transport.close()
    assert not line.wire.write("gone")
    line.over.set()


async def test_one_frame_waits_and_then_the_peer() -> None:
    line = Line()
    await line.open()
    line.says("being handled")
    assert (await line.receive())["text"] == "being handled"
    line.says("waits")
    assert line.reads()
    line.says("comes too fast")
    assert not line.reads()
    assert (await line.receive())["text"] == "waits"
    assert not line.reads()
    assert (await line.receive())["text"] == "comes too fast"
    assert line.reads()
    line.over.set()


async def test_who_sends_to_a_slow_peer_waits_until_it_reads_or_has_gone() -> None:
    line = Line()
    await line.open()
    line.server.pause_writing()
    sending = asyncio.ensure_future(line.send({"type": "websocket.send", "text": "at last"}))
    await asyncio.sleep(0)
    assert not sending.done()
    line.server.resume_writing()
    await sending
    assert line.heard() == ["at last"]
    line.server.pause_writing()
    sending = asyncio.ensure_future(line.send({"type": "websocket.send", "text": "never"}))
    await asyncio.sleep(0)
    line.server.connection_lost(None)
    with pytest.raises(ClientDisconnected):
        await sending
    assert (await line.receive())["type"] == "websocket.disconnect"
    line.over.set()
