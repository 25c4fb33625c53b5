"""Load for the benches of sockets: who speaks and who listens, open and closed loops, and what a server used for it."""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect

ROOT = Path(__file__).parent.parent
TEXT = "hello there, how are you"


@dataclass
class Figures:
    """What was measured of one server: milliseconds, messages a second, microseconds of its processor, KiB."""

    p50: float = 0
    p99: float = 0
    delivered_p50: float = 0
    delivered_p99: float = 0
    rate: float = 0
    cpu: float = 0
    idle: float = 0
    missing: int = 0


class Speaker:
    """A client that posts and notes when each post is acknowledged."""

    def __init__(self, socket: ClientConnection, conversation: str = "") -> None:
        self.socket = socket
        self.conversation = conversation
        self.acknowledged: dict[str, asyncio.Future[float]] = {}
        self.handed_over = asyncio.Event()
        self.sent = 0

    async def listen(self) -> None:
        """Read everything; what is not about a post only costs the reading."""
        async for text in self.socket:
            assert isinstance(text, str)
            if text[:20].replace(" ", "").startswith('{"type":"ack"'):
                if waiting := self.acknowledged.pop(json.loads(text)["client_id"], None):
                    waiting.set_result(time.perf_counter())
            elif '"handler":"queue"' in text:
                self.handed_over.set()
                self.conversation = json.loads(text)["conversation"]

    async def say(self, text: str) -> tuple[str, float, float]:
        """Post and wait for the acknowledgement. Returns the client id and both times in seconds."""
        self.sent += 1
        client_id = f"bench{id(self):x}x{self.sent}"
        answer: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self.acknowledged[client_id] = answer
        start = time.perf_counter()
        await self.socket.send(json.dumps({"type": "post", "client_id": client_id, "text": text}))
        return client_id, start, await asyncio.wait_for(answer, 60)


async def hear(socket: ClientConnection, delivered: dict[str, float]) -> None:
    """Note when each message arrives on the other side."""
    async for text in socket:
        assert isinstance(text, str)
        if text[:24].replace(" ", "").startswith('{"type":"message"'):
            delivered[json.loads(text)["client_id"]] = time.perf_counter()


async def converse(
    speakers: list[Speaker], others: list[ClientConnection], options: argparse.Namespace, pid: int
) -> Figures:
    """An open loop for the times, then a closed loop for the rate and the processor time of a message."""
    delivered: dict[str, float] = {}
    listeners = [asyncio.ensure_future(hear(other, delivered)) for other in others]
    started: dict[str, float] = {}

    async def once(position: int) -> float:
        client_id, start, end = await speakers[position].say(TEXT)
        started[client_id] = start
        return end - start

    paced = await open_loop(once, options)
    await asyncio.sleep(1)
    reached = [delivered[key] - start for key, start in started.items() if key in delivered]
    missing, before = len(started) - len(reached), processor_seconds(pid)
    rate = await closed_loop(once, options)
    cpu = (processor_seconds(pid) - before) / max(1, rate * options.seconds)
    for task in listeners:
        task.cancel()
    return Figures(
        p50=percentile(paced, 50),
        p99=percentile(paced, 99),
        delivered_p50=percentile(reached, 50),
        delivered_p99=percentile(reached, 99),
        rate=rate,
        cpu=cpu * 1e6,
        missing=missing,
    )


async def open_loop(once: Callable[[int], Awaitable[float]], options: argparse.Namespace) -> list[float]:
    """`rate` posts a second, whether or not the earlier ones were answered."""
    count, start, running = int(options.rate * options.seconds), time.perf_counter(), []
    for number in range(count):
        await asyncio.sleep(max(0, start + number / options.rate - time.perf_counter()))
        running.append(asyncio.ensure_future(once(number % options.chats)))
    return list(await asyncio.gather(*running))


async def closed_loop(once: Callable[[int], Awaitable[float]], options: argparse.Namespace) -> float:
    """Everybody posts again as soon as the last post was acknowledged. Returns posts per second."""
    end, done = time.perf_counter() + options.seconds, 0

    async def keep_on(position: int) -> None:
        nonlocal done
        while time.perf_counter() < end:
            await once(position)
            done += 1

    start = time.perf_counter()
    await asyncio.gather(*(keep_on(position) for position in range(options.chats)))
    return done / (time.perf_counter() - start)


async def idle_sockets(
    open_one: Callable[[], Awaitable[ClientConnection]], count: int, pid: int
) -> tuple[list[ClientConnection], float]:
    """Open sockets that stay silent, and the KiB of proportional memory that the server uses for each."""
    first = [await open_one() for _ in range(20)]
    await asyncio.sleep(1)
    before = memory(pid)
    sockets = [await open_one() for _ in range(count)]
    await asyncio.sleep(1)
    return [*first, *sockets], (memory(pid) - before) / count


async def plain(address: str) -> ClientConnection:
    """A socket as the benches want them: no deflate, no limit on what waits."""
    return await connect(address, compression=None, max_queue=None)


async def close(*sockets: ClientConnection) -> None:
    await asyncio.gather(*(socket.close() for socket in sockets))


def memory(pid: int) -> int:
    """KiB of proportional memory (PSS) of a process."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("Pss:")))


def processor_seconds(pid: int) -> float:
    """What a process has used of the processors, in all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def percentile(values: list[float], percent: int) -> float:
    """In milliseconds."""
    return statistics.quantiles(values, n=100)[percent - 1] * 1000


@asynccontextmanager
async def process(
    command: list[str], environment: dict[str, str] | None = None, wanted: str = ""
) -> AsyncIterator[tuple[subprocess.Popen[str], str]]:
    """Start a program and wait for the first line with `wanted` in it."""
    program = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert program.stdout is not None
        line = program.stdout.readline()
        while wanted not in line:
            line = program.stdout.readline()
            assert line, "the program ended early"
        yield program, line
    finally:
        program.terminate()
        program.wait(20)
