"""Mailboxes from the command line: a list, and fetching once."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.database import open_database, sqlite_url
from app.mail.models import IncomingMail
from core.shops import create_shop
from tests.app.commands import Desk
from tests.mail.scripted_imap import ScriptedImap, scripted

pytestmark = pytest.mark.sqlite
MAILS = {1: b"From: ines@example.com\r\nSubject: one\r\n\r\nhello\r\n", 2: b"From: lin@example.com\r\n\r\nhello\r\n"}


@pytest.fixture
def server() -> Iterator[ScriptedImap]:
    """A server in a thread of its own: commands have a loop of their own."""
    started, over, running = threading.Event(), asyncio.Event(), list[ScriptedImap]()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with scripted(mails=MAILS) as imap:
            running.append(imap)
            started.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    started.wait(10)
    yield running[0]
    loop.call_soon_threadsafe(over.set)
    thread.join(10)
    loop.close()


def test_adding_and_fetching_once(server: ScriptedImap, database_url: str, tmp_path: Path) -> None:
    assert database_url == sqlite_url(tmp_path / "wismo.db")

    async def prepare() -> None:
        async with open_database(database_url):
            await create_shop("lumen", "Lumen", "help@lumen.example", "https://lumen.example")

    async def count() -> int:
        async with open_database(database_url):
            return await IncomingMail.all().count()

    asyncio.run(prepare())
    desk = Desk(tmp_path, PRIVATE_HOSTS="true")
    place = ["--address", "help@lumen.example", "--host", "127.0.0.1", "--port", str(server.port)]
    add = ["mail", "add-mailbox", "lumen", *place, "--security", "plain", "--begin", "2026-01-01"]
    assert "the folder holds 2 mails" in desk.call(*add, typed="swordfish\n")
    assert "fetched already" in desk.call(*add, typed="swordfish\n", status=1)
    assert "help@lumen.example\t127.0.0.1\tINBOX\tnever\tfine" in desk.call("mail", "mailboxes")
    assert desk.call("mail", "fetch") == "help@lumen.example: 2 new.\n"
    assert desk.call("mail", "fetch", "--address", "help@lumen.example") == "help@lumen.example: 0 new.\n"
    assert asyncio.run(count()) == 2
    server.answers["LOGIN"] = lambda tag, _arguments: f"{tag} NO wrong\r\n".encode()
    assert "login_refused" in desk.call("mail", "fetch", status=1)
    assert "login_refused" in desk.call("mail", "mailboxes")
    given = tmp_path / "credentials.json"
    given.write_text('{"password": 7}')
    assert "no JSON object" in desk.call(*add, "--credentials-file", str(given), status=1)
