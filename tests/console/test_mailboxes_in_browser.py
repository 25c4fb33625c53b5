"""The pages of mailboxes in a real browser: they fit, can be read in both languages, and work from the keyboard."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from playwright.async_api import Page, expect
from starlette.applications import Starlette

from app.mail.answering import answer_from
from app.mail.mailbox_models import Mailbox
from app.settings import Settings
from core.clock import now
from core.people import Actor
from tests.browsing import axe
from tests.console.test_mailboxes import MAIL, PAGE, add
from tests.console.test_senders import PAGE as SENDERS
from tests.mail.scripted_imap import scripted
from tests.mail.sink import Sink, listening
from tests.people import World

pytestmark = [pytest.mark.anyio, pytest.mark.browser]
OpenPage = Callable[..., Awaitable[Page]]


@pytest.mark.parametrize(("width", "language"), [(320, "zh"), (1280, "en")])
async def test_the_pages_fit_and_can_be_read(
    world: World, desk: Starlette, open_page: OpenPage, width: int, language: str
) -> None:
    mailbox = await add(world, desk)
    trouble = {"last_error": "app_password", "last_error_detail": "Please use a code"}
    await Mailbox.filter(id=mailbox.id).update(**trouble, failing_since=now() - timedelta(hours=1))
    world.ada.language = language
    await world.ada.save(update_fields=["language"])
    page = await open_page(world.ada, PAGE, viewport={"width": width, "height": 800})
    for path in ("/console", PAGE, f"{PAGE}/new", f"{PAGE}/new?provider=163", f"{PAGE}/{mailbox.public_id}"):
        await page.goto(path)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        assert (await axe(page)).violations_count == 0


async def test_a_test_before_it_is_added(world: World, desk: Starlette, open_page: OpenPage) -> None:
    settings: Settings = desk.state.settings
    desk.state.settings = settings.model_copy(update={"private_hosts": True})
    page = await open_page(world.ada, f"{PAGE}/new?provider=other")
    sending, fetching = page.get_by_role("group", name="Sending"), page.get_by_role("group", name="Fetching")
    async with scripted(mails={1: MAIL}) as server, listening(Sink()) as sink:
        await page.get_by_label("Address customers write to").fill("help@lumen.example")
        await page.get_by_label("Password or authorization code", exact=True).fill("swordfish")
        await page.get_by_label("IMAP server").fill("127.0.0.1")
        await fetching.get_by_label("Encryption").select_option("plain")
        await fetching.get_by_label("Port").fill(str(server.port))
        await sending.get_by_label("Server for sending").fill("127.0.0.1")
        await sending.get_by_label("Port").fill(str(sink.port))
        await page.get_by_role("button", name="Test the connection").click()
        await expect(page.get_by_role("alert")).to_contain_text("Sending: An encrypted connection couldn’t be made.")
        await sending.get_by_label("Answer from this address").uncheck()
        await expect(sending.get_by_label("Server for sending")).to_be_hidden()
        await page.get_by_label("Password or authorization code", exact=True).fill("swordfish")
        await page.get_by_role("button", name="Test the connection").click()
        await expect(page.get_by_role("status").first).to_contain_text("It works.")
        await expect(page.get_by_label("Password or authorization code", exact=True)).to_have_value("")
        await page.get_by_label("Password or authorization code", exact=True).fill("swordfish")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("link", name="help@lumen.example")).to_be_visible()


@pytest.mark.parametrize(("width", "language"), [(320, "zh"), (1280, "en")])
async def test_the_pages_of_senders_fit(
    world: World, desk: Starlette, open_page: OpenPage, width: int, language: str
) -> None:
    mailbox = await add(world, desk)
    await Mailbox.filter(id=mailbox.id).update(smtp_host="smtp.lumen.example")
    await mailbox.refresh_from_db()
    identity = await answer_from(mailbox, Actor.of(world.ada))
    world.ada.language = language
    await world.ada.save(update_fields=["language"])
    page = await open_page(world.ada, SENDERS, viewport={"width": width, "height": 800})
    for path in (SENDERS, f"{SENDERS}/{identity.public_id}", f"{PAGE}/{mailbox.public_id}", PAGE):
        await page.goto(path)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        assert (await axe(page)).violations_count == 0
    await page.goto(f"{SENDERS}/{identity.public_id}")
    await expect(page.locator("#smtp_host")).to_be_hidden()
    await page.locator("input[value=own]").check()
    await expect(page.locator("#smtp_host")).to_be_visible()
    await expect(page.locator("#account")).to_be_hidden()
