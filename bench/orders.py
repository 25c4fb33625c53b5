"""How fast deliveries are taken in and folded, beside a raw SQLite insert loop in the same run.

    .venv/bin/python bench/orders.py [--orders 200] [--folder DIR] [--profile]

Each order lives a whole life, in Shopify's wire format. Prints events per second of: the raw loop (one row and one
commit an event, synchronous=FULL), taking in (verify, store, plan the job) with many senders and with one, folding as
they come, folding a backlog by the worker (jobs wait: claim, fold, end them) of whole lives and of first deliveries,
each about another order, folding the past, and the pure part without a database; by the clock and by processor time,
which other work on the machine disturbs less. Read the ratios: they are of one run, in one process.
"""

import argparse
import asyncio
import cProfile
import pstats
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app.database import open_database, sqlite_url
from app.gateways.mail import RecordingMailer
from app.gateways.simulators.shop import incoming
from app.gateways.simulators.wire import Wire
from app.jobs import HANDLERS, LAST_RESORTS, TOGETHER
from app.jobs.context import JobContext
from app.jobs.runner import Worker
from app.logs import configure_logs
from app.migrating import migrate
from app.rulebook_shelf import Shelf
from app.settings import Settings
from bots.rulebook import own_rulebook
from core.jobs import READY, RUNNING, Job, use_waker
from core.shops import Shop
from core.tasks import remember_base_context, spawn
from orders.deriving import derive
from orders.folding import fold, fold_history
from orders.merging import Known, from_json, merge, to_json
from orders.models import FactSheet, Order, SourceEvent
from orders.receiving import accept, import_history, lower
from orders.sources import SOURCES
from orders.sources.reading import Delivery
from tests.orders.deliveries import NOON, a_shop, told

AT_ONCE = 50  # senders that each wait for their answer


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--folder", help="where the database lies (a temporary folder)")
    parser.add_argument("--profile", action="store_true", help="show where folding spends its time")
    options = parser.parse_args()
    configure_logs("console", "error")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        asyncio.run(_measure(Path(folder), options.orders, profile=options.profile))


@dataclass(frozen=True)
class Rate:
    """Events per second of the clock, and per second of processor time of the whole process."""

    clock: float
    cpu: float


class Stopwatch:
    """Adds up what passes between `start` and `stop`."""

    def __init__(self) -> None:
        self.clock = self.cpu = 0.0

    def start(self) -> "Stopwatch":
        self.clock -= time.perf_counter()
        self.cpu -= time.process_time()
        return self

    def stop(self) -> None:
        self.clock += time.perf_counter()
        self.cpu += time.process_time()

    def rate(self, count: int) -> Rate:
        return Rate(count / self.clock, count / self.cpu)


async def _measure(folder: Path, count: int, *, profile: bool) -> None:
    path = folder / "bench.db"
    await migrate(sqlite_url(path))
    shop = a_shop("shopify")
    lives = [told(shop, number=1001 + number) for number in range(count)]
    as_they_come = [life[step] for step in range(max(map(len, lives))) for life in lives if step < len(life)]
    size = sum(len(wire.body) for wire in as_they_come) // len(as_they_come)
    print(f"{count} orders, {len(as_they_come)} deliveries of {size} bytes\n")
    rates = {"raw SQLite inserts": _raw(folder / "raw.db", as_they_come)}
    async with open_database(sqlite_url(path)):
        await shop.save(force_create=True)
        remember_base_context()
        ids: list[int] = []

        async def take() -> None:
            ids.extend([(await accept(incoming(wire))).id for wire in as_they_come])

        async def take_together() -> None:
            waiting = iter(as_they_come)

            async def sender() -> None:
                for wire in waiting:
                    await accept(incoming(wire))

            await asyncio.gather(*(sender() for _ in range(AT_ONCE)))

        rates[f"take in, {AT_ONCE} at once"] = await _rate(take_together, len(as_they_come))
        await _forget(everything=True)
        rates["take in, one after the other"] = await _rate(take, len(as_they_come))
        rates["fold, one at a time"] = await _alone(ids, profile=profile)
        await _forget()
        rates["fold, a backlog"] = await _backlog(folder, len(ids))
        await _forget(everything=True)
        firsts = [wire for life in lives for wire in life[:1]]
        for wire in firsts:
            await accept(incoming(wire))
        rates["fold, first deliveries"] = await _backlog(folder, len(firsts))
        await _forget(everything=True)

        async def past() -> None:
            await fold_history(await import_history(shop, "shopify", [(w.headers, w.body) for w in as_they_come]))

        rates["store and fold the past"] = await _rate(past, len(as_they_come))
    rates["pure: read, merge, derive"] = _pure(shop, lives)
    raw = rates["raw SQLite inserts"]
    print(f"{'':28}{'by the clock':>14}{'× raw':>8}{'processor':>16}{'× raw':>8}")
    for name, rate in rates.items():
        print(f"{name:28}{rate.clock:12.0f}/s{rate.clock / raw.clock:8.2f}{rate.cpu:14.0f}/s{rate.cpu / raw.cpu:8.2f}")


def _raw(path: Path, wires: list[Wire]) -> Rate:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(
        "CREATE TABLE event (id INTEGER PRIMARY KEY, key TEXT UNIQUE, topic TEXT, headers TEXT, body BLOB)"
    )
    watch = Stopwatch().start()
    for place, wire in enumerate(wires):
        connection.execute("BEGIN IMMEDIATE")
        row = (str(place), wire.headers["X-Shopify-Topic"], str(wire.headers), wire.body)
        connection.execute("INSERT INTO event (key, topic, headers, body) VALUES (?, ?, ?, ?)", row)
        connection.execute("COMMIT")
    watch.stop()
    connection.close()
    return watch.rate(len(wires))


async def _rate(work: Callable[[], Awaitable[None]], count: int) -> Rate:
    watch = Stopwatch().start()
    await work()
    watch.stop()
    return watch.rate(count)


async def _backlog(folder: Path, count: int) -> Rate:
    """The worker does all jobs that wait."""
    context = JobContext(Settings(data_dir=folder), RecordingMailer(), Shelf(own_rulebook()))
    worker = Worker(context, HANDLERS, LAST_RESORTS, TOGETHER)
    use_waker(worker.wake)

    async def until_done() -> None:
        running = spawn(worker.run(), name="worker")
        while await Job.exists(state__in=[READY, RUNNING]):  # noqa: ASYNC110 - the worker knows no end
            await asyncio.sleep(0.05)
        worker.stop()
        await running

    return await _rate(until_done, count)


async def _alone(ids: list[int], *, profile: bool) -> Rate:
    """Each delivery is folded before the next one of its order comes: the others are hidden meanwhile."""
    await SourceEvent.all().update(state="stale")
    profiler, watch = cProfile.Profile(), Stopwatch()
    for event_id in ids:
        await SourceEvent.filter(id=event_id).update(state="received")
        watch.start()
        if profile:
            profiler.enable()
        await fold(event_id)
        profiler.disable()
        watch.stop()
    if profile:
        pstats.Stats(profiler).sort_stats("tottime").print_stats(35)
    return watch.rate(len(ids))


async def _forget(*, everything: bool = False) -> None:
    await SourceEvent.all().update(state="received", order_id=None)
    await FactSheet.all().delete()
    await Order.all().delete()
    if everything:
        await Job.all().delete()
        await SourceEvent.all().delete()


def _pure(shop: Shop, lives: list[list[Wire]]) -> Rate:
    """What the processor does for each delivery, with the sheet's way to JSON and back."""
    source = SOURCES["shopify"]
    watch = Stopwatch().start()
    for life in lives:
        sheet = to_json(Known())
        for wire in life:
            headers = lower(wire.headers)
            source.verify(shop.secrets["shopify"], headers, wire.body, NOON)
            delivery = Delivery(
                topic=source.topic(headers),
                headers=headers,
                body=wire.body,
                received_at=NOON,
                timezone=shop.timezone,
                currency=shop.currency,
            )
            known = from_json(sheet)
            for facts in source.read(delivery).orders:
                known = merge(known, facts.statements)
            derive(known)
            sheet = to_json(known)
    watch.stop()
    return watch.rate(sum(map(len, lives)))


if __name__ == "__main__":
    main()
