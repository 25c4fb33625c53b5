"""The page of the addresses that shops answer from: who sees it, what it changes, and what it never shows."""

from collections.abc import Awaitable, Callable

import pytest
from starlette.applications import Starlette

from app.mail.identity_models import MailIdentity
from app.settings import Settings
from tests.console.conftest import BASE, Browser
from tests.mail.sink import Sink, listening
from tests.people import World

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]
PAGE = "/console/senders"


async def test_from_a_new_address_to_a_signed_one(world: World, open_browser: OpenBrowser) -> None:
    ada = await open_browser(world.ada)
    assert "help@lumen.example" in (await ada.get(PAGE)).text
    await ada.post(PAGE, shop="lumen", address="Returns@lumen.example")
    row = await MailIdentity.get()
    here = f"{PAGE}/{row.public_id}"
    assert row.address == "returns@lumen.example"
    await ada.post(here, do="words", name_en="Lumen Returns", signature_zh="退货组", main="1")
    await ada.post(here, do="server", url="smtp+starttls://user:hush@mail.example:587")
    await ada.post(here, do="key", selector="wismo202611")
    page = (await ada.get(here)).text
    for shown in ('value="Lumen Returns"', "退货组", "smtp+starttls://mail.example:587", "v=DKIM1; k=rsa; p="):
        assert shown in page
    assert "wismo202611._domainkey.lumen.example" in page
    assert "hush" not in page
    assert "PRIVATE" not in page
    assert "Lumen Returns" in (await ada.get(PAGE)).text


async def test_what_is_wrong_is_said(world: World, open_browser: OpenBrowser) -> None:
    ada = await open_browser(world.ada)
    taken = await ada.post(PAGE, shop="lumen", address="help@lumen.example")
    assert taken.status_code == 409
    assert "The desk has this address already." in taken.text
    await ada.post(PAGE, shop="lumen", address="returns@lumen.example")
    here = f"{PAGE}/{(await MailIdentity.get()).public_id}"
    for form, words in [
        ({"do": "server", "url": "mail.example"}, "A server looks like this"),
        ({"do": "key", "selector": "a b"}, "A selector is made of"),
        ({"do": "key", "selector": "a", "pem": "x"}, "That is no RSA key"),
    ]:
        answer = await ada.post(here, **form)
        assert answer.status_code == 422
        assert words in answer.text


async def test_for_administrators_alone(world: World, open_browser: OpenBrowser) -> None:
    ada, sue = await open_browser(world.ada), await open_browser(world.sue)
    await ada.post(PAGE, shop="lumen", address="returns@lumen.example")
    here = f"{PAGE}/{(await MailIdentity.get()).public_id}"
    for answer in (
        await sue.get(PAGE),
        await sue.get(here),
        await sue.post(PAGE, shop="lumen", address="b@lumen.example"),
        await sue.post(here, do="server", url=""),
    ):
        assert answer.status_code == 403
    assert (await ada.get(f"{PAGE}/idt_x")).status_code == 404


async def test_a_server_is_tried_before_it_is_kept(world: World, desk: Starlette, open_browser: OpenBrowser) -> None:
    settings = desk.state.settings
    desk.state.settings = Settings(data_dir=settings.data_dir, base_url=BASE, private_hosts=True)
    ada = await open_browser(world.ada)
    await ada.get(PAGE)
    await ada.post(PAGE, shop="lumen", address="returns@lumen.example")
    here = f"{PAGE}/{(await MailIdentity.get()).public_id}"
    none = await ada.post(here, do="test", url="")
    assert "The desk has no mail server to send through" in none.text
    async with listening(Sink()) as sink:
        works = await ada.post(here, do="test", url=f"smtp://127.0.0.1:{sink.port}")
        assert "It works." in works.text
        refused = await ada.post(here, do="test", url=f"smtp+starttls://user:hush@127.0.0.1:{sink.port}")
        assert refused.status_code == 422
        assert "An encrypted connection cannot be made." in refused.text
        assert "hush" not in refused.text
        for _ in range(8):
            await ada.post(here, do="test", url=f"smtp://127.0.0.1:{sink.port}")
        often = await ada.post(here, do="test", url=f"smtp://127.0.0.1:{sink.port}")
        assert (often.status_code, sink.connections) == (429, 10)
        assert "That was often. Wait a minute, then try again." in often.text
        assert sink.mails == []
    assert not (await MailIdentity.get()).server
