"""One socket: it reads, checks and handles frames one by one, and writes from an outbox that others fill."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog
from starlette.websockets import WebSocketDisconnect

from app.realtime.allowance import Allowance
from app.realtime.channel import Close, Handle, attempt, end_what_is_over
from app.realtime.client_frames import MAX_FRAME_BYTES, ClientFrame, Hello, read_frame
from app.realtime.doors import Socket
from app.realtime.frames import Bye, Error
from app.realtime.hub import Hub, encode
from core.errors import Malformed, TooLarge, WismoError
from core.tasks import as_far_as_it_goes, end, spawn

log = structlog.get_logger(__name__)

HELLO_SECONDS = 10.0
SEND_SECONDS = 10.0
CLOSE_SECONDS = 2.0
OUTBOX_FRAMES = 256
OUTBOX_CHARACTERS = 4 * 1024 * 1024
DISCONNECT = "websocket.disconnect"
BEAT_SECONDS = 4.0  # a revoked session ends within five

Beat = Callable[[], Awaitable[None]]


class Connection:
    """A socket and its outbox. Sending never waits: whoever reads too slowly is told to resync and closed.

    Most sockets are idle, and a writing that need not wait is over at once: so a socket has no task but its own, which
    reads and handles its frames one by one, and a writer while the peer is slow.
    """

    __slots__ = (
        "__weakref__",
        "_allowance",
        "_characters",
        "_closing",
        "_context",
        "_due",
        "_gone",
        "_outbox",
        "_patience",
        "_reading",
        "_waits",
        "_writing",
        "hub",
        "websocket",
    )

    def __init__(self, websocket: Socket, hub: Hub) -> None:
        self.websocket = websocket
        self.hub = hub
        self._context = contextvars.copy_context()  # names the database; whoever publishes may have another one
        self._outbox: list[str] = []
        self._characters = 0
        self._writing: asyncio.Task[None] | None = None
        self._patience: asyncio.Timeout | None = None
        self._reading: asyncio.Timeout | None = None  # never times out: it ends a waiting that nobody will end
        self._waits = False
        self._due = False  # the outbox leaves in a moment
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
        pulse = self._start(self._pulse(beat), "socket.pulse") if beat is not None else None
        try:
            await self._read(handle)
            if self._writing is not None:
                await asyncio.wait([self._writing])
        finally:
            await end(task for task in (pulse, self._writing) if task is not None)

    def send(self, frame: dict[str, Any]) -> None:
        """Send a frame, behind what is in the outbox."""
        self._put(encode(frame))
        self._flush()

    def deliver(self, frame: dict[str, Any], text: str) -> None:
        """Take a frame from the hub, to leave together with the others of this moment: each call to the system costs
        more than ten frames. A `bye` ends this socket or one of its views."""
        self._put(text)
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._leave, not self._waits, context=self._context)
        if frame["type"] == "bye":
            end_what_is_over(frame, self)

    def close(self, code: int, reason: str) -> None:
        """Close after what is in the outbox."""
        if self._closing is None:
            self._closing = (code, reason)
            self._flush()

    @property
    def closing(self) -> bool:
        """Whether the socket is ending."""
        return self._gone or self._closing is not None

    def _put(self, text: str) -> None:
        if self.closing:
            return
        if self._full(text):
            self._flush()  # perhaps nobody is slow, and it was much at once
        if self._full(text):
            self._outbox.clear()
            self._outbox.append(encode(Bye(reason="resync").model_dump()))
            self.close(Close.RESYNC, "resync")
            return
        self._outbox.append(text)
        self._characters += len(text)

    def _full(self, text: str) -> bool:
        return len(self._outbox) >= OUTBOX_FRAMES or self._characters + len(text) > OUTBOX_CHARACTERS

    def _leave(self, answering: bool) -> None:
        """The moment is over. While a frame of the peer is handled, its answer is often due in the next one."""
        if answering and self._outbox:
            asyncio.get_running_loop().call_soon(self._leave, False, context=self._context)
            return
        self._due = False
        self._flush()

    async def _read(self, handle: Handle) -> None:
        """While a frame is handled the next one waits, and with it the peer: the server reads no further."""
        try:
            async with asyncio.timeout(None) as self._reading:
                while not self.closing and (message := await self._receive(self._reading))["type"] != DISCONNECT:
                    frame = self._checked(message)
                    if frame is not None:
                        await attempt(frame, handle, self)
        except (WebSocketDisconnect, RuntimeError, OSError):  # OSError includes TimeoutError
            pass  # the peer has gone; Starlette raises a RuntimeError when asked again
        finally:
            self._reading = None
            if self._closing is None:
                self._gone = True

    async def _receive(self, reading: asyncio.Timeout) -> Any:
        self._waits = True
        message = await self.websocket.receive()
        self._waits = False
        if self._gone:
            reading.reschedule(None)  # it came first: what has been received is still handled
        return message

    def _checked(self, message: Any) -> ClientFrame | None:
        if not self._allowance.take():
            self.send(Error(code="too_many").model_dump())
            self.close(Close.RATE, "rate")
            return None
        try:
            text = _text_of(message)
            return read_frame(text) if text is not None else None
        except WismoError as error:
            self.send(Error(code=error.code, detail=error.detail).model_dump())
            return None

    async def _pulse(self, beat: Beat) -> None:
        while not self.closing:
            await asyncio.sleep(BEAT_SECONDS)
            try:
                await beat()
            except Exception:
                log.exception("beat_failed")

    def _flush(self) -> None:
        """Write what waits. Only the rest of a writing that must wait for the peer needs a task."""
        if self._writing is not None or self._gone:
            return
        if self._outbox and self.websocket.write(self._outbox):
            self._outbox.clear()
            self._characters = 0
        if self._outbox or self._closing is not None:
            rest = as_far_as_it_goes(self._write())
            if rest is not None:
                self._writing = self._start(self._wait_for(rest), "socket.write")

    async def _write(self) -> None:
        try:
            while self._outbox and not self._gone:
                text = self._outbox.pop(0)
                self._characters -= len(text)
                await self.websocket.send_text(text)
                if self._patience is not None:
                    self._patience.reschedule(asyncio.get_running_loop().time() + SEND_SECONDS)
            if self._closing is not None and not self._gone:
                await self.websocket.close(*self._closing)
        except (WebSocketDisconnect, RuntimeError, OSError):
            self._give_up()
        except Exception:
            log.exception("write_failed")  # whoever publishes goes on to the next listener
            self._give_up()

    async def _wait_for(self, rest: Awaitable[None]) -> None:
        try:
            async with asyncio.timeout(SEND_SECONDS if self._closing is None else CLOSE_SECONDS) as self._patience:
                await rest
        except TimeoutError:
            self.websocket.end(*(self._closing or (Close.RESYNC, "resync")))
            self._give_up()
        finally:
            self._writing = self._patience = None

    def _give_up(self) -> None:
        """Stalled or gone: the client comes back and catches up by number."""
        self._gone = True
        if self._reading is not None and self._waits:
            self._reading.reschedule(0)

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
