"""The mail door over real sockets: it says yes only to what is committed, once, for each recipient."""

import asyncio
import smtplib
from collections.abc import Callable
from typing import Any

import aiosmtplib
import pytest
from tortoise.exceptions import OperationalError

from app.intake import listener as door_module
from app.intake.listener import Listener
from app.mail.arriving import storing
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
        lmtp.send(Letter(text="x\n" * 2000).bytes() + b".\r\n")
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


async def spoken(door: Listener, said: bytes, until: bytes) -> bytes:
    """Say all of it at once, as a client that pipelines; what is answered up to `until`."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(said)
    async with asyncio.timeout(10):
        answer = await reader.readuntil(until) if until else await reader.read()
    writer.close()
    return answer


BEGIN = f"LHLO mx.example\r\nMAIL FROM:<ines@example.com>\r\nRCPT TO:<{HELP}>\r\n".encode()


async def test_commands_may_come_together(door: Listener) -> None:
    one, two = (b"DATA\r\nSubject: Hi\r\n\r\n" + words + b"\r\n.\r\n" for words in (b"one", b"two"))
    answer = await spoken(door, BEGIN + one + BEGIN[17:] + two + b"QUIT\r\n", b"221 Bye\r\n")
    assert b"250-PIPELINING" in answer
    assert answer.count(b"250 2.0.0 Stored") == 2
    assert [bytes(mail.content)[-5:] for mail in await IncomingMail.all().order_by("id")] == [b"one\r\n", b"two\r\n"]


async def test_a_second_mail_cannot_be_smuggled_in(door: Listener) -> None:
    first = b"DATA\r\nSubject: 1\r\n\r\none\n.\r\n"
    second = BEGIN[17:].replace(b"ines", b"ceo") + b"DATA\r\ntwo\r\n.\r\n"
    await spoken(door, BEGIN + first + second + b"QUIT\r\n", b"221 Bye\r\n")
    [mail] = await IncomingMail.all()
    assert mail.sender == "ines@example.com"


async def test_whoever_tries_out_addresses_is_sent_away(door: Listener) -> None:
    tries = b"".join(b"RCPT TO:<a%d@lumen.example>\r\n" % number for number in range(30))
    answer = await spoken(door, BEGIN + tries, b"")
    assert answer.count(b"550 5.1.1") == 19
    assert answer.rstrip().endswith(b"421 4.7.0 Too many wrong addresses")


async def test_noise_and_floods_are_sent_away(door: Listener) -> None:
    assert b"421 4.7.0 NOOP sent too many times" in await spoken(door, b"NOOP\r\n" * 30, b"")
    many = b"".join(b"RCPT TO:<help+%d@lumen.example>\r\n" % number for number in range(120))
    answer = await spoken(door, BEGIN + many + b"QUIT\r\n", b"221 Bye\r\n")
    assert answer.count(b"452 4.5.3") == 21


async def test_another_machine_has_fewer_connections(door: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "LOOPBACK", ())
    monkeypatch.setattr(door_module, "MAX_OF_ADDRESS", 1)
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    assert (await reader.readline()).startswith(b"220")
    assert (await spoken(door, b"", b"\r\n")).startswith(b"421")
    writer.close()


async def test_a_slow_sender_is_cut_off(door: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "SLOWEST", 0.05)
    assert (await spoken(door, BEGIN + b"DATA\r\nSubject: 1", b"")).rstrip().endswith(b"please try again")
    assert await IncomingMail.all().count() == 0


async def test_a_full_disk_keeps_nothing_of_a_mail(door: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object, **__: object) -> None:
        raise OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(storing, "enqueue", full)
        with pytest.raises(smtplib.SMTPDataError) as failure:
            await talk(door, lambda smtp: smtp.sendmail("ines@example.com", [HELP], Letter().bytes()))
    assert failure.value.smtp_code == 451
    assert await IncomingMail.all().count() == 0
    await talk(door, lambda smtp: smtp.sendmail("ines@example.com", [HELP], Letter().bytes()))
    assert await IncomingMail.all().count() == await Job.filter(kind="mail.receive").count() == 1
