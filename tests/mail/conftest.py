"""A desk with a mail door in the small named world."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.gateways.smtp import SmtpMailer
from app.intake.listener import Listener, start_listener
from app.mail.leaving.composing import Mailbox
from app.mail.leaving.writing import Dispatch
from app.settings import Settings
from core.shops import Shop
from core.tasks import remember_base_context
from tests.mail.sink import Sink, listening
from tests.people import World, make_world


@pytest.fixture
async def world(database: object) -> World:
    remember_base_context()
    return await make_world()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, mail_port=0)


@pytest.fixture
async def door(world: World, settings: Settings) -> AsyncIterator[Listener]:
    """A listening mail door."""
    listener = await start_listener(settings)
    yield listener
    await listener.close()


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    """Somebody else's mail server."""
    async with listening(Sink()) as sink:
        yield sink


@pytest.fixture
async def mailer(sink: Sink) -> AsyncIterator[SmtpMailer]:
    """Our side of it."""
    mailer = SmtpMailer(f"smtp://127.0.0.1:{sink.port}", timeout=5)
    yield mailer
    await mailer.close()


@dataclass
class Letter:
    """A mail as a customer's program would write it."""

    sender: str = "Ines <ines@example.com>"
    to: str = "help@lumen.example"
    subject: str = "Where is my lamp?"
    text: str = "Hello, where is my order 1001?"
    header_id: str = "first@example.com"
    extra: str = ""

    def bytes(self) -> bytes:
        head = f"From: {self.sender}\nTo: {self.to}\nSubject: {self.subject}\nMessage-ID: <{self.header_id}>\n"
        head += f"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n{self.extra}\n"
        return (head + self.text + "\n").replace("\n", "\r\n").encode()


def code_for(shop: Shop, address: str, key: str) -> Dispatch:
    """A letter with a one-time code."""
    context = {"code": "123456", "minutes": 10}
    return Dispatch(shop=shop, to=(Mailbox("", address),), template="code", context=context, language="en", key=key)
