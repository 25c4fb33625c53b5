"""A TCP proxy that can be as bad as any network: slow, stalled, cut, half-closed or not there."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

CHUNK = 16_384


@dataclass
class Weather:
    """What happens to the bytes of a hop; the defaults do nothing."""

    delay: float = 0.0  # seconds for each piece
    rate: float = 0.0  # bytes a second; 0: as fast as it goes
    stalled: bool = False  # nothing flows, and nobody is told
    refusing: bool = False  # new connections end at once
    deaf_after: int = -1  # bytes of answers that pass on each connection, and then it is reset
    cut_every: int = 0  # every so many COMMITs the question passes and the answer does not: the line is reset


class Watch(Protocol):
    """Who reads along."""

    def asked(self, line: object, piece: bytes) -> None:
        """A piece is about to go to the server."""

    def answered(self, line: object, piece: bytes) -> None:
        """A piece of the server's went to the client."""

    def ended(self, line: object) -> None:
        """Nothing comes over this line any more."""


class FaultProxy:
    """Listens on a free port and passes on to `port` of this machine, through its `weather`."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.port = 0
        self.weather = Weather()
        self.watch: Watch | None = None
        self._lines: set[_Line] = set()
        self._commits = 0
        self._calm = asyncio.Event()
        self._calm.set()

    def stall(self) -> None:
        """Hold everything back until `clear`."""
        self.weather = Weather(stalled=True)
        self._calm.clear()

    def clear(self) -> None:
        """Fine weather again."""
        self.weather = Weather()
        self._calm.set()

    def reset(self) -> int:
        """Tear every open line down, as a router that has forgotten them. Returns how many."""
        lines = list(self._lines)
        for line in lines:
            line.reset()
        return len(lines)

    def half_close(self) -> int:
        """Say to both ends of every line that the other one has nothing more to say. Returns how many."""
        lines = list(self._lines)
        for line in lines:
            line.half_close()
        return len(lines)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One line."""
        if self.weather.refusing:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        line = _Line(writer, far_writer)
        self._lines.add(line)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, far_writer, line, answers=False))
                group.create_task(self._pump(far_reader, writer, line, answers=True))
        except* OSError:
            pass
        finally:
            line.reset()
            self._lines.discard(line)
            if self.watch is not None:
                self.watch.ended(line)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: "_Line", *, answers: bool
    ) -> None:
        passed = 0
        while piece := await reader.read(CHUNK):
            weather = self.weather
            if weather.delay or weather.rate:
                await asyncio.sleep(weather.delay + (len(piece) / weather.rate if weather.rate else 0))
            await self._calm.wait()
            if answers:
                passed += len(piece)
                if line.doomed or 0 <= self.weather.deaf_after < passed:
                    line.reset()
                    raise ConnectionResetError
            elif self.weather.cut_every and b"COMMIT" in piece:
                self._commits += 1
                line.doomed = self._commits % self.weather.cut_every == 0
            if line.half_closed:  # nobody is there to take it
                continue
            if self.watch is not None and not answers:
                self.watch.asked(line, piece)
            writer.write(piece)
            await writer.drain()
            if self.watch is not None and answers:
                self.watch.answered(line, piece)
        with contextlib.suppress(OSError, RuntimeError):
            writer.write_eof()


class _Line:
    """Both ends of a connection."""

    def __init__(self, near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        self.ends = (near, far)
        self.doomed = False  # the next answer does not arrive
        self.half_closed = False

    def reset(self) -> None:
        for end in self.ends:
            end.transport.abort()

    def half_close(self) -> None:
        self.half_closed = True
        for end in self.ends:
            with contextlib.suppress(OSError, RuntimeError):
                end.write_eof()


@asynccontextmanager
async def proxy_to(port: int) -> AsyncIterator[FaultProxy]:
    """A proxy in front of `port` for the length of the block."""
    proxy = FaultProxy(port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        proxy.clear()
        proxy.reset()
