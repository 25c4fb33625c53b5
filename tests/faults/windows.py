"""Windows on one conversation that can stop reading: a customer's, an agent's, and one that polls."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import httpx2
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.scale.running import PASSWORD, Door

SMALL = 4096  # bytes that the reader's side of the line keeps
AGENT = "maya@wismo.example"


@dataclass
class Place:
    """Which conversation, how its customer is known, and how far a window has got."""

    token: str
    conversation: str
    last: int = 0

    def take(self, messages: list[dict[str, Any]]) -> None:
        """Count what follows without a hole."""
        for message in sorted(messages, key=lambda message: int(message["number"])):
            self.last += message["number"] == self.last + 1


class Window(Protocol):
    """A line that is open."""

    async def ask(self) -> None:
        """Ask for messages, whether or not anybody reads them."""

    async def take(self) -> int:
        """Read until the desk ends the line. Returns the close code, 0 for none."""
        ...


Open = Callable[[Door, Place], AbstractAsyncContextManager[Window]]


class SocketWindow:
    """The widget or the console of somebody who follows the conversation."""

    def __init__(self, line: ClientConnection, place: Place) -> None:
        self.line, self.place, self._after = line, place, place.last

    async def ask(self) -> None:
        fetch = {"type": "fetch", "after": self._after, "conversation": self.place.conversation}
        with contextlib.suppress(ConnectionClosed, TimeoutError):
            async with asyncio.timeout(1):
                await self.line.send(json.dumps(fetch))

    async def take(self) -> int:
        try:
            while True:
                self._heard(json.loads(await self.line.recv()))
        except ConnectionClosed:
            return self.line.close_code or 0

    async def up_to(self, number: int) -> None:
        """Ask for what is missing, as every client does, until `number` is there."""
        await self._say(type="fetch", after=self.place.last, conversation=self.place.conversation)
        while self.place.last < number:
            frame = json.loads(await self.line.recv())
            self._heard(frame)
            if frame["type"] == "history" and frame["more"]:
                await self._say(type="fetch", after=self.place.last, conversation=self.place.conversation)

    async def _say(self, **frame: Any) -> None:
        await self.line.send(json.dumps(frame))

    def _heard(self, frame: dict[str, Any]) -> None:
        self.place.take(frame.get("messages", []) + ([frame] if frame["type"] == "message" else []))


class PollWindow:
    """Requests in a row on one line; nobody has to read their answers."""

    def __init__(self, line: socket.socket, request: bytes) -> None:
        self.line, self.request = line, request

    async def ask(self) -> None:
        with contextlib.suppress(OSError):  # OSError includes TimeoutError: the desk reads no further either
            async with asyncio.timeout(0.05):
                await asyncio.get_running_loop().sock_sendall(self.line, self.request)

    async def take(self) -> int:
        while await asyncio.get_running_loop().sock_recv(self.line, 1 << 16):
            pass
        return 0


@asynccontextmanager
async def customer_window(web: Door, place: Place) -> AsyncIterator[SocketWindow]:
    """Another widget of the same customer."""
    async with _socket(web, "/chat/ws", "") as line:
        await line.send(json.dumps({"type": "hello", "site": "lumen", "token": place.token, "last": place.last}))
        yield SocketWindow(line, place)


@asynccontextmanager
async def console_window(web: Door, place: Place) -> AsyncIterator[SocketWindow]:
    """The console of an agent who watches the conversation."""
    async with _socket(web, "/console/ws", await signed_in(web)) as line:
        await line.send(json.dumps({"type": "hello"}))
        await line.send(json.dumps({"type": "watch", "conversation": place.conversation, "last": place.last}))
        yield SocketWindow(line, place)


@asynccontextmanager
async def poll_window(web: Door, place: Place) -> AsyncIterator[PollWindow]:
    """A widget where sockets are blocked: it asks for the whole conversation each time."""
    host = web.address.removeprefix("http://")
    body = json.dumps({"step": "open", "hello": {"site": "lumen", "token": place.token, "last": 0}}).encode()
    head = f"POST /chat/poll HTTP/1.1\r\nHost: {host}\r\nOrigin: {web.address}\r\nContent-Length: {len(body)}\r\n\r\n"
    async with _line(web) as line:
        yield PollWindow(line, head.encode() + body)


async def signed_in(web: Door) -> str:
    """The cookie of an agent who has logged in."""
    async with httpx2.AsyncClient(base_url=web.address, headers={"Sec-Fetch-Site": "same-origin"}) as browser:
        answer = await browser.post("/console/login", data={"email": AGENT, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return f"wismo_session={browser.cookies['wismo_session']}"


@asynccontextmanager
async def _socket(web: Door, path: str, cookie: str) -> AsyncIterator[ClientConnection]:
    """Keeps one frame and then reads no further, until somebody takes it."""
    options: Any = {"max_queue": 1, "max_size": None, "compression": None, "ping_interval": None, "close_timeout": 0.2}
    headers: Any = {"Cookie": cookie} if cookie else {}
    url, origin = web.address.replace("http", "ws") + path, web.address
    async with (
        _line(web) as line,
        connect(url, sock=line, origin=origin, additional_headers=headers, proxy=None, **options) as opened,  # type: ignore[arg-type]
    ):
        yield opened


@asynccontextmanager
async def _line(web: Door) -> AsyncIterator[socket.socket]:
    host, port = web.address.removeprefix("http://").split(":")
    with contextlib.closing(socket.socket()) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        line.setblocking(False)
        await asyncio.get_running_loop().sock_connect(line, (host, int(port)))
        yield line


def again(opened: Open, web: Door, place: Place, number: int) -> Awaitable[None]:
    """Come back with what one has, and read on up to `number`. Raises TimeoutError if it never comes."""

    async def back() -> None:
        async with asyncio.timeout(20), opened(web, place) as window:
            assert isinstance(window, SocketWindow)
            await window.up_to(number)

    return back()


WINDOWS: dict[str, Open] = {"customer": customer_window, "console": console_window, "poll": poll_window}
