"""Load for the benches of sockets: who speaks and who listens, open and closed loops, and what a server used for it."""

import asyncio
import json
import statistics
import subprocess
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import ClientConnection as Socket
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from bench.programs import memory, processor_seconds

TEXT = "hello there, how are you"

_listening: set[asyncio.Task[None]] = set()


@dataclass(frozen=True)
class Times:
    """Milliseconds from sending to the acknowledgement and to the other side, and what never arrived there."""

    p50: float
    p99: float
    delivered_p50: float
    delivered_p99: float
    missing: int


@dataclass(frozen=True)
class Throughput:
    """Messages a second, microseconds of the servers' processors for each, and milliseconds until acknowledged."""

    rate: float
    cpu: float
    p99: float


class Speaker:
    """A client that posts and notes when each post is acknowledged."""

    def __init__(self, socket: Socket, conversation: str = "") -> None:
        self.socket = socket
        self.conversation = conversation
        self.acknowledged: dict[str, asyncio.Future[float]] = {}
        self.handed_over = asyncio.Event()
        self.sent = 0

    def start(self) -> None:
        """Listen until the socket ends."""
        background(self._listen())

    async def _listen(self) -> None:
        async for text in self.socket:
            assert isinstance(text, str)
            if (kind := text[:20].replace(" ", "")).startswith('{"type":"ack"') or kind.startswith('{"type":"post"'):
                if waiting := self.acknowledged.pop(json.loads(text)["client_id"], None):
                    waiting.set_result(time.perf_counter())
            elif '"handler":"queue"' in text:
                self.handed_over.set()
                self.conversation = json.loads(text)["conversation"]
            else:
                self.hear(text)

    def hear(self, text: str) -> None:
        """What is not about a post only costs the reading."""

    async def say(self, text: str) -> tuple[str, float, float]:
        """Post and wait for the acknowledgement. Returns the client id and both times in seconds."""
        self.sent += 1
        client_id = f"bench{id(self):x}x{self.sent}"
        answer: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self.acknowledged[client_id] = answer
        start = time.perf_counter()
        await self.socket.send(json.dumps({"type": "post", "client_id": client_id, "text": text}))
        return client_id, start, await asyncio.wait_for(answer, 60)


async def paced(speakers: Sequence[Speaker], others: Sequence[Socket], rate: float, seconds: float) -> Times:
    """`rate` posts a second, by one after the other. The others listen to the first of the speakers."""
    delivered: dict[str, float] = {}
    for other in others:
        background(_hear(other, delivered))
    started: dict[str, float] = {}

    async def once(position: int) -> float:
        client_id, start, end = await speakers[position].say(TEXT)
        started[client_id] = start
        return end - start

    taken = await open_loop(once, len(speakers), rate, seconds)
    await asyncio.sleep(1)
    heard = {key.partition("x")[0] for key in delivered}  # speakers whom somebody listens to
    expected = [key for key in started if key.partition("x")[0] in heard]
    reached = [delivered[key] - started[key] for key in expected if key in delivered] or [0.0, 0.0]
    return Times(
        p50=percentile(taken, 50),
        p99=percentile(taken, 99),
        delivered_p50=percentile(reached, 50),
        delivered_p99=percentile(reached, 99),
        missing=sum(key not in delivered for key in expected),
    )


async def busy(speakers: Sequence[Speaker], servers: Sequence[subprocess.Popen[str]], seconds: float) -> Throughput:
    """Everybody posts again as soon as the last post was acknowledged."""

    async def once(position: int) -> float:
        _, start, end = await speakers[position].say(TEXT)
        return end - start

    return await closed_loop(once, len(speakers), servers, seconds)


async def closed_loop(
    once: Callable[[int], Awaitable[float]], people: int, servers: Sequence[subprocess.Popen[str]], seconds: float
) -> Throughput:
    """Everybody calls again as soon as the last call was answered."""
    taken: list[float] = []
    end = time.perf_counter() + seconds

    async def keep_on(position: int) -> None:
        while time.perf_counter() < end:
            taken.append(await once(position))

    before = sum(processor_seconds(server.pid) for server in servers)
    begun = time.perf_counter()
    await asyncio.gather(*(keep_on(position) for position in range(people)))
    rate = len(taken) / (time.perf_counter() - begun)
    cpu = sum(processor_seconds(server.pid) for server in servers) - before
    return Throughput(rate, cpu / len(taken) * 1e6, percentile(taken, 99))


async def open_loop(once: Callable[[int], Awaitable[float]], people: int, rate: float, seconds: float) -> list[float]:
    """`rate` calls a second, whether or not the earlier ones were answered."""
    start, running = time.perf_counter(), []
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0, start + number / rate - time.perf_counter()))
        running.append(asyncio.ensure_future(once(number % people)))
    return list(await asyncio.gather(*running))


async def to_many(listeners: list[Socket], say: Callable[[], Awaitable[object]], times: int = 15) -> float:
    """The median of milliseconds from sending to the last listener's having it."""
    left: set[int] = set()
    everybody = asyncio.Event()

    async def listen(place: int, socket: Socket) -> None:
        async for text in socket:
            if '"message"' in str(text)[:20]:
                left.discard(place)
                if not left:
                    everybody.set()

    for place, socket in enumerate(listeners):
        background(listen(place, socket))
    taken = []
    for _ in range(times):
        left |= set(range(len(listeners)))
        everybody.clear()
        start = time.perf_counter()
        await say()
        await asyncio.wait_for(everybody.wait(), 30)
        taken.append(time.perf_counter() - start)
        await asyncio.sleep(0.05)
    return statistics.median(taken) * 1000


async def idle_sockets(open_one: Callable[[], Awaitable[Socket]], count: int, pid: int) -> tuple[list[Socket], float]:
    """Open sockets that stay silent, and the KiB of proportional memory that the server uses for each."""
    first = [await open_one() for _ in range(20)]
    await asyncio.sleep(1)
    before = memory(pid)
    sockets = [await open_one() for _ in range(count)]
    await asyncio.sleep(1)
    return [*first, *sockets], (memory(pid) - before) / count


async def plain(address: str) -> Socket:
    """A socket as the benches want them: no deflate, no limit on what waits."""
    return await connect(address, compression=None, max_queue=None)


async def joined(socket: Socket, room: str) -> Socket:
    """A socket of a prototype that listens to `room`."""
    await socket.send(json.dumps({"join": room}))
    await socket.recv()
    return socket


async def close(*sockets: Socket) -> None:
    """Close many, each in its time."""
    await asyncio.gather(*(socket.close() for socket in sockets))


def background(listening: Coroutine[Any, Any, None]) -> None:
    """Let it listen until its socket ends, in whichever way."""

    async def until_closed() -> None:
        with suppress(ConnectionClosed):
            await listening

    task = asyncio.ensure_future(until_closed())
    _listening.add(task)
    task.add_done_callback(_listening.discard)


async def _hear(socket: Socket, delivered: dict[str, float]) -> None:
    async for text in socket:
        assert isinstance(text, str)
        if text[:24].replace(" ", "").startswith('{"type":"message"'):
            delivered[json.loads(text)["client_id"]] = time.perf_counter()


def percentile(values: list[float], percent: int) -> float:
    """In milliseconds."""
    return statistics.quantiles(values, n=100)[percent - 1] * 1000
