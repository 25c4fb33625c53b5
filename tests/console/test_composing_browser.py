"""The composer in a real browser: undo, drafts on two devices, news of the order, and keys."""

import asyncio

import pytest
from playwright.async_api import Page, expect

from app.auth.models import Session
from conversations.composing_models import HeldMessage, WrittenDraft
from conversations.holding import release
from conversations.models import Conversation, Message
from core.people import Agent
from core.transactions import record, transaction
from orders.events import OrderChanged
from orders.models import Order, Shipment
from tests.browsing import axe
from tests.console.conftest import PASSWORD, OpenPage, Talk
from tests.console.test_mail import arrive
from tests.people import World
from tickets.models import Ticket

pytestmark = [pytest.mark.anyio, pytest.mark.browser]
Story = tuple[Ticket, Conversation]


@pytest.fixture
async def page(world: World, story: Story, open_page: OpenPage) -> Page:
    """Omar, who can undo for twenty seconds, has the ticket before him."""
    await Agent.filter(id=world.omar.id).update(undo_seconds=20)
    return await open_page(world.omar, f"/console/tickets/{story[0].number}")


async def move_order(order: Order) -> None:
    await Shipment.filter(order_id=order.id).update(state="delivered")
    await Order.filter(id=order.id).update(headline="delivered", version=order.version + 1)
    async with transaction():
        record(
            OrderChanged(
                order_id=order.id, shop_id=order.shop_id, version=order.version + 1, before="shipped", after="delivered"
            )
        )


async def test_what_was_sent_can_be_undone_and_stops_for_new_words(
    world: World, story: Story, talk: Talk, page: Page
) -> None:
    await page.locator("#text").fill("It comes tomorow")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".message.held .held-state")).to_contain_text("Sending in")
    await expect(page.locator("#text")).to_have_value("")
    await page.locator("#text").fill("PS")
    await page.keyboard.press("Escape")
    await page.keyboard.press("u")
    await expect(page.locator("#text")).to_have_value("It comes tomorow\n\nPS")
    await expect(page.locator("#text")).to_be_focused()
    await expect(page.locator(".message.held")).to_have_count(0)
    await page.locator("#text").fill("It comes tomorrow")
    await page.get_by_role("button", name="Send").last.click()
    await expect(page.locator(".message.held")).to_be_visible()
    assert not (await axe(page)).response["violations"]
    await page.reload()
    await expect(page.locator(".message.held .held-state")).to_contain_text("Sending in")
    await talk.says(story[1], world.ines, "It came!")
    await expect(page.get_by_role("alert")).to_contain_text("The customer has written since you started")
    await expect(page.locator("#text")).to_have_value("It comes tomorrow")
    assert not await Message.exists(author_kind="agent")
    await page.locator("#text").fill("Wonderful!")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".message.held")).to_contain_text("Wonderful!")
    held = await HeldMessage.get(state="held")
    await release(held.id)
    await expect(page.locator(".message.from-agent[data-number]")).to_contain_text("Wonderful!")
    await expect(page.locator(".message.held")).to_have_count(0)


async def test_a_draft_is_on_both_devices_and_outlives_the_session(
    world: World, story: Story, page: Page, open_page: OpenPage
) -> None:
    path = f"/console/tickets/{story[0].number}"
    await page.locator("#text").fill("Dear Ines")
    await page.locator("#text").blur()
    phone = await open_page(world.omar, path, viewport={"width": 320, "height": 640})
    await expect(phone.locator("#text")).to_have_value("Dear Ines")
    await phone.locator("label:has(#as-note)").click()
    await expect(phone.locator("#text")).to_have_value("")
    await phone.locator("#text").fill("She is cross")
    await phone.locator("label:has(#as-reply)").click()
    await expect(phone.locator("#text")).to_have_value("Dear Ines")
    await phone.locator("#text").fill("Dear Ines, it is late")
    await phone.locator("#text").blur()
    await expect(page.locator("#text")).to_have_value("Dear Ines, it is late")
    assert await phone.evaluate("document.documentElement.scrollWidth") <= 320
    box = await phone.get_by_role("button", name="Send").last.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 320
    assert box["y"] + box["height"] <= 640
    await Session.filter(agent_id=world.omar.id).delete()
    await page.locator("#text").fill("Dear Ines, it is late, sorry")
    await page.locator("#text").blur()
    await expect(page.get_by_role("alert")).to_contain_text("signed out")
    assert (await WrittenDraft.get(mode="reply")).text == "Dear Ines, it is late"
    await page.goto(path)
    await page.get_by_label("Email").fill(world.omar.email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(f"**{path}")
    await expect(page.locator("#text")).to_have_value("Dear Ines, it is late, sorry")


async def test_the_order_moves_while_somebody_writes(world: World, story: Story, open_page: OpenPage) -> None:
    await Agent.filter(id=world.mei.id).update(language="zh")
    page = await open_page(world.mei, f"/console/tickets/{story[0].number}")
    await page.locator("#text").fill("正在路上")
    await move_order(await Order.get())
    await expect(page.locator("#order-pane")).to_contain_text("已签收")
    await page.keyboard.press("Control+Enter")
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("订单有了变化")
    await expect(alert.locator("s").first).to_have_text("运输中")
    await expect(page.locator("#text")).to_have_value("正在路上")
    assert not (await axe(page)).response["violations"]
    await page.get_by_role("button", name="仍然发送").click()
    await expect(page.locator(".message.from-agent[data-number]")).to_contain_text("正在路上")


async def test_keys_leave_input_methods_alone(story: Story, page: Page) -> None:
    press = "(more) => document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'r', bubbles: true, ...more}))"
    for more in ({"isComposing": True}, {"keyCode": 229}, {"ctrlKey": True}):
        await page.evaluate(press, more)
        await expect(page.locator("#text")).not_to_be_focused()
    await page.keyboard.press("p")
    await expect(page.get_by_role("button", name="Urgent")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.keyboard.press("g")
    await page.keyboard.press("q")
    await page.wait_for_url("**/console/queue")
    await page.keyboard.press("?")
    async with page.expect_response("**/console/account/writing"):
        await page.get_by_label("Single-key shortcuts are on").uncheck()
    await page.keyboard.press("Escape")
    await page.reload()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).not_to_be_visible()


async def test_an_answer_by_mail_goes_to_one_or_to_all(world: World, open_page: OpenPage) -> None:
    conversation = await Conversation.get(id=(await arrive(world)).conversation_id)
    page = await open_page(world.omar, f"/console/conversations/{conversation.public_id}")
    everybody, copy = page.get_by_label("Reply to all"), page.get_by_label("Cc", exact=True)
    await expect(page.get_by_text("The sender wants replies at boss@elsewhere.example.")).to_be_visible()
    await everybody.check()
    await expect(copy).to_have_value("Omar <omar@friends.example>, mum@example.com")
    await expect(page.locator("#recipients-short")).to_contain_text("copy to Omar <omar@friends.example>")
    found = (await axe(page)).response["violations"]
    assert not found, [node["html"] for one in found for node in one["nodes"]]
    await copy.fill("mum at home")
    await page.locator("#text").fill("Here is the invoice")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("“mum at home” isn’t an email address.")).to_be_visible()
    await expect(page.locator("#text")).to_have_value("Here is the invoice")
    await expect(copy).to_have_value("mum at home")
    await copy.fill("mum@example.com")
    await page.keyboard.press("Tab")
    await page.locator("#text").press("Control+Enter")
    await expect(page.locator("#text")).to_have_value("")
    await expect(copy).to_have_value("")
    async with asyncio.timeout(30):
        while (said := await Message.get_or_none(author_kind="agent")) is None:
            await asyncio.sleep(0.02)
    assert [address for _, address in said.addressing["cc"]] == ["mum@example.com"]
