"""The hub of several processes: Redis carries hints between them, the database stays the truth.

Redis pub/sub is at most once. What it loses is found again by looking at the numbers of the conversations that
somebody here watches: every two seconds, in one question for all of them.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from app.realtime.frames import Hint, Inbox, Presence
from app.realtime.hub import Hub, encode
from app.realtime.topics import SHOP_TOPICS, conversation_topic
from core.people import is_recent
from core.sql import as_time, fetch
from core.tasks import end, spawn

log = structlog.get_logger(__name__)

CHANNEL = "wismo.frames"
WORK = "work"  # topics that no socket hears: there may be jobs to do
ATTENDANCE = "attendance"  # and which customers are at the doors of the other processes
PUBLISH_SECONDS = 1.0
SILENCE_SECONDS = 3.0
WAITING_FRAMES = 1000
MOST_TOGETHER = 262_144  # characters of frames that travel in one message
LARGEST_FRAME = 32_768  # characters; what is larger goes as a hint
POLL_SECONDS = 2.0  # a lost hint costs three seconds at most
_CHUNK = 500
_FAILURES = (RedisError, OSError, TimeoutError)

_LOOK = (
    "SELECT c.public_id, c.last_number, c.version, a.name, a.seen_at FROM conversation AS c"
    " LEFT JOIN agent AS a ON a.id = c.agent_id AND c.handler = 'agent' AND a.active"
    " WHERE c.public_id IN ({conversations})"
)


class Look(NamedTuple):
    """What a conversation looked like: how far it had got, and whether the agent who answers was there."""

    number: int
    version: int
    agent: str
    here: bool


class RedisRelay(Hub):
    """A hub whose frames also reach the other processes."""

    def __init__(self, url: str) -> None:
        super().__init__()
        pool = BlockingConnectionPool.from_url(url, max_connections=4, timeout=1, socket_connect_timeout=1)
        self._redis: Redis = Redis(connection_pool=pool)
        self._origin = self.attendance.name
        self._head = f'{{"from":"{self._origin}","said":['  # of each message that we send
        self._echo = self._head.encode()
        self.attendance.share = self._share
        self._waiting: deque[str] = deque(maxlen=WAITING_FRAMES)
        self._wake = asyncio.Event()
        self._up = False
        self._look_now = asyncio.Event()
        self._seen: dict[str, Look] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.on_work: Callable[[], None] | None = None

    @property
    def up(self) -> bool:
        """Whether frames from other processes arrive now."""
        return self._up

    async def start(self) -> None:
        """Begin to send, to listen and to look for what was lost."""
        self._tasks = [
            spawn(self._send(), name="relay.send"),
            spawn(self._listen(), name="relay.listen"),
            spawn(self._poll(), name="relay.poll"),
        ]

    async def stop(self) -> None:
        await super().stop()
        await end(self._tasks)
        await self._redis.aclose(close_connection_pool=True)

    def publish(self, topic: str, frame: dict[str, Any]) -> None:
        """Deliver here at once and to the other processes as well as Redis can."""
        text = self.deliver(topic, frame) or encode(frame)
        if len(text) > LARGEST_FRAME:
            hint = Hint(conversation=str(frame.get("conversation", "")), number=int(frame.get("number", 0)))
            text = encode(hint.model_dump())
        self._pass_on(topic, text)

    def call_workers(self) -> None:
        """There is work for other processes, which call their `on_work`. Workers look by themselves, too, but later."""
        self._pass_on(WORK, "{}")

    def _share(self, said: dict[str, Any]) -> None:
        self._pass_on(ATTENDANCE, encode(said))

    def _pass_on(self, topic: str, text: str) -> None:
        self._waiting.append(f"[{json.dumps(topic)},{text}]")
        self._wake.set()

    async def _send(self) -> None:
        while True:
            while self._waiting:
                try:
                    async with asyncio.timeout(PUBLISH_SECONDS):
                        await self._redis.publish(CHANNEL, self._next_message())
                except _FAILURES as error:
                    self._waiting.clear()  # old news; the poll finds what matters
                    log.warning("relay_publish_failed", error=type(error).__name__)
            self._wake.clear()
            await self._wake.wait()

    def _next_message(self) -> str:
        """What waits, in its order: a message costs Redis and its readers more than the frames in it."""
        frames, size = [self._waiting.popleft()], 0
        while self._waiting and (size := size + len(frames[-1])) + len(self._waiting[0]) <= MOST_TOGETHER:
            frames.append(self._waiting.popleft())
        return f"{self._head}{','.join(frames)}]}}"

    async def _listen(self) -> None:
        pause = 0.1
        while True:
            pubsub = self._redis.pubsub()
            try:
                async with asyncio.timeout(PUBLISH_SECONDS):
                    await pubsub.subscribe(CHANNEL)
                self._up, pause = True, 0.1
                self._look_now.set()
                await self._hear(pubsub)
            except _FAILURES as error:
                log.warning("relay_lost", error=type(error).__name__)
            finally:
                if self._up:
                    self._look_now.set()
                self._up = False
                await _discard(pubsub)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)

    async def _hear(self, pubsub: PubSub) -> None:
        heard = time.monotonic()
        asked = False
        while True:
            message = await pubsub.get_message(timeout=SILENCE_SECONDS)
            if message is not None:
                heard, asked = time.monotonic(), False
                if message["type"] == "message":
                    self._take(message["data"])
            elif asked and time.monotonic() - heard > 2 * SILENCE_SECONDS:
                raise TimeoutError("Redis does not answer")
            else:
                asked = True
                async with asyncio.timeout(PUBLISH_SECONDS):
                    await pubsub.ping()

    def _take(self, data: bytes) -> None:
        if data.startswith(self._echo):
            return  # everybody here has heard it
        try:
            body = json.loads(data)
            origin, said = body["from"], [(str(topic), frame) for topic, frame in body["said"]]
        except (ValueError, KeyError, TypeError):
            log.warning("relay_unreadable")
            return
        for topic, frame in said:
            self._take_one(origin, topic, frame)

    def _take_one(self, origin: str, topic: str, frame: Any) -> None:
        if topic == WORK:
            if self.on_work is not None:
                self.on_work()
        elif topic == ATTENDANCE:
            self._hear_attendance(origin, frame)
        else:
            self.deliver(topic, frame)

    def _hear_attendance(self, origin: str, said: Any) -> None:
        try:
            self.attendance.hear(origin, said)
        except (KeyError, TypeError, ValueError):
            log.warning("relay_unreadable")

    async def _poll(self) -> None:
        while True:
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self._look_now.wait()
            except TimeoutError:
                pass
            may_have_missed = self._look_now.is_set() or not self._up
            self._look_now.clear()
            try:
                await self.look()
            except Exception:
                log.exception("relay_poll_failed")
            if not self._up:
                self.attendance.excuse()
            self.attendance.pulse()
            if may_have_missed:
                self._refresh_inboxes()

    async def look(self) -> None:
        """Tell the listeners of conversations that have moved since the last look to fetch."""
        prefix = conversation_topic("")
        watched = [topic.removeprefix(prefix) for topic in self.topics(prefix)]
        seen: dict[str, Look] = {}
        for chunk in _chunks(watched):
            for row in await fetch(_LOOK, conversations=chunk):
                here = is_recent(as_time(row["seen_at"]))
                look = Look(row["last_number"], row["version"], row["name"] or "", here)
                seen[row["public_id"]] = look
                self._tell_difference(row["public_id"], self._seen.get(row["public_id"]), look)
        self._seen = seen

    def _tell_difference(self, public_id: str, before: Look | None, look: Look) -> None:
        if before is None or (before.number, before.version) != (look.number, look.version):
            changed = before is not None and before.number == look.number
            hint = Hint(conversation=public_id, number=look.number, changed=changed)
            self.deliver(conversation_topic(public_id), hint.model_dump())
        elif look.agent and before.here != look.here:
            frame = Presence(conversation=public_id, who="agent", name=look.agent, on=look.here)
            self.deliver(conversation_topic(public_id), frame.model_dump())

    def _refresh_inboxes(self) -> None:
        frame = Inbox(conversation="", what="missed").model_dump()
        for topic in self.topics(SHOP_TOPICS):
            self.deliver(topic, frame)


async def _discard(pubsub: PubSub) -> None:
    try:
        async with asyncio.timeout(PUBLISH_SECONDS):
            await pubsub.aclose()  # type: ignore[no-untyped-call]
    except _FAILURES:
        pass  # it was broken, that is why it goes


def _chunks(items: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
