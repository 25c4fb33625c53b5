"""A desk of fifty lines with bugs on demand: what the harness does not find here, it would not find elsewhere."""

import asyncio
import json
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

BUGS = ("loses", "doubles", "moves", "reorders", "skips", "forgets to tell")


class Toy:
    """Keeps everything in memory and drops a line now and then, before or after the acknowledgement."""

    def __init__(self, chance: random.Random, bug: str = "") -> None:
        self.chance, self.bug = chance, bug
        self.talks: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        self.listeners: defaultdict[str, set[ServerConnection]] = defaultdict(set)
        self.resting = False  # no line is dropped any more

    async def serve(self, socket: ServerConnection) -> None:
        token = ""
        with suppress(ConnectionClosed):
            async for text in socket:
                frame = json.loads(text)
                if frame["type"] == "hello":
                    token = frame["token"] or f"token-{self.chance.random()}"
                    self.listeners[token].add(socket)
                    await self._welcome(socket, token, frame)
                elif frame["type"] == "post":
                    await self._post(socket, token, frame["client_id"])
                elif frame["type"] == "fetch":
                    history = {"messages": self._messages(token, frame["after"]), "more": False}
                    await _send(socket, "history", **history)
                elif frame["type"] == "ping":
                    await _send(socket, "pong")
        self.listeners[token].discard(socket)

    async def _welcome(self, socket: ServerConnection, token: str, hello: dict[str, Any]) -> None:
        talk = token if self.talks[token] else None
        messages = self._messages(token, hello["last"])
        await _send(socket, "welcome", visitor_token=token, conversation=talk, messages=messages, truncated=False)

    def _messages(self, token: str, after: int) -> list[dict[str, Any]]:
        found = [{"number": number, "client_id": said} for number, said in self.talks[token] if number > after]
        return sorted(found, key=lambda message: int(str(message["number"])))

    async def _post(self, socket: ServerConnection, token: str, client_id: str) -> None:
        talk = self.talks[token]
        known = next((number for number, said in talk if said == client_id), None)
        number = known or len(talk) + 1 + (self.bug == "skips" and self._now() and len(talk) > 3)
        if known is None or self.bug == "doubles":
            number = len(talk) + 1 if known else number
            if not (self.bug == "loses" and self._now()):
                talk.append((number, client_id))
            if self.bug == "reorders" and len(talk) > 3 and self._now():
                (late, one), (early, other) = talk[-1], talk[-3]
                talk[-1], talk[-3] = (late, other), (early, one)
            if self.bug == "moves" and len(talk) > 3 and self._now():
                number += 1
        if self.bug != "forgets to tell" or len(talk) < 3:
            for listener in list(self.listeners[token]):
                with suppress(ConnectionClosed):
                    await _send(listener, "message", number=number, client_id=client_id)
        if not self.resting and self._now():
            socket.transport.abort()
        else:
            await _send(socket, "ack", client_id=client_id, number=number, conversation=token)

    def _now(self) -> bool:
        return self.chance.random() < 0.1


async def _send(socket: ServerConnection, type: str, **fields: Any) -> None:
    await socket.send(json.dumps({"type": type, **fields}))


@asynccontextmanager
async def toy_desk(chance: random.Random, bug: str) -> AsyncIterator[tuple[Toy, str]]:
    """A toy and its address."""
    toy = Toy(chance, bug)
    async with serve(toy.serve, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield toy, f"http://127.0.0.1:{port}"
        await asyncio.sleep(0)
