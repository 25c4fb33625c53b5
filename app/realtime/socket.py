"""The two sockets: `/chat/ws` for customers, `/console/ws` for agents. Both only talk to pages of our own origin."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from app.auth.sessions import client_address, session_of
from app.realtime.chat import ChatSession
from app.realtime.connection import Close, Connection
from app.realtime.desk import DeskSession
from core.errors import TooMany
from core.shops import Shop

LARGEST_HANDSHAKES = 500  # sockets of one address that have not said hello yet


class Handshakes:
    """How many sockets of each address are still silent."""

    def __init__(self) -> None:
        self._silent: Counter[str] = Counter()

    @contextmanager
    def one_more(self, address: str) -> Iterator[bool]:
        """Count one for the length of the block; yields whether that is within the limit."""
        self._silent[address] += 1
        try:
            yield self._silent[address] <= LARGEST_HANDSHAKES
        finally:
            self._silent[address] -= 1
            if not self._silent[address]:
                del self._silent[address]


_handshakes = Handshakes()


async def chat_socket(websocket: WebSocket) -> None:
    """A customer's widget: an iframe of ours, so its origin is our own; frame-ancestors says who may embed it."""
    state, address = websocket.app.state, client_address(websocket)
    await websocket.accept()  # a refusal before this would reach the browser without its code
    connection = Connection(websocket, state.hub)
    if not own_origin(websocket):
        await connection.refuse(Close.FORBIDDEN, "foreign_origin")
        return
    with _handshakes.one_more(address) as allowed:
        if not allowed:
            await connection.refuse(Close.RATE, "rate")
            return
        hello = await connection.greet()
    if hello is None:
        return
    try:
        await state.limiter.hit("chat.hello.address", address)
    except TooMany:
        await connection.refuse(Close.RATE, "rate")
        return
    shop = await Shop.get_or_none(key=hello.site)
    if shop is None:
        await connection.refuse(Close.FORBIDDEN, "unknown_site")
        return
    session = ChatSession(connection, shop, state.limiter, state.settings.secret, address)
    try:
        await session.start(hello)
        await connection.run(session.handle)
    finally:
        state.hub.leave(connection)


async def console_socket(websocket: WebSocket) -> None:
    """An agent's console, known by the session cookie; that is why a foreign or missing origin is refused."""
    state = websocket.app.state
    await websocket.accept()
    connection = Connection(websocket, state.hub)
    if not own_origin(websocket):
        await connection.refuse(Close.FORBIDDEN, "foreign_origin")
        return
    session = await session_of(websocket)
    if session is None:
        await connection.refuse(Close.UNAUTHENTICATED, "unauthenticated")
        return
    hello = await connection.greet()
    if hello is None:
        return
    desk = DeskSession(connection, session, state.limiter)
    try:
        await desk.start(hello)
        await connection.run(desk.handle, desk.beat)
    finally:
        desk.leave()


def own_origin(websocket: WebSocket) -> bool:
    """Whether the handshake comes from a page of this desk: by its public address, or by the host it was sent to."""
    origin = websocket.headers.get("origin")
    scheme = "https" if websocket.url.scheme == "wss" else "http"
    return origin in (websocket.app.state.settings.public_url, f"{scheme}://{websocket.headers.get('host', '')}")


routes = [
    WebSocketRoute("/chat/ws", chat_socket, name="chat_socket"),
    WebSocketRoute("/console/ws", console_socket, name="console_socket"),
]
