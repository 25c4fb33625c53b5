"""Lists of work in a real browser: many are selected with the keyboard, tags and pages work in both languages."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from app.jobs.bulk import change_tickets
from app.realtime.hub import Hub
from core.jobs import Job
from core.people import Actor, Agent
from tests.browsing import axe
from tests.console.conftest import Talk
from tests.people import World, make_customer, make_order
from tickets.linking import link_order
from tickets.merging import merge
from tickets.models import Ticket
from tickets.tagging import add_tag

pytestmark = [pytest.mark.anyio, pytest.mark.browser]
OpenPage = Callable[..., Awaitable[Page]]


async def make_list(world: World, talk: Talk) -> list[Ticket]:
    """Four tickets; the newest is about something damaged."""
    tickets = []
    for number in range(4):
        customer = await make_customer(world.lumen, f"Customer {number}", f"c{number}@example.com")
        tickets.append((await talk.ticket(world.lumen, customer, f"Question {number}"))[0])
    order = await make_order(world.lumen, "#1001")
    await link_order(tickets[-1].id, order.id, Actor.of(world.omar), reason="damaged")
    await add_tag(tickets[-1].id, "late delivery", Actor.of(world.omar))
    return tickets


async def test_many_are_changed_from_the_keyboard(world: World, talk: Talk, hub: Hub, open_page: OpenPage) -> None:
    await make_list(world, talk)
    page = await open_page(world.omar)
    await expect(page.locator("#bulk")).to_be_hidden()
    for key in ("j", "x", "j", "j", "Shift+X"):
        await page.keyboard.press(key)
    await expect(page.locator("#bulk-count")).to_have_text("3 selected")
    await page.keyboard.press("Escape")
    await expect(page.locator("#bulk")).to_be_hidden()
    for key in ("x", "k", "x"):
        await page.keyboard.press(key)
    await talk.ticket(world.lumen, world.ines, "A new one")  # the list moves, the selection stays
    await expect(page.get_by_role("link", name="A new one")).to_be_visible()
    await expect(page.locator(".row-pick input:checked")).to_have_count(2)
    assert (await axe(page)).violations_count == 0
    await page.locator("#bulk").get_by_text("Priority").click()
    await page.get_by_role("button", name="Urgent").click()
    await expect(page.get_by_role("status").first).to_contain_text("0 of 2 done")
    await change_tickets((await Job.get(kind="tickets.bulk")).args, None)  # type: ignore[arg-type]
    await expect(page.get_by_text("2 of 2 done")).to_be_visible()
    assert await Ticket.filter(priority="urgent").count() == 2


@pytest.mark.parametrize(("width", "theme"), [(320, "dark"), (1280, "light")])
async def test_the_pages_fit_and_can_be_read(
    world: World, talk: Talk, hub: Hub, open_page: OpenPage, width: int, theme: str
) -> None:
    await Agent.filter(id=world.omar.id).update(theme=theme, language="zh" if width < 500 else "en")
    ticket = (await make_list(world, talk))[-1]
    base = f"/console/tickets/{ticket.number}"
    page = await open_page(world.omar, base, viewport={"width": width, "height": 800})
    await page.locator(".label-add [name=tag]").fill("vip")
    await page.keyboard.press("Enter")
    await expect(page.locator(".strip .label")).to_have_count(2)
    await expect(page.locator(".label-add [name=tag]")).to_be_focused()
    for path in (base, f"{base}?pane=order", f"{base}/arrangement", "/console", "/console/views/new"):
        await page.goto(path)
        results = await axe(page)
        assert results.violations_count == 0, results.generate_report()
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} is wider than the screen by {wide}"


async def test_the_page_goes_where_the_customer_writes(world: World, talk: Talk, hub: Hub, open_page: OpenPage) -> None:
    (target, _), (source, second) = [
        await talk.ticket(world.lumen, world.ines, words) for words in ("Dark?", "Still dark!")
    ]
    await merge(source.id, target.id, Actor.of(world.omar))
    page = await open_page(world.omar, f"/console/tickets/{target.number}")
    await expect(page.locator(".thread")).to_contain_text("Still dark!")
    await talk.says(second, world.ines, "Anybody?")
    await expect(page.locator(f".scripted #main[data-conversation='{second.public_id}']")).to_be_visible()
    await page.locator("#text").fill("Here I am.")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".message.from-agent")).to_contain_text("Here I am.")
