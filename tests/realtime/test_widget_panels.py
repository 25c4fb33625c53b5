"""Every panel of the widget, looked at: both languages, narrow and wide, light and dark, by keyboard and by axe."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from app.realtime import rendering, requests
from app.realtime.topics import conversation_topic
from conversations.codes import fulfil_code_request
from conversations.models import CodeRequest, Conversation, Message
from conversations.posting import post
from conversations.proofs import prove_by_token
from core.clock import now
from core.people import BOT
from core.shops import Shop
from orders.models import Order, OrderLine
from tests.browsing import axe
from tests.people import World, make_order
from tests.realtime.serving import Desk
from tickets.models import Ticket

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

SERIOUS = {"moderate", "serious", "critical"}
# language, colours, width in CSS pixels, forced colours, size of the letters in percent
LOOKS = [
    ("en", "light", 320, "none", 100),
    ("zh", "dark", 390, "none", 100),
    ("en", "dark", 1280, "none", 200),
    ("zh", "light", 320, "active", 100),
]


class Widget:
    """The widget on a page of its own, and somebody who looks at it."""

    def __init__(self, page: Page, desk: Desk, pictures: Path, name: str, width: int) -> None:
        self.page, self.desk, self.pictures, self.name, self.width = page, desk, pictures, name, width
        self.complaints: list[tuple[str, object]] = []

    async def looks_right(self, panel: str) -> None:
        """Nothing sticks out, nothing lies over another thing that is pressed, and axe has no complaint."""
        await self.page.evaluate("Promise.all(document.getAnimations().map((animation) => animation.finished))")
        await self.page.screenshot(path=self.pictures / f"{self.name}-{panel}.png")
        found = await axe(self.page)
        wrong = [rule for rule in found.response["violations"] if rule["impact"] in SERIOUS]
        self.complaints += [(panel, (rule["id"], rule["nodes"][0]["html"])) for rule in wrong]
        if await self.page.evaluate("document.documentElement.scrollWidth") > self.width:
            self.complaints.append((panel, "wider than the window"))
        clipped = await self.page.evaluate(
            "[...document.querySelectorAll('.sheet, .panel, .menu:popover-open, .choice, .own-orders')]"
            ".filter((box) => box.checkVisibility() && box.scrollWidth > box.clientWidth + 1)"
            ".map((box) => box.className)"
        )
        self.complaints += [(panel, name) for name in clipped]

    async def focused(self) -> str:
        return str(await self.page.evaluate("document.activeElement.className || document.activeElement.tagName"))

    async def open_menu(self) -> None:
        await self.page.click(".open-menu")
        await expect(self.page.locator(".menu")).to_be_visible()


async def eventually(holds: Any) -> None:
    async with asyncio.timeout(30):
        while not await holds():
            await asyncio.sleep(0.02)


async def three_orders(shop: Shop) -> list[Order]:
    """Six orders of Ines with long names, and their states."""
    found = []
    for place, headline in enumerate(["shipped", "delivered", "on_hold", "processing", "cancelled", "refunded"]):
        order = await make_order(shop, f"LUM-2026-0010{place}", email="ines@example.com")
        moment = now() - timedelta(days=30 * place)
        await Order.filter(id=order.id).update(headline=headline, total=129_900 + place, placed_at=moment)
        for line, title in enumerate(["Halo pendant lamp with a shade of smoked glass", "Bulb"][: 1 + place % 2]):
            await OrderLine.create(order=order, source_id=str(line), position=line, title=title, quantity=1)
        found.append(order)
    return found


@pytest.fixture
async def widget(
    desk: Desk, world: World, chromium: Browser, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Widget]:
    language, scheme, width, forced, letters = request.param
    page = await chromium.new_page(
        viewport={"width": width, "height": 640},
        color_scheme=scheme,
        forced_colors=forced,
        reduced_motion="reduce",
        locale="zh-CN" if language == "zh" else "en-US",
    )
    if letters != 100:
        await page.add_init_script(
            "addEventListener('DOMContentLoaded', () =>"
            f" document.documentElement.style.setProperty('font-size', '{letters}%', 'important'))"
        )
    await page.goto(f"{desk.address}/widget?site=lumen&lang={language}")
    name = f"{language}-{scheme}-{width}" + ("-forced" if forced == "active" else "")
    widget = Widget(page, desk, tmp_path, name, width)
    yield widget
    assert widget.complaints == []
    await page.context.close()


@pytest.mark.parametrize("widget", LOOKS, indirect=True, ids=lambda look: "-".join(map(str, look)))
async def test_every_panel(widget: Widget, world: World) -> None:
    page = widget.page
    await before_the_first_word(widget)
    await page.fill("textarea", "Hello, I wonder about my order")
    await page.press("textarea", "Enter")
    await expect(page.locator("[data-number='1']")).to_be_visible()
    conversation = await Conversation.get(channel="chat")
    await the_letter(widget, conversation)
    await the_orders(widget, world, conversation)
    await the_files(widget)
    await the_end(widget, conversation)


async def before_the_first_word(widget: Widget) -> None:
    page = widget.page
    await expect(page.locator(".leave-word")).to_be_visible()
    await widget.looks_right("empty")
    await page.focus(".leave-word")
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.name") == "name", "the focus has moved into the form"
    await page.locator(".enquiry").scroll_into_view_if_needed()
    await widget.looks_right("enquiry")
    for name, words in (("name", "Ines"), ("contact", "ines@example.com"), ("text", "It flickers")):
        await page.fill(f"[name={name}]", words)
    await page.click(".enquiry [type=submit]")
    await expect(page.locator(".away .thanks")).to_be_focused()
    await widget.looks_right("enquired")
    assert await Ticket.all().count() == 1


async def the_letter(widget: Widget, conversation: Conversation) -> None:
    """A guest proves an address and gets the words by mail; Escape leaves, and the focus comes back."""
    page = widget.page
    await widget.open_menu()
    await page.evaluate(  # what only a shop's page has: its switches, and what the browser answers
        "for (const part of document.querySelectorAll('.switch')) part.hidden = false;"
        "document.querySelector('[data-alert=sound]').setAttribute('aria-checked', 'true');"
        "document.querySelector('.alert-note').textContent = 'The browser doesn’t allow notifications here.'"
    )
    await widget.looks_right("menu")
    await page.click(".mail-me")
    await expect(page.locator("[name=address]")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator(".transcript")).to_have_count(0)
    await expect(page.locator(".open-menu")).to_be_focused()
    await widget.open_menu()
    await page.click(".mail-me")
    await page.fill("[name=address]", "a-rather-long-address-of-ines@mail.department.example.com")
    await widget.looks_right("address")
    await page.keyboard.press("Enter")
    await expect(page.locator("[name=code]")).to_be_focused()
    request = await CodeRequest.get()
    [sent] = await fulfil_code_request(request.id)
    await page.fill("[name=code]", f"{(int(sent.code) + 1) % 10**6:06d}")
    await page.keyboard.press("Enter")
    await expect(page.locator(".transcript .refusal")).to_contain_text("4")
    await widget.looks_right("code")
    await page.fill("[name=code]", sent.code)
    await page.keyboard.press("Enter")
    await expect(page.locator(".transcript p[tabindex]")).to_contain_text("a-…@mail.department.example.com")
    await widget.looks_right("letter")
    await page.keyboard.press("Escape")
    await expect(page.locator(".open-menu")).to_be_focused()


async def the_orders(widget: Widget, world: World, conversation: Conversation) -> None:
    """Proved orders can be chosen without typing: where they are asked for, and from the menu."""
    page = widget.page
    orders = await three_orders(world.lumen)
    await prove_by_token(conversation.id, ["ines@example.com"])
    frame = await requests.orders_frame(conversation)
    assert frame is not None
    widget.desk.hub.publish(conversation_topic(conversation.public_id), frame)
    replies = [
        {"label": f"{orders[0].number} · On its way", "text": orders[0].number},
        {"label": "A person", "text": "p"},
    ]
    await post(conversation.id, BOT, "Which one?", client_id="bot:1", form="order", quick_replies=replies)
    await expect(page.locator(".tail .choice:visible")).to_have_count(4)
    await expect(page.locator(".tail .reply")).to_have_text(["A person"])
    await widget.looks_right("orders")
    await page.focus(".tail .all-orders")
    await page.keyboard.press("Enter")
    await expect(page.locator(".tail .choice:visible")).to_have_count(6)
    await page.keyboard.press("Enter")  # the first of those that were hidden
    await eventually(lambda: Message.exists(order_id=orders[4].id))
    assert await widget.focused() == "log"
    await widget.open_menu()
    await page.click(".choose-order")
    await expect(page.locator(".orders .choice").first).to_be_focused()
    await widget.looks_right("choose")
    await page.keyboard.press("Escape")
    await expect(page.locator(".open-menu")).to_be_focused()


async def the_files(widget: Widget) -> None:
    """A file that is refused says why, and can be removed."""
    page = widget.page
    empty: Any = {"name": "a long name.pdf", "mimeType": "", "buffer": b""}
    await page.set_input_files(".attach input", empty)
    await expect(page.locator(".upload.is-refused")).to_be_visible()
    await widget.looks_right("files")
    await page.click(".upload-remove")


async def the_end(widget: Widget, conversation: Conversation) -> None:
    page = widget.page
    topic = conversation_topic(conversation.public_id)
    widget.desk.hub.publish(topic, rendering.ticket_frame(conversation.public_id, 1001, "question", "resolved"))
    await page.click(".rate .score:nth-child(4)")
    await widget.looks_right("rating")
    await page.click(".rate [type=submit]")
    await expect(page.locator(".rate .thanks p")).to_be_focused()
    await widget.looks_right("thanks")
    await page.click(".rate .by-mail")
    await expect(page.locator(".transcript p[tabindex]")).to_contain_text("in…@example.com")
    await page.keyboard.press("Escape")
    await expect(page.locator(".rate .by-mail")).to_be_focused()
    await widget.open_menu()
    await page.click(".leave")
    await expect(page.locator(".ending .later")).to_be_focused()
    await widget.looks_right("ending")
    await page.keyboard.press("Escape")
    await expect(page.locator(".open-menu")).to_be_focused()
    await widget.open_menu()
    await page.click(".leave")
    await page.click(".ending .end")
    await expect(page.locator(".banner")).to_be_visible()
    await widget.looks_right("ended")
