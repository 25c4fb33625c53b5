"""A mail server that keeps what it gets, unless it was told to answer something else or to break off."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from aiosmtpd.smtp import SMTP


@dataclass
class Sink:
    """`refusals` are answers for single recipients; `cut` is where the connection breaks: data · dot."""

    port: int = 0
    rcpt: str = "250 OK"
    data: str = "250 OK"
    refusals: dict[str, str] = field(default_factory=dict)
    cut: str = ""
    stall: float = 0  # seconds before the answer to the dot
    utf8: bool = True
    connections: int = 0
    open: int = 0
    most_open: int = 0
    mails: list[tuple[str, list[str], bytes]] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        answer = self.refusals.get(address, self.rcpt)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        await asyncio.sleep(self.stall)
        if self.data.startswith("250"):
            self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        if self.cut == "dot":
            server.transport.abort()
        return self.data


class _Server(SMTP):
    sink: Sink

    def connection_made(self, transport: Any) -> None:
        self.sink.connections += 1
        self.sink.open += 1
        self.sink.most_open = max(self.sink.most_open, self.sink.open)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.sink.open -= 1
        super().connection_lost(error)

    async def smtp_DATA(self, arg: str) -> None:
        if self.sink.cut == "data":
            cast(asyncio.Transport, self.transport).abort()
        else:
            await super().smtp_DATA(arg)


@asynccontextmanager
async def listening(sink: Sink) -> AsyncIterator[Sink]:
    """The sink behind a free port of this machine."""
    loop = asyncio.get_running_loop()

    def connected() -> SMTP:
        server = _Server(sink, hostname="sink.example", enable_SMTPUTF8=sink.utf8, data_size_limit=100_000, loop=loop)
        server.sink = sink
        return server

    listener = await loop.create_server(connected, "127.0.0.1", sink.port)
    sink.port = listener.sockets[0].getsockname()[1]
    yield sink
    listener.close()
    await listener.wait_closed()
