"""One account, both ways: a mailbox that is fetched is answered from, signed in with the same credentials."""

import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.gateways import oauth
from app.gateways.mail import RecordingMailer
from app.gateways.smtp import SmtpMailer
from app.gateways.smtp_server import SmtpServer, read_url
from app.gateways.smtp_trial import attempt
from app.gateways.smtp_troubles import SmtpTrouble
from app.mail.answering import answered_through
from app.mail.identities import Words, add_identity
from app.mail.identity_models import MailIdentity
from app.mail.leaving.choosing import sender_of
from app.mail.leaving.sending import send
from app.mail.leaving.servers import Servers
from app.mail.leaving.writing import queue_letter
from app.mail.mailbox_models import OAUTH, PLAIN, Mailbox
from app.mail.mailboxes import Place, add_mailbox, change_mailbox, credentials_of, place_of, remove_mailbox
from app.mail.models import OutgoingMail
from app.mail.outlets import server_name, set_server, use_account
from app.mail.presets import PROVIDERS
from app.mail.tagging import envelope_sender, takes_tags
from app.mail.trying import try_account
from app.settings import Settings
from core.errors import Conflict, Invalid
from core.people import Actor
from tests.mail.certificates import make_certificate
from tests.mail.conftest import code_for
from tests.mail.scripted_imap import scripted
from tests.mail.sink import Sink, listening
from tests.people import World

pytestmark = pytest.mark.anyio
HELP = "help@lumen.example"
PASSWORD = {"password": "swordfish"}
TOKENS = {"client_id": "c", "client_secret": "s", "refresh_token": "r-old", "token_url": "http://127.0.0.1/token"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, private_hosts=True)


@pytest.fixture
async def post_office() -> AsyncIterator[Sink]:
    """A provider that takes mail of its account alone, as QQ does."""
    async with listening(Sink(users={HELP: "swordfish"}, strict=True)) as sink:
        yield sink


@pytest.fixture
def as_qq(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine is QQ."""
    monkeypatch.setitem(PROVIDERS, "qq", replace(PROVIDERS["qq"], host="imap.qq.example", smtp="127.0.0.1"))


def place(sink: Sink, **other: object) -> Place:
    known = Place(
        address=HELP,
        host="imap.qq.example",
        user=HELP,
        smtp_host="127.0.0.1",
        smtp_port=sink.port,
        smtp_security=PLAIN,
    )
    return replace(known, **other)  # type: ignore[arg-type]


async def add(world: World, settings: Settings, where: Place, credentials: dict[str, str] | None = None) -> Mailbox:
    given = credentials or PASSWORD
    return await add_mailbox(world.lumen, where, given, Actor.of(world.ada), secret=settings.secret)


async def sent(world: World, settings: Settings, key: str, servers: Servers) -> OutgoingMail:
    mail = await queue_letter(code_for(world.lumen, "ines@example.com", key), secret=settings.secret)
    await send(mail.id, servers)
    return await OutgoingMail.get(id=mail.id)


async def test_answers_leave_as_the_account(world: World, settings: Settings, post_office: Sink, as_qq: None) -> None:
    mailbox = await add(world, settings, place(post_office))
    identity = await MailIdentity.get().select_related("mailbox")
    assert (identity.address, identity.server, identity.mailbox_id) == (HELP, None, mailbox.id)
    assert server_name(identity) == f"127.0.0.1:{post_office.port}"
    servers = Servers(RecordingMailer(), settings)
    assert (await sent(world, settings, "1", servers)).state == "sent"
    assert post_office.signed_in == [HELP]
    assert [(sender, to) for sender, to, _ in post_office.mails] == [(HELP, ["ines@example.com"])]
    post_office.users[HELP] = "another"
    await change_mailbox(
        mailbox, place_of(mailbox), {"password": "another"}, Actor.of(world.ada), secret=settings.secret
    )
    assert (await sent(world, settings, "2", servers)).state == "sent"
    assert len(post_office.mails) == 2
    await servers.close()


async def test_a_sender_of_its_own_leaves_no_tag_where_none_is_taken(
    world: World, settings: Settings, post_office: Sink, as_qq: None
) -> None:
    identity = await add_identity(world.lumen, HELP, Words(), Actor.of(world.ada))
    servers = Servers(RecordingMailer(), settings)
    mail = await queue_letter(code_for(world.lumen, "ines@example.com", "1"), secret=settings.secret)
    assert "+b" in mail.sender  # it was queued for a server that takes them
    own = read_url(f"smtp://help%40lumen.example:swordfish@127.0.0.1:{post_office.port}")
    await set_server(identity, own, Actor.of(world.ada), secret=settings.secret)
    await send(mail.id, servers)
    assert [sender for sender, _, _ in post_office.mails] == [HELP]
    usual = await sender_of(world.lumen, "en")
    assert (usual.host, await takes_tags(usual.address, usual.host)) == ("127.0.0.1", False)
    await servers.close()


async def test_the_desk_server_may_be_such_a_provider(
    world: World, settings: Settings, post_office: Sink, as_qq: None
) -> None:
    common = SmtpMailer(f"smtp://help%40lumen.example:swordfish@127.0.0.1:{post_office.port}")
    servers = Servers(common, settings)
    assert (await sent(world, settings, "1", servers)).state == "sent"
    assert [sender for sender, _, _ in post_office.mails] == [HELP]
    await common.close()


async def test_another_address_of_the_account_is_answered_from(
    world: World, settings: Settings, post_office: Sink
) -> None:
    mailbox = await add(world, settings, place(post_office))
    moved = place(post_office, address="info@lumen.example")
    await change_mailbox(mailbox, moved, None, Actor.of(world.ada), secret=settings.secret)
    assert await answered_through(mailbox) == [HELP, "info@lumen.example"]


@pytest.mark.parametrize(
    ("host", "user", "expected"),
    [
        ("smtp.qq.com", "help@lumen.example", "help@lumen.example"),
        ("smtp.exmail.qq.com", "boss@lumen.example", "boss@lumen.example"),  # an alias: the account alone is taken
        ("smtp.163.com", "help", "help@lumen.example"),
        ("smtp.office365.com", "help@lumen.example", "help@lumen.example"),
        ("smtp.gmail.com", "help@lumen.example", "help+bx@lumen.example"),
        ("mail.lumen.example", "help@lumen.example", "help+bx@lumen.example"),
    ],
)
def test_the_envelope_names_the_account_where_it_must(host: str, user: str, expected: str) -> None:
    server = SmtpServer(host=host, port=465, security="tls", user=user, password="x")
    assert envelope_sender(server, "help+bx@lumen.example") == expected


async def test_with_tokens_that_are_renewed(world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []

    async def post(url: str, form: dict[str, str], *, private: bool) -> tuple[int, bytes]:
        heard.append(form["refresh_token"])
        return 200, b'{"access_token": "a-token", "expires_in": 3599, "refresh_token": "r-new"}'

    monkeypatch.setattr(oauth, "_post", post)
    async with listening(Sink(token="a-token")) as sink:
        mailbox = await add(world, settings, place(sink, auth=OAUTH), TOKENS)
        servers = Servers(RecordingMailer(), settings)
        assert (await sent(world, settings, "1", servers)).state == "sent"
        await servers.close()
        assert sink.signed_in == [HELP]
    await mailbox.refresh_from_db()
    assert credentials_of(mailbox, settings.secret)["refresh_token"] == "r-new"
    assert heard == ["r-old"]


async def test_a_refused_token_is_tried_again_later(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def post(url: str, form: dict[str, str], *, private: bool) -> tuple[int, bytes]:
        return 400, b'{"error": "invalid_grant"}'

    monkeypatch.setattr(oauth, "_post", post)
    async with listening(Sink(token="a-token")) as sink:
        await add(world, settings, place(sink, auth=OAUTH), TOKENS)
        servers = Servers(RecordingMailer(), settings)
        with pytest.raises(Exception, match="oauth_refused"):
            await sent(world, settings, "1", servers)
        await servers.close()
        assert sink.mails == []
    assert (await OutgoingMail.get()).state == "queued"


async def test_without_the_mailbox_mail_leaves_through_the_desk(
    world: World, settings: Settings, post_office: Sink
) -> None:
    mailbox = await add(world, settings, place(post_office))
    assert await answered_through(mailbox) == [HELP]
    await remove_mailbox(mailbox, Actor.of(world.ada))
    common = RecordingMailer()
    servers = Servers(common, settings)
    assert (await sent(world, settings, "1", servers)).state == "sent"
    assert len(common.sent) == 1
    assert (await MailIdentity.get()).mailbox_id is None


async def test_the_tick_may_be_taken_away_and_set_again(world: World, settings: Settings, post_office: Sink) -> None:
    mailbox, ada = await add(world, settings, place(post_office, smtp_host="")), Actor.of(world.ada)
    assert await MailIdentity.all().count() == 0
    await change_mailbox(mailbox, place(post_office), None, ada, secret=settings.secret)
    identity = await MailIdentity.get()
    assert identity.mailbox_id == mailbox.id
    await set_server(identity, None, ada, secret=settings.secret)  # chosen on its own page
    await change_mailbox(mailbox, place(post_office, after="seen"), None, ada, secret=settings.secret)
    assert (await MailIdentity.get()).mailbox_id is None
    await use_account(identity, mailbox, ada)
    await change_mailbox(mailbox, place(post_office, smtp_host=""), None, ada, secret=settings.secret)
    assert (await MailIdentity.get()).mailbox_id is None
    with pytest.raises(Invalid):
        await use_account(identity, mailbox, ada)


async def test_an_address_of_another_shop_is_added_not_at_all(world: World, settings: Settings) -> None:
    where = place(Sink(port=1), address=world.chaye.mail_address)
    with pytest.raises(Conflict):
        await add(world, settings, where)
    assert await Mailbox.all().count() == 0


async def test_a_test_says_which_way_fails(post_office: Sink) -> None:
    async with scripted(mails={1: b"Subject: x\r\n\r\n"}) as imap:
        where = place(post_office, host="127.0.0.1", port=imap.port, security=PLAIN)
        both = await try_account(where, PASSWORD, private=True)
        assert both.works
        assert both.sends
        assert both.sight is not None
        post_office.users[HELP] = "another"
        half = await try_account(where, PASSWORD, private=True)
        assert half.fetching is None
        assert half.sending is not None
        assert half.sending.code == "login_refused"
        assert half.sending.detail == "535 5.7.8 wrong user name or password"
    post_office.users[HELP] = "swordfish"
    other_half = await try_account(where, PASSWORD, private=True)
    assert other_half.fetching is not None
    assert other_half.sends
    assert post_office.mails == []


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (
            "535 Login Fail. Please enter your authorization code to login. More information in https://x",
            "app_password",
        ),
        ("535 Error: authentication failed, 请使用授权码登录", "app_password"),
        ("534 5.7.9 Application-specific password required", "app_password"),
        ("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant", "imap_off"),
        ("535 5.7.139 Authentication unsuccessful, basic authentication is disabled", "app_password"),
        ("550 User has no permission", "imap_off"),
        ("535 5.7.8 Username and Password not accepted", "login_refused"),
        ("454 4.7.0 Too many login attempts, please try again later.", "busy"),
        ("535 swordfish is no password", "login_refused"),
    ],
)
async def test_why_nobody_may_sign_in(post_office: Sink, said: str, code: str) -> None:
    post_office.users, post_office.login_refusal = {HELP: "another"}, said
    trial = await try_account(place(post_office, host="127.0.0.1", port=1, security=PLAIN), PASSWORD, private=True)
    assert trial.sending is not None
    assert trial.sending.code == code
    assert "swordfish" not in trial.sending.detail


async def test_what_a_server_for_sending_may_be(post_office: Sink) -> None:
    cases: list[tuple[dict[str, object], bool, str]] = [
        ({"smtp_port": 143}, False, "port_refused"),
        ({"smtp_port": 465}, False, "not_secure"),
        ({"smtp_port": 465, "smtp_security": "tls"}, False, "host_refused"),
        ({"smtp_security": "starttls"}, True, "no_starttls"),
        ({"smtp_port": 1}, True, "unreachable"),
        ({"smtp_security": "tls"}, True, "tls_failed"),
        ({"address": "info@lumen.example"}, True, "sender_refused"),
    ]
    for other, private, code in cases:
        trial = await try_account(place(post_office, **other), PASSWORD, private=private)
        assert trial.sending is not None
        assert trial.sending.code == code


async def test_an_address_beyond_ascii(sink: Sink) -> None:
    server = read_url(f"smtp://127.0.0.1:{sink.port}", private=True)
    assert await attempt(server, "客服@例子.example", "ines@example.com", b"Subject: x\r\n\r\n") == "250 OK"
    async with listening(Sink(utf8=False)) as old:
        with pytest.raises(SmtpTrouble) as trouble:
            await attempt(replace(server, port=old.port), "客服@例子.example")
        assert trouble.value.code == "sender_refused"


@pytest.mark.parametrize("way", ["tls", "starttls"])
async def test_certificates_are_checked_for_sending(way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = make_certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    async with listening(Sink(users={HELP: "swordfish"}), context, at_once=way == "tls") as sink:
        server = SmtpServer(
            host="localhost", port=sink.port, security=way, user=HELP, password="swordfish", private=True
        )
        with pytest.raises(SmtpTrouble) as trouble:
            await attempt(server, HELP)
        assert trouble.value.code == "certificate"
        assert sink.asked == 0
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        assert await attempt(server, HELP, "ines@example.com", b"Subject: x\r\n\r\n") == "250 OK"
        assert (sink.asked, len(sink.mails)) == (1, 1)
        with pytest.raises(SmtpTrouble) as trouble:
            await attempt(replace(server, password="hunter2"), HELP)
        assert (trouble.value.code, sink.asked) == ("login_refused", 2)


async def test_what_answers_is_no_mail_server(sink: Sink) -> None:
    async with scripted() as imap:
        trial = await try_account(place(Sink(port=imap.port)), PASSWORD, private=True)
        assert trial.sending is not None
        assert trial.sending.code == "not_smtp"
    trial = await try_account(place(sink), PASSWORD, private=True)
    assert trial.sending is not None
    assert trial.sending.code == "no_login"


def test_every_provider_says_where_mail_leaves() -> None:
    for key, provider in PROVIDERS.items():
        assert bool(provider.smtp) is (key != "other")
        assert (provider.smtp_port, provider.smtp_security) in [(465, "tls"), (587, "starttls")]
