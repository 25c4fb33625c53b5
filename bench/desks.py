"""Real desks for the benches of sockets: one process or several, customers, askers and consoles on them."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx2
from websockets.asyncio.client import ClientConnection, connect

from bench import programs
from bench.load import Speaker

WATCHED_AT_ONCE = 50  # chats that one agent has open: the desk takes bursts of a hundred frames from a console
AT_ONCE = 50  # people who come at the same moment
PROGRAM = [sys.executable, "-m", "app.cli"]


class Asker(Speaker):
    """A customer who waits for the bot's answer."""

    def __init__(self, socket: ClientConnection) -> None:
        super().__init__(socket)
        self.answered: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def hear(self, text: str) -> None:
        """The first words of the bot are the answer."""
        if text.startswith('{"type":"message"') and '"author":{"kind":"bot"' in text and not self.answered.done():
            self.answered.set_result(time.perf_counter())

    async def ask(self, text: str) -> float:
        """Seconds from the question to its answer."""
        self.answered = asyncio.get_running_loop().create_future()
        _, start, _ = await self.say(text)
        return await asyncio.wait_for(self.answered, 60) - start


@asynccontextmanager
async def desk(
    folder: Path, more: Mapping[str, str] | None = None, *, processes: int = 1
) -> AsyncIterator[tuple[list[subprocess.Popen[str]], list[int]]]:
    """The demo shops, served by `processes` servers; several share a worker. Yields the servers and their ports."""
    settings = {"DATA_DIR": str(folder), "PORT": "0", "MAIL_PORT": "-1", "RATE_SCALE": "0", "LOG_LEVEL": "error"}
    environment = os.environ | {f"WISMO_{name}": value for name, value in (settings | dict(more or {})).items()}
    # In a process of its own: the memory that filling needs would hide what sockets need.
    subprocess.run([*PROGRAM, "demo"], cwd=programs.ROOT, env=environment, check=True, capture_output=True)
    async with AsyncExitStack() as stack:
        serve = [*PROGRAM, "serve"] if processes == 1 else [*PROGRAM, "serve", "--no-work", "--no-intake"]
        started = [
            await stack.enter_async_context(programs.process(serve, environment, "Console")) for _ in range(processes)
        ]
        if processes > 1:
            await stack.enter_async_context(programs.started([*PROGRAM, "work"], environment))
        yield (
            [server for server, _ in started],
            [int(line.rstrip().removesuffix("/console").rpartition(":")[2]) for _, line in started],
        )


async def customer(port: int) -> ClientConnection:
    """An open widget, greeted."""
    origin = f"http://127.0.0.1:{port}"
    socket = await connect(f"ws://127.0.0.1:{port}/chat/ws", origin=origin, compression=None, max_queue=None)  # type: ignore[arg-type]
    await socket.send(json.dumps({"type": "hello", "site": "lumen", "language": "en"}))
    await socket.recv()
    return socket


async def greet(socket: ClientConnection) -> None:
    """Begin a conversation and read until the bot has answered."""
    await socket.send(json.dumps({"type": "post", "client_id": "bench-hello", "text": "hello"}))
    async with asyncio.timeout(60):
        while '"author":{"kind":"bot"' not in str(await socket.recv()):
            pass


async def talks(ports: list[int], count: int) -> list[Speaker]:
    """Chats that wait for a person: the bot has handed them over and is silent from then on."""
    speakers = [Speaker(await customer(ports[place % len(ports)])) for place in range(count)]
    for speaker in speakers:
        speaker.start()
    for start in range(0, count, AT_ONCE):
        some = speakers[start : start + AT_ONCE]
        await asyncio.gather(*(speaker.say("I want to talk to a person") for speaker in some))
        async with asyncio.timeout(120):
            await asyncio.gather(*(speaker.handed_over.wait() for speaker in some))
    return speakers


async def askers(port: int, count: int) -> list[Asker]:
    """Chats whose customers have greeted the bot."""
    people = [Asker(await customer(port)) for _ in range(count)]
    for person in people:
        person.start()
    for start in range(0, count, AT_ONCE):
        await asyncio.gather(*(person.ask("hello") for person in people[start : start + AT_ONCE]))
    return people


async def cookie_of(port: int) -> str:
    """The cookie of the demo admin."""
    origin = f"http://127.0.0.1:{port}"
    async with httpx2.AsyncClient(base_url=origin, headers={"Origin": origin}) as client:
        answer = await client.post("/console/login", data={"email": "admin@wismo.example", "password": "wismo-demo"})
        assert answer.status_code == 303, answer.text
        return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


async def consoles(ports: list[int], cookie: str, chats: list[Speaker]) -> list[ClientConnection]:
    """Agents who have all these chats open, at the last of the servers first."""
    return [
        await console(ports[-1 - place % len(ports)], cookie, chats[start : start + WATCHED_AT_ONCE])
        for place, start in enumerate(range(0, len(chats), WATCHED_AT_ONCE))
    ]


async def console(port: int, cookie: str, chats: list[Speaker]) -> ClientConnection:
    """A console that has these chats open."""
    socket = await connect(
        f"ws://127.0.0.1:{port}/console/ws",
        origin=f"http://127.0.0.1:{port}",  # type: ignore[arg-type]
        compression=None,
        max_queue=None,
        additional_headers={"Cookie": cookie},
    )
    await socket.send(json.dumps({"type": "hello"}))
    await socket.recv()
    for chat in chats:
        await socket.send(json.dumps({"type": "watch", "conversation": chat.conversation, "last": 0}))
        while json.loads(await socket.recv())["type"] != "history":
            pass
    return socket
