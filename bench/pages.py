"""What pages of the desk cost with many tickets, beside few, and beside a page that is only sent.

    .venv/bin/python bench/pages.py [--small 10000] [--large 200000] [--messages 10] [--rounds 200] [--seconds 4]

Two desks in temporary folders, asked in turns through the whole application: inbox, deeper pages, tickets, searches;
p50 and p95 of each and how often it asks the database. Then the large
desk's inbox over HTTP beside a static page of the same size. The large desk takes 1.5 kB of disk for each message.
"""

import argparse
import asyncio
import base64
import logging
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

sys.path.pop(0)  # this folder, whose limits.py hides a library of that name
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app.logs import configure_logs
from app.main import create_app
from app.serving import Server, uvicorn_config
from app.settings import Settings
from bench import load, programs
from bench.pages_desk import FIRST, make_desk
from core.clock import now, utc
from tests.heard import counted

SENDERS = 8
GOAL, STATIC_GOAL, MOST_STATEMENTS = 1.5, 0.25, 12
Page = Callable[["Desk", random.Random], str]


@dataclass
class Desk:
    """One application in this process, and what it was measured to take, in seconds."""

    app: Starlette
    token: str
    tickets: int
    path: Path
    taken: dict[str, list[float]] = field(default_factory=dict)

    async def get(self, address: str) -> bytes:
        """The page, asked for as a browser would. Raises AssertionError for anything but 200."""
        path, _, query = address.partition("?")
        headers = [(b"cookie", f"wismo_session={self.token}".encode()), (b"accept", b"text/html"), (b"host", b"desk")]
        scope = {"type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": path}
        scope |= {"raw_path": path.encode(), "query_string": query.encode(), "headers": headers, "root_path": ""}
        scope |= {"client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {}}
        parts: list[bytes] = []

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, object]) -> None:
            assert message.get("status", 200) == 200, (address, message)
            body = message.get("body", b"")
            assert isinstance(body, bytes)
            parts.append(body)

        await self.app(scope, receive, send)  # type: ignore[arg-type]
        return b"".join(parts)

    def some(self, rng: random.Random) -> int:
        """A ticket's number."""
        return FIRST + rng.randrange(self.tickets)


def _deep(desk: Desk, rng: random.Random) -> str:
    moment = now() - timedelta(seconds=rng.randrange(desk.tickets))
    cursor = base64.urlsafe_b64encode(f"{utc(moment).isoformat()}|1".encode()).decode()
    return f"/console?view=all&after={cursor}"


def _search(words: str) -> Page:
    return lambda _desk, _rng: f"/console/search?q={quote(words)}"


PAGES: dict[str, Page] = {
    "inbox": lambda _desk, _rng: "/console",
    "inbox, mine": lambda _desk, _rng: "/console?view=mine",
    "inbox, any depth": _deep,
    "ticket": lambda desk, rng: f"/console/tickets/{desk.some(rng)}",
    "order": lambda desk, rng: f"/console/orders/ord_{desk.some(rng)}",
    "search, order number": lambda desk, rng: f"/console/search?q={desk.some(rng)}",
    "search, two common words": _search("parcel late"),
    "search, Chinese phrase": _search("什么时候发货"),
}


async def main() -> None:
    """Run everything and print the figures."""
    options = _options()
    configure_logs("console", "error")
    logging.getLogger("tortoise.db_client").propagate = False  # statements are counted, not shown
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        async with AsyncExitStack() as stack:
            desks = []
            for name, tickets in (("small", options.small), ("large", options.large)):
                began = time.perf_counter()
                path = Path(folder) / name
                token = await make_desk(path, tickets, options.messages)
                app = await stack.enter_async_context(_open(path))
                desks.append(Desk(app, token, tickets, path))
                size = (path / "wismo.db").stat().st_size / 2**20
                print(f"{name}: {tickets} tickets, {size:.0f} MiB, made in {time.perf_counter() - began:.0f} s")
            await _in_turns(desks, options.rounds)
        await _beside_static(desks[1], options.seconds)


@asynccontextmanager
async def _open(path: Path) -> AsyncIterator[Starlette]:
    app = create_app(_settings(path), work=False, intake=False)
    async with app.router.lifespan_context(app):
        yield app


def _settings(path: Path) -> Settings:
    return Settings(data_dir=path, port=0, log_level="error", rate_scale=0)


async def _in_turns(desks: list[Desk], rounds: int) -> None:
    _, large = desks
    print(f"\n{'':28}{'small p50':>10}{'p95':>8}{'large p50':>10}{'p95':>8}{'p95 ratio':>10}{'statements':>11}")
    for name, page in PAGES.items():
        rng = random.Random(7)
        await large.get(page(large, rng))  # the session is noted as used
        with counted() as asked:
            await large.get(page(large, rng))
        for number in range(rounds + 10):
            for desk in desks if number % 2 else desks[::-1]:
                address, start = page(desk, rng), time.perf_counter()
                await desk.get(address)
                if number >= 10:
                    desk.taken.setdefault(name, []).append(time.perf_counter() - start)
        p50s, p95s = ([load.percentile(desk.taken[name], percent) for desk in desks] for percent in (50, 95))
        ratio = p95s[1] / p95s[0]
        kept = "" if ratio <= GOAL and len(asked) <= MOST_STATEMENTS else "  missed"
        figures = f"{p50s[0]:10.2f}{p95s[0]:8.2f}{p50s[1]:10.2f}{p95s[1]:8.2f}{ratio:10.2f}{len(asked):11}{kept}"
        print(f"{name:28}{figures}")


async def _beside_static(desk: Desk, seconds: float) -> None:
    """The same server program, the same senders: the inbox, and its bytes."""
    rates: dict[str, list[float]] = {"inbox": [], "static": []}
    used: dict[str, list[float]] = {"inbox": [], "static": []}
    size = 0
    for _ in range(3):
        for kind, rate in rates.items():
            command = [sys.executable, str(Path(__file__)), "--serve", kind, "--folder", str(desk.path)]
            async with programs.process([*command, "--token", desk.token], wanted="port") as (program, line):
                senders = [await _Sender(int(line.split()[1]), desk.token).open() for _ in range(SENDERS)]
                await asyncio.gather(*(sender.go_on(time.perf_counter() + 1) for sender in senders))
                before, start = programs.processor_seconds(program.pid), time.perf_counter()
                done = sum(await asyncio.gather(*(sender.go_on(start + seconds) for sender in senders)))
                rate.append(done / (time.perf_counter() - start))
                used[kind].append((programs.processor_seconds(program.pid) - before) / done)
                size = senders[0].size
    inbox, static = (statistics.median(rates[kind]) for kind in rates)
    cpu, static_cpu = (statistics.median(used[kind]) * 1e6 for kind in used)
    kept = "" if inbox / static >= STATIC_GOAL else "  missed"
    print(f"\ninbox page, 50 tickets, {size / 1024:.0f} KiB: {inbox:.0f}/s, {cpu:.0f} µs of the processor")
    print(f"the same bytes, static: {static:.0f}/s, {static_cpu:.0f} µs; ratio {inbox / static:.2f}{kept}")


class _Sender:
    """One connection that asks for the page again as soon as it is there."""

    def __init__(self, port: int, token: str) -> None:
        self.port, self.size = port, 0
        head = ("GET /console HTTP/1.1", "Host: desk", "Accept: text/html", f"Cookie: wismo_session={token}")
        self.request = "\r\n".join((*head, "", ""))

    async def open(self) -> "_Sender":
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**20)
        return self

    async def go_on(self, end: float) -> int:
        done = 0
        while time.perf_counter() < end:
            self.writer.write(self.request.encode())
            head = await self.reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            length = re.search(rb"content-length: (\d+)", head)
            assert length
            self.size = len(await self.reader.readexactly(int(length[1])))
            done += 1
        return done


def _serve(kind: str, path: Path, token: str) -> None:
    configure_logs("console", "error")
    settings = _settings(path)
    app = create_app(settings, work=False, intake=False)
    if kind == "static":
        app = Starlette(routes=[Route("/console", _static(asyncio.run(_page(path, token))))])
        app.state.begin_to_stop = lambda: None
    Server(uvicorn_config(app, settings), lambda port: print("port", port, flush=True)).run()


async def _page(path: Path, token: str) -> bytes:
    async with _open(path) as app:
        return await Desk(app, token, 1, path).get("/console")


def _static(page: bytes) -> Callable[[Request], Response]:
    text = page.decode()
    return lambda _request: HTMLResponse(text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=200_000)
    parser.add_argument("--messages", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--folder", help="where to make the desks")
    parser.add_argument("--serve", choices=("inbox", "static"), help=argparse.SUPPRESS)
    parser.add_argument("--token", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    if (asked := _options()).serve:
        _serve(asked.serve, Path(asked.folder), asked.token)
    else:
        uvloop.run(main())
