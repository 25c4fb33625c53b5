"""uvicorn's end of a socket, with a short way out: a frame goes to the transport here and now, without a coroutine."""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import State

WIRE = "wismo.wire"  # the extension of the ASGI scope under which a socket finds its `Wire`
LINGER_SECONDS = 10.0  # what was written before the end may still leave; whoever reads nothing keeps nothing longer

_TEXT, _SHORT, _MEDIUM = 0x81, 126, 1 << 16  # RFC 6455, 5.2: a whole text frame; how long its length is


class Wire(Protocol):
    """What a server can do for a socket without a coroutine."""

    def write(self, texts: Sequence[str]) -> bool:
        """Write frames of text here and now. False, and nothing is done, when that cannot be."""
        ...

    def end(self, code: int, reason: str) -> None:
        """Close behind what was written, without waiting for a peer that does not read."""


class SocketProtocol(WebSocketsSansIOProtocol):
    """What uvicorn does, but for what it does with each message at the price of the message, and for what it keeps."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # asyncio's are made for many who wait, and weigh as much as all else that a silent socket has.
        self.queue = cast(Any, Incoming())
        self.writable = cast(Any, Gate())

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:  # the application begins in the next turn of the loop
            extensions: dict[str, Any] = cast(Any, self.scope["extensions"])
            extensions[WIRE] = self

    def start_keepalive(self) -> None:
        super().start_keepalive()
        self.request = self.response = cast(Any, None)  # the handshake is over

    def write(self, texts: Sequence[str]) -> bool:
        """Write frames of text. False, and nothing is done, when the peer is slow or goes: `send` knows."""
        if not self.writable.is_set() or self.conn.state is not State.OPEN or self.close_sent:
            return False
        if self.transport.is_closing():  # uvloop raises here, and whoever publishes would go no further
            return False
        self.transport.write(b"".join(map(framed, texts)))
        return True

    def end(self, code: int, reason: str) -> None:
        """Close behind what was written. A peer that reads again within LINGER_SECONDS learns why."""
        if self.conn.state is State.OPEN and not self.close_sent and not self.transport.is_closing():
            self.conn.send_close(code, reason)
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True

    async def run_asgi(self) -> None:
        """Upstream closes, and a close waits for what was written: for ever, while the peer's window is shut."""
        await super().run_asgi()
        if not self.disconnected:
            self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def send_receive_event_to_app(self) -> None:
        """One frame may wait while another is handled; only then the peer has to wait, too."""
        if self.read_paused or not self.queue.empty():
            super().send_receive_event_to_app()
            return
        self.read_paused = True  # or upstream would stop the reading, and begin again at once
        super().send_receive_event_to_app()
        self.read_paused = False


class Incoming:
    """A queue of what has come in, for one reader."""

    __slots__ = ("_arrival", "_events")

    def __init__(self) -> None:
        self._events: list[Any] = []
        self._arrival: asyncio.Future[None] | None = None

    def put_nowait(self, event: Any) -> None:
        self._events.append(event)
        _wake(self._arrival)

    def empty(self) -> bool:
        return not self._events

    async def get(self) -> Any:
        while not self._events:
            self._arrival = asyncio.get_running_loop().create_future()
            await self._arrival
        return self._events.pop(0)


class Gate:
    """An event that somebody waits for only while it is not set."""

    __slots__ = ("_opening",)

    def __init__(self) -> None:
        self._opening: asyncio.Future[None] | None = None

    def is_set(self) -> bool:
        return self._opening is None

    def set(self) -> None:
        _wake(self._opening)
        self._opening = None

    def clear(self) -> None:
        if self._opening is None:
            self._opening = asyncio.get_running_loop().create_future()

    async def wait(self) -> None:
        while self._opening is not None:
            await asyncio.shield(self._opening)


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)


def framed(text: str) -> bytes:
    """A whole text frame as a server sends it: unmasked, and so the same for everybody."""
    data = text.encode()
    size = len(data)
    if size < _SHORT:
        return bytes((_TEXT, size)) + data
    if size < _MEDIUM:
        return bytes((_TEXT, 126)) + size.to_bytes(2, "big") + data
    return bytes((_TEXT, 127)) + size.to_bytes(8, "big") + data


class NoWire:
    """A server without a short way: everything goes through `send`."""

    def write(self, texts: Sequence[str]) -> bool:
        return False

    def end(self, code: int, reason: str) -> None:
        """Nothing can be said to a peer that does not read."""


def wire_of(scope: Any) -> Wire:
    """What the server of this scope offers."""
    wire: Wire = scope.get("extensions", {}).get(WIRE, _NO_WIRE)
    return wire


_NO_WIRE = NoWire()
