"""Writers and readers who speak the chat protocol through any weather: they resend, reconnect and heal by number."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, WebSocketException

from tests.faults.history import History, Stored

PATIENCE = 4.0  # seconds without an answer, and then the line counts as dead
TRANSIENT = {"database_busy", "internal", "too_many", "unavailable"}
AWAY = (OSError, WebSocketException, InvalidHandshake, TimeoutError, EOFError)

Address = Callable[[], str]  # where the desk is now, as http://host:port


class Writer:
    """A customer who says things one after the other, a few of them before the first is acknowledged."""

    def __init__(self, name: str, address: Address, history: History, chance: random.Random, pause: float) -> None:
        self.name, self.address, self.history, self.chance, self.pause = name, address, history, chance, pause
        self.token = ""
        self.talk = ""
        self.connections = 0
        self._pending: list[str] = []
        self._numbers = count(1)

    async def write(self, stop: asyncio.Event) -> None:
        """Say things until `stop`, and then wait until all of it is acknowledged."""
        while not (stop.is_set() and not self._pending):
            try:
                async with socket_to(self.address()) as socket:
                    self.connections += 1
                    await self._over(socket, stop)
            except AWAY:
                await asyncio.sleep(self.chance.uniform(0.05, 0.3))

    async def _over(self, socket: ClientConnection, stop: asyncio.Event) -> None:
        await _say(socket, type="hello", site="lumen", token=self.token, last=0)
        welcome = await _hear(socket, "welcome")
        self.token = welcome["visitor_token"] or self.token
        self.talk = welcome["conversation"] or self.talk
        for client_id in self._pending:
            await self._post(socket, client_id)
        while not (stop.is_set() and not self._pending):
            if not stop.is_set() and len(self._pending) < 3:
                await self._post(socket, self._next())
            frame = await _frame(socket)
            if frame["type"] == "ack":
                await self._acked(frame)
            elif frame["type"] == "error":
                await self._refused(socket, frame)

    def _next(self) -> str:
        client_id = f"fault-{self.name}-{next(self._numbers):06}"
        self._pending.append(client_id)
        return client_id

    async def _post(self, socket: ClientConnection, client_id: str) -> None:
        self.history.sent(self.name, client_id)
        first = client_id.endswith("000001")
        text = "I want to talk to a person" if first else f"{self.name} says {client_id}"
        await _say(socket, type="post", client_id=client_id, text=text)

    async def _acked(self, frame: dict[str, Any]) -> None:
        client_id = frame["client_id"]
        self.talk = frame["conversation"]
        self.history.acked(client_id, frame["number"])
        if client_id in self._pending:
            self._pending.remove(client_id)
        await asyncio.sleep(self.pause * self.chance.uniform(0.5, 1.5))

    async def _refused(self, socket: ClientConnection, frame: dict[str, Any]) -> None:
        """What may pass later is sent again with all that follows it, so that the order stays."""
        if frame["code"] not in TRANSIENT:
            self.history.refused.append(f"{frame['code']}: {frame['detail']}")
            raise EOFError(frame["code"])
        await asyncio.sleep(0.2)
        raise EOFError("again, over a new line")


class Reader:
    """Another window of the same visitor: takes live messages, and asks for what it missed."""

    def __init__(self, writer: Writer, address: Address, history: History, chance: random.Random) -> None:
        self.writer, self.address, self.history, self.chance = writer, address, history, chance
        self.name = f"{writer.name}'s reader"
        self.last = 0
        self._beyond: set[int] = set()

    async def read(self, stop: asyncio.Event) -> None:
        """Follow the conversation until `stop`."""
        while not stop.is_set():
            try:
                if not self.writer.talk:
                    await asyncio.sleep(0.05)
                    continue
                async with socket_to(self.address()) as socket:
                    await self._over(socket, stop)
            except AWAY:
                await asyncio.sleep(self.chance.uniform(0.05, 0.3))

    async def _over(self, socket: ClientConnection, stop: asyncio.Event) -> None:
        await _say(socket, type="hello", site="lumen", token=self.writer.token, last=self.last)
        welcome = await _hear(socket, "welcome")
        if welcome["truncated"]:
            await _say(socket, type="fetch", after=self.last)
        else:
            self._take(welcome["messages"])
        while not stop.is_set():
            try:
                frame = await _frame(socket, 1.0)
            except TimeoutError:
                await _say(socket, type="ping")
                frame = await _frame(socket)
            if frame["type"] == "message":
                if frame["number"] > self.last + 1:
                    await _say(socket, type="fetch", after=self.last)
                else:
                    self._take([frame])
            elif frame["type"] == "hint" and frame["number"] > self.last:
                await _say(socket, type="fetch", after=self.last)
            elif frame["type"] == "history":
                self._take(frame["messages"])
                if frame["more"]:
                    await _say(socket, type="fetch", after=self.last)

    def _take(self, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            self.history.saw(self.writer.name, self.name, message["number"], message["client_id"])
            self._beyond.add(message["number"])
        while self.last + 1 in self._beyond:
            self.last += 1


async def stored(writer: Writer) -> Stored:
    """All of a writer's conversation, as somebody gets it who has nothing yet."""
    async with socket_to(writer.address()) as socket:
        await _say(socket, type="hello", site="lumen", token=writer.token, last=0)
        await _hear(socket, "welcome")
        found: Stored = []
        more = True
        while more:
            await _say(socket, type="fetch", after=found[-1][0] if found else 0)
            history = await _hear(socket, "history")
            found += [(message["number"], message["client_id"]) for message in history["messages"]]
            more = history["more"]
        return found


@asynccontextmanager
async def socket_to(address: str) -> AsyncIterator[ClientConnection]:
    """A widget's socket. It is dropped at the end, without waiting for a desk that may not answer."""
    url = address.replace("http", "ws") + "/chat/ws"
    options: Any = {"max_queue": None, "compression": None, "open_timeout": PATIENCE, "close_timeout": 0.5}
    async with connect(url, origin=address, ping_interval=None, proxy=None, **options) as socket:  # type: ignore[arg-type]
        yield socket


async def _say(socket: ClientConnection, **frame: Any) -> None:
    async with asyncio.timeout(PATIENCE):
        await socket.send(json.dumps(frame))


async def _frame(socket: ClientConnection, seconds: float = PATIENCE) -> dict[str, Any]:
    async with asyncio.timeout(seconds):
        frame: dict[str, Any] = json.loads(await socket.recv())
        return frame


async def _hear(socket: ClientConnection, type: str) -> dict[str, Any]:
    while True:
        frame = await _frame(socket)
        if frame["type"] == type:
            return frame
        if frame["type"] in {"error", "bye"}:
            raise EOFError(str(frame))
