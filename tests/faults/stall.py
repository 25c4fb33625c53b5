"""One of many readers stops reading while the others talk: what it costs, whether it is told and misses nothing."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import count, product
from pathlib import Path
from statistics import quantiles

from tests.faults.history import Verdict
from tests.faults.houses import OneProcess
from tests.faults.load import Load, under_load
from tests.faults.windows import WINDOWS, Place, again, customer_window
from tests.realtime.clients import Client
from tests.scale.running import Process, customer

LONG = "我的订单到底在哪里呢？" * 700  # the longest message, near enough: 23 kB on the line
STORED = 50  # of them, so that one page of history is a megabyte
PAUSE = 0.05
TURNS = 30  # pages that are asked for while it stalls at least; a dozen fill line and outbox
MEMORY = 16 << 20  # bytes that a stalled reader may cost at most
CLOSED = 4410
_ids = count(1)


@dataclass
class Stall:
    """What a kind of reader cost; seconds and bytes. `missed`: messages that it did not get after all."""

    kind: str
    others: int = 0
    reads: list[float] = field(default_factory=list)  # of the others, sent → acknowledged, while it reads
    stalls: list[float] = field(default_factory=list)
    memory: int = 0
    codes: set[int] = field(default_factory=set)
    missed: int = 0
    verdict: Verdict = field(default_factory=Verdict)

    @property
    def ratio(self) -> float:
        """How much longer the slowest hundredth of the others waits."""
        return _p99(self.stalls) / _p99(self.reads)

    @property
    def clean(self) -> bool:
        told = self.kind == "poll" or self.codes == {CLOSED}
        return told and not self.missed and self.memory <= MEMORY and self.verdict.clean

    def table(self) -> str:
        """For people: one line."""
        times = f"p99 of {self.others} others {_p99(self.reads) * 1000:.0f} → {_p99(self.stalls) * 1000:.0f} ms"
        memory = f"memory {self.memory / 2**20:+.1f} MiB"
        return f"{self.kind:<9} {times} ({self.ratio:.2f} ×)  {memory}  codes {self.codes}  missed {self.missed}"


async def stall(house: OneProcess, kinds: Iterable[str], *, seconds: float, rounds: int, readers: int) -> list[Stall]:
    """In turns a window reads and does not, each for `seconds`, while `readers` others have their chats open."""
    web = house.process
    writers = min(8, readers // 2)
    outcomes = [Stall(kind, readers) for kind in kinds]
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(_onlookers(web, readers - 2 * writers))
        under = under_load(lambda: web.address, random.Random(1), writers=writers, pause=2 * PAUSE)
        load = await stack.enter_async_context(under)
        talker = await stack.enter_async_context(customer(web))
        place = await _long_talk(talker)
        for outcome, _ in product(outcomes, range(rounds)):
            scene = Scene(web, outcome.kind, replace(place), talker, load)
            usual = await _round(scene, seconds, outcome, reads=True)
            most = await _round(scene, seconds, outcome, reads=False)
            outcome.memory = max(outcome.memory, most - usual)
    for outcome in outcomes:
        outcome.verdict = load.verdict
    return outcomes


@dataclass(frozen=True)
class Scene:
    """Who says what to whom."""

    web: Process
    kind: str
    place: Place
    talker: Client
    load: Load


async def _round(scene: Scene, seconds: float, outcome: Stall, *, reads: bool) -> int:
    """Talk for a while. Returns the most memory that the process had meanwhile, bytes."""
    waits, place = scene.load.history.waits, replace(scene.place)
    before, most, last, turns = len(waits), 0, 0, count()
    least = 1 if reads else TURNS
    async with asyncio.timeout(seconds + 30), WINDOWS[scene.kind](scene.web, place) as window:
        taking = asyncio.ensure_future(window.take()) if reads else None
        end = time.monotonic() + seconds
        while next(turns) < least or time.monotonic() < end:
            last = await _say(scene.talker)
            await window.ask()
            most = max(most, resident(scene.web))
            await asyncio.sleep(PAUSE / 2)
        (outcome.reads if reads else outcome.stalls).extend(waits[before:])
        if taking is not None:
            taking.cancel()
            await asyncio.wait([taking])
        elif scene.kind != "poll":
            outcome.codes.add(await window.take())
    if not reads:
        outcome.missed += await _missing(scene.web, scene.kind, place, last)
    return most


async def _missing(web: Process, kind: str, place: Place, last: int) -> int:
    """How many of `last` messages a window has not, after it came back with those that it had."""
    opened = WINDOWS[kind] if kind != "poll" else customer_window
    with suppress(TimeoutError):
        await again(opened, web, place, last)
    return last - place.last


async def _long_talk(talker: Client) -> Place:
    await talker.post("I want to talk to a person")
    for _ in range(STORED):
        await _say(talker)
    ack = await talker.post("that was all")
    return Place(talker.welcome["visitor_token"], ack["conversation"])


async def _say(talker: Client) -> int:
    number: int = (await talker.post(LONG, client_id=f"stall-long-{next(_ids):06}"))["number"]
    talker.heard.clear()
    return number


@asynccontextmanager
async def _onlookers(web: Process, number: int) -> AsyncIterator[None]:
    """Customers who have the chat open and only listen."""
    async with AsyncExitStack() as stack:
        for _ in range(number):
            await stack.enter_async_context(customer(web))
        yield


def resident(web: Process) -> int:
    """The memory of a process, bytes."""
    status = (Path("/proc") / str(web.process.pid) / "status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) * 1024


def _p99(waits: list[float]) -> float:
    return quantiles(waits, n=100)[98] if len(waits) > 1 else 0.0
