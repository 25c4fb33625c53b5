"""Carrying a plan to a desk: in the order in which it is due, compressed in time, bounded in rate and at once."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx2

from app.gateways.simulators.faults import RETRIES, Plan, Sending
from app.gateways.simulators.shop import incoming
from app.gateways.simulators.signing import sealed
from app.gateways.simulators.wire import Wire
from core.clock import now
from core.errors import WismoError
from orders.receiving import accept

PATIENCE = timedelta(seconds=5)  # Shopify's; the others wait longer
_LONGEST_PAUSE = timedelta(seconds=5)  # before a repetition that the desk itself has caused
_HASTE = timedelta(milliseconds=5)
_SHORTEST_PAUSE = timedelta(milliseconds=50)
TIMED_OUT, UNREACHABLE = "timed out", "unreachable"
UNSEEN = "answer not seen"

# A request, and whether the sender waits for the answer → its status ("200"), TIMED_OUT or UNREACHABLE.
Send = Callable[[Wire, bool], Awaitable[str]]


@dataclass(slots=True)
class Report:
    """What became of all tries: by fault and answer; how long answers took, in seconds; which letters never got in."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    given_up: set[str] = field(default_factory=set)  # ids of orders
    taken_forgeries: int = 0

    def slowest(self, share: float) -> float:
        """The time within which this share of the answers came."""
        ordered = sorted(self.seconds)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast: `over` is the time for the whole plan (zero: at once), `rate` the most tries a second."""

    over: timedelta = timedelta()
    rate: float = 50.0
    at_once: int = 8


def over_http(client: httpx2.AsyncClient) -> Send:
    """Real requests to the desk that `client` is bound to. Who does not wait hangs up once all is sent."""

    async def send(wire: Wire, heard: bool) -> str:
        wait = httpx2.Timeout(PATIENCE.total_seconds(), read=(PATIENCE if heard else _HASTE).total_seconds())
        try:
            answer = await client.post(wire.path, headers=wire.headers, content=wire.body, timeout=wait)
        except httpx2.TimeoutException:
            return TIMED_OUT
        except httpx2.TransportError:
            return UNREACHABLE
        return str(answer.status_code)

    return send


async def in_process(wire: Wire, _heard: bool) -> str:
    """The verb behind the door, without HTTP."""
    try:
        await accept(incoming(wire))
    except WismoError as error:
        return str(error.status)
    return "200"


async def carry(
    plan: Plan,
    secrets: Mapping[str, Sequence[str]],
    send: Send,
    pace: Pace,
    *,
    clock: Callable[[], datetime] = now,
    on_done: Callable[[], None] = lambda: None,
) -> Report:
    """Send everything, each try signed when it leaves, and repeat what the desk did not take as its platform would."""
    shrink = pace.over / plan.span if plan.span else 0.0
    courier, room = _Courier(secrets, send, shrink, clock, Report()), asyncio.Semaphore(pace.at_once)
    begin, last = time.monotonic(), float("-inf")

    async def carry_one(sending: Sending) -> None:
        try:
            await courier.carry(sending)
        finally:
            room.release()
            on_done()

    async with asyncio.TaskGroup() as group:
        for sending in plan.sendings:
            due = max(begin + (sending.due * shrink).total_seconds(), last + 1 / pace.rate)
            await asyncio.sleep(max(due - time.monotonic(), 0))
            await room.acquire()
            last = time.monotonic()
            group.create_task(carry_one(sending))
    return courier.report


@dataclass(slots=True)
class _Courier:
    """Carries one sending after the other, and keeps the report; `shrink` is real time by simulated time."""

    secrets: Mapping[str, Sequence[str]]
    send: Send
    shrink: float
    clock: Callable[[], datetime]
    report: Report

    async def carry(self, sending: Sending) -> None:
        for pause in (*RETRIES[sending.letter.source], None):
            answer = await self._try(sending)
            if _is_taken(answer) or sending.forged or (not sending.heard and not sending.last):
                return  # what is not heard is repeated by the plan
            if pause is None or sending.last:
                break  # it may have come in, or not
            wanted = max(pause * self.shrink, _SHORTEST_PAUSE)
            await asyncio.sleep(min(wanted, _LONGEST_PAUSE).total_seconds())
        self.report.given_up.add(sending.said.order)

    async def _try(self, sending: Sending) -> str:
        wire, started = sealed(sending.letter, self.secrets, self.clock(), forged=sending.forged), time.monotonic()
        answer = await self.send(wire, sending.heard)
        if answer.isdigit():
            self.report.seconds.append(time.monotonic() - started)
        taken = _is_taken(answer)
        unseen = not sending.heard and (taken or answer == TIMED_OUT)
        self.report.outcomes[sending.fault, UNSEEN if unseen else answer] += 1
        self.report.taken_forgeries += taken and sending.forged
        return answer


def _is_taken(answer: str) -> bool:
    return answer.startswith("2")
