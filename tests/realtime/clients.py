"""Customers and agents at their sockets: they say what they mean and wait for what they expect, never for time."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.realtime.serving import Desk

PATIENCE = 30.0  # seconds on a busy machine, and then the test has failed
_ids = count(1)

Frame = dict[str, Any]


class Client:
    """One open socket; frames that nobody waited for are kept."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.heard: list[Frame] = []
        self.welcome: Frame = {}

    async def send(self, type: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": type, **fields}))

    async def hello(self, **fields: Any) -> Frame:
        await self.send("hello", **fields)
        self.welcome = await self.wait("welcome")
        return self.welcome

    async def post(self, text: str, *, client_id: str = "", **fields: Any) -> Frame:
        """Say something and wait for the acknowledgement."""
        client_id = client_id or f"client-id-{next(_ids)}"
        await self.send("post", client_id=client_id, text=text, **fields)
        return await self.wait("ack", client_id=client_id)

    async def wait(self, type: str, **fields: Any) -> Frame:
        """The next frame of this type with these fields; others are kept for later."""
        return await self.wait_for(lambda frame: frame["type"] == type and fields.items() <= frame.items())

    async def wait_for(self, fits: Callable[[Frame], bool]) -> Frame:
        for frame in self.heard:
            if fits(frame):
                self.heard.remove(frame)
                return frame
        async with asyncio.timeout(PATIENCE):
            while True:
                said: Frame = json.loads(await self.socket.recv())
                if fits(said):
                    return said
                self.heard.append(said)

    async def settle(self) -> list[Frame]:
        """Everything that was sent to us before the answer to a ping."""
        await self.send("ping")
        await self.wait("pong")
        heard, self.heard = self.heard, []
        return heard

    async def messages(self, up_to: int) -> list[tuple[int, str]]:
        """Numbers and texts of the live messages, in the order in which they came, until number `up_to`."""
        seen: list[tuple[int, str]] = []
        while not seen or seen[-1][0] < up_to:
            frame = await self.wait("message")
            seen.append((frame["number"], frame["text"]))
        return seen

    async def closed(self) -> int:
        """Wait until the server has closed; the code it gave."""
        async with asyncio.timeout(PATIENCE):
            try:
                while True:
                    self.heard.append(json.loads(await self.socket.recv()))
            except ConnectionClosed:
                return self.socket.close_code or 0


@asynccontextmanager
async def dialled(desk: Desk, path: str, *, origin: str | None = "", cookie: str = "") -> AsyncIterator[Client]:
    """An open socket that has said nothing yet. `origin` "" is the desk's own, None sends none."""
    headers = {"Cookie": cookie} if cookie else {}
    address = desk.address.replace("http", "ws") + path
    own = desk.address if origin == "" else origin
    async with connect(address, origin=own, additional_headers=headers, max_queue=None, compression=None) as socket:  # type: ignore[arg-type]
        yield Client(socket)


@asynccontextmanager
async def visitor(
    desk: Desk, site: str = "lumen", *, token: str = "", last: int = 0, identity: str = ""
) -> AsyncIterator[Client]:
    """A customer whose widget is open."""
    async with dialled(desk, "/chat/ws") as client:
        await client.hello(site=site, token=token, last=last, identity=identity)
        yield client


@asynccontextmanager
async def console(desk: Desk, session_token: str) -> AsyncIterator[Client]:
    """An agent whose console is open."""
    async with dialled(desk, "/console/ws", cookie=f"wismo_session={session_token}") as client:
        await client.hello()
        yield client
