"""A shop answers from several addresses: from the one that was written to, signed, through a server of its own."""

import base64
from pathlib import Path

import dkim
import pytest

from app.gateways.mail import MailDeferred, RecordingMailer
from app.gateways.smtp import SmtpMailer
from app.gateways.smtp_server import SmtpServer, read_url
from app.mail.arriving.storing import shop_of
from app.mail.dkim_keys import dns_record, new_key
from app.mail.identities import (
    Words,
    add_identity,
    change_identity,
    described,
    identities_of,
    key_of,
    set_signing_key,
)
from app.mail.identity_models import MailIdentity
from app.mail.leaving.addressing import Addressing
from app.mail.leaving.choosing import senders_for
from app.mail.leaving.composing import Mailbox
from app.mail.leaving.replying import reply
from app.mail.leaving.sending import send
from app.mail.leaving.servers import Servers
from app.mail.mailboxes import Place, add_mailbox
from app.mail.models import OutgoingMail
from app.mail.outlets import set_server
from app.mail.owning import ours_among
from app.settings import Settings
from conversations.models import Conversation
from conversations.posting import post
from core.audit import AuditEntry
from core.errors import Conflict, Invalid
from core.people import Actor
from core.teams import create_team
from tests.mail.conftest import Letter
from tests.mail.sink import Sink
from tests.mail.test_receiving import SECRET, arrive, opened, plain
from tests.people import World, chat

WORDS = Words(name_en="Lumen Returns", name_zh="光明退货", signature_en="Your returns team", signature_zh="退货组")
RETURNS = "returns@lumen.example"


async def identity(world: World, address: str = RETURNS, words: Words = WORDS, **more: object) -> MailIdentity:
    return await add_identity(world.lumen, address, words, Actor.of(world.ada), **more)  # type: ignore[arg-type]


async def answer(world: World, *, chosen: str = "", client_id: str = "o1") -> OutgoingMail:
    conversation = await Conversation.get(channel="email")
    data = Addressing(to=(Mailbox("", "ines@example.com"),), identity=chosen).as_data()
    message = await post(
        conversation.id, Actor.of(world.omar), "Yes.", client_id=client_id, channel="email", addressing=data
    )
    mail = await reply(message.id, SECRET)
    assert mail is not None
    return mail


def sender(mail: OutgoingMail) -> str:
    return str(opened(mail)["From"].addresses[0].addr_spec)


async def test_what_came_to_an_address_is_answered_from_it(world: World) -> None:
    await identity(world)
    assert (await shop_of("Returns+x@lumen.example")) == world.lumen
    assert await ours_among([RETURNS, "returns+a@lumen.example", "x@y.example"]) == {RETURNS, "returns+a@lumen.example"}
    await arrive(world.lumen, Letter(to=RETURNS), recipient=RETURNS)
    mail = await answer(world)
    assert str(opened(mail)["From"]) == '"Omar (Lumen Returns)" <returns@lumen.example>'
    assert str(opened(mail)["Reply-To"]).endswith("@lumen.example>")
    assert mail.sender.startswith("returns+b")
    assert "Your returns team" in plain(mail)


async def test_whose_address_it_is(world: World) -> None:
    main = await identity(world, "hello@lumen.example", main=True)
    team = await create_team("Returns", world.lumen, actor=Actor.of(world.ada))
    other = await identity(world, team=team)
    await arrive(world.lumen, Letter())
    assert sender(await answer(world)) == "help@lumen.example"  # it came there
    assert sender(await answer(world, chosen=other.public_id, client_id="o2")) == RETURNS
    await OutgoingMail.all().delete()
    await Conversation.all().update(team_id=team.id)
    assert sender(await answer(world, client_id="o3")) == "help@lumen.example"
    await change_identity(main, WORDS, Actor.of(world.ada), team=None, main=True, retired=True)
    assert [row.address for row in await identities_of(world.lumen)] == [RETURNS, "hello@lumen.example"]


async def test_one_main_address(world: World) -> None:
    await identity(world, "a@lumen.example", main=True)
    await identity(world, "b@lumen.example", main=True)
    assert [row.main for row in await identities_of(world.lumen)] == [False, True]


@pytest.mark.parametrize("address", ["x", "help+a@lumen.example", "a@b.example\r\nBcc: c@d.example", ""])
async def test_what_is_no_address(world: World, address: str) -> None:
    with pytest.raises(Invalid):
        await identity(world, address)


@pytest.mark.parametrize("address", ["help@chaye.example", "Cha@chaye.example", RETURNS])
async def test_addresses_are_taken_once(world: World, address: str) -> None:
    await identity(world)
    place = Place(address="cha@chaye.example", host="imap.qq.com", user="cha")
    await add_mailbox(world.chaye, place, {"password": "x"}, Actor.of(world.ada), secret=SECRET)
    with pytest.raises(Conflict):
        await identity(world, address)


async def test_the_first_address_may_have_a_name_and_a_signature(world: World) -> None:
    first = await identity(world, "HELP@lumen.example")
    assert first.address == "help@lumen.example"
    assert await senders_for(world.lumen, await chat(world.lumen, world.ines), "en") == ("help@lumen.example", [])
    await arrive(world.lumen, Letter())
    mail = await answer(world)
    assert str(opened(mail)["From"]) == '"Omar (Lumen Returns)" <help@lumen.example>'
    assert "Your returns team" in plain(mail)
    other = await identity(world, words=Words(name_en="Elsewhere"), main=True)
    assert sender(await answer(world, chosen=world.lumen.public_id, client_id="o2")) == "help@lumen.example"
    assert sender(await answer(world, chosen=other.public_id, client_id="o3")) == RETURNS
    conversation = await Conversation.get(shop_id=world.lumen.id, channel="email")
    usual, named = await senders_for(world.lumen, conversation, "en")
    assert usual == "help@lumen.example"
    assert named == [
        (world.lumen.public_id, "Lumen Returns <help@lumen.example>"),
        (other.public_id, "Elsewhere <returns@lumen.example>"),
    ]
    with pytest.raises(Invalid) as stays:
        await change_identity(first, WORDS, Actor.of(world.ada), team=None, main=False, retired=True)
    assert stays.value.code == "first_address_stays"


async def test_secrets_are_sealed_and_never_told(world: World, tmp_path: Path) -> None:
    row = await identity(world)
    await set_server(row, read_url("smtps://user:hush@mail.example"), Actor.of(world.ada), secret=SECRET)
    row = await set_signing_key(row, "2026a", Actor.of(world.ada), secret=SECRET)
    await row.fetch_related("team", "mailbox")
    assert row.server_name == "smtps://mail.example:465"
    told = str([entry.detail for entry in await AuditEntry.all()]) + str(described(row))
    assert "hush" not in f"{row.server}{told}"
    assert "PRIVATE" not in f"{row.signing_key}{told}"
    assert dns_record(key_of(row, SECRET)).startswith("v=DKIM1; k=rsa; p=MII")
    for host, port, security in [("a b", 1, "tls"), ("mail.example", 0, "tls"), ("mail.example", 25, "none")]:
        server = SmtpServer(host=host, port=port, security=security)
        with pytest.raises(Invalid):
            await set_server(row, server, Actor.of(world.ada), secret=SECRET)
    for selector, pem in [("a b", ""), ("ok", "no key"), ("-x", "")]:
        with pytest.raises(Invalid):
            await set_signing_key(row, selector, Actor.of(world.ada), secret=SECRET, pem=pem)


async def test_mail_leaves_signed_through_its_own_server(world: World, sink: Sink, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, private_hosts=True)
    row, key = await identity(world), new_key()
    await set_server(row, read_url(f"smtp://127.0.0.1:{sink.port}"), Actor.of(world.ada), secret=settings.secret)
    await set_signing_key(row, "2026a", Actor.of(world.ada), secret=settings.secret, pem=key)
    await arrive(world.lumen, Letter(to=RETURNS), recipient=RETURNS)
    mail, common = await answer(world), RecordingMailer()
    servers = Servers(common, settings)
    await send(mail.id, servers)
    await servers.close()
    assert common.sent == []
    [(_, recipients, content)] = sink.mails
    assert recipients == ["ines@example.com"]

    def dns(name: bytes, timeout: int = 5) -> bytes:
        assert name == b"2026a._domainkey.lumen.example."
        return dns_record(key).encode()

    assert dkim.verify(content, dnsfunc=dns)
    assert not dkim.verify(content.replace(b"Subject: Re", b"Subject: Ro"), dnsfunc=dns)
    assert not dkim.verify(b"Subject: another\r\n" + content, dnsfunc=dns)
    assert base64.b64decode(dns_record(key).rpartition("p=")[2])


async def test_others_servers_are_on_the_public_network(world: World, sink: Sink) -> None:
    mailer = SmtpMailer(read_url(f"smtp://127.0.0.1:{sink.port}", private=False), timeout=5)
    with pytest.raises(MailDeferred) as refused:
        await mailer.send("help@lumen.example", ["ines@example.com"], b"Subject: x\r\n\r\n")
    assert "public network" in str(refused.value)
    assert sink.connections == 0
