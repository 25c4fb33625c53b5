"""A customer asks where the order is, proves who they are, and watches it move, in both languages."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.browsing import axe
from tests.journeys.running import Desk, Shopper, latest_code, order_notice, window

pytestmark = pytest.mark.browser
ORDER = Path(__file__).resolve().parents[1] / "data" / "orders" / "order.json"

TALKS: dict[str, dict[str, Any]] = {
    "en": {
        "shop": "lumen",
        "ask": "where is my order 1001?",
        "contact": "ines@example.com",
        "prove": "six-digit code",
        "gate": re.compile("everything is in stock"),
        "card": "Waiting for confirmation",
        "confirmed": re.compile("confirmed", re.IGNORECASE),
        "next": "Being prepared",
    },
    "zh": {
        "shop": "chaye",
        "ask": "我的订单1001到哪了",
        "contact": "lin@example.com",
        "prove": "6位验证码",
        "gate": re.compile("正在确认库存"),
        "card": "等待确认",
        "confirmed": re.compile("已确认"),
        "next": "备货中",
    },
}


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_true_answer_after_proof_and_a_card_that_moves(
    desk: Desk, browser: Browser, pictures: Path, language: str
) -> None:
    talk = TALKS[language]
    async with window(browser, language, width=390, height=844) as page, window(browser, language) as mailbox:
        customer = Shopper(desk, page, talk["shop"])
        await customer.visit()
        await customer.open_chat()

        await customer.ask(talk["ask"])
        await customer.reads(talk["prove"])
        await expect(customer.chat.locator("article[data-order]")).to_have_count(0)

        await customer.enter_code(await latest_code(desk, mailbox, talk["contact"]))
        await customer.reads(talk["gate"])
        card = customer.chat.locator("[data-order]").last
        await expect(card).to_contain_text(talk["card"])
        await page.wait_for_timeout(300)  # the picture is taken when the log has scrolled
        await page.screenshot(path=pictures / f"widget-{language}.png")
        await check_access(customer)

        await page.request.post(f"{desk.url}/demo/{talk['shop']}/orders/1001/step", headers={"Origin": desk.url})
        await customer.reads(talk["confirmed"])
        await expect(customer.chat.locator("[data-order]").first).to_contain_text(talk["next"])


async def check_access(customer: Shopper) -> None:
    """Axe finds nothing serious in the widget."""
    found = await axe(customer.chat)
    serious = [rule for rule in found.response["violations"] if rule["impact"] in ("serious", "critical")]
    assert not serious, [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in serious]


async def test_a_signed_notification_moves_the_card_without_a_reload(desk: Desk, browser: Browser) -> None:
    notice = order_notice(
        ORDER,
        id=450789469,
        name="#7001",
        email="bob@example.com",
        contact_email="bob@example.com",
        financial_status="pending",
        fulfillment_status=None,
        fulfillments=[],
        refunds=[],
        created_at="2026-11-20T10:00:00-05:00",
        updated_at="2026-11-20T10:00:00-05:00",
    )
    assert (await desk.notify(notice, "orders/create")).status_code == 200
    async with window(browser, "en") as page, window(browser, "en") as mailbox:
        customer = Shopper(desk, page, "lumen")
        await customer.visit()
        await customer.open_chat()
        await customer.ask("Where is order #7001?")
        await customer.reads("six-digit code")
        await customer.enter_code(await latest_code(desk, mailbox, "bob@example.com"))
        card = customer.chat.locator("[data-order]").last
        await expect(card).to_contain_text("Waiting for payment")

        paid = order_notice(
            ORDER,
            id=450789469,
            name="#7001",
            email="bob@example.com",
            contact_email="bob@example.com",
            financial_status="paid",
            fulfillment_status=None,
            fulfillments=[],
            refunds=[],
            confirmed=True,
            created_at="2026-11-20T10:00:00-05:00",
            updated_at="2026-11-20T10:05:00-05:00",
        )
        assert (await desk.notify(paid)).status_code == 200
        await expect(card).to_contain_text("Being prepared")
        await customer.reads(re.compile("confirmed", re.IGNORECASE))


async def test_the_sample_order_of_the_platform_is_taken_byte_for_byte(desk: Desk, browser: Browser) -> None:
    assert (await desk.notify(ORDER.read_bytes(), "orders/create")).status_code == 200
    assert (await desk.notify(ORDER.read_bytes(), "orders/create")).status_code == 200  # delivered twice
    async with window(browser, "en") as page, window(browser, "en") as mailbox:
        customer = Shopper(desk, page, "lumen")
        await customer.visit()
        await customer.open_chat()
        await customer.ask("Where is my order 1001?")  # two customers have an order of this number by now
        await customer.enter_code(await latest_code(desk, mailbox, json.loads(ORDER.read_bytes())["order"]["email"]))
        await expect(customer.chat.locator("[data-order]").last).to_contain_text("1001")


async def test_unknown_foreign_and_unproved_orders_get_the_same_words(desk: Desk, browser: Browser) -> None:
    answers = []
    for number in ("1002", "1030", "999999"):
        async with window(browser, "en") as page:
            customer = Shopper(desk, page, "lumen")
            await customer.visit()
            await customer.open_chat()
            await customer.ask(f"Where is my order {number}?")
            await customer.reads("six-digit code")
            log = await customer.chat.get_by_role("log").inner_text()
            answers.append(re.sub(r"\d+:\d+", "", log).replace(number, "N"))
    assert answers[0] == answers[1] == answers[2]


async def test_a_forged_notification_is_refused_and_kept_nowhere(desk: Desk) -> None:
    body = order_notice(ORDER, name="#6666")
    for shop in ("lumen", "nobody"):
        answer = await desk.notify(body, shop=shop, secret="not the secret")
        assert answer.status_code == 401
        assert answer.json()["code"] == "bad_signature"
