"""How fast a desk takes order notifications in over HTTP: verify, store, plan the job, answer.

    .venv/bin/python bench/intake.py [--rate 300] [--seconds 10] [--senders 50]

A real server without a worker gets signed notifications in Shopify's format over connections that stay open: first at a
given rate (p50, p99), then as fast as they are answered (deliveries and processor time). Every one that was answered
with 200 must be in the database. On loopback, bounded in count and time.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app.database import open_database, sqlite_url
from app.gateways.simulators.wire import Wire
from bench import load, programs
from core.shops import add_secret, shop_named
from orders.models import SourceEvent
from tests.orders.deliveries import a_shop, told


class Sender:
    """One connection that sends a delivery and waits for the answer."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.taken = 0

    async def open(self) -> "Sender":
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self

    async def send(self, wire: Wire) -> float:
        """Seconds until the answer. Raises AssertionError for anything but 200."""
        lines = [f"{name}: {value}" for name, value in wire.headers.items()]
        head = "\r\n".join([f"POST {wire.path} HTTP/1.1", "Host: desk", f"Content-Length: {len(wire.body)}", *lines])
        start = time.perf_counter()
        self.writer.write(head.encode() + b"\r\n\r\n" + wire.body)
        answer = await self.reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200"), answer
        self.taken += 1
        return time.perf_counter() - start


async def main() -> None:
    """Run everything and print the figures."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        async with _desk(Path(folder)) as (desk, port, wires):
            senders = [await Sender(port).open() for _ in range(options.senders)]
            free: asyncio.Queue[Sender] = asyncio.Queue()
            for sender in senders:
                free.put_nowait(sender)

            async def once(_: int) -> float:
                start = time.perf_counter()
                sender = await free.get()
                await sender.send(next(wires))
                free.put_nowait(sender)
                return time.perf_counter() - start

            paced = await load.open_loop(once, options.senders, options.rate, options.seconds)
            busy = await load.closed_loop(once, options.senders, [desk], options.seconds)
            taken = sum(sender.taken for sender in senders)
        async with open_database(sqlite_url(Path(folder) / "wismo.db")):
            stored = await SourceEvent.filter(delivery_key__startswith="bench-").count()
    p50, p99 = load.percentile(paced, 50), load.percentile(paced, 99)
    print(f"at {options.rate:g}/s: p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    print(f"as fast as answered, {options.senders} senders: {busy.rate:.0f}/s, {busy.cpu:.0f} µs of its processor")
    print(f"answered {taken}, stored {stored}")


@asynccontextmanager
async def _desk(folder: Path) -> AsyncIterator[tuple[subprocess.Popen[str], int, Iterator[Wire]]]:
    settings = {"DATA_DIR": str(folder), "PORT": "0", "MAIL_PORT": "-1", "RATE_SCALE": "0", "LOG_LEVEL": "error"}
    environment = os.environ | {f"WISMO_{name}": value for name, value in settings.items()}
    program = [sys.executable, "-m", "app.cli"]
    subprocess.run([*program, "demo"], cwd=programs.ROOT, env=environment, check=True, capture_output=True)
    async with open_database(sqlite_url(folder / "wismo.db")):
        shop = await shop_named("lumen")
        assert shop is not None
        await add_secret(shop, "shopify", a_shop("shopify").secrets["shopify"][0])
    async with programs.process([*program, "serve", "--no-work"], environment, "Console") as (desk, line):
        yield desk, int(line.rstrip().removesuffix("/console").rpartition(":")[2]), _deliveries()


def _deliveries() -> Iterator[Wire]:
    """Order after order, each life of two dozen notifications, each with a name of its own."""
    count = 0
    for number in range(500_000, 600_000):
        for wire in told(a_shop("shopify"), number=number):
            count += 1
            yield Wire(wire.path, wire.headers | {"X-Shopify-Event-Id": f"bench-{count}"}, wire.body)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=300)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--senders", type=int, default=50)
    return parser.parse_args()


if __name__ == "__main__":
    uvloop.run(main())
