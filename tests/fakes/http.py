"""A small HTTP server on loopback for the twins of shops: real sockets, and the troubles that real shops make."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from core.clock import now


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    target: str = ""  # the path with its query, as it was written


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; `cut` closes the connection in the middle of it, `after` waits so many seconds before it."""

    status: int = 200
    data: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    cut: bool = False
    after: float = 0.0


class FakeShop:
    """Answers by `answer`. `troubles` come first, one a request; `between` runs once an answer has been made."""

    def __init__(self) -> None:
        self.address = ""
        self.asked: list[Asked] = []
        self.troubles: deque[Reply] = deque()
        self.between: Callable[[], None] = lambda: None
        self.clock: Callable[[], datetime] = now

    def answer(self, asked: Asked) -> Reply:
        raise NotImplementedError

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Listen on a free port for the length of the block."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield
        finally:
            server.close()
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = await _read(reader)
            self.asked.append(asked)
            reply = self.troubles.popleft() if self.troubles else self.answer(asked)
            await asyncio.sleep(reply.after)
            self.between()
            writer.write(self._written(reply))
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    def _written(self, reply: Reply) -> bytes:
        body = reply.raw if reply.raw is not None else json.dumps(reply.data, ensure_ascii=False).encode()
        date = format_datetime(self.clock(), usegmt=True)
        head = {"Content-Type": "application/json", "Date": date, "Content-Length": str(len(body)), **reply.headers}
        lines = [f"HTTP/1.1 {reply.status} -", *(f"{k}: {v}" for k, v in head.items()), "Connection: close", "", ""]
        whole = "\r\n".join(lines).encode() + body
        return whole[: -max(len(body) // 2, 1)] if reply.cut else whole


async def _read(reader: asyncio.StreamReader) -> Asked:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    url = urlsplit(target)
    return Asked(method, unquote(url.path), dict(parse_qsl(url.query)), headers, body, target)
