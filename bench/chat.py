"""How fast talk is: N customers and their agents over the real server, beside a raw `websockets` echo in the same run.

    .venv/bin/python bench/chat.py [--chats 200] [--rate 100] [--seconds 10] [--idle 500]

Prints the round trip send → acknowledged and send → delivered (p50, p99), the highest rate of a closed loop, and the
memory of an idle socket. Everything is on loopback, bounded in count and time. Read the ratios: they are of one run.
"""

import argparse
import asyncio
import json
import os
import statistics
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

ROOT = Path(__file__).parent.parent
WATCHED_AT_ONCE = 50  # chats that one agent has open: the desk takes bursts of a hundred frames from a console
ECHO = """
import asyncio, uvloop
from websockets.asyncio.server import serve
async def echo(socket):
    async for message in socket:
        await socket.send(message)
async def main():
    async with serve(echo, "127.0.0.1", 0, compression=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()
uvloop.run(main())
"""


class Chat:
    """A customer with an open widget."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.conversation = ""
        self.acknowledged: dict[str, asyncio.Future[float]] = {}
        self.handed_over = asyncio.Event()
        self.sent = 0

    async def listen(self) -> None:
        """Note when each post is acknowledged."""
        async for text in self.socket:
            frame = json.loads(text)
            if frame["type"] == "ack" and (waiting := self.acknowledged.pop(frame["client_id"], None)):
                waiting.set_result(time.perf_counter())
            if frame["type"] == "handler" and frame["handler"] == "queue":
                self.handed_over.set()
            self.conversation = frame.get("conversation") or self.conversation

    async def say(self, text: str) -> tuple[str, float, float]:
        """Post and wait for the acknowledgement. Returns the client id and both times in seconds."""
        self.sent += 1
        client_id = f"bench{id(self):x}x{self.sent}"
        answer: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self.acknowledged[client_id] = answer
        start = time.perf_counter()
        await self.socket.send(json.dumps({"type": "post", "client_id": client_id, "text": text}))
        return client_id, start, await asyncio.wait_for(answer, 30)


async def main() -> None:
    """Run everything and print the table."""
    options = _options()
    print(
        f"{options.chats} chats, open loop {options.rate:g}/s and closed loop for {options.seconds:g} s each,"
        f" {options.idle} idle sockets\n"
    )
    async with _process([sys.executable, "-c", ECHO]) as (echo, line):
        base = await _measure_echo(f"ws://127.0.0.1:{int(line)}", options, echo.pid)
    with tempfile.TemporaryDirectory() as folder:
        async with _desk(Path(folder)) as (desk, port):
            ours = await _measure_desk(port, options, desk.pid)
    _print(base, ours)


async def _measure_echo(address: str, options: argparse.Namespace, pid: int) -> dict[str, float]:
    idle = await _idle_memory(lambda: connect(address, compression=None, max_queue=None), options.idle, pid)
    sockets = [await connect(address, compression=None, max_queue=None) for _ in range(options.chats)]

    async def once(position: int) -> float:
        start = time.perf_counter()
        await sockets[position].send('{"type":"post","client_id":"bench-0001","text":"hello there, how are you"}')
        await sockets[position].recv()
        return time.perf_counter() - start

    paced = await _open_loop(once, options)
    rate = await _closed_loop(once, options)
    await asyncio.gather(*(socket.close() for socket in sockets))
    return {"p50": _percentile(paced, 50), "p99": _percentile(paced, 99), "rate": rate, "idle": idle}


async def _measure_desk(port: int, options: argparse.Namespace, pid: int) -> dict[str, float]:
    origin = f"http://127.0.0.1:{port}"
    idle = await _idle_memory(lambda: _hello(port, origin), options.idle, pid)  # first: later it reuses freed memory
    cookie, delivered = await _log_in(origin), {}
    chats = [await _chat(port, origin) for _ in range(options.chats)]
    listeners = [asyncio.ensure_future(chat.listen()) for chat in chats]
    await asyncio.gather(*(chat.say("I want to talk to a person") for chat in chats))
    async with asyncio.timeout(60):  # the bot hands everybody over and is silent from then on
        await asyncio.gather(*(chat.handed_over.wait() for chat in chats))
    agents = [
        await _agent(port, origin, cookie, chats[start : start + WATCHED_AT_ONCE])
        for start in range(0, len(chats), WATCHED_AT_ONCE)
    ]

    async def hear(agent: ClientConnection) -> None:
        async for text in agent:
            frame = json.loads(text)
            if frame["type"] == "message":
                delivered[frame["client_id"]] = time.perf_counter()

    listeners += [asyncio.ensure_future(hear(agent)) for agent in agents]
    started: dict[str, float] = {}

    async def once(position: int) -> float:
        client_id, start, end = await chats[position].say("hello there, how are you")
        started[client_id] = start
        return end - start

    await asyncio.sleep(1)
    paced = await _open_loop(once, options)
    await asyncio.sleep(1)
    reached = [delivered[key] - start for key, start in started.items() if key in delivered]
    missing = len(started) - len(reached)
    rate = await _closed_loop(once, options)
    for task in listeners:
        task.cancel()
    await asyncio.gather(*(agent.close() for agent in agents), *(chat.socket.close() for chat in chats))
    return {
        "p50": _percentile(paced, 50),
        "p99": _percentile(paced, 99),
        "delivered p50": _percentile(reached, 50),
        "delivered p99": _percentile(reached, 99),
        "missing": missing,
        "rate": rate,
        "idle": idle,
    }


async def _open_loop(once: Callable[[int], Awaitable[float]], options: argparse.Namespace) -> list[float]:
    """`rate` posts a second, whether or not the earlier ones were answered."""
    count, start, running = int(options.rate * options.seconds), time.perf_counter(), []
    for number in range(count):
        await asyncio.sleep(max(0, start + number / options.rate - time.perf_counter()))
        running.append(asyncio.ensure_future(once(number % options.chats)))
    return list(await asyncio.gather(*running))


async def _closed_loop(once: Callable[[int], Awaitable[float]], options: argparse.Namespace) -> float:
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


async def _idle_memory(open_one: Callable[[], Awaitable[ClientConnection]], count: int, pid: int) -> float:
    """KiB of proportional memory that the server uses for one more idle socket."""
    first = [await open_one() for _ in range(20)]
    await asyncio.sleep(1)
    before = _memory(pid)
    sockets = [await open_one() for _ in range(count)]
    await asyncio.sleep(1)
    used = (_memory(pid) - before) / count
    await asyncio.gather(*(socket.close() for socket in (*first, *sockets)))
    return used


def _memory(pid: int) -> int:
    """KiB of proportional memory (PSS) of a process."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("Pss:")))


async def _hello(port: int, origin: str) -> ClientConnection:
    socket = await connect(f"ws://127.0.0.1:{port}/chat/ws", origin=origin, compression=None, max_queue=None)  # type: ignore[arg-type]
    await socket.send(json.dumps({"type": "hello", "site": "lumen", "language": "en"}))
    await socket.recv()
    return socket


async def _chat(port: int, origin: str) -> Chat:
    return Chat(await _hello(port, origin))


async def _log_in(origin: str) -> str:
    """The cookie of the demo admin."""
    async with httpx2.AsyncClient(base_url=origin, headers={"Origin": origin}) as client:
        answer = await client.post("/console/login", data={"email": "admin@wismo.example", "password": "wismo-demo"})
        assert answer.status_code == 303, answer.text
        return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


async def _agent(port: int, origin: str, cookie: str, chats: list[Chat]) -> ClientConnection:
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
    subprocess.run([*program, "demo"], cwd=ROOT, env=environment, check=True, capture_output=True)
    async with _process([*program, "serve"], environment, "Console") as (desk, line):
        yield desk, int(line.rstrip().removesuffix("/console").rpartition(":")[2])


@asynccontextmanager
async def _process(
    command: list[str], environment: dict[str, str] | None = None, wanted: str = ""
) -> AsyncIterator[tuple[subprocess.Popen[str], str]]:
    """Start a program and wait for the first line with `wanted` in it."""
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        while wanted not in line:
            line = process.stdout.readline()
            assert line, "the program ended early"
        yield process, line
    finally:
        process.terminate()
        process.wait(20)


def _percentile(values: list[float], percent: int) -> float:
    """In milliseconds."""
    return statistics.quantiles(values, n=100)[percent - 1] * 1000


def _print(base: dict[str, float], ours: dict[str, float]) -> None:
    print(f"{'':34}{'echo':>10}{'wismo':>10}{'ratio':>8}")
    for label, name, form in (
        ("send → acknowledged p50, ms", "p50", "{:.2f}"),
        ("send → acknowledged p99, ms", "p99", "{:.2f}"),
        ("closed loop, messages/s", "rate", "{:.0f}"),
        ("idle socket, KiB", "idle", "{:.1f}"),
    ):
        print(f"{label:34}{form.format(base[name]):>10}{form.format(ours[name]):>10}{ours[name] / base[name]:>8.2f}")
    for label, name in (("send → delivered p50, ms", "delivered p50"), ("send → delivered p99, ms", "delivered p99")):
        echo = base[name.split()[1]]
        print(f"{label:34}{echo:>10.2f}{ours[name]:>10.2f}{ours[name] / echo:>8.2f}")
    print(f"\nacknowledged but not delivered: {ours['missing']:.0f}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chats", type=int, default=200)
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--idle", type=int, default=500)
    return parser.parse_args()


if __name__ == "__main__":
    uvloop.run(main())
