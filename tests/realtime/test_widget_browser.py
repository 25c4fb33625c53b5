"""The widget in a real browser, on a shop's page of another origin with the strictest policy a shop can have."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from playwright.async_api import Browser, ConsoleMessage, Frame, Page, Route, WebSocketRoute, expect
from tortoise.context import TortoiseContext

from app.realtime import rendering
from app.realtime.attendance import NEAR
from app.realtime.hub import Hub
from app.realtime.topics import conversation_topic
from conversations.handover import take
from conversations.models import Conversation, Message, Rating
from conversations.posting import post
from conversations.reading import DESK, mark_read, mark_received
from core.clock import now
from core.ids import new_id
from core.people import BOT, Actor
from core.shops import Shop, add_secret, set_privacy
from tests.browsing import ALIVE, axe, wait_for_scripts
from tests.people import World, make_order
from tests.realtime.serving import Desk, frames_follow_events, make_app, serving
from tickets.models import Ticket

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

PATIENCE = 30  # seconds for a busy machine
SERIOUS = {"moderate", "serious", "critical"}


class ShopPage:
    """A customer in front of the shop's page."""

    def __init__(self, page: Page, desk: Desk) -> None:
        self.page, self.desk = page, desk
        self.complaints: list[str] = []
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    async def visit(self, site: str = "lumen") -> None:
        """Open the shop at its own origin, which is not the desk's."""
        await self.page.goto(f"http://localhost:{self.desk.port}/shop/{site}")
        await self.page.wait_for_function("window.Wismo?.ready")

    async def open_chat(self) -> Frame:
        await self.page.evaluate("Wismo('open')")
        return await self.chat()

    async def chat(self) -> Frame:
        """The page in the frame; the launcher's shadow is closed to the shop's scripts and to us."""
        await eventually(lambda: any("/widget?" in frame.url for frame in self.page.frames))
        frame = next(frame for frame in self.page.frames if "/widget?" in frame.url)
        await frame.wait_for_selector(f"{ALIVE} .suggestions button", state="attached")
        return frame

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "favicon" not in message.location.get("url", ""):
            self.complaints.append(message.text)


async def eventually(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            found = holds()
            if await found if asyncio.iscoroutine(found) else found:
                return
            await asyncio.sleep(0.02)


@pytest.fixture
async def shop(desk: Desk, chromium: Browser) -> AsyncIterator[ShopPage]:
    await Shop.all().update(origins=[f"http://localhost:{desk.port}"])
    desk.app.state.demo = False
    page = await chromium.new_page(viewport={"width": 1280, "height": 800}, locale="en-US")
    await wait_for_scripts(page)
    yield ShopPage(page, desk)
    await page.context.close()


async def say(chat: Frame, text: str) -> None:
    await chat.fill("textarea", text)
    await chat.press("textarea", "Enter")


async def test_a_conversation_survives_reloading_and_tells_of_answers(shop: ShopPage, world: World) -> None:
    await shop.visit()
    chat = await shop.open_chat()
    await say(chat, "Where is my lamp?")
    await expect(chat.locator(".from-customer[data-number='1'] .bubble")).to_have_text("Where is my lamp?")
    assert await chat.locator(".is-pending").count() == 0

    await shop.visit()  # the frame opens by itself, hidden, because there is something to wait for
    chat = await shop.chat()
    await expect(chat.locator(".bubble")).to_have_text(["Where is my lamp?"])
    await shop.page.evaluate("Wismo('on', 'unread', (count) => (document.title = `${count} new`))")
    conversation = await Conversation.get()
    await take(conversation.id, world.omar)
    await post(conversation.id, Actor.of(world.omar), "It left today", client_id="agent-client-id")
    await eventually(lambda: title_is(shop.page, "1 new"))
    await shop.page.evaluate("Wismo('open')")
    await expect(chat.locator(".who")).to_have_text("Omar")
    await expect(chat.locator(".status")).to_contain_text("Omar")
    await eventually(lambda: title_is(shop.page, "0 new"))
    await eventually(lambda: Conversation.exists(id=conversation.id, customer_read=2))
    assert shop.complaints == []


async def title_is(page: Page, title: str) -> bool:
    return await page.title() == title


async def test_by_keyboard_alone(shop: ShopPage) -> None:
    await shop.visit()
    keyboard = shop.page.keyboard
    await keyboard.press("Tab")  # the shop's own link
    await keyboard.press("Tab")
    await keyboard.press("Enter")
    chat = await shop.chat()
    await eventually(lambda: chat.evaluate("document.hasFocus() && document.activeElement.tagName === 'TEXTAREA'"))
    await keyboard.type("First line")
    await keyboard.press("Shift+Enter")
    await keyboard.type("second line")
    await keyboard.press("Enter")
    await expect(chat.locator(".from-customer[data-number='1'] .bubble")).to_have_text("First line\nsecond line")
    await keyboard.press("Escape")
    await eventually(lambda: shop.page.evaluate("document.activeElement.tagName === 'WISMO-CHAT'"))


async def test_enter_that_ends_a_chinese_word_does_not_send(shop: ShopPage) -> None:
    await shop.visit()
    chat = await shop.open_chat()
    await chat.fill("textarea", "dingdan")
    for enter in ("{isComposing: true}", "{keyCode: 229}"):
        script = f"new KeyboardEvent('keydown', {{key: 'Enter', bubbles: true, cancelable: true, ...{enter}}})"
        await chat.evaluate(f"document.querySelector('textarea').dispatchEvent({script})")
    assert await chat.input_value("textarea") == "dingdan"
    assert not await Message.exists()


async def test_words_said_while_the_desk_is_away_arrive_once(
    world: World, database: TortoiseContext, chromium: Browser, tmp_path: Path
) -> None:
    hub = Hub()
    app = make_app(database, hub, tmp_path)
    page = await chromium.new_page()
    with frames_follow_events(hub):
        async with serving(app, hub) as desk:
            await page.goto(f"{desk.address}/widget?site=lumen")
            await say(page.main_frame, "Before")
            await expect(page.locator("[data-number='1']")).to_be_visible()
        await say(page.main_frame, "Meanwhile")
        await expect(page.locator(".is-pending .bubble")).to_have_text("Meanwhile")
        async with serving(app, hub, port=desk.port):
            await expect(page.locator("[data-number='2'] .bubble")).to_have_text("Meanwhile")
            await expect(page.locator(".is-pending")).to_have_count(0)
            await page.context.close()
    assert [message.text for message in await Message.all().order_by("number")] == ["Before", "Meanwhile"]


async def test_words_without_a_line_survive_a_reload_and_arrive_once(
    desk: Desk, world: World, chromium: Browser
) -> None:
    page = await chromium.new_page()
    blocked = True

    async def requests(route: Route) -> None:
        await (route.abort() if blocked else route.continue_())

    async def sockets(socket: WebSocketRoute) -> None:
        await socket.close() if blocked else socket.connect_to_server()

    await page.route("**/chat/poll", requests)
    await page.route_web_socket("**/chat/ws", sockets)
    await page.goto(f"{desk.address}/widget?site=lumen")
    await say(page.main_frame, "Is anybody there?")
    await expect(page.locator(".is-pending .state")).to_have_text("Sending…")
    await page.reload()
    await expect(page.locator(".is-pending .bubble")).to_have_text("Is anybody there?")
    blocked = False
    await page.reload()
    await expect(page.locator("[data-number='1'] .bubble")).to_have_text("Is anybody there?")
    await expect(page.locator("[data-number='1'] .read-mark")).to_contain_text("sent")
    await expect(page.locator(".is-pending")).to_have_count(0)
    assert await page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('wismo-said')).length") == 0
    assert await Message.all().count() == 1
    await page.context.close()


async def test_where_sockets_are_blocked_the_talk_goes_on(shop: ShopPage, world: World) -> None:
    await shop.page.route_web_socket("**/chat/ws", lambda socket: socket.close())
    await shop.visit()
    chat = await shop.open_chat()
    await say(chat, "Where is my lamp?")
    await expect(chat.locator("[data-number='1'] .bubble")).to_have_text("Where is my lamp?")
    conversation = await Conversation.get()
    await post(conversation.id, BOT, "Which order?", client_id="bot:1")
    await expect(chat.locator("[data-number='2'] .bubble")).to_have_text("Which order?")
    await take(conversation.id, world.omar)
    await expect(chat.locator(".status")).to_contain_text("Omar")
    started = time.monotonic()
    await post(conversation.id, Actor.of(world.omar), "It left today", client_id="agent-client-id")
    await expect(chat.locator("[data-number='3'] .bubble")).to_have_text("It left today")
    assert time.monotonic() - started < 5, "it is heard, not found at the end of a waiting"
    await eventually(lambda: Conversation.exists(id=conversation.id, customer_read=3))
    await expect(chat.locator(".banner")).to_be_hidden()


async def test_own_words_tell_how_far_they_got(shop: ShopPage) -> None:
    await shop.visit()
    chat = await shop.open_chat()
    for number, text in enumerate(("One", "Two", "Three"), 1):
        await say(chat, text)
        await expect(chat.locator(f"[data-number='{number}']")).to_be_visible()
    conversation = await Conversation.get()
    await mark_received(conversation.id, DESK, 2)
    await mark_read(conversation.id, DESK, 1)
    await shop.visit()
    chat = await shop.chat()
    await expect(chat.locator(".read-mark")).to_have_text([" · read", " · delivered", " · sent"])


async def test_a_refused_message_can_be_deleted(shop: ShopPage) -> None:
    await shop.visit()
    chat = await shop.open_chat()
    await chat.evaluate("document.querySelector('textarea').removeAttribute('maxlength')")
    await say(chat, "x" * 8001)
    await chat.click(".is-failed button:has-text('Delete')")
    await expect(chat.locator(".turn")).to_have_count(0)
    await shop.visit()
    chat = await shop.open_chat()
    await expect(chat.locator(".empty")).to_be_visible()


async def test_holes_are_filled_and_doubles_are_dropped(shop: ShopPage) -> None:
    """Live frames may come twice, too early, or not at all; the screen shows every message once, in order."""
    await shop.visit()
    chat = await shop.open_chat()
    await say(chat, "One")
    await expect(chat.locator("[data-number='1']")).to_be_visible()
    conversation = await Conversation.get()
    heard, publish = [], shop.desk.hub.publish
    shop.desk.hub.publish = lambda topic, frame: heard.append((topic, frame))  # type: ignore[method-assign]
    for text in ("Two", "Three", "Four"):
        await post(conversation.id, BOT, text, client_id=f"bot:{text}")
    shop.desk.hub.publish = publish  # type: ignore[method-assign]
    for topic, frame in (heard[2], heard[2], heard[0]):
        publish(topic, frame)
    await expect(chat.locator(".list .bubble")).to_have_text(["One", "Two", "Three", "Four"])


async def test_what_the_answer_offers(shop: ShopPage, world: World) -> None:
    await shop.visit()
    chat = await shop.open_chat()
    await chat.click("text=Where is my order?")
    await expect(chat.locator("[data-number='1']")).to_be_visible()
    conversation = await Conversation.get()
    await post(conversation.id, BOT, "Please enter the code.", client_id="bot:1", form="code")
    await chat.fill(".code", "１２ab 34-56")
    await chat.press(".code", "Enter")
    await expect(chat.locator("[data-number='3'] .bubble")).to_have_text("123456")
    assert await chat.locator(".code").count() == 0
    replies = [{"label": "Yes", "text": "Yes, please"}, {"label": "No", "text": "No"}]
    await post(conversation.id, BOT, "See https://carrier.example/x?a=1.", client_id="bot:2", quick_replies=replies)
    await expect(chat.locator(".list a")).to_have_attribute("href", "https://carrier.example/x?a=1")
    await chat.click("text=Yes")
    await expect(chat.locator("[data-number='5'] .bubble")).to_have_text("Yes, please")
    assert await chat.locator(".tail .reply").count() == 0


async def test_words_are_never_markup(shop: ShopPage, world: World) -> None:
    await shop.visit()
    chat = await shop.open_chat()
    evil = "<img src=x onerror=\"document.title='evil'\"> <b>bold</b> javascript:x()"
    await say(chat, evil)
    await expect(chat.locator("[data-number='1'] .bubble")).to_have_text(evil)
    conversation = await Conversation.get()
    await post(conversation.id, BOT, evil, client_id="bot:1", quick_replies=[{"label": evil, "text": "x"}])
    await expect(chat.locator("[data-number='2'] .bubble")).to_have_text(evil)
    assert await chat.locator(".log img, .log b, .list a").count() == 0
    assert shop.complaints == []


async def test_the_language_changes_without_a_reload_and_is_remembered(shop: ShopPage) -> None:
    await shop.visit()
    chat = await shop.open_chat()
    await say(chat, "Hello")
    await expect(chat.locator("[data-number='1']")).to_be_visible()
    await chat.click("[popovertarget=menu]")
    await chat.click("[data-language=zh]")
    assert await chat.evaluate("document.documentElement.lang") == "zh-Hans"
    await expect(chat.locator(".list .bubble")).to_have_text("Hello")
    await eventually(lambda: Conversation.exists(language="zh"))
    await shop.visit()
    assert await (await shop.chat()).evaluate("document.documentElement.lang") == "zh-Hans"


async def test_a_refused_message_can_be_tried_again(shop: ShopPage) -> None:
    await shop.visit()
    chat = await shop.open_chat()
    await chat.evaluate("document.querySelector('textarea').removeAttribute('maxlength')")
    await say(chat, "x" * 8001)
    await expect(chat.locator(".is-failed [role=alert]")).to_contain_text("8,000")
    await chat.click(".again")
    await expect(chat.locator(".is-failed [role=alert]")).to_contain_text("8,000")


async def test_ending_the_chat_leaves_nothing_on_the_device(shop: ShopPage) -> None:
    await shop.visit()
    chat = await shop.open_chat()
    await say(chat, "My secret")
    await expect(chat.locator("[data-number='1']")).to_be_visible()
    await chat.click("[popovertarget=menu]")
    await chat.click(".leave")
    await chat.click(".ending .end")
    await expect(chat.locator(".banner")).to_be_visible()
    assert "My secret" not in await chat.inner_text("body")
    await eventually(lambda: shop.page.evaluate("!JSON.parse(localStorage['wismo:lumen']).token"))
    await shop.visit()
    chat = await shop.open_chat()
    await expect(chat.locator(".empty")).to_be_visible()


async def test_foreign_pages_get_neither_the_frame_nor_the_token(shop: ShopPage, chromium: Browser) -> None:
    await shop.visit()
    await (await shop.open_chat()).wait_for_selector(".suggestions button")
    forged = "{wismo: 1, type: 'token', token: 'stolen'}"
    await shop.page.evaluate(f"window.postMessage({forged}, '*')")  # from the page itself, not from the frame
    await shop.page.evaluate("new Promise((resolve) => setTimeout(resolve))")
    assert "stolen" not in await shop.page.evaluate("JSON.stringify(localStorage)")

    elsewhere = ShopPage(await chromium.new_page(), shop.desk)
    await Shop.all().update(origins=["https://shop.example"])
    await elsewhere.visit()
    await elsewhere.page.evaluate("Wismo('open')")
    await eventually(lambda: any("frame-ancestors" in complaint for complaint in elsewhere.complaints))
    await elsewhere.page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_everybody_can_use_it(desk: Desk, world: World, chromium: Browser, scheme: Any, language: str) -> None:
    page = await chromium.new_page(viewport={"width": 320, "height": 560}, color_scheme=scheme, reduced_motion="reduce")
    await page.goto(f"{desk.address}/widget?site=lumen&lang={language}")
    await page.click(".suggestions button")
    await page.wait_for_selector("[data-number='1']")
    conversation = await Conversation.get()
    replies = [{"label": "Yes", "text": "Yes"}]
    await post(conversation.id, BOT, "长" * 60 + "x" * 200, client_id="bot:1", form="code", quick_replies=replies)
    await page.wait_for_selector(".code")
    found = await axe(page)
    await page.evaluate(
        "for (const [where, words] of [['h1', 'The Lumen & Oak Company of Lamps'], ['.ticket', 'Ticket 123456']])"
        "  Object.assign(document.querySelector(`.top ${where}`), {textContent: words, hidden: false})"
    )
    violations = [violation for violation in found.response["violations"] if violation["impact"] in SERIOUS]
    assert [(violation["id"], violation["nodes"][0]["html"]) for violation in violations] == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    await page.context.close()


async def test_the_shop_says_who_its_customer_is(shop: ShopPage, world: World) -> None:
    """Signed in: the orders are open, and signed out: nothing of it is left on the device."""
    key = await add_secret(world.lumen, "identity")
    await make_order(world.lumen, "1042", email="ines@example.com")
    other = await make_order(world.lumen, "R-ABC", email="ines@example.com")
    await shop.visit()
    await shop.page.evaluate(
        "(token) => Wismo('identify', async () => token)", identity_token(key, sub="customer-7", orders=["1042"])
    )
    chat = await shop.open_chat()
    await eventually(lambda: Conversation.exists(customer__name="Ines", order__number="1042"))
    await chat.click(".own-orders .choice:has-text('R-ABC')")  # before the first word, and without typing any
    await expect(chat.locator("[data-number='1'] .bubble")).to_have_text("Order R-ABC")
    await eventually(lambda: Message.exists(number=1, order_id=other.id))
    await say(chat, "My secret")
    await expect(chat.locator("[data-number='2']")).to_be_visible()
    await shop.visit()  # the page has no token, but the device knows the conversation
    chat = await shop.chat()
    await expect(chat.locator("[data-number='2']")).to_be_attached()
    await shop.page.evaluate("Wismo('open')")
    await shop.page.evaluate("Wismo('logout')")
    await expect(chat.locator(".empty")).to_be_visible()
    await eventually(lambda: shop.page.evaluate("!JSON.parse(localStorage['wismo:lumen']).token?.includes('secret')"))
    chat = await shop.chat()
    await say(chat, "Hello")
    await expect(chat.locator("[data-number='1'] .bubble")).to_have_text("Hello")
    assert await Conversation.all().count() == 2
    assert shop.complaints == []


def identity_token(key: str, **claims: Any) -> str:
    moment = int(now().timestamp())
    usual = {"aud": "lumen", "iat": moment, "exp": moment + 300, "jti": new_id("jti"), "name": "Ines"}
    return jwt.encode(usual | {"email": "ines@example.com", "email_verified": True} | claims, key, algorithm="HS256")


async def test_how_the_help_was(shop: ShopPage, world: World) -> None:
    """Asked when the work is done, by keyboard, in the language that is spoken; at the end of the chat once more."""
    await shop.visit()
    chat = await shop.open_chat()
    await say(chat, "Where is my lamp?")
    await expect(chat.locator("[data-number='1']")).to_be_visible()
    conversation = await Conversation.get()
    topic = conversation_topic(conversation.public_id)
    shop.desk.hub.publish(topic, rendering.ticket_frame(conversation.public_id, 1001, "question", "resolved"))
    await expect(chat.locator(".rate legend")).to_have_text("How was our help?")
    await chat.click("[popovertarget=menu]")
    await chat.click("[data-language=zh]")
    await expect(chat.locator(".rate legend")).to_have_text("您对这次服务满意吗？")
    await shop.page.keyboard.press("Escape")
    await chat.focus(".rate input[value='1']")
    for _ in range(3):
        await shop.page.keyboard.press("ArrowRight")
    await chat.fill(".rate .words", "很快")
    await chat.click(".rate [type=submit]")
    await expect(chat.locator(".thanks")).to_be_visible()
    await eventually(lambda: Rating.exists(score=4, text="很快"))
    await say(chat, "谢谢")
    await expect(chat.locator(".thanks")).to_have_count(0)
    await chat.click("[popovertarget=menu]")
    await chat.click(".leave")
    await chat.click(".ending .score:nth-child(2)")
    await expect(chat.locator(".ending .score.is-on")).to_have_count(2)
    await chat.click(".ending .end")
    await expect(chat.locator(".banner")).to_be_visible()
    await eventually(lambda: Rating.exists(score=2))
    assert shop.complaints == []


async def test_words_are_left_when_nobody_is_there(shop: ShopPage, world: World) -> None:
    day = (now() + timedelta(days=2)).strftime("%a").lower()
    await Shop.filter(key="lumen").update(hours={day: [["09:00", "18:00"]]})
    await set_privacy(await Shop.get(key="lumen"), "https://lumen.example/privacy", {"zh": "仅用于售后服务。"})
    await shop.visit()
    chat = await shop.open_chat()
    await expect(chat.locator(".hours")).to_contain_text("be back")
    await expect(chat.locator(".privacy a")).to_have_attribute("href", "https://lumen.example/privacy")
    await chat.fill("textarea", "My lamp flickers")
    await chat.click(".leave-word")
    await chat.fill("[name=name]", "Ines")
    await chat.fill("[name=contact]", "nobody")
    await chat.press("[name=contact]", "Enter")
    await expect(chat.locator(".refusal")).to_contain_text("neither")
    await chat.click("[popovertarget=menu]")
    await chat.click("[data-language=zh]")
    await expect(chat.locator(".small-print")).to_contain_text("仅用于售后服务。")
    await expect(chat.locator("[name=text]")).to_have_value("My lamp flickers")
    await chat.fill("[name=contact]", "ines@example.com")
    await chat.click(".enquiry [type=submit]")
    await expect(chat.locator(".away .thanks")).to_contain_text("工单号")
    ticket = await Ticket.get()
    assert (ticket.subject, ticket.opened_by) == ("My lamp flickers", "customer")
    assert shop.complaints == []


async def test_answers_that_nobody_sees(shop: ShopPage, desk: Desk, world: World) -> None:
    """The badge after a reload, and notifications: only wished, only while the page is hidden, without the words."""
    await shop.page.context.grant_permissions(["notifications"])
    await shop.page.add_init_script(
        "window.told = []; window.Notification = class { static permission = 'granted';"
        " static requestPermission = async () => 'granted';"
        " constructor(title, { body }) { told.push(`${title}: ${body}`); } };"
    )
    await shop.visit()
    chat = await shop.open_chat()
    await say(chat, "Where is my lamp?")
    await expect(chat.locator("[data-number='1']")).to_be_visible()
    conversation = await Conversation.get()
    await take(conversation.id, world.omar)
    await shop.page.evaluate("Wismo('close')")
    attendance = desk.app.state.hub.attendance
    await eventually(lambda: attendance.level(conversation.public_id) == NEAR)  # nobody looks at it any more
    await post(conversation.id, Actor.of(world.omar), "It left today", client_id="agent-client-1")
    await expect(chat.locator("[data-number='2']")).to_be_attached()
    assert await shop.page.evaluate("told") == []

    await shop.visit()
    await shop.page.evaluate("Wismo('on', 'unread', (count) => (document.title = `${count} new`))")
    chat = await shop.chat()
    await eventually(lambda: title_is(shop.page, "1 new"))
    await shop.page.evaluate("Wismo('open')")
    await eventually(lambda: title_is(shop.page, "0 new"))
    await chat.click("[popovertarget=menu]")
    await chat.click("[data-alert=notify]")
    await expect(chat.locator("[data-alert=notify]")).to_have_attribute("aria-checked", "true")
    await shop.page.keyboard.press("Escape")
    await shop.page.evaluate("Wismo('close')")
    await eventually(lambda: attendance.level(conversation.public_id) == NEAR)
    await shop.page.evaluate("Object.defineProperty(document, 'hidden', { get: () => true })")
    await post(conversation.id, Actor.of(world.omar), "My secret", client_id="agent-client-2")
    await eventually(lambda: shop.page.evaluate("told.length"))
    assert await shop.page.evaluate("told") == ["Lumen: Omar has replied"]
    assert shop.complaints == []
