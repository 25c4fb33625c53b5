"""The SMTP client against a real server that behaves well, badly, or hangs up."""

import asyncio

import pytest

from app.gateways import smtp, smtp_line
from app.gateways.mail import MailDeferred, MailRefused
from app.gateways.smtp import SmtpMailer
from core.errors import Invalid
from tests.mail.sink import Sink, listening

MAIL = b"Subject: x\r\n\r\nhello\r\n"
HELP, INES, BEN = "help@lumen.example", "ines@example.com", "ben@example.net"


async def test_mails_share_one_connection(sink: Sink, mailer: SmtpMailer) -> None:
    for number in range(3):
        assert await mailer.send(HELP, [f"{number}@example.com"], MAIL) == {}
    assert [recipients for _, recipients, _ in sink.mails] == [["0@example.com"], ["1@example.com"], ["2@example.com"]]
    assert sink.mails[0][2] == MAIL
    assert sink.connections == 1


async def test_a_few_connections_at_the_same_time(sink: Sink, mailer: SmtpMailer) -> None:
    sink.stall = 0.02
    await asyncio.gather(*(mailer.send(HELP, [f"{number}@example.com"], MAIL) for number in range(12)))
    assert len(sink.mails) == 12
    assert sink.most_open == sink.connections == smtp.CONNECTIONS


async def test_a_connection_is_not_used_for_ever(
    sink: Sink, mailer: SmtpMailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "MAX_MAILS", 2)
    for _ in range(5):
        await mailer.send(HELP, [INES], MAIL)
    assert (len(sink.mails), sink.connections) == (5, 3)


async def test_idle_connections_are_closed(sink: Sink, mailer: SmtpMailer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "MAX_IDLE", 0.01)
    await mailer.send(HELP, [INES], MAIL)
    async with asyncio.timeout(5):
        while sink.open:
            await asyncio.sleep(0.005)


async def test_a_kept_connection_that_is_gone_costs_nothing(
    sink: Sink, mailer: SmtpMailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp_line, "IDLE", -1)
    await mailer.send(HELP, [INES], MAIL)
    await mailer.send(HELP, [INES], MAIL)  # reset before it is used again
    mailer._idle[0].client.close()
    await mailer.send(HELP, [INES], MAIL)
    assert (len(sink.mails), sink.connections) == (3, 2)


async def test_international_addresses(sink: Sink, mailer: SmtpMailer) -> None:
    await mailer.send(HELP, ["林@例子.example"], "Subject: 你好\r\n\r\n".encode())
    assert sink.mails[0][1] == ["林@例子.example"]
    await mailer.close()
    sink.utf8 = False
    with pytest.raises(MailRefused):
        await mailer.send(HELP, ["林@例子.example"], MAIL)
    await mailer.send(HELP, [INES], MAIL)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ("554 5.6.0 spam", MailRefused),
        ("552 5.3.4 too large", MailRefused),
        ("452 4.3.1 disk full", MailDeferred),
        ("421 4.3.2 shutting down", MailDeferred),
    ],
)
async def test_a_no_to_the_mail_is_for_good_or_for_now(
    sink: Sink, mailer: SmtpMailer, data: str, error: type[Exception]
) -> None:
    sink.data = data
    with pytest.raises(error) as failure:
        await mailer.send(HELP, [INES], MAIL)
    assert data in str(failure.value)
    sink.data = "250 OK"
    await mailer.send(HELP, [INES], MAIL)
    assert len(sink.mails) == 1


async def test_what_the_server_says_is_too_large_is_not_sent(sink: Sink, mailer: SmtpMailer) -> None:
    with pytest.raises(MailRefused) as failure:
        await mailer.send(HELP, [INES], MAIL + b"x" * 200_000)
    assert "552" in str(failure.value)
    await mailer.send(HELP, [INES], MAIL)
    assert sink.connections == 1


async def test_recipients_are_refused_one_by_one(sink: Sink, mailer: SmtpMailer) -> None:
    sink.refusals = {BEN: "550 5.1.1 no such user", "late@example.net": "451 4.2.1 greylisted"}
    refused = await mailer.send(HELP, [INES, BEN, "late@example.net"], MAIL)
    assert {address: (refusal.words, refusal.final) for address, refusal in refused.items()} == {
        BEN: ("550 5.1.1 no such user", True),
        "late@example.net": ("451 4.2.1 greylisted", False),
    }
    assert sink.mails[0][1] == [INES]
    assert list(await mailer.send(HELP, [BEN], MAIL)) == [BEN]
    assert (len(sink.mails), sink.connections) == (1, 1)


@pytest.mark.parametrize(("cut", "taken"), [("data", 0), ("dot", 1)])
async def test_a_lost_connection_is_made_again(sink: Sink, mailer: SmtpMailer, cut: str, taken: int) -> None:
    sink.cut = cut
    with pytest.raises(MailDeferred):
        await mailer.send(HELP, [INES], MAIL)
    sink.cut = ""
    await mailer.send(HELP, [INES], MAIL)
    assert (len(sink.mails), sink.connections) == (taken + 1, 2)


async def test_a_stalled_server_is_given_up(sink: Sink) -> None:
    mailer = SmtpMailer(f"smtp://127.0.0.1:{sink.port}", timeout=5, data_timeout=0.05)
    sink.stall = 0.5
    with pytest.raises(MailDeferred):
        await mailer.send(HELP, [INES], MAIL)
    sink.stall = 0
    await mailer.send(HELP, [INES], MAIL)
    await mailer.close()
    assert sink.connections == 2


async def test_a_stuck_server_keeps_few_waiting(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "PATIENCE", 0.05)
    mailer, sink.stall = SmtpMailer(f"smtp://127.0.0.1:{sink.port}", timeout=5), 0.5
    outcomes = await asyncio.gather(
        *(mailer.send(HELP, [f"{number}@example.com"], MAIL) for number in range(6)), return_exceptions=True
    )
    assert len([outcome for outcome in outcomes if isinstance(outcome, MailDeferred)]) == 2
    assert len(sink.mails) == smtp.CONNECTIONS
    await mailer.close()


async def test_a_server_that_is_away_is_not_asked_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening(Sink()) as sink:
        address = f"smtp://127.0.0.1:{sink.port}"
    mailer = SmtpMailer(address, timeout=2)
    for _ in range(2):
        with pytest.raises(MailDeferred) as away:
            await mailer.send(HELP, [INES], MAIL)
        assert "ConnectError" in str(away.value)
    async with listening(sink):
        with pytest.raises(MailDeferred):
            await mailer.send(HELP, [INES], MAIL)
        assert sink.connections == 0
        mailer._away_until = 0.0
        await mailer.send(HELP, [INES], MAIL)
        assert sink.connections == 1
    await mailer.close()


async def test_whoever_gives_up_waiting_leaves_no_half_dialogue(sink: Sink, mailer: SmtpMailer) -> None:
    sink.stall = 5
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await mailer.send(HELP, [INES], MAIL)
    sink.stall = 0
    await mailer.send(HELP, [INES], MAIL)
    assert sink.connections == 2


async def test_nobody_listens() -> None:
    mailer = SmtpMailer("smtp://127.0.0.1:1", timeout=2)
    with pytest.raises(MailDeferred):
        await mailer.send(HELP, [INES], MAIL)
    await mailer.close()


async def test_starttls_is_never_given_up(sink: Sink) -> None:
    mailer = SmtpMailer(f"smtp+starttls://user:secret@127.0.0.1:{sink.port}", timeout=2)
    with pytest.raises(MailDeferred) as failure:
        await mailer.send(HELP, [INES], MAIL)
    assert "secret" not in str(failure.value)
    assert sink.mails == []
    await mailer.close()


@pytest.mark.parametrize("address", ["a@b.c>\r\nRCPT TO:<d@e.f", "a b@c.d", "", "nobody", "a@b.c\nDATA"])
async def test_commands_cannot_be_injected(sink: Sink, mailer: SmtpMailer, address: str) -> None:
    with pytest.raises(MailRefused):
        await mailer.send(HELP, [INES, address], MAIL)
    with pytest.raises(MailRefused):
        await mailer.send(address, [INES], MAIL)
    assert sink.connections == 0


@pytest.mark.parametrize("url", ["http://x", "smtp://host:port", "mail.example"])
def test_bad_urls(url: str) -> None:
    with pytest.raises(Invalid):
        SmtpMailer(url)


async def test_a_wrong_password_is_not_tried_again_and_again(sink: Sink) -> None:
    sink.users = {"help": "swordfish"}
    mailer = SmtpMailer(f"smtp://help:hunter2@127.0.0.1:{sink.port}", timeout=2)
    for _ in range(3):
        with pytest.raises(MailDeferred) as refused:
            await mailer.send(HELP, [INES], MAIL)
        assert "535 5.7.8 wrong user name" in str(refused.value)
    assert (sink.connections, sink.asked) == (1, 1)
    await mailer.close()
    right = SmtpMailer(f"smtp://help:swordfish@127.0.0.1:{sink.port}", timeout=2)
    await right.send(HELP, [INES], MAIL)
    await right.close()
    assert sink.signed_in == ["help"]
