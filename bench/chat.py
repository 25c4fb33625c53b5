"""How fast talk is, beside bare servers in the same run: each goal with its result.

    .venv/bin/python bench/chat.py [--chats 500] [--busy 100] [--listeners 300] [--rate 200] [--without-postgres]

The bare servers are in `bench/limits.py`: an echo that stores nothing, prototypes that store with group commit and
check nothing, an idle uvicorn socket, and the `broadcast` of the `websockets` library. Three minutes on a busy
machine, on loopback, bounded in count and time. PostgreSQL and Redis are started for it, as the tests start them.
Read the ratios: they are of one run.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import desks, load, programs
from bench.load import Speaker, Throughput, Times
from bench.programs import memory
from tests.servers import postgres_server, redis_server

LIMITS = [sys.executable, str(Path(__file__).parent / "limits.py")]
SILENT, QUESTIONS = 300, 100
QUESTION = "Where is my order?"


async def main() -> None:
    """Run everything and print the table: the goals of one process, then those of several."""
    options = _options()
    _say(f"{'':58}{'Wismo':>12}{'beside':>12}{'ratio':>8}   goal")
    with tempfile.TemporaryDirectory() as folder:
        await _one_process(Path(folder), options)
    if not options.without_postgres:
        with tempfile.TemporaryDirectory() as folder, postgres_server() as postgres, redis_server() as redis:
            postgres.run("CREATE DATABASE wismo", "CREATE DATABASE prototype")
            urls = {"DATABASE_URL": postgres.url("wismo"), "REDIS_URL": redis}
            await _several_processes(Path(folder), urls, postgres.url("prototype"), options)


async def _one_process(folder: Path, options: argparse.Namespace) -> None:
    """SQLite: goals B1 and B3 to B6."""
    async with _limit("echo") as (_, address):
        echo = await _echoed(address, options)
    async with _limit("socket") as (server, address):
        sockets, bare = await load.idle_sockets(lambda: load.plain(address), SILENT, server.pid)
        await load.close(*sockets)
    async with _limit("broadcast") as (_, address):
        everybody = [await load.plain(address) for _ in range(options.listeners)]
        text = json.dumps({"type": "message", "client_id": "bench-0001", "text": load.TEXT})
        many = await load.to_many(everybody, lambda: everybody[0].send(text))
    async with _limit("prototype", str(folder)) as (server, address):
        limit = await _limit_of([address], [server], options)
    async with desks.desk(folder) as ([server], [port]):
        await _silent(server, port, bare)  # first: fresh memory
        talks, agents, cookie = await _talks([port], options)
        crowd = await desks.askers(port, max(QUESTIONS, options.chats - options.busy))
        times = await load.paced(talks, agents, options.rate, options.seconds)
        _compare(
            f"B3 acknowledged at {options.rate}/s, {options.chats} chats, p50 ms (echo)", times.p50, echo.p50, "≤ 2"
        )
        _compare("   p99 ms", times.p99, echo.p99, "≤ 4")
        _compare("   on the other side, p50 ms", times.delivered_p50, echo.p50, "")
        _say(f"   acknowledged but not delivered: {times.missing}")
        answer = await _answered(crowd, options)
        _compare(f"B6 the bot's answer at {QUESTIONS}/s, p99 ms (p99 of B3)", answer, times.p99, "≤ 3")
        await load.close(*(person.socket for person in crowd))
        busy = await load.busy(talks, [server], options.seconds)
        _compare("B1 messages/s, everybody at once", busy.rate, limit.rate, "≥ 0.5", "{:.0f}")
        _compare("   processor for a message, µs", busy.cpu, limit.cpu, "≤ 2", "{:.0f}")
        _compare("   acknowledged meanwhile, p99 ms", busy.p99, limit.p99, "< 100 ms", "{:.1f}")
        watchers = [await desks.console(port, cookie, talks[:1]) for _ in range(options.listeners)]
        heard = await load.to_many(watchers, lambda: talks[0].say(load.TEXT))
        _compare(f"B5 one message to {options.listeners}, p50 ms (broadcast)", heard, many, "≤ 1.5", "{:.1f}")
        await load.close(*watchers, *agents, *(talk.socket for talk in talks))


async def _silent(server: subprocess.Popen[str], port: int, bare: float) -> None:
    """Memory: of widgets on whose page nobody has said anything, and of such whose customer is in a conversation."""
    sockets, idle = await load.idle_sockets(lambda: desks.customer(port), SILENT, server.pid)
    _compare("B4 idle socket, KiB (uvicorn)", idle, bare, "≤ 1.3", "{:.1f}")
    before = memory(server.pid)
    for start in range(0, len(sockets), desks.AT_ONCE):
        await asyncio.gather(*(desks.greet(socket) for socket in sockets[start : start + desks.AT_ONCE]))
    await asyncio.sleep(1)
    talking = idle + (memory(server.pid) - before) / len(sockets)
    _compare("   in a conversation, at whose end the desk sees them", talking, bare, "", "{:.1f}")
    await load.close(*sockets)


async def _several_processes(folder: Path, urls: dict[str, str], prototype: str, options: argparse.Namespace) -> None:
    """PostgreSQL and Redis: goal B2."""
    async with _limit("postgres", prototype, urls["REDIS_URL"]) as (server, address):
        limit = await _limit_of([address], [server], options)
    rates = []
    for processes in (1, 2):
        async with desks.desk(folder, urls, processes=processes) as (servers, ports):
            talks, agents, _ = await _talks(ports, options, count=options.busy)
            figures = await load.busy(talks, servers, options.seconds)
            rates.append(figures.rate)
            await load.close(*agents, *(talk.socket for talk in talks))
        name = f"B2 PostgreSQL and Redis, {processes} process{'es' if processes > 1 else ''}"
        _compare(f"{name}, messages/s", figures.rate, limit.rate, "≥ 0.5", "{:.0f}")
        _compare("   processor for a message, µs", figures.cpu, limit.cpu, "≤ 2", "{:.0f}")
    _compare("   two processes beside one, messages/s", rates[1], rates[0], "≥ 1.7", "{:.0f}")


async def _echoed(address: str, options: argparse.Namespace) -> Times:
    speakers = [Speaker(await load.plain(address)) for _ in range(options.chats)]
    for speaker in speakers:
        speaker.start()
    times = await load.paced(speakers, [], options.rate, options.seconds)
    await load.close(*(speaker.socket for speaker in speakers))
    return times


async def _limit_of(
    addresses: list[str], servers: list[subprocess.Popen[str]], options: argparse.Namespace
) -> Throughput:
    rooms = [await load.joined(await load.plain(addresses[0]), f"room {number}") for number in range(options.busy)]
    speakers, agents = [Speaker(room) for room in rooms], []
    for start in range(0, options.busy, desks.WATCHED_AT_ONCE):
        agents.append(agent := await load.plain(addresses[0]))
        for number in range(start, min(start + desks.WATCHED_AT_ONCE, options.busy)):
            await load.joined(agent, f"room {number}")
    for speaker in speakers:
        speaker.start()
    figures = await load.busy(speakers, servers, options.seconds)
    await load.close(*agents, *(speaker.socket for speaker in speakers))
    return figures


async def _talks(
    ports: list[int], options: argparse.Namespace, count: int | None = None
) -> tuple[list[Speaker], list[load.Socket], str]:
    cookie = await desks.cookie_of(ports[0])
    talks = await desks.talks(ports, count or options.chats)
    agents = await desks.consoles(ports, cookie, talks[: options.busy])
    await asyncio.sleep(1)
    return talks, agents, cookie


async def _answered(people: list[desks.Asker], options: argparse.Namespace) -> float:
    """The p99 of the bot's answers, in milliseconds."""
    taken = await load.open_loop(lambda place: people[place].ask(QUESTION), len(people), QUESTIONS, options.seconds)
    return load.percentile(taken, 99)


@asynccontextmanager
async def _limit(kind: str, *arguments: str) -> AsyncIterator[tuple[subprocess.Popen[str], str]]:
    async with programs.process([*LIMITS, kind, *arguments]) as (server, line):
        yield server, f"ws://127.0.0.1:{int(line)}"


def _compare(label: str, ours: float, beside: float, goal: str, form: str = "{:.2f}") -> None:
    _say(f"{label:58}{form.format(ours):>12}{form.format(beside):>12}{ours / beside:>8.2f}   {goal}")


def _say(line: str) -> None:
    print(line, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5, help="for each loop")
    parser.add_argument(
        "--chats", type=int, default=500, help="that are open while the times are taken; the goal is with 2000"
    )
    parser.add_argument("--rate", type=int, default=200, help="messages a second meanwhile")
    parser.add_argument(
        "--busy", type=int, default=100, help="chats that wait for a person and speak as fast as they may"
    )
    parser.add_argument("--listeners", type=int, default=300, help="of one conversation; the goal is with 1000")
    parser.add_argument("--without-postgres", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    uvloop.run(main())
