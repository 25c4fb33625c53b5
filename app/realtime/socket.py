"""The two sockets: `/chat/ws` for customers, `/console/ws` for agents. Both only talk to pages of our own origin."""

from collections.abc import Awaitable
from typing import TypeVar
from weakref import WeakValueDictionary

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from app.auth.sessions import client_address, session_of
from app.faults import understood
from app.realtime.channel import Close
from app.realtime.chat import ChatSession
from app.realtime.connection import Connection
from app.realtime.crowds import Crowd
from app.realtime.desk import DeskSession
from app.realtime.doors import Socket, SocketDoor
from core.errors import TooMany
from core.shops import Shop, shop_named

S = TypeVar("S", ChatSession, DeskSession)

LARGEST_HANDSHAKES = 500  # sockets of one address that have not said hello yet


_handshakes = Crowd(LARGEST_HANDSHAKES)
_shops: WeakValueDictionary[int, Shop] = WeakValueDictionary()


async def chat_socket(websocket: Socket) -> None:
    """A customer's widget: an iframe of ours, so its origin is our own; frame-ancestors says who may embed it."""
    await websocket.accept()  # a refusal before this would reach the browser without its code
    connection = Connection(websocket, websocket.app.state.hub)
    try:
        session = await _begun(connection, _begin_chat(websocket, connection))
        if session is not None:
            await connection.run(session.handle)
    finally:
        connection.hub.leave(connection)


async def console_socket(websocket: Socket) -> None:
    """An agent's console, known by the session cookie; that is why a foreign or missing origin is refused."""
    await websocket.accept()
    connection = Connection(websocket, websocket.app.state.hub)
    try:
        desk = await _begun(connection, _begin_desk(websocket, connection))
        if desk is not None:
            try:
                await connection.run(desk.handle, desk.beat)
            finally:
                desk.leave()
    finally:
        connection.hub.leave(connection)


def own_origin(websocket: WebSocket) -> bool:
    """Whether the handshake comes from a page of this desk: by its public address, or by the host it was sent to."""
    origin = websocket.headers.get("origin")
    scheme = "https" if websocket.url.scheme == "wss" else "http"
    return origin in (websocket.app.state.settings.public_url, f"{scheme}://{websocket.headers.get('host', '')}")


async def _begin_chat(websocket: WebSocket, connection: Connection) -> ChatSession | None:
    state, address = websocket.app.state, client_address(websocket)
    if not own_origin(websocket):
        await connection.refuse(Close.FORBIDDEN, "foreign_origin")
        return None
    with _handshakes.one_more(address) as allowed:
        if not allowed:
            await connection.refuse(Close.RATE, "rate")
            return None
        hello = await connection.greet()
    if hello is None:
        return None
    try:
        await state.limiter.hit("chat.hello.address", address)
    except TooMany:
        await connection.refuse(Close.RATE, "rate")
        return None
    shop = await shop_named(hello.site)
    if shop is None:
        await connection.refuse(Close.FORBIDDEN, "unknown_site")
        return None
    session = ChatSession(connection, _shared(shop), state.limiter, state.settings.secret, address)
    await session.start(hello)
    return session


def _shared(shop: Shop) -> Shop:
    """The same shop, read for another socket, if nothing has changed: thousands may stay open with it."""
    known = _shops.get(shop.id)
    if known is not None and all(getattr(known, name) == getattr(shop, name) for name in Shop._meta.db_fields):
        return known
    _shops[shop.id] = shop
    return shop


async def _begin_desk(websocket: WebSocket, connection: Connection) -> DeskSession | None:
    if not own_origin(websocket):
        await connection.refuse(Close.FORBIDDEN, "foreign_origin")
        return None
    session = await session_of(websocket)
    if session is None:
        await connection.refuse(Close.UNAUTHENTICATED, "unauthenticated")
        return None
    hello = await connection.greet()
    if hello is None:
        return None
    desk = DeskSession(connection, session, websocket.app.state.limiter)
    await desk.start(hello)
    return desk


async def _begun(connection: Connection, beginning: Awaitable[S | None]) -> S | None:
    """The session, unless it was refused. A fault, such as a busy database, lets the client come back in a moment."""
    try:
        session = await beginning
        connection.websocket.forget_handshake()
        return session
    except Exception as error:  # noqa: BLE001  # `understood` logs it
        await connection.refuse(Close.RESTART, understood(error, connection.websocket.url.path).code)
        return None


doors = {"/chat/ws": SocketDoor(chat_socket), "/console/ws": SocketDoor(console_socket)}
routes = [WebSocketRoute(path, door, name=door.serve.__name__) for path, door in doors.items()]
