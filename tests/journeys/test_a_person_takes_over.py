"""The bot hands over, an agent answers, both see each other at once; and nobody online still means an honest time."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.browsing import axe
from tests.journeys.running import Desk, Shopper, latest_code, sign_in, window

pytestmark = pytest.mark.browser

TALKS = {
    "en": {
        "shop": "lumen",
        "agent": "maya@wismo.example",
        "contact": "ines@example.com",
        "ask": "where is my order 1001?",
        "wish": "I want to complain, this takes far too long",
        "kind": "Complaint",
        "answer": "I am on it. You will have news within the hour.",
        "later": "Any news?",
        "before": "Waiting for confirmation",
        "after": "Being prepared",
    },
    "zh": {
        "shop": "chaye",
        "agent": "chen@wismo.example",
        "contact": "lin@example.com",
        "ask": "我的订单1001到哪了",
        "wish": "我要投诉，等太久了",
        "kind": "投诉",
        "answer": "您好，已经在处理了，一小时内给您答复。",
        "later": "有消息了吗",
        "before": "等待确认",
        "after": "备货中",
    },
}


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_complaint_reaches_an_agent_and_is_settled(
    desk: Desk, browser: Browser, pictures: Path, language: str
) -> None:
    talk = TALKS[language]
    async with (
        window(browser, language) as page,
        window(browser, language) as mailbox,
        window(browser, language, width=1440, height=900) as console,
    ):
        await sign_in(desk, console, talk["agent"])
        rows = await console.locator("li.row").count()

        customer = Shopper(desk, page, talk["shop"])
        await customer.visit()
        await customer.open_chat()
        await customer.ask(talk["ask"])
        await customer.enter_code(await latest_code(desk, mailbox, talk["contact"]))
        await expect(customer.chat.locator("[data-order]").last).to_be_visible()
        await customer.ask(talk["wish"])
        await customer.reads(re.compile(r"1010|1011"))  # the ticket's number

        await expect(console.locator("li.row")).to_have_count(rows + 1)
        row = console.locator("li.row").first
        await expect(row).to_contain_text(talk["kind"])
        await row.locator("a.row-link").click()
        await expect(console.locator(".thread-head h1")).to_be_visible()
        await check_access(console)

        await console.locator("#text").fill(talk["answer"])
        await console.locator("button.for-reply").click()
        await console.locator(".message.held [data-now]").click()  # else it waits ten seconds for second thoughts
        await customer.reads(talk["answer"])
        if language == "en":
            await console.wait_for_timeout(300)
            await console.screenshot(path=pictures / "console.png")

        pane = console.locator("#order-pane")
        await expect(pane).to_contain_text(talk["before"])
        await page.request.post(f"{desk.url}/demo/{talk['shop']}/orders/1001/step", headers={"Origin": desk.url})
        await expect(pane).to_contain_text(talk["after"])  # without a reload

        await work_on_it(console)
        await expect(customer.chat.get_by_text("warehouse found it")).to_have_count(0)

        await customer.ask(talk["later"])
        await expect(console.locator("form[action$='/resolution']")).to_be_visible()


async def work_on_it(console: Page) -> None:
    """Note, priority, resolve: each is a form of its own."""
    await console.locator("label:has(#as-note)").click()
    await console.locator("#text").fill("warehouse found it")
    await console.locator("button.for-note").click()
    await expect(console.get_by_text("warehouse found it").first).to_be_visible()
    await unfold(console.locator("form[action$='/priority']"))
    await console.locator("form[action$='/priority'] button[value=urgent]").click()
    await expect(console.locator("form[action$='/priority'] button[value=urgent]")).to_have_attribute(
        "aria-pressed", "true"
    )
    await settle(console)
    await console.locator("form[action$='/resolution'] button").click()
    await expect(console.locator("form[action$='/reopening']")).to_be_visible()


async def settle(console: Page) -> None:
    """A complaint ends with a cause, a remedy, and a customer who knows."""
    form = console.locator("form[action$='/complaint/assessment']")
    await unfold(form)
    await form.locator("button").click()
    form = console.locator("form[action$='/complaint/decision']")
    await form.locator("input[value=upheld]").check()
    await form.locator("[name=cause]").fill("WH.LATE_SHIP")
    await form.locator("[name=remedy]").select_option("apology")
    await form.locator("[name=correction]").fill("1001")
    await form.locator("button").click()
    await console.locator("form[action$='/complaint/information'] button.main").click()
    await expect(console.locator("form[action$='/complaint/follow-up']")).to_be_attached()


async def unfold(form: Locator) -> None:
    """As people do: what a script opens in a pane that is just being renewed stays behind in the old one."""
    await form.locator("xpath=ancestor::details[1]/summary").click()


async def check_access(page: Page) -> None:
    """Axe finds nothing serious."""
    found = await axe(page)
    serious = [rule for rule in found.response["violations"] if rule["impact"] in ("serious", "critical")]
    assert not serious, [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in serious]


@pytest.mark.parametrize(("language", "wish"), [("en", "Can I talk to a person?"), ("zh", "转人工")])
async def test_nobody_online_still_means_a_number_and_an_honest_time(
    desk: Desk, browser: Browser, language: str, wish: str
) -> None:
    async with window(browser, language) as page:
        customer = Shopper(desk, page, TALKS[language]["shop"])
        await customer.visit()
        await customer.open_chat()
        await customer.ask(wish)
        await customer.reads(re.compile(r"1010"))
        await customer.reads(re.compile(r"\d{1,2}:\d{2}"))
