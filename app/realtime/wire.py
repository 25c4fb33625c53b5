"""uvicorn's end of a socket, with a short way out: a frame goes to the transport here and now, without a coroutine."""

from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import State

WRITE = "wismo.write"  # the extension of the ASGI scope under which a socket finds its `Write`

Write = Callable[[str], bool]

_TEXT, _SHORT, _MEDIUM = 0x81, 126, 1 << 16  # RFC 6455, 5.2: a whole text frame; how long its length is


class SocketProtocol(WebSocketsSansIOProtocol):
    """What uvicorn does, but for two things that it does for each message and that cost as much as the message."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:  # the application begins in the next turn of the loop
            extensions: dict[str, Any] = cast(Any, self.scope["extensions"])
            extensions[WRITE] = self.write

    def write(self, text: str) -> bool:
        """Write a frame of text. False, and nothing is done, when the peer is slow or goes: `send` knows."""
        if not self.writable.is_set() or self.conn.state is not State.OPEN or self.close_sent:
            return False
        if self.transport.is_closing():  # uvloop raises here, and whoever publishes would go no further
            return False
        self.transport.write(framed(text))
        return True

    def send_receive_event_to_app(self) -> None:
        """One frame may wait while another is handled; only then the peer has to wait, too."""
        if self.read_paused or not self.queue.empty():
            super().send_receive_event_to_app()
            return
        self.read_paused = True  # or upstream would stop the reading, and begin again at once
        super().send_receive_event_to_app()
        self.read_paused = False


def framed(text: str) -> bytes:
    """A whole text frame as a server sends it: unmasked, and so the same for everybody."""
    data = text.encode()
    size = len(data)
    if size < _SHORT:
        return bytes((_TEXT, size)) + data
    if size < _MEDIUM:
        return bytes((_TEXT, 126)) + size.to_bytes(2, "big") + data
    return bytes((_TEXT, 127)) + size.to_bytes(8, "big") + data


def way_out(scope: Any) -> Write:
    """How the server of this scope writes at once; one that cannot never does."""
    write: Write = scope.get("extensions", {}).get(WRITE, _never)
    return write


def _never(text: str) -> bool:
    return False
