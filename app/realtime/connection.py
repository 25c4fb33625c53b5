"""One socket: a reader that checks and hands over, a worker that handles frames one by one, a writer with an outbox."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import Any

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.faults import understood
from app.realtime.frames import MAX_FRAME_BYTES, Bye, ClientFrame, Error, Hello, read_frame
from app.realtime.hub import Hub, encode
from app.realtime.topics import conversation_topic, desk_topic
from core.errors import Malformed, TooLarge, WismoError

log = structlog.get_logger(__name__)

HELLO_SECONDS = 10.0
SEND_SECONDS = 10.0
CLOSE_SECONDS = 2.0
OUTBOX_FRAMES = 256
OUTBOX_CHARACTERS = 4 * 1024 * 1024
INBOX_FRAMES = 64
BEAT_SECONDS = 4.0  # a revoked session ends within five
BURST_FRAMES, FRAMES_PER_SECOND = 100, 20

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
    """A socket and its outbox. Sending never waits: whoever reads too slowly is told to resync and closed."""

    def __init__(self, websocket: WebSocket, hub: Hub) -> None:
        self.websocket = websocket
        self.hub = hub
        self._outbox: deque[str] = deque()
        self._characters = 0
        self._wake = asyncio.Event()
        self._inbox: asyncio.Queue[ClientFrame | None] = asyncio.Queue()
        self._closing: tuple[int, str] | None = None
        self._gone = False
        self._allowance = _Allowance()

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
        await self._write()

    async def run(self, handle: Handle, beat: Beat | None = None) -> None:
        """Serve the socket until it ends. Frames are handled one by one; what has been received is still handled when
        the client leaves, so that a message sent while closing the page is not lost. `beat` is called every few
        seconds meanwhile."""
        async with asyncio.TaskGroup() as group:
            reader = group.create_task(self._read(), name="socket.read")
            group.create_task(self._work(handle), name="socket.work")
            writer = group.create_task(self._write(), name="socket.write")
            writer.add_done_callback(lambda _: reader.cancel())
            if beat is not None:
                pulse = group.create_task(self._pulse(beat), name="socket.pulse")
                writer.add_done_callback(lambda _: pulse.cancel())

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
            self._wake.set()

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
        self._wake.set()

    async def _read(self) -> None:
        try:
            while not self.closing:
                message = await self.websocket.receive()
                if message["type"] == "websocket.disconnect":
                    return
                if not self._allowance.take() or self._inbox.qsize() >= INBOX_FRAMES:
                    self.send(Error(code="too_many").model_dump())
                    self.close(Close.RATE, "rate")
                    return
                try:
                    text = _text_of(message)
                    if text is not None:
                        self._inbox.put_nowait(read_frame(text))
                except WismoError as error:
                    self.send(Error(code=error.code, detail=error.detail).model_dump())
        except (WebSocketDisconnect, RuntimeError, OSError):
            pass  # the peer has gone; Starlette raises a RuntimeError when asked again
        finally:
            if self._closing is None:
                self._gone = True
            self._inbox.put_nowait(None)
            self._wake.set()

    async def _work(self, handle: Handle) -> None:
        while (frame := await self._inbox.get()) is not None:
            try:
                await handle(frame)
            except Exception as error:  # noqa: BLE001  # `understood` logs it
                fault = understood(error, f"frame {frame.type}")
                self.send(_refusal(frame, fault.code, fault.detail, fault.data))

    async def _pulse(self, beat: Beat) -> None:
        while not self.closing:
            await asyncio.sleep(BEAT_SECONDS)
            try:
                await beat()
            except Exception:
                log.exception("beat_failed")

    async def _write(self) -> None:
        try:
            while True:
                while self._outbox and not self._gone:
                    text = self._outbox.popleft()
                    self._characters -= len(text)
                    async with asyncio.timeout(SEND_SECONDS):
                        await self.websocket.send_text(text)
                if self._gone:
                    return
                if self._closing is not None:
                    async with asyncio.timeout(CLOSE_SECONDS):
                        await self.websocket.close(*self._closing)
                    return
                await self._wake.wait()
                self._wake.clear()
        except (TimeoutError, WebSocketDisconnect, RuntimeError, OSError):
            self._gone = True  # stalled or gone: the client comes back and catches up by number


class _Allowance:
    """A bucket of frames that refills with time, so that one client cannot keep the loop busy."""

    def __init__(self) -> None:
        self._left, self._at = float(BURST_FRAMES), time.monotonic()

    def take(self) -> bool:
        moment = time.monotonic()
        self._left = min(BURST_FRAMES, self._left + (moment - self._at) * FRAMES_PER_SECOND)
        self._at = moment
        if self._left < 1:
            return False
        self._left -= 1
        return True


def _text_of(message: Any) -> str | None:
    """The text of a received message, or None when the socket has ended. Raises Malformed or TooLarge."""
    if message["type"] == "websocket.disconnect":
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
