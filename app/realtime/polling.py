"""Long polling where sockets are blocked: `/chat/poll` and `/console/poll`, with the sockets' frames, verbs and limits.

No request leaves anything behind in the process: each says who it is and how far it got, so that any process may answer
the next one. What happens between two requests is found by the stamps of the conversations.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.auth.csrf import comes_from_us
from app.auth.sessions import client_address, session_of
from app.faults import understood
from app.realtime.channel import Close, attempt, end_what_is_over
from app.realtime.chat import ChatSession
from app.realtime.client_frames import MAX_FRAME_BYTES, read_frame
from app.realtime.connection import BEAT_SECONDS, OUTBOX_FRAMES
from app.realtime.crowds import Crowd
from app.realtime.desk import DeskSession
from app.realtime.frames import Bye, Error
from app.realtime.hub import Hub
from app.realtime.polls import Poll, PollAnswer, read_poll
from core.errors import Malformed, TooLarge, TooMany
from core.shops import shop_named
from core.tasks import end, spawn

WAIT_SECONDS = 20.0  # shorter than the patience of proxies and of the client
GATHER_SECONDS = 0.03  # what comes together goes together
MAX_POLL_BYTES = 4 * MAX_FRAME_BYTES
LARGEST_WAITING = 200  # requests of one address that wait; an office behind one address is smaller
TRY_AGAIN_SECONDS = 10

_waiting = Crowd(LARGEST_WAITING)
Session = ChatSession | DeskSession
Begin = Callable[[Request, Poll, "PollChannel"], Awaitable[Session | None]]


class PollChannel:
    """Collects the frames of one answer. It closes as a socket would, and the answer says so."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.frames: list[dict[str, Any]] = []
        self.code: int | None = None
        self._stirred = asyncio.Event()

    def send(self, frame: dict[str, Any]) -> None:
        """Put a frame into the answer."""
        if self.code is not None:
            return
        if len(self.frames) >= OUTBOX_FRAMES:
            self.frames = []
            frame = Bye(reason="resync").model_dump()
            self.close(Close.RESYNC, "resync")
        self.frames.append(frame)
        self._stirred.set()

    def deliver(self, frame: dict[str, Any], text: str) -> None:
        """Take a frame from the hub; a `bye` ends this client or one of its views."""
        self.send(frame)
        if frame["type"] == "bye":
            end_what_is_over(frame, self)

    def close(self, code: int, reason: str) -> None:
        """End with this answer."""
        if self.code is None:
            self.code = code
            self._stirred.set()

    def refuse(self, code: int, reason: str, detail: str = "", **data: object) -> None:
        """Say why, and end."""
        self.send(Error(code=reason, detail=detail, data=data).model_dump())
        self.close(code, reason)

    async def listen(self, beat: Callable[[], Awaitable[None]] | None = None) -> None:
        """Wait until there is something to answer, 20 seconds at most; `beat` is called every few seconds."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + WAIT_SECONDS
        while not self.frames and self.code is None and (left := deadline - loop.time()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, BEAT_SECONDS)):
                    await self._stirred.wait()
            if beat is not None and not self.frames:
                await beat()
        if self.frames and self.code is None:
            await asyncio.sleep(GATHER_SECONDS)


async def chat_poll(request: Request) -> Response:
    """POST /chat/poll: a customer's widget."""
    return await _answer(request, _begin_chat)


async def console_poll(request: Request) -> Response:
    """POST /console/poll: an agent's console, known by the session cookie."""
    return await _answer(request, _begin_desk)


async def _answer(request: Request, begin: Begin) -> Response:
    channel = PollChannel(request.app.state.hub)
    stamps: dict[str, str] = {}
    try:
        if not comes_from_us(request):
            channel.refuse(Close.FORBIDDEN, "foreign_origin")
        else:
            stamps = await _exchange(request, begin, channel)
    except TooMany as error:
        channel.refuse(Close.RATE, error.code, error.detail, **error.data)
    except TooLarge as error:
        channel.refuse(Close.TOO_LARGE, error.code)
    except Exception as error:  # noqa: BLE001  # `understood` logs it
        channel.refuse(Close.RESTART, understood(error, request.url.path).code)
    finally:
        channel.hub.leave(channel)
    answer = PollAnswer(frames=channel.frames, stamps=stamps, close=channel.code)
    return Response(answer.model_dump_json(), media_type="application/json")


async def _exchange(request: Request, begin: Begin, channel: PollChannel) -> dict[str, str]:
    body = await request.body()
    if len(body) > MAX_POLL_BYTES:
        raise TooLarge(f"a poll has at most {MAX_POLL_BYTES} bytes")
    poll = read_poll(body)
    if poll.step != "wait":
        return await _serve(request, begin, channel, poll)
    with _waiting.one_more(client_address(request)) as allowed:
        if not allowed:
            raise TooMany(f"at most {LARGEST_WAITING} requests of one address wait", retry_after=TRY_AGAIN_SECONDS)
        return await _serve(request, begin, channel, poll)


async def _serve(request: Request, begin: Begin, channel: PollChannel, poll: Poll) -> dict[str, str]:
    session = await begin(request, poll, channel)
    if session is None:
        return {}
    try:
        stamps = await session.look(poll.watch, tell=poll.step == "wait")
        for frame in poll.frames:
            await _handle(frame, session, channel)
        if poll.step == "wait":
            await _wait(request, channel, session)
    finally:
        if isinstance(session, DeskSession):
            channel.hub.departures.left(session.agent.id)  # the next request says that they are still there
    return stamps


async def _handle(raw: dict[str, Any], session: Session, channel: PollChannel) -> None:
    try:
        frame = read_frame(json.dumps(raw))
    except Malformed as error:
        channel.send(Error(code=error.code, detail=error.detail).model_dump())
    else:
        await attempt(frame, session.handle, channel)


async def _wait(request: Request, channel: PollChannel, session: Session) -> None:
    """Until there is something to tell, or nobody to tell it to."""
    leaving = spawn(_leave(request, channel), name="poll.leaving")
    try:
        await channel.listen(session.beat if isinstance(session, DeskSession) else None)
    finally:
        await end([leaving])
    if isinstance(session, DeskSession) and not channel.frames:
        session.remind()


async def _leave(request: Request, channel: PollChannel) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    channel.close(Close.RESYNC, "gone")  # nobody hears it; the waiting is over


async def _begin_chat(request: Request, poll: Poll, channel: PollChannel) -> ChatSession | None:
    state, address = request.app.state, client_address(request)
    await state.limiter.hit("chat.hello.address" if poll.step == "open" else "chat.poll.address", address)
    shop = await shop_named(poll.hello.site)
    if shop is None:
        channel.refuse(Close.FORBIDDEN, "unknown_site")
        return None
    session = ChatSession(channel, shop, state.limiter, state.settings.secret, address)
    if poll.step == "open":
        await session.start(poll.hello)
    elif not await session.resume(poll.hello):
        channel.close(Close.RESTART, "changed")  # a new greeting makes a new token
        return None
    return session


async def _begin_desk(request: Request, poll: Poll, channel: PollChannel) -> DeskSession | None:
    session = await session_of(request)
    if session is None:
        channel.refuse(Close.UNAUTHENTICATED, "unauthenticated")
        return None
    await request.app.state.limiter.hit("console.poll.person", str(session.agent.id))
    desk = DeskSession(channel, session, request.app.state.limiter)
    await (desk.start(poll.hello) if poll.step == "open" else desk.resume())
    return desk


routes = [
    Route("/chat/poll", chat_poll, methods=["POST"], name="chat_poll"),
    Route("/console/poll", console_poll, methods=["POST"], name="console_poll"),
]
