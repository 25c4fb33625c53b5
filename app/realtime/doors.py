"""Doors for sockets: the shortest way from the server to whoever serves a socket.

What stands around requests (headers of answers, forms, bodies, fault pages) does nothing for a socket, but each layer
would wait along with every idle one and pass every frame on. The checks that a socket needs are those of its door.
"""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketState

from app.database import make_current
from app.realtime.wire import wire_of


class Socket(WebSocket):
    """A socket whose frames of text go straight to the server."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self._wire = wire_of(scope)

    def write(self, texts: Sequence[str]) -> bool:
        """Write frames here and now. False when that cannot be: `send_text` waits, or says why not."""
        return self.application_state is WebSocketState.CONNECTED and self._wire.write(texts)

    def end(self, code: int, reason: str) -> None:
        """Close behind what was written, without waiting for a peer that does not read."""
        if self.application_state is WebSocketState.CONNECTED:
            self._wire.end(code, reason)

    def forget_handshake(self) -> None:
        """Let go of the headers, when everything was asked of them: the socket may stay open for a day."""
        self.scope["headers"] = []
        for known in ("_headers", "_cookies", "_url"):
            vars(self).pop(known, None)

    def send_text(self, data: str) -> Coroutine[Any, Any, None]:
        """Write a frame. Raises RuntimeError after the close, OSError when the peer has gone."""
        if self.application_state is not WebSocketState.CONNECTED:
            raise RuntimeError("this socket is closed")
        return self._send({"type": "websocket.send", "text": data})  # type: ignore[return-value]  # it is a coroutine


Serve = Callable[[Socket], Awaitable[None]]


class SocketDoor:
    """Opens the database that the application has, and serves one socket."""

    def __init__(self, serve: Serve) -> None:
        self.serve = serve

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        make_current(scope["app"].state.database)  # for good: a socket has a task of its own
        await self.serve(Socket(scope, receive, send))


class SocketsFirst:
    """Takes sockets to their doors, by path, before all other middleware; the rest goes on."""

    def __init__(self, app: ASGIApp, doors: Mapping[str, ASGIApp]) -> None:
        self.app, self.doors = app, doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        door = self.doors.get(scope["path"]) if scope["type"] == "websocket" else None
        await (door or self.app)(scope, receive, send)
