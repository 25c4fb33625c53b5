"""How fast talk is: N customers and their agents over the real server, beside bare servers in the same run.

    .venv/bin/python bench/chat.py [--chats 200] [--open 500] [--rate 100] [--seconds 10] [--listeners 1000]

The bare servers are in `bench/limits.py`: an echo that stores nothing, a prototype that stores with group commit and
checks nothing, an idle uvicorn socket, and the `broadcast` of the `websockets` library. Prints the round trip send →
acknowledged and send → delivered (p50, p99), the rate and the processor time of a closed loop, the memory of an idle
socket, and how long one message takes to many listeners. `--open` sockets stay open and silent meanwhile. Everything is
on loopback, bounded in count and time. Read the ratios: they are of one run.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import uvloop
from websockets.asyncio.client import ClientConnection, connect

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import load
from bench.load import Figures, Speaker

WATCHED_AT_ONCE = 50  # chats that one agent has open: the desk takes bursts of a hundred frames from a console
LIMITS = [sys.executable, str(Path(__file__).parent / "limits.py")]


async def main() -> None:
    """Run everything and print the table."""
    options = _options()
    print(
        f"{options.chats} chats, {options.open} silent sockets, open loop {options.rate:g}/s and closed loop for"
        f" {options.seconds:g} s each\n"
    )
    async with load.process([*LIMITS, "echo"]) as (echo, line):
        base = await _measure_echo(f"ws://127.0.0.1:{int(line)}", options, echo.pid)
    async with load.process([*LIMITS, "socket"]) as (bare, line):
        address = f"ws://127.0.0.1:{int(line)}"
        sockets, base.idle = await load.idle_sockets(lambda: load.plain(address), options.open, bare.pid)
        await load.close(*sockets)
    with tempfile.TemporaryDirectory() as folder:
        async with load.process([*LIMITS, "prototype", folder]) as (prototype, line):
            limit = await _measure_prototype(f"ws://127.0.0.1:{int(line)}", options, prototype.pid)
        async with load.process([*LIMITS, "broadcast"]) as (_, line):
            many = await _measure_broadcast(f"ws://127.0.0.1:{int(line)}", options)
        async with _desk(Path(folder)) as (desk, port):
            ours, heard = await _measure_desk(port, options, desk.pid)
    _print(base, limit, ours)
    print(f"one message to {options.listeners} listeners, p50: broadcast {many:.1f} ms, wismo {heard:.1f} ms,", end=" ")
    print(f"ratio {heard / many:.2f}\nacknowledged but not delivered: {ours.missing}")


async def _measure_echo(address: str, options: argparse.Namespace, pid: int) -> Figures:
    silent, _ = await load.idle_sockets(lambda: load.plain(address), options.open, pid)
    sockets = [await load.plain(address) for _ in range(options.chats)]

    async def once(position: int) -> float:
        start = time.perf_counter()
        await sockets[position].send(json.dumps({"type": "post", "client_id": "bench-0001", "text": load.TEXT}))
        await sockets[position].recv()
        return time.perf_counter() - start

    paced = await load.open_loop(once, options)
    before = load.processor_seconds(pid)
    rate = await load.closed_loop(once, options)
    cpu = (load.processor_seconds(pid) - before) / (rate * options.seconds)
    await load.close(*silent, *sockets)
    p50, p99 = load.percentile(paced, 50), load.percentile(paced, 99)
    return Figures(p50=p50, p99=p99, delivered_p50=p50, delivered_p99=p99, rate=rate, cpu=cpu * 1e6)


async def _measure_prototype(address: str, options: argparse.Namespace, pid: int) -> Figures:
    silent, idle = await load.idle_sockets(lambda: load.plain(address), options.open, pid)
    rooms = [await _joined(await load.plain(address), f"room {number}") for number in range(options.chats)]
    speakers, agents = [Speaker(room) for room in rooms], []
    for start in range(0, options.chats, WATCHED_AT_ONCE):
        agents.append(agent := await load.plain(address))
        for number in range(start, min(start + WATCHED_AT_ONCE, options.chats)):
            await _joined(agent, f"room {number}")
    listening = [asyncio.ensure_future(speaker.listen()) for speaker in speakers]
    figures = await load.converse(speakers, agents, options, pid)
    figures.idle = idle
    for task in listening:
        task.cancel()
    await load.close(*silent, *agents, *(speaker.socket for speaker in speakers))
    return figures


async def _joined(socket: ClientConnection, room: str) -> ClientConnection:
    await socket.send(json.dumps({"join": room}))
    await socket.recv()
    return socket


async def _measure_broadcast(address: str, options: argparse.Namespace) -> float:
    listeners = [await load.plain(address) for _ in range(options.listeners)]
    text = json.dumps({"type": "message", "client_id": "bench-0001", "text": load.TEXT})
    return await _to_many(listeners, lambda: listeners[0].send(text))


async def _to_many(listeners: list[ClientConnection], say: Callable[[], Awaitable[object]], times: int = 15) -> float:
    """The median of milliseconds from sending to the last listener's having it."""
    left: set[int] = set()
    everybody = asyncio.Event()

    async def listen(place: int, socket: ClientConnection) -> None:
        async for text in socket:
            if '"message"' in str(text)[:20]:
                left.discard(place)
                if not left:
                    everybody.set()

    tasks = [asyncio.ensure_future(listen(*pair)) for pair in enumerate(listeners)]
    taken = []
    for _ in range(times):
        left |= set(range(len(listeners)))
        everybody.clear()
        start = time.perf_counter()
        await say()
        await asyncio.wait_for(everybody.wait(), 30)
        taken.append(time.perf_counter() - start)
        await asyncio.sleep(0.05)
    for task in tasks:
        task.cancel()
    await load.close(*listeners)
    return sorted(taken)[times // 2] * 1000


async def _measure_desk(port: int, options: argparse.Namespace, pid: int) -> tuple[Figures, float]:
    origin = f"http://127.0.0.1:{port}"
    silent, idle = await load.idle_sockets(lambda: _hello(port, origin), options.open, pid)  # first: fresh memory
    cookie = await _log_in(origin)
    chats = [Speaker(await _hello(port, origin)) for _ in range(options.chats)]
    listening = [asyncio.ensure_future(chat.listen()) for chat in chats]
    await asyncio.gather(*(chat.say("I want to talk to a person") for chat in chats))
    async with asyncio.timeout(120):  # the bot hands everybody over and is silent from then on
        await asyncio.gather(*(chat.handed_over.wait() for chat in chats))
    agents = [
        await _agent(port, origin, cookie, chats[start : start + WATCHED_AT_ONCE])
        for start in range(0, len(chats), WATCHED_AT_ONCE)
    ]
    await asyncio.sleep(1)
    figures = await load.converse(chats, agents, options, pid)
    figures.idle = idle
    watchers = [await _agent(port, origin, cookie, chats[:1]) for _ in range(options.listeners)]
    many = await _to_many(watchers, lambda: chats[0].say(load.TEXT))
    for task in listening:
        task.cancel()
    await load.close(*silent, *agents, *(chat.socket for chat in chats))
    return figures, many


async def _hello(port: int, origin: str) -> ClientConnection:
    socket = await connect(f"ws://127.0.0.1:{port}/chat/ws", origin=origin, compression=None, max_queue=None)  # type: ignore[arg-type]
    await socket.send(json.dumps({"type": "hello", "site": "lumen", "language": "en"}))
    await socket.recv()
    return socket


async def _log_in(origin: str) -> str:
    """The cookie of the demo admin."""
    async with httpx2.AsyncClient(base_url=origin, headers={"Origin": origin}) as client:
        answer = await client.post("/console/login", data={"email": "admin@wismo.example", "password": "wismo-demo"})
        assert answer.status_code == 303, answer.text
        return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


async def _agent(port: int, origin: str, cookie: str, chats: list[Speaker]) -> ClientConnection:
    """A console that has these chats open."""
    socket = await connect(
        f"ws://127.0.0.1:{port}/console/ws",
        origin=origin,
        compression=None,
        max_queue=None,
        additional_headers={"Cookie": cookie},  # type: ignore[arg-type]
    )
    await socket.send(json.dumps({"type": "hello"}))
    await socket.recv()
    for chat in chats:
        await socket.send(json.dumps({"type": "watch", "conversation": chat.conversation, "last": 0}))
        while json.loads(await socket.recv())["type"] != "history":
            pass
    return socket


@asynccontextmanager
async def _desk(folder: Path) -> AsyncIterator[tuple[subprocess.Popen[str], int]]:
    settings = {"DATA_DIR": str(folder), "PORT": "0", "MAIL_PORT": "-1", "RATE_SCALE": "0", "LOG_LEVEL": "error"}
    environment = os.environ | {f"WISMO_{name}": value for name, value in settings.items()}
    program = [sys.executable, "-m", "app.cli"]
    # In a process of its own: the memory that filling needs would hide what sockets need.
    subprocess.run([*program, "demo"], cwd=load.ROOT, env=environment, check=True, capture_output=True)
    async with load.process([*program, "serve"], environment, "Console") as (desk, line):
        yield desk, int(line.rstrip().removesuffix("/console").rpartition(":")[2])


def _print(echo: Figures, limit: Figures, ours: Figures) -> None:
    print(f"{'':38}{'echo':>10}{'prototype':>11}{'wismo':>10}{'÷ echo':>9}{'÷ proto':>9}")
    for label, name, form in (
        ("send → acknowledged p50, ms", "p50", "{:.2f}"),
        ("send → acknowledged p99, ms", "p99", "{:.2f}"),
        ("send → delivered p50, ms", "delivered_p50", "{:.2f}"),
        ("send → delivered p99, ms", "delivered_p99", "{:.2f}"),
        ("closed loop, messages/s", "rate", "{:.0f}"),
        ("server's processor, µs a message", "cpu", "{:.0f}"),
        ("idle socket, KiB (echo: uvicorn's)", "idle", "{:.1f}"),
    ):
        values = [float(getattr(figures, name)) for figures in (echo, limit, ours)]
        row = "".join(f"{form.format(value):>{width}}" for value, width in zip(values, (10, 11, 10), strict=True))
        print(f"{label:38}{row}{values[2] / values[0]:>9.2f}{values[2] / values[1]:>9.2f}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chats", type=int, default=200)
    parser.add_argument("--open", type=int, default=500)
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--listeners", type=int, default=1000)
    return parser.parse_args()


if __name__ == "__main__":
    uvloop.run(main())
