"""SIGTERM under load, with a mail server that hangs: over in five seconds, nothing is lost, jobs come back."""

import asyncio
import random
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.stopping import STOP_SECONDS
from tests.faults.history import History
from tests.faults.people import Writer, stored
from tests.scale.running import Process, customer
from tests.scale.waiting import until
from tests.servers import free_port

pytestmark = [pytest.mark.slow, pytest.mark.anyio]


class MailServer:
    """Takes connections; says nothing until it is well again."""

    def __init__(self) -> None:
        self.well = asyncio.Event()
        self.port = 0
        self.connections = 0
        self.letters = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        await self.well.wait()
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            word = line[:4].upper().strip()
            writer.write({b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}.get(word, b"250 fine\r\n"))
            if word == b"DATA":
                await reader.readuntil(b"\r\n.\r\n")
                self.letters += 1
                writer.write(b"250 taken\r\n")
        writer.close()


@pytest.fixture
async def mail_server() -> AsyncIterator[MailServer]:
    async with mail_server_running() as server:
        yield server


@asynccontextmanager
async def mail_server_running() -> AsyncIterator[MailServer]:
    mail = MailServer()
    server = await asyncio.start_server(mail.serve, "127.0.0.1", 0)
    mail.port = server.sockets[0].getsockname()[1]
    try:
        yield mail
    finally:
        mail.well.set()
        server.close()


@pytest.fixture
def environment(data_folder: Path, mail_server: MailServer) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "WISMO_DATA_DIR": str(data_folder),
        "WISMO_PORT": str(free_port()),
        "WISMO_MAIL_PORT": "-1",
        "WISMO_SMTP_URL": f"smtp://127.0.0.1:{mail_server.port}",
        "WISMO_RATE_SCALE": "20",
        "WISMO_LOG_LEVEL": "warning",
    }


async def test_the_whole_desk_stops_in_time_and_goes_on_where_it_was(
    environment: dict[str, str], mail_server: MailServer
) -> None:
    chance, history, stop = random.Random(5), History(), asyncio.Event()
    desk = Process(environment, "run")
    await asyncio.to_thread(desk.wait_until_open)
    address = desk.address
    writers = [Writer(f"w{n}", lambda: address, history, chance, 0.02) for n in range(6)]
    async with asyncio.TaskGroup() as group:
        for writer in writers:
            group.create_task(writer.write(stop))
        async with customer(desk) as bob:
            await bob.post("where is my order 1010?")
            await bob.wait("message", form="code")
        await until(lambda: mail_server.connections > 0 and len(history.waits) > 50)

        started = time.monotonic()
        desk.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(desk.process.wait, 20) == 0, desk.said()
        assert time.monotonic() - started < STOP_SECONDS
        assert "Traceback" not in desk.said(), desk.said()

        mail_server.well.set()
        desk = Process(environment, "run")
        try:
            await asyncio.to_thread(desk.wait_until_open)
            acked = len(history.waits)
            await until(lambda: len(history.waits) > acked + 50 and mail_server.letters == 1)
            stop.set()
            await until(lambda: all(len(post.numbers) for post in history.posts.values()))
            verdict = history.judge({writer.name: await stored(writer) for writer in writers})
            assert verdict.clean, verdict
        finally:
            stop.set()
            await asyncio.to_thread(desk.end)
    assert mail_server.letters == 1
