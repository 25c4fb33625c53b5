"""One socket: a reader that checks and hands over; while there are frames, a worker that handles them one by one, and a
writer that empties the outbox."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Coroutine
from enum import IntEnum
from typing import Any

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.faults import understood
from app.realtime.allowance import Allowance
from app.realtime.frames import MAX_FRAME_BYTES, Bye, ClientFrame, Error, Hello, read_frame
from app.realtime.hub import Hub, encode
from app.realtime.topics import conversation_topic, desk_topic
from core.errors import Malformed, TooLarge, WismoError
from core.tasks import end, spawn

log = structlog.get_logger(__name__)

HELLO_SECONDS = 10.0
SEND_SECONDS = 10.0
CLOSE_SECONDS = 2.0
OUTBOX_FRAMES = 256
OUTBOX_CHARACTERS = 4 * 1024 * 1024
INBOX_FRAMES = 64
DISCONNECT = "websocket.disconnect"
BEAT_SECONDS = 4.0  # a revoked session ends within five

Handle = Callable[[ClientFrame], Awaitable[None]]
Beat = Callable[[], Awaitable[None]]


class Close(IntEnum):
    """Why the server closed a socket."""

    UNAUTHENTICATED = 4401  # no (or no longer a) session, or something else before hello
    FORBIDDEN = 4403  # foreign origin, unknown shop
    HELLO_TIMEOUT = 4408
    TAKEN_OVER = 4409
    RESYNC = 4410  # the client read too slowly: reconnect and catch up by number
    TOO_LARGE = 4413
    RATE = 4429
    RESTART = 1012  # come back in a moment, spread out


class Connection:
    """A socket and its outbox. Sending never waits: whoever reads too slowly is told to resync and closed.

    Most sockets are idle, so an idle one has no task but the one that waits for its next frame; those that handle and
    write frames live as long as there are any.
    """

    __slots__ = (
        "__weakref__",
        "_allowance",
        "_characters",
        "_closing",
        "_context",
        "_gone",
        "_handle",
        "_inbox",
        "_outbox",
        "_reading",
        "_working",
        "_writing",
        "hub",
        "websocket",
    )

    def __init__(self, websocket: WebSocket, hub: Hub) -> None:
        self.websocket = websocket
        self.hub = hub
        self._context = contextvars.copy_context()  # names the database; whoever publishes may have another one
        self._outbox: list[str] = []
        self._characters = 0
        self._writing: asyncio.Task[None] | None = None
        self._inbox: list[ClientFrame] = []
        self._handle: Handle | None = None
        self._working: asyncio.Task[None] | None = None
        self._reading: asyncio.Timeout | None = None
        self._closing: tuple[int, str] | None = None
        self._gone = False
        self._allowance = Allowance()

    async def greet(self) -> Hello | None:
        """Wait for the first frame, which must be `hello`. Closes the socket and returns None when it does not come."""
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                text = _text_of(await self.websocket.receive())
            frame = read_frame(text) if text is not None else None
        except TimeoutError:
            await self.refuse(Close.HELLO_TIMEOUT, "hello_timeout")
            return None
        except WismoError as error:
            await self.refuse(
                Close.TOO_LARGE if isinstance(error, TooLarge) else Close.UNAUTHENTICATED, error.code, error.detail
            )
            return None
        if frame is not None and not isinstance(frame, Hello):
            await self.refuse(Close.UNAUTHENTICATED, "hello_first")
            return None
        return frame

    async def refuse(self, code: int, reason: str, detail: str = "") -> None:
        """Say why and close, before `run`."""
        self.send(Error(code=reason, detail=detail).model_dump())
        self.close(code, reason)
        if self._writing is not None:
            await asyncio.wait([self._writing])

    async def run(self, handle: Handle, beat: Beat | None = None) -> None:
        """Serve the socket until it ends. Frames are handled one by one; what has been received is still handled when
        the client leaves, so that a message sent while closing the page is not lost. `beat` is called every few
        seconds meanwhile."""
        self._handle = handle
        pulse = self._start(self._pulse(beat), "socket.pulse") if beat is not None else None
        try:
            await self._read()
            if self._working is not None:
                await asyncio.wait([self._working])
            if self._writing is not None:
                await asyncio.wait([self._writing])
        finally:
            await end(task for task in (pulse, self._working, self._writing) if task is not None)

    def send(self, frame: dict[str, Any]) -> None:
        """Put a frame into the outbox."""
        self._put(encode(frame))

    def deliver(self, frame: dict[str, Any], text: str) -> None:
        """Take a frame from the hub; a `bye` ends this socket or one of its views."""
        self._put(text)
        if frame["type"] != "bye":
            return
        conversation = frame.get("conversation")
        if conversation is None:
            self.close(Close.UNAUTHENTICATED, frame["reason"])
        else:
            self.hub.unsubscribe(conversation_topic(conversation), self)
            self.hub.unsubscribe(desk_topic(conversation), self)

    def close(self, code: int, reason: str) -> None:
        """Close after what is in the outbox."""
        if self._closing is None:
            self._closing = (code, reason)
            self._wake_writer()

    @property
    def closing(self) -> bool:
        """Whether the socket is ending."""
        return self._gone or self._closing is not None

    def _put(self, text: str) -> None:
        if self.closing:
            return
        if len(self._outbox) >= OUTBOX_FRAMES or self._characters + len(text) > OUTBOX_CHARACTERS:
            self._outbox.clear()
            self._outbox.append(encode(Bye(reason="resync").model_dump()))
            self.close(Close.RESYNC, "resync")
            return
        self._outbox.append(text)
        self._characters += len(text)
        self._wake_writer()

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(None) as self._reading:
                while not self.closing and (message := await self.websocket.receive())["type"] != DISCONNECT:
                    self._take(message)
        except (WebSocketDisconnect, RuntimeError, OSError):  # OSError includes TimeoutError
            pass  # the peer has gone; Starlette raises a RuntimeError when asked again
        finally:
            self._reading = None
            if self._closing is None:
                self._gone = True

    def _take(self, message: Any) -> None:
        if not self._allowance.take() or len(self._inbox) >= INBOX_FRAMES:
            self.send(Error(code="too_many").model_dump())
            self.close(Close.RATE, "rate")
            return
        try:
            text = _text_of(message)
            if text is not None:
                self._inbox.append(read_frame(text))
        except WismoError as error:
            self.send(Error(code=error.code, detail=error.detail).model_dump())
        if self._inbox and self._working is None:
            self._working = self._start(self._work(), "socket.work")

    async def _work(self) -> None:
        assert self._handle is not None
        while self._inbox:
            frame = self._inbox.pop(0)
            try:
                await self._handle(frame)
            except Exception as error:  # noqa: BLE001  # `understood` logs it
                fault = understood(error, f"frame {frame.type}")
                self.send(_refusal(frame, fault.code, fault.detail, fault.data))
        self._working = None

    async def _pulse(self, beat: Beat) -> None:
        while not self.closing:
            await asyncio.sleep(BEAT_SECONDS)
            try:
                await beat()
            except Exception:
                log.exception("beat_failed")

    def _wake_writer(self) -> None:
        if self._writing is None and not self._gone:
            self._writing = self._start(self._write(), "socket.write")

    async def _write(self) -> None:
        try:
            async with asyncio.timeout(SEND_SECONDS) as patience:
                while self._outbox and not self._gone:
                    text = self._outbox.pop(0)
                    self._characters -= len(text)
                    await self.websocket.send_text(text)
                    patience.reschedule(asyncio.get_running_loop().time() + SEND_SECONDS)
            if self._closing is not None and not self._gone:
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self.websocket.close(*self._closing)
        except (TimeoutError, WebSocketDisconnect, RuntimeError, OSError):
            self._gone = True  # stalled or gone: the client comes back and catches up by number
            if self._reading is not None:
                self._reading.reschedule(0)
        finally:
            self._writing = None

    def _start(self, coroutine: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        return spawn(coroutine, name=name, context=self._context.copy())


def _text_of(message: Any) -> str | None:
    """The text of a received message, or None when the socket has ended. Raises Malformed or TooLarge."""
    if message["type"] == DISCONNECT:
        return None
    text = message.get("text")
    if text is None:
        raise Malformed("frames are JSON text")
    if len(text) > MAX_FRAME_BYTES or len(text.encode()) > MAX_FRAME_BYTES:
        raise TooLarge(f"a frame has at most {MAX_FRAME_BYTES} bytes")
    return str(text)


def _refusal(frame: ClientFrame, code: str, detail: str = "", data: dict[str, object] | None = None) -> dict[str, Any]:
    """The error frame that names what was refused."""
    return Error(
        code=code,
        detail=detail,
        client_id=getattr(frame, "client_id", None),
        conversation=getattr(frame, "conversation", None),
        data={key: value for key, value in (data or {}).items() if isinstance(value, str | int | float | None)},
    ).model_dump()
