"""The page of the addresses that shops answer from: who sees it, what it changes, and what it never shows."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from starlette.applications import Starlette

from app.mail.identity_models import MailIdentity
from app.mail.mailboxes import Place, add_mailbox
from app.settings import Settings
from core.people import Actor
from tests.console.conftest import BASE, Browser
from tests.mail.sink import Sink, listening
from tests.people import World

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]
PAGE = "/console/senders"


@pytest.fixture
def inside(desk: Starlette) -> Settings:
    """The operator allows servers on this machine."""
    settings = Settings(data_dir=desk.state.settings.data_dir, base_url=BASE, private_hosts=True)
    desk.state.settings = settings
    return settings


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with listening(Sink()) as sink:
        yield sink


async def test_from_a_new_address_to_a_signed_one(world: World, open_browser: OpenBrowser) -> None:
    ada = await open_browser(world.ada)
    assert "help@lumen.example" in (await ada.get(PAGE)).text
    await ada.post(PAGE, shop="lumen", address="Returns@lumen.example")
    row = await MailIdentity.get()
    here = f"{PAGE}/{row.public_id}"
    assert row.address == "returns@lumen.example"
    await ada.post(here, do="words", name_en="Lumen Returns", signature_zh="退货组", main="1")
    await ada.post(here, do="key", selector="wismo202611")
    page = (await ada.get(here)).text
    for shown in ('value="Lumen Returns"', "退货组", "v=DKIM1; k=rsa; p="):
        assert shown in page
    assert "wismo202611._domainkey.lumen.example" in page
    assert "PRIVATE" not in page
    assert "Lumen Returns" in (await ada.get(PAGE)).text


async def test_what_is_wrong_is_said(world: World, open_browser: OpenBrowser) -> None:
    ada = await open_browser(world.ada)
    taken = await ada.post(PAGE, shop="lumen", address="help@chaye.example")
    assert taken.status_code == 409
    assert "This address is already in use." in taken.text
    await ada.post(PAGE, shop="lumen", address="returns@lumen.example")
    here = f"{PAGE}/{(await MailIdentity.get()).public_id}"
    for form, words in [
        ({"do": "server", "way": "own", "smtp_host": "a b"}, "Name the server for sending"),
        ({"do": "server", "way": "own", "smtp_host": "mail.example", "smtp_port": "x"}, "A port is a number"),
        ({"do": "server", "way": "account", "account": "mbx_x"}, "This mailbox only fetches"),
        ({"do": "try", "way": "desk"}, "The desk has no mail server to send through"),
        ({"do": "letter"}, "The desk has no mail server to send through"),
        ({"do": "key", "selector": "a b"}, "A selector can contain"),
        ({"do": "key", "selector": "a", "pem": "x"}, "That isn’t an RSA key"),
    ]:
        answer = await ada.post(here, **form)
        assert answer.status_code == 422
        assert words in answer.text


async def test_the_shops_first_address_is_listed_once(world: World, open_browser: OpenBrowser) -> None:
    ada = await open_browser(world.ada)
    await ada.get(PAGE)
    await ada.post(PAGE, shop="lumen", address="help@lumen.example")
    here = f"{PAGE}/{(await MailIdentity.get()).public_id}"
    assert 'name="retired"' not in (await ada.get(here)).text
    await ada.post(here, do="words", name_en="Lumen")
    page = (await ada.get(PAGE)).text
    assert page.count("help@lumen.example") == 1
    assert "the shop’s first address · Lumen" in page.replace("'", "&#39;")


async def test_a_server_in_fields(world: World, inside: Settings, open_browser: OpenBrowser, sink: Sink) -> None:
    ada = await open_browser(world.ada)
    sink.users = {"returns": "hush"}
    await ada.get(PAGE)
    await ada.post(PAGE, shop="lumen", address="returns@lumen.example")
    here = f"{PAGE}/{(await MailIdentity.get()).public_id}"
    typed = {"way": "own", "smtp_host": "127.0.0.1", "smtp_port": str(sink.port), "smtp_security": "plain"}
    typed |= {"smtp_user": "returns"}
    wrong = await ada.post(here, do="server", smtp_password="xyzzy", **typed)
    assert wrong.status_code == 422
    assert "The server rejected the user name or password." in wrong.text
    assert "535 5.7.8 wrong user name or password" in wrong.text
    assert f'value="{sink.port}"' in wrong.text
    tried = await ada.post(here, do="try", smtp_password="hush", **typed)
    assert "It works." in tried.text
    assert (await MailIdentity.get()).server is None
    assert (await ada.post(here, do="server", smtp_password="hush", **typed)).status_code == 303
    page = (await ada.get(here)).text
    assert f"<bdi>127.0.0.1:{sink.port}</bdi>" in page
    assert 'value="returns"' in page
    assert "hush" not in page
    assert "It works." in (await ada.post(here, do="try", **typed)).text  # the password there is
    for other in ({"smtp_user": "somebody"}, {"smtp_host": "localhost"}):
        answer = await ada.post(here, do="server", **(typed | other))
        assert "enter the password again" in answer.text
    letter = await ada.post(here, do="letter")
    assert "The server has taken the test mail" in letter.text
    assert "250 OK" in letter.text
    [(sender, recipients, content)] = sink.mails
    assert (sender, recipients) == ("returns@lumen.example", [world.ada.email])
    assert b"Answers from returns@lumen.example leave through" in content.replace(b"=\r\n", b"")
    await ada.post(here, do="server", way="desk")
    assert (await MailIdentity.get()).server is None
    heard = sink.connections
    for _ in range(9):
        await ada.post(here, do="try", **typed)
    often = await ada.post(here, do="try", **typed)
    assert often.status_code == 429
    assert "That was often." in often.text
    assert sink.connections < heard + 10


async def test_as_a_mailbox(world: World, inside: Settings, open_browser: OpenBrowser, sink: Sink) -> None:
    ada = await open_browser(world.ada)
    sink.users = {"help@lumen.example": "hush"}
    place = Place(
        address="help@lumen.example",
        host="imap.lumen.example",
        user="help@lumen.example",
        smtp_host="127.0.0.1",
        smtp_port=sink.port,
        smtp_security="plain",
    )
    mailbox = await add_mailbox(world.lumen, place, {"password": "hush"}, Actor.of(world.ada), secret=inside.secret)
    await ada.get(PAGE)
    await ada.post(PAGE, shop="lumen", address="returns@lumen.example")
    row = await MailIdentity.get(address="returns@lumen.example")
    here = f"{PAGE}/{row.public_id}"
    assert "With the account of a mailbox that we fetch" in (await ada.get(here)).text
    assert (await ada.post(here, do="server", way="account", account=mailbox.public_id)).status_code == 303
    assert sink.signed_in == ["help@lumen.example"]
    assert (await MailIdentity.get(id=row.id)).mailbox_id == mailbox.id
    assert "250 OK" in (await ada.post(here, do="letter")).text
    removing = (await ada.get(f"/console/mailboxes/{mailbox.public_id}")).text
    assert "What is answered from help@lumen.example, returns@lumen.example leaves through" in removing


async def test_for_administrators_alone(world: World, open_browser: OpenBrowser) -> None:
    ada, sue = await open_browser(world.ada), await open_browser(world.sue)
    await ada.post(PAGE, shop="lumen", address="returns@lumen.example")
    here = f"{PAGE}/{(await MailIdentity.get()).public_id}"
    for answer in (
        await sue.get(PAGE),
        await sue.get(here),
        await sue.post(PAGE, shop="lumen", address="b@lumen.example"),
        await sue.post(here, do="server", way="desk"),
    ):
        assert answer.status_code == 403
    assert (await ada.get(f"{PAGE}/idt_x")).status_code == 404
