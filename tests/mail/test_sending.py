"""The outbox against a real SMTP server that behaves well, badly, or hangs up."""

import asyncio
import email
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from app.gateways.mail import MailDeferred, MailRefused, RecordingMailer, SmtpMailer
from app.mail.leaving import sending
from app.mail.leaving.replying import reply
from app.mail.leaving.sending import send
from app.mail.models import OutgoingMail
from conversations.models import Message, Note
from core.errors import Invalid
from tests.mail.conftest import Letter
from tests.mail.test_receiving import SECRET, arrive
from tests.mail.test_replying import say
from tests.people import World


@dataclass
class Sink:
    """A mail server that keeps what it gets, unless it was told to answer something else."""

    port: int = 0
    rcpt: str = "250 OK"
    data: str = "250 OK"
    hang_up: bool = False
    connections: int = 0
    mails: list[tuple[str, list[str], bytes]] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.hang_up:
            server.transport.abort()
            return "451 gone"
        if self.data.startswith("250"):
            self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return self.data


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    sink, loop = Sink(), asyncio.get_running_loop()

    def connected() -> SMTP:
        sink.connections += 1
        return SMTP(sink, hostname="sink.example", enable_SMTPUTF8=True, loop=loop)

    server = await loop.create_server(connected, "127.0.0.1", 0)
    sink.port = server.sockets[0].getsockname()[1]
    yield sink
    server.close()
    await server.wait_closed()


@pytest.fixture
async def mailer(sink: Sink) -> AsyncIterator[SmtpMailer]:
    mailer = SmtpMailer(f"smtp://127.0.0.1:{sink.port}", timeout=5)
    yield mailer
    await mailer.close()


MAIL = b"Subject: x\r\n\r\nhello\r\n"


async def test_mails_share_one_connection(sink: Sink, mailer: SmtpMailer) -> None:
    for number in range(3):
        await mailer.send("help@lumen.example", f"{number}@example.com", MAIL)
    assert [recipients for _, recipients, _ in sink.mails] == [["0@example.com"], ["1@example.com"], ["2@example.com"]]
    assert sink.mails[0][2] == MAIL
    assert sink.connections == 1


async def test_international_addresses(sink: Sink, mailer: SmtpMailer) -> None:
    await mailer.send("help@lumen.example", "林@例子.example", "Subject: 你好\r\n\r\n".encode())
    assert sink.mails[0][1] == ["林@例子.example"]


@pytest.mark.parametrize(
    ("rcpt", "data", "error"),
    [
        ("550 5.1.1 no such user", "250 OK", MailRefused),
        ("451 4.2.1 greylisted", "250 OK", MailDeferred),
        ("250 OK", "554 5.6.0 spam", MailRefused),
        ("250 OK", "452 4.3.1 disk full", MailDeferred),
    ],
)
async def test_a_no_is_for_good_or_for_now(
    sink: Sink, mailer: SmtpMailer, rcpt: str, data: str, error: type[Exception]
) -> None:
    sink.rcpt, sink.data = rcpt, data
    with pytest.raises(error):
        await mailer.send("help@lumen.example", "ines@example.com", MAIL)
    sink.rcpt = sink.data = "250 OK"
    await mailer.send("help@lumen.example", "ines@example.com", MAIL)
    assert len(sink.mails) == sink.connections == 1


async def test_a_lost_connection_is_made_again(sink: Sink, mailer: SmtpMailer) -> None:
    sink.hang_up = True
    with pytest.raises(MailDeferred):
        await mailer.send("help@lumen.example", "ines@example.com", MAIL)
    sink.hang_up = False
    await mailer.send("help@lumen.example", "ines@example.com", MAIL)
    assert (len(sink.mails), sink.connections) == (1, 2)


async def test_nobody_listens() -> None:
    mailer = SmtpMailer("smtp://127.0.0.1:1", timeout=2)
    with pytest.raises(MailDeferred):
        await mailer.send("help@lumen.example", "ines@example.com", MAIL)
    await mailer.close()


async def test_starttls_is_never_given_up(sink: Sink) -> None:
    mailer = SmtpMailer(f"smtp+starttls://user:secret@127.0.0.1:{sink.port}", timeout=2)
    with pytest.raises(MailDeferred) as failure:
        await mailer.send("help@lumen.example", "ines@example.com", MAIL)
    assert "secret" not in str(failure.value)
    assert sink.mails == []
    await mailer.close()


@pytest.mark.parametrize("address", ["a@b.c>\r\nRCPT TO:<d@e.f", "a b@c.d", "", "nobody"])
async def test_commands_cannot_be_injected(sink: Sink, mailer: SmtpMailer, address: str) -> None:
    with pytest.raises(MailRefused):
        await mailer.send("help@lumen.example", address, MAIL)
    assert sink.connections == 0


@pytest.mark.parametrize("url", ["http://x", "smtp://host:port", "mail.example"])
def test_bad_urls(url: str) -> None:
    with pytest.raises(Invalid):
        SmtpMailer(url)


async def queued(world: World) -> OutgoingMail:
    await arrive(world.lumen, Letter())
    mail = await reply((await say(world, "It left.")).id, SECRET)
    assert mail is not None
    return mail


async def test_the_outbox_logs_what_happened(world: World, sink: Sink, mailer: SmtpMailer) -> None:
    mail = await queued(world)
    sink.data = "451 4.3.0 not now"
    with pytest.raises(MailDeferred):
        await send(mail.id, mailer)
    await mail.refresh_from_db()
    assert (mail.state, mail.attempts) == ("queued", 1)
    assert "not now" in (mail.error or "")
    sink.data = "250 OK"
    await send(mail.id, mailer)
    await send(mail.id, mailer)  # a repeated job
    await mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.error, len(sink.mails)) == ("sent", 2, None, 1)
    sender, _, content = sink.mails[0]
    assert sender == mail.sender
    assert email.message_from_bytes(content)["Message-ID"] == f"<{mail.header_id}>"


async def test_a_final_no_fails_the_message_and_tells_the_desk(world: World) -> None:
    mail = await queued(world)
    mailer = RecordingMailer()
    mailer.refuse.add("ines@example.com")
    await send(mail.id, mailer)
    await mail.refresh_from_db()
    assert mail.state == "failed"
    assert (await Message.get(id=mail.message_id)).state == "failed"
    assert "ines@example.com" in (await Note.get()).text
    await send(mail.id, mailer)
    assert mailer.sent == []


async def test_trying_ends_some_day(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "SEND_ATTEMPTS", 2)
    mail = await queued(world)
    mailer = RecordingMailer()
    mailer.defer.add("ines@example.com")
    with pytest.raises(MailDeferred):
        await send(mail.id, mailer)
    await send(mail.id, mailer)
    await mail.refresh_from_db()
    assert mail.state == "failed"
