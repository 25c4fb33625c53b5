"""The panel of a complaint beside the thread, and the supervisors' page about all of them."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from playwright.async_api import Page, expect

from app.realtime.hub import Hub
from conversations.models import Message
from core.audit import AuditEntry
from core.clock import FrozenClock, now
from core.people import Agent
from orders.models import Order, OrderLine
from tests.browsing import axe
from tests.console.conftest import Browser, Talk
from tests.people import World, make_order
from tickets.complaints.models import Compensation, Complaint
from tickets.models import Ticket

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]
OpenPage = Callable[..., Awaitable[Page]]


async def a_complaint(world: World, talk: Talk, *, number: str = "#1001") -> tuple[Ticket, Order]:
    order = await make_order(world.lumen, number)
    await Order.filter(id=order.id).update(
        confirmed_at=now() - timedelta(days=9), confirmation="confirmed", promised_to=now() - timedelta(days=8)
    )
    await OrderLine.create(order=order, source_id="1", title="Lamp", quantity=1, unit_price=100_00)
    ticket, _ = await talk.ticket(world.lumen, world.ines, "So late <b>!", kind="complaint", order_ids=[order.id])
    return ticket, order


async def test_from_the_suggested_cause_to_the_letter(
    world: World, talk: Talk, open_browser: OpenBrowser, hub: Hub, clock: FrozenClock
) -> None:
    ticket, order = await a_complaint(world, talk)
    browser, here = await open_browser(world.omar), f"/console/tickets/{ticket.number}"
    page = (await browser.get(here)).text
    assert "WH.LATE_SHIP" in page
    assert "hasn’t shipped" in page
    base = f"{here}/complaint"
    assert (await browser.post(f"{here}/resolution")).status_code == 409
    assert "needs a cause and a remedy" in browser.page
    asked = {"severity": "P3", "symptom": ["CAR.LATE", "SVC.NO_REPLY"], "remedy_asked": "A coupon"}
    assert (await browser.post(f"{base}/assessment", **asked)).status_code == 303
    assert (await browser.post(f"{base}/investigation")).status_code == 303
    decision = {"outcome": "upheld", "cause": "WH.LATE_SHIP", "remedy": "compensation", "correction": "<Ten> percent"}
    assert (await browser.post(f"{base}/decision", **(decision | {"cause": "late"}))).status_code == 422
    assert (await browser.post(f"{base}/decision", **decision)).status_code == 303
    page = (await browser.get(here)).text
    assert "What we’re doing for you: &lt;Ten&gt; percent" in page
    assert (await browser.post(f"{base}/compensations", order=order.public_id, kind="coupon")).status_code == 303
    made = await Compensation.get()
    assert made.amount == 10_00
    assert "$10.00" in (await browser.get(here)).text
    assert (await browser.post(f"{base}/compensations/{made.public_id}", do="issue", note="TEN")).status_code == 303
    letter = {"text": "You are right.", "client_id": browser.hidden("client_id")}
    assert (await browser.post(f"{base}/information", **letter)).status_code == 303
    assert await Message.filter(author_kind="agent", text="You are right.").count() == 1
    assert (await browser.post(f"{here}/resolution")).status_code == 303
    assert (await browser.post(f"{base}/follow-up", satisfied="1", note="Fine")).status_code == 303
    assert (await Complaint.get()).step == "followed_up"


async def test_the_panel_speaks_chinese_and_other_shops_reach_nothing(
    world: World, talk: Talk, open_browser: OpenBrowser, hub: Hub
) -> None:
    await world.omar.filter(id=world.omar.id).update(language="zh")
    ticket, _ = await a_complaint(world, talk)
    browser = await open_browser(world.omar)
    page = (await browser.get(f"/console/tickets/{ticket.number}?fragment=order")).text
    assert "发货延误" in page
    assert "至今未发" in page
    wei = await open_browser(world.wei)
    assert (await wei.post(f"/console/tickets/{ticket.number}/complaint/investigation")).status_code == 404


async def test_outside_bodies_dismissals_and_words_that_are_none(
    world: World, talk: Talk, open_browser: OpenBrowser, hub: Hub
) -> None:
    ticket, _ = await a_complaint(world, talk)
    browser, base = await open_browser(world.omar), f"/console/tickets/{ticket.number}/complaint"
    day = (now() + timedelta(days=5)).strftime("%Y-%m-%dT12:00")
    assert (await browser.post(f"{base}/outside", body="12315", number="77", at=day)).status_code == 303
    assert (await browser.post(f"{base}/outside", body="12315", number="77", at="soon")).status_code == 422
    assert (await browser.post(f"{base}/compensations", order="ord_none", kind="coupon")).status_code == 404
    assert (await browser.post(f"{base}/dismissal", why="no_complaint")).status_code == 303
    assert "Not a complaint" in (await browser.get(f"/console/tickets/{ticket.number}")).text


async def test_supervisors_see_figures_that_open_their_lists(
    world: World, talk: Talk, open_browser: OpenBrowser, hub: Hub
) -> None:
    ticket, _ = await a_complaint(world, talk)
    omar, sue, wei = [await open_browser(person) for person in (world.omar, world.sue, world.wei)]
    assert (await omar.get("/console/complaints")).status_code == 403
    assert (await omar.get("/console/complaints.csv")).status_code == 403
    await Complaint.filter(ticket_id=ticket.id).update(
        step="informed", cause="WH.LATE_SHIP", outcome="upheld", remedy="apology", decided_at=now()
    )
    await Ticket.filter(id=ticket.id).update(subject="=cmd()")
    page = (await sue.get("/console/complaints?days=7")).text
    assert "cause=WH.LATE_SHIP" in page
    assert "No matching complaints" in page  # none is open
    listed = (await sue.get("/console/complaints?view=decided&cause=WH.LATE_SHIP&days=7")).text
    assert f"/console/tickets/{ticket.number}" in listed
    assert (
        f"/console/tickets/{ticket.number}" not in (await sue.get("/console/complaints?view=decided&area=carrier")).text
    )
    table = await sue.get("/console/complaints.csv?view=decided")
    assert "WH.LATE_SHIP,upheld" in table.text
    assert ",'=cmd()" in table.text
    assert await AuditEntry.filter(action="complaints.exported").count() == 1
    await Agent.filter(id=world.wei.id).update(role="supervisor")
    assert "WH.LATE_SHIP" not in (await wei.get("/console/complaints?view=received")).text
    await Agent.filter(id=world.sue.id).update(language="zh")
    assert "发货延误" in (await sue.get("/console/complaints")).text


@pytest.mark.browser
async def test_a_complaint_is_decided_and_told_in_the_browser(
    world: World, talk: Talk, hub: Hub, open_page: OpenPage
) -> None:
    ticket, _ = await a_complaint(world, talk)
    page = await open_page(world.sue, f"/console/tickets/{ticket.number}", viewport={"width": 1440, "height": 1000})
    panel = page.locator("section.complaint")
    await panel.locator("details", has_text="Assess").last.locator("summary").click()
    await check(page)
    await panel.get_by_role("button", name="Assess").click()
    await expect(panel.locator("[aria-current=step]")).to_have_text("Assessed")  # without a reload
    await panel.get_by_label("Upheld", exact=True).check()
    await expect(panel.get_by_label("Root cause")).to_have_value("WH.LATE_SHIP")
    await panel.get_by_label("Remedy", exact=True).select_option("apology")
    await panel.get_by_label("What you’re doing for the customer").fill("It leaves today.")
    await panel.get_by_role("button", name="Decide").click()
    await expect(panel.get_by_label("The letter")).to_have_value(
        re.compile("What we’re doing for you: It leaves today.")
    )
    await check(page)
    await panel.get_by_role("button", name="Send").click()
    await expect(panel.locator("[aria-current=step]")).to_have_text("Customer informed")
    await Agent.filter(id=world.sue.id).update(language="zh")
    await page.set_viewport_size({"width": 390, "height": 900})
    await page.goto(f"/console/tickets/{ticket.number}?pane=order")
    await expect(panel.locator("[aria-current=step]")).to_have_text("已告知顾客")
    await check(page)
    await page.goto("/console/complaints?view=decided")
    await check(page)


async def check(page: Page) -> None:
    """Axe finds nothing, and nothing sticks out."""
    results = await axe(page)
    assert results.violations_count == 0, results.generate_report()
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
