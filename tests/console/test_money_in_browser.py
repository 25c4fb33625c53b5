"""Money in a real browser: a line goes back while the customer watches, and a second person above the limit."""

import pytest
from playwright.async_api import Page, expect

from app.gateways.refund_simulator import SimulatedRefunds
from app.order_cards import order_card
from core.clock import FrozenClock, now
from core.people import SYSTEM, Agent
from orders.models import Order
from orders.refunds.models import RefundIntent, RefundPart
from orders.refunds.payment_accounts import open_account
from orders.snapshots import snapshot
from tests.browsing import axe
from tests.console.conftest import OpenPage, Talk
from tests.orders.refunding import bought, work
from tests.people import World
from tickets.models import Ticket

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


@pytest.fixture
async def sold(world: World) -> Order:
    await open_account(world.lumen, "simulator", SYSTEM)
    lines = ("Halo floor lamp", 2, 25_00), ("Linen shade", 1, 9_00)
    return await bought(world.lumen, *lines, shipping=5_00, email="ines@example.com")


@pytest.fixture
async def ticket(world: World, talk: Talk, sold: Order) -> Ticket:
    found, _ = await talk.ticket(world.lumen, world.ines, "One lamp is broken", order_ids=[sold.id])
    return found


async def looks_right(page: Page) -> None:
    results = await axe(page)
    assert [found["id"] for found in results.response["violations"]] == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_a_line_goes_back_while_everybody_watches(
    world: World, ticket: Ticket, sold: Order, open_page: OpenPage, clock: FrozenClock
) -> None:
    """Agent, at 320 px: the calculation follows what is typed; the panel and the customer's card move by themselves."""
    here = f"/console/tickets/{ticket.number}"
    page = await open_page(world.omar, here, viewport={"width": 1440, "height": 900})
    await page.get_by_role("link", name="Refund…").click()
    await page.wait_for_url("**/refunds/new*")
    await page.set_viewport_size({"width": 320, "height": 800})
    await page.get_by_label("Why").select_option(label="Damaged on arrival")
    await page.get_by_label("Halo floor lamp").fill("2")
    await expect(page.get_by_text("It’s more than you may refund without approval.")).to_be_visible()
    await expect(page.get_by_role("button", name="Request a refund of $54.24")).to_be_visible()
    await page.get_by_label("Halo floor lamp").fill("1")
    await expect(page.get_by_role("button", name="Refund $27.12")).to_be_visible()
    await looks_right(page)
    await page.set_viewport_size({"width": 1440, "height": 900})
    await page.get_by_role("button", name="Refund $27.12").dblclick()
    await expect(page.locator(".toast")).to_contain_text("The refund is on its way.")
    panel = page.locator(".refund")
    await expect(panel).to_have_count(1)
    await expect(panel).to_contain_text("About to be sent")
    await work(SimulatedRefunds(), clock)
    await expect(panel).to_contain_text("Refunded")
    await expect(page.locator(".order-refund")).to_contain_text("$27.12 refunded")
    await looks_right(page)
    card = order_card(await snapshot(await Order.get(id=sold.id)), "en", now())  # what the customer's chat shows
    assert "$27.12 refunded" in card["refund"]


async def test_a_second_person_approves_above_the_limit(
    world: World, ticket: Ticket, sold: Order, open_page: OpenPage
) -> None:
    """In Chinese, by keyboard; then what is frozen, on a phone."""
    await Agent.filter(id__in=[world.omar.id, world.sue.id]).update(language="zh")
    path = f"/console/tickets/{ticket.number}/refunds/new?order={sold.public_id}"
    page = await open_page(world.omar, path, viewport={"width": 390, "height": 844})
    await page.get_by_label("Halo floor lamp").fill("2")
    await page.locator("#reason").select_option("damaged")
    await page.get_by_role("button", name="申请退款 US$54.24").click()
    await page.wait_for_url("**/console/tickets/*")
    await page.goto("/console/approvals")
    await expect(page.get_by_text("这笔由您提交，需由他人审批。")).to_be_visible()
    await expect(page.get_by_role("button", name="批准 US$54.24")).to_have_count(0)
    sue = await open_page(world.sue, "/console/approvals", viewport={"width": 1440, "height": 900})
    await expect(sue.locator("[data-count=approvals]")).to_have_text("1")
    await looks_right(sue)
    await sue.get_by_role("button", name="批准 US$54.24").press("Enter")
    await expect(sue.get_by_text("没有待审批的事项")).to_be_visible()
    assert (await RefundIntent.get()).decided_by == "Sue"
    await RefundIntent.all().update(state="frozen", why="sim: CNY")
    await RefundPart.all().update(state="frozen", paid=40_00)
    await sue.set_viewport_size({"width": 390, "height": 844})
    await sue.goto("/console/money")
    await sue.locator("summary", has_text="填写实际打款金额").click()
    await looks_right(sue)
