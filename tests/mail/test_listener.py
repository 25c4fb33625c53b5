"""The mail door over real sockets: it says yes only to what is committed, once, for each recipient."""

import asyncio
import smtplib
from collections.abc import Callable
from typing import Any

import aiosmtplib
import pytest

from app.intake import listener as door_module
from app.intake.listener import Listener
from app.mail.arriving.storing import store_mail
from app.mail.models import IncomingMail
from core.jobs import Job
from core.tasks import spawn
from tests.mail.conftest import Letter
from tests.people import World

HELP = "help@lumen.example"


async def talk(
    door: Listener, conversation: Callable[[smtplib.SMTP], Any], client: type[smtplib.SMTP] = smtplib.SMTP
) -> Any:
    """Let the standard library's client speak, in a thread."""

    def run() -> Any:
        with client("127.0.0.1", door.port, local_hostname="mx.example", timeout=10) as connection:
            return conversation(connection)

    return await asyncio.to_thread(run)


async def test_smtp_mail_is_stored_byte_for_byte_with_a_job(door: Listener, world: World) -> None:
    content = Letter(text="早上好\n.\n..dots\n" + "x" * 5000).bytes()
    await talk(door, lambda smtp: smtp.sendmail("ines@example.com", [HELP], content, ["BODY=8BITMIME"]))
    mail = await IncomingMail.get()
    assert (mail.content, mail.sender, mail.recipient) == (content, "ines@example.com", HELP)
    assert (mail.state, mail.shop_id) == ("stored", world.lumen.id)
    job = await Job.get(kind="mail.receive")
    assert job.args == {"incoming_mail": mail.id}


async def test_the_same_mail_twice_is_one_row_and_yes_again(door: Listener) -> None:
    content = Letter().bytes()
    for _ in range(2):
        await talk(door, lambda smtp: smtp.sendmail("ines@example.com", [HELP], content))
    assert await IncomingMail.all().count() == 1
    assert await Job.filter(kind="mail.receive").count() == 1


async def test_the_same_mail_at_the_same_time(door: Listener) -> None:
    content = Letter().bytes()
    mails = [talk(door, lambda smtp: smtp.sendmail("ines@example.com", [HELP], content)) for _ in range(5)]
    assert await asyncio.gather(*mails) == [{}] * 5
    assert await IncomingMail.all().count() == 1


async def test_lmtp_answers_for_each_recipient(door: Listener) -> None:
    def deliver(lmtp: smtplib.SMTP) -> list[tuple[int, bytes]]:
        lmtp.ehlo_or_helo_if_needed()
        lmtp.mail("")
        answers = [lmtp.rcpt(address) for address in (HELP, "nobody@lumen.example", "HELP+x@Chaye.example")]
        lmtp.putcmd("data")
        answers.append(lmtp.getreply())
        lmtp.send(Letter().bytes() + b".\r\n")
        return [*answers, lmtp.getreply(), lmtp.getreply()]

    codes = [code for code, _ in await talk(door, deliver, smtplib.LMTP)]
    assert codes == [250, 550, 250, 354, 250, 250]
    assert {mail.recipient for mail in await IncomingMail.all()} == {HELP, "HELP+x@Chaye.example"}
    assert {mail.sender for mail in await IncomingMail.all()} == {""}


@pytest.mark.parametrize("address", ["help@elsewhere.example", "lumen.example", "help@lumen.example.evil.example"])
async def test_other_addresses_are_refused_at_once(door: Listener, address: str) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refusal:
        await talk(door, lambda smtp: smtp.sendmail("ines@example.com", [address], Letter().bytes()))
    assert refusal.value.recipients[address][0] in (550, 553)
    assert await IncomingMail.all().count() == 0


async def test_a_broken_database_means_try_again(door: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*args: object) -> None:
        raise OSError("no database")

    monkeypatch.setattr(door_module, "store_mail", broken)
    with pytest.raises(smtplib.SMTPDataError) as failure:
        await talk(door, lambda smtp: smtp.sendmail("ines@example.com", [HELP], Letter().bytes()))
    assert failure.value.smtp_code == 451
    monkeypatch.setattr(door_module, "shop_of", broken)
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refusal:
        await talk(door, lambda smtp: smtp.sendmail("ines@example.com", [HELP], Letter().bytes()))
    assert refusal.value.recipients[HELP][0] == 451


async def test_too_large_is_refused_for_each_recipient(door: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "MAX_BYTES", 2000)

    def deliver(lmtp: smtplib.SMTP) -> list[int]:
        lmtp.ehlo_or_helo_if_needed()
        lmtp.mail("ines@example.com")
        lmtp.rcpt(HELP)
        lmtp.rcpt("help@chaye.example")
        lmtp.putcmd("data")
        lmtp.getreply()
        lmtp.send(Letter(text="x\n" * 5000).bytes() + b".\r\n")
        return [lmtp.getreply()[0], lmtp.getreply()[0], lmtp.noop()[0]]

    assert await talk(door, deliver, smtplib.LMTP) == [552, 552, 250]
    assert await IncomingMail.all().count() == 0


async def test_long_lines_and_old_greetings(door: Listener) -> None:
    def deliver(smtp: smtplib.SMTP) -> None:
        smtp.helo("mx.example")
        smtp.mail("ines@example.com")
        smtp.rcpt(HELP)
        assert smtp.data(Letter(text="很" * 100_000).bytes())[0] == 250

    await talk(door, deliver)
    assert "很" * 100_000 in (await IncomingMail.get()).content.decode()


async def test_a_sender_who_hangs_up_before_the_answer_loses_nothing(door: Listener) -> None:
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=door.port)
    await client.connect()
    for command in (b"MAIL", b"FROM:<ines@example.com>"), (b"RCPT", f"TO:<{HELP}>".encode()), (b"DATA",):
        await client.execute_command(*command)
    assert client.transport is not None
    client.transport.write(Letter().bytes() + b".\r\n")  # type: ignore[attr-defined]
    client.close()
    async with asyncio.timeout(5):
        while not await IncomingMail.exists():
            await asyncio.sleep(0.01)


async def test_too_many_connections_are_sent_away(door: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "MAX_CONNECTIONS", 1)
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    assert (await reader.readline()).startswith(b"220")
    late_reader, late_writer = await asyncio.open_connection("127.0.0.1", door.port)
    assert (await late_reader.readline()).startswith(b"421")
    for closing in (writer, late_writer):
        closing.close()
        await closing.wait_closed()


async def test_closing_waits_for_what_is_being_stored(door: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = asyncio.Event()

    async def slow(*args: Any) -> IncomingMail:
        begun.set()
        await asyncio.sleep(0.05)
        return await store_mail(*args)

    monkeypatch.setattr(door_module, "store_mail", slow)
    sending = spawn(talk(door, lambda smtp: smtp.sendmail("ines@example.com", [HELP], Letter().bytes())), name="sender")
    await begun.wait()
    await door.close()
    assert await sending == {}
    assert await IncomingMail.all().count() == 1
