"""After-sales cases in a real browser: a colleague's step does not take away what somebody is writing."""

import pytest
from playwright.async_api import expect

from core.people import Actor
from orders.refunds.case import Reason
from tests.browsing import axe
from tests.console.conftest import OpenPage, Talk
from tests.people import World
from tests.tickets.sold import sold
from tickets.aftersales.decisions import ask_for_info
from tickets.aftersales.kinds import Kind
from tickets.aftersales.opening import Wanted, open_case
from tickets.aftersales.scope import Asked

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


async def test_words_stay_and_whoever_is_late_is_told(world: World, talk: Talk, open_page: OpenPage) -> None:
    order = await sold(world.lumen)
    ticket, _ = await talk.ticket(world.lumen, world.ines, "My lamp hums", kind="aftersales", order_ids=[order.id])
    wanted = Wanted(kind=Kind.RETURN_REFUND, reason=Reason.DEFECTIVE, lines=(Asked(line="lamp", units=1),))
    case = await open_case(ticket.id, order.id, wanted, Actor.of(world.mei))
    page = await open_page(world.omar, f"/console/tickets/{ticket.number}")
    pane = page.locator("#order-pane")
    await pane.get_by_text("Reject", exact=True).first.click()
    await pane.get_by_label("Why, in words for the customer").fill("That is wear.")
    await ask_for_info(case.public_id, Actor.of(world.mei), "A photo, please")
    await expect(page.locator("#thread")).to_contain_text("asked the customer: A photo, please")
    assert await pane.get_by_label("Why, in words for the customer").input_value() == "That is wear."
    found = await axe(page)
    assert found.response["violations"] == []
    await pane.get_by_role("button", name="Reject").click()
    await expect(page.get_by_role("status").last).to_contain_text("Somebody was faster")
    await page.reload()
    await expect(pane).to_contain_text("Waiting for the customer’s answer")
