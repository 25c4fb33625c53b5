"""The desk in a real browser: with scripts and without, for two agents at once, for keyboards and screen readers."""

import asyncio
from datetime import timedelta

import pytest
from playwright.async_api import Route, expect

from app.realtime.hub import Hub
from conversations.models import Conversation, Message, Proof
from conversations.reading import CUSTOMER, mark_read
from core.clock import now
from core.people import Actor, Agent
from orders.folding import fold
from orders.models import Order, OrderLine, Payment, Refund, Shipment, SourceEvent, TrackingEvent
from orders.policies.drafting import begin_draft
from orders.receiving import receive
from tests.browsing import axe
from tests.console.conftest import OpenPage, Talk
from tests.people import World, make_customer, make_order
from tickets.linking import link_order
from tickets.macros.keeping import save_macro
from tickets.models import Ticket

pytestmark = [pytest.mark.anyio, pytest.mark.browser]
EVIL = "\"><img src=x onerror=document.title='hurt'><script>document.title='hurt'</script>"


async def test_a_slash_brings_an_answer_with_its_blanks_filled(
    world: World, story: tuple[Ticket, Conversation], open_page: OpenPage
) -> None:
    """By keyboard alone; with two orders the agent says which one it is about."""
    other = await make_order(world.lumen, "#1002", email="ines@example.com")
    await link_order(story[0].id, other.id, Actor.of(world.omar))
    until = now() + timedelta(days=1)
    await Proof.create(
        conversation=story[1], contact="ines@example.com", kind="code", proved_at=now(), expires_at=until
    )
    words = {"en": "Order {order.number} is with {parcel.carrier}: {parcel.tracking_number}."}
    await save_macro(world.omar, world.lumen, name="On its way", shortcut="way", words=words)
    await save_macro(world.omar, world.lumen, name="Thanks", shortcut="thanks", words={"en": "Thank you!"})
    page = await open_page(world.omar, f"/console/tickets/{story[0].number}")
    await page.locator("#text").press_sequentially("Hello, /")
    await expect(page.locator("#macro-menu li")).to_have_count(2)
    await page.locator("#text").press_sequentially("wa")
    await expect(page.locator("#macro-menu li")).to_have_count(1)
    results = await axe(page)
    assert [found["id"] for found in results.response["violations"]] == []
    await page.keyboard.press("Enter")
    await page.get_by_role("dialog").get_by_label("Order").select_option("#1001")
    await page.get_by_role("button", name="Inserted into the reply").click()
    await expect(page.locator("#text")).to_have_value("Hello, Order #1001 is with DHL: JD01.")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("log")).to_contain_text("Hello, Order #1001 is with DHL: JD01.")
    await expect(page.get_by_role("log")).to_contain_text("used the macro On its way")


async def test_everything_works_without_scripts(
    world: World, story: tuple[Ticket, Conversation], open_page: OpenPage
) -> None:
    ticket, conversation = story
    page = await open_page(world.omar, "/console", java_script_enabled=False)
    await page.get_by_role("link", name="Where is my lamp?").click()
    await expect(page.get_by_role("heading", name="Where is my lamp?")).to_be_visible()
    await expect(page.get_by_text("Halo floor lamp").locator("visible=true").first).to_be_visible()
    await page.get_by_label("Your message").fill("It arrives tomorrow.")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".message.from-agent")).to_contain_text("It arrives tomorrow.")
    await page.get_by_text("Internal note", exact=True).first.click()
    await page.get_by_label("Your message").fill("She was kind.")
    await page.get_by_role("button", name="Add note").click()
    await expect(page.locator("li.note")).to_contain_text("She was kind.")
    await page.get_by_role("button", name="Resolve").click()
    await expect(page.get_by_role("status").first).to_contain_text("Resolved.")
    await page.get_by_role("button", name="Hand back to the bot").click()
    await expect(page.locator("#speaker")).to_contain_text("The bot is answering")
    assert (await Ticket.get(id=ticket.id)).status == "resolved"
    assert await Message.filter(conversation_id=conversation.id, author_kind="agent").count() == 1


async def test_two_agents_see_the_same_thread_at_once(
    world: World, story: tuple[Ticket, Conversation], talk: Talk, open_page: OpenPage
) -> None:
    ticket, conversation = story
    path = f"/console/tickets/{ticket.number}"
    omar, mei = await open_page(world.omar, path), await open_page(world.mei, path)
    await expect(omar.locator("#presence")).to_contain_text("Mei")
    await talk.says(conversation, world.ines, "Hello? Anybody there?")
    for page in (omar, mei):
        await expect(page.locator(".message.from-customer").last).to_contain_text("Anybody there?")
    await mei.locator("#text").press_sequentially("Hm")
    await expect(omar.locator("#typing")).to_contain_text("Mei is writing")
    await omar.locator("#text").fill("I am here, Ines.")
    await omar.keyboard.press("Control+Enter")
    for page in (omar, mei):
        await expect(page.locator(".message.from-agent")).to_have_count(1)
        await expect(page.locator(".message.from-agent")).to_contain_text("I am here, Ines.")
    await expect(mei.locator("#speaker")).to_contain_text("Omar is answering")
    await mei.get_by_role("button", name="Send").click()
    await expect(mei.get_by_role("alert")).to_contain_text("Omar has the conversation.")
    await expect(mei.locator("#text")).to_have_value("Hm")
    await expect(mei.locator(".message.from-agent")).to_have_count(1)


async def test_where_sockets_are_blocked_the_desk_goes_on(
    world: World, story: tuple[Ticket, Conversation], talk: Talk, open_page: OpenPage
) -> None:
    ticket, conversation = story
    page = await open_page(world.omar)
    await page.route_web_socket("**/console/ws", lambda socket: socket.close())
    await page.goto(f"/console/tickets/{ticket.number}")
    await expect(page.locator("#live-word")).to_have_text("Live")
    await talk.says(conversation, world.ines, "Hello? Anybody there?")
    await expect(page.locator(".message.from-customer").last).to_contain_text("Anybody there?")
    await page.locator("#text").fill("I am here, Ines.")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".message.from-agent .message-state")).to_have_text("sent")
    await mark_read(conversation.id, CUSTOMER, 99)
    await expect(page.locator(".message.from-agent .message-state")).to_have_text("read")


async def test_words_of_an_agent_without_a_line_outlive_a_reload(
    world: World, story: tuple[Ticket, Conversation], open_page: OpenPage
) -> None:
    ticket, conversation = story
    page = await open_page(world.omar, f"/console/tickets/{ticket.number}")
    await page.route("**/replies", lambda route: route.abort())
    await page.locator("#text").fill("It leaves today.")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".message.pending")).to_contain_text("It leaves today.")
    await page.reload()
    await expect(page.locator(".message.pending")).to_contain_text("It leaves today.")
    await page.unroute_all()
    await page.reload()
    await expect(page.locator(".message.from-agent:not(.pending)")).to_contain_text("It leaves today.")
    assert await Message.filter(conversation_id=conversation.id, author_kind="agent").count() == 1
    await page.reload()
    await expect(page.locator(".message.from-agent")).to_have_count(1)


async def test_a_draft_outlives_a_reload_and_unread_words_stop_it(
    world: World, story: tuple[Ticket, Conversation], talk: Talk, open_page: OpenPage
) -> None:
    ticket, conversation = story
    page = await open_page(world.omar, f"/console/tickets/{ticket.number}")
    await page.locator("#text").fill("Your lamp leaves today")
    await expect(page.locator("#draft-state")).to_have_text("Draft saved")
    await page.reload()
    await expect(page.locator("#text")).to_have_value("Your lamp leaves today")
    sending, go_on = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        sending.set()
        await go_on.wait()
        await route.continue_()

    await page.route("**/replies", hold)
    await page.get_by_role("button", name="Send").click()
    await sending.wait()
    await talk.says(conversation, world.ines, "Cancel it")  # faster by the blink of an eye
    go_on.set()
    await expect(page.get_by_role("alert")).to_contain_text("The customer has written since you started")
    await expect(page.locator("#text")).to_have_value("Your lamp leaves today")
    await expect(page.locator(".message.from-customer").last).to_contain_text("Cancel it")
    assert not await Message.exists(author_kind="agent")
    await page.unroute_all()
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".message.from-agent")).to_contain_text("Your lamp leaves today")
    await page.reload()
    await expect(page.locator("#text")).to_have_value("")


async def test_the_inbox_moves_by_itself(world: World, talk: Talk, hub: Hub, open_page: OpenPage) -> None:
    page = await open_page(world.omar)
    await expect(page.locator("#live-word")).to_have_text("Live")
    await expect(page.get_by_text("Everybody has been answered.")).to_be_visible()
    _, conversation = await talk.ticket(world.lumen, world.ines, "The first question")
    await expect(page.locator("#rows .row")).to_have_count(1)
    await expect(page.locator("[data-count=open]")).to_have_text("1")
    await talk.ticket(world.lumen, await make_customer(world.lumen, "Bo", "bo@example.com"), "The second question")
    await expect(page.locator("#rows .row")).to_have_count(2)
    await expect(page.locator("#rows .row").first).to_contain_text("The second question")
    await talk.says(conversation, world.ines, "Me again")
    await expect(page.locator(f"#row-{conversation.public_id}")).to_contain_text("Me again")
    await talk.ticket(world.chaye, world.lin, "与您无关")
    await expect(page.locator("#rows .row")).to_have_count(2)


async def test_the_desk_is_worked_by_keyboard_alone(
    world: World, story: tuple[Ticket, Conversation], open_page: OpenPage
) -> None:
    ticket, _ = story
    page = await open_page(world.omar)
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/console/tickets/{ticket.number}")
    await expect(page.locator("html.scripted")).to_be_attached()
    await page.keyboard.press("n")
    await page.keyboard.type("A note")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("li.note")).to_contain_text("A note")
    await page.keyboard.press("Escape")
    await page.keyboard.press("a")
    await expect(page.locator("#head")).to_contain_text("Omar")
    await page.keyboard.press("e")
    await expect(page.locator("#head")).to_contain_text("Resolved")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    await page.get_by_label("Single-key shortcuts are on").uncheck()
    await page.keyboard.press("Escape")
    await page.keyboard.press("r")
    await expect(page.locator("#text")).not_to_be_focused()


async def test_hostile_words_stay_words(world: World, talk: Talk, hub: Hub, open_page: OpenPage) -> None:
    evil = await make_customer(world.lumen, EVIL, "evil@example.com")
    ticket, conversation = await talk.ticket(world.lumen, evil, EVIL, summary=EVIL)
    for path in ("/console", f"/console/tickets/{ticket.number}", "/console/search?q=script"):
        page = await open_page(world.omar, path)
        await talk.says(conversation, evil, EVIL)  # live, by the scripts
        await expect(page.locator("#live-word, .result").first).to_be_visible()
        assert "hurt" not in (await page.title()).removeprefix(EVIL)
        assert await page.locator("img").count() == 0


async def heavy_order(world: World) -> Order:
    """Sixty scans, forty lines, and names that are long, have no spaces or run from right to left."""
    order = await make_order(world.lumen, "#" + "2024-LUMEN-" * 4, email="a" * 60 + "@example.com")
    long = [
        "Donaudampfschifffahrtsgesellschaftskapitänsmütze" * 2,
        "特级明前西湖龙井茶叶礼盒装" * 9,
        "إبريق شاي زجاجي كبير " * 6,
    ]
    await Order.filter(id=order.id).update(
        headline="partially_shipped", fulfilment="partial", customer_name="محمد بن عبد الرحمن آل سعود", total=123456789,
        ship_to={"name": long[0], "lines": [long[1]], "city": "東京都" * 9, "country": "JP"},
    )  # fmt: skip
    lines = [
        OrderLine(
            order=order, source_id=str(n), position=n, sku="SKU-" * 20, title=long[n % 3], quantity=n + 1,
            quantity_shipped=n, quantity_cancelled=n % 2, unit_price=1234567,
        )
        for n in range(40)
    ]  # fmt: skip
    await OrderLine.bulk_create(lines)
    for name, direction in (("1", "outbound"), ("2", "outbound"), ("3", "return")):
        parcel = await Shipment.create(
            public_id=f"par_h{name}", order=order, source_id=name, direction=direction, carrier=long[0],
            tracking_number="9" * 60, state="in_transit", eta_to=now(), lines=[["0", 1], ["1", 2]],
        )  # fmt: skip
        scans = [
            TrackingEvent(
                shipment=parcel, at=now() + timedelta(minutes=n), received_at=now(), state="in_transit",
                text=long[n % 3], location=long[1], digest=str(n),
            )
            for n in range(60)
        ]  # fmt: skip
        await TrackingEvent.bulk_create(scans)
    await Payment.create(order=order, source_id="1", state="paid", currency="USD", captured=1, gateway_ref="x" * 180)
    await Refund.create(
        public_id="rfd_h", order=order, source_id="1", amount=1, currency="USD", state="failed", at=now(),
        reference="y" * 180, lines=[["0", 1]],
    )  # fmt: skip
    event = await receive(world.lumen, "generic", "orders:upsert", "heavy", {}, b'{"id":"H"}')
    await SourceEvent.filter(id=event.id).update(order_id=order.id, state="failed", error="bad " + "z" * 300)
    return order


@pytest.mark.parametrize(
    ("language", "scheme", "width"), [("en", "light", 1440), ("zh", "dark", 390), ("en", "light", 320)]
)
async def test_a_heavy_order_stays_readable(
    world: World, hub: Hub, talk: Talk, open_page: OpenPage, language: str, scheme: str, width: int
) -> None:
    order = await heavy_order(world)
    _, conversation = await talk.ticket(world.lumen, world.ines, "Hello", order_ids=[order.id])
    await talk.says(conversation, Actor.of(world.omar), "The parcel " + "w" * 300)
    page = await open_page(world.ada, color_scheme=scheme, viewport={"width": width, "height": 900})
    await Agent.filter(id=world.ada.id).update(language=language)
    await page.goto(f"/console/orders/{order.public_id}")
    scans = page.locator("details.scans")
    await expect(scans).to_have_count(3)
    for place in range(3):
        await scans.nth(place).locator("summary").focus()
        await page.keyboard.press("Enter")
        await expect(scans.nth(place).locator("tbody tr")).to_have_count(60)
        await expect(scans.nth(place).locator("tbody tr").first).to_be_visible()
    results = await axe(page)
    assert results.violations_count == 0, results.generate_report()
    for box in ("document.documentElement", "document.querySelector('main')"):
        wide = await page.evaluate(f"{box}.scrollWidth - {box}.clientWidth")
        assert wide <= 0, f"{box} is wider than the screen by {wide}"
    await page.locator(".record-nav a[href='#told']").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#told")).to_be_in_viewport()
    assert [await page.locator(tag).count() for tag in ("h1", "table:not(:has(caption))")] == [1, 0]


async def test_an_order_is_found_and_its_delivery_folded_again(world: World, hub: Hub, open_page: OpenPage) -> None:
    document = (
        '{"id":"A-7","updated_at":"2026-03-02T09:00:00Z","number":"7001","currency":"USD","totals":{"total":"10.00"},'
        '"placed_at":"2026-03-02T08:00:00Z","customer":{"name":"Zoë Smith","phone":"+491701234567"}}'
    )
    event = await receive(world.lumen, "generic", "orders:upsert", "story", {}, document.encode())
    await fold(event.id)
    page = await open_page(world.ada, "/console/search")
    await page.get_by_role("searchbox").fill("smith 4567")
    await page.keyboard.press("Enter")
    await expect(page.locator(".why")).to_contain_text("Name: Zoë Smith")
    await expect(page.locator(".why")).to_contain_text("Phone: +491701234567")
    await page.get_by_role("link", name="7001").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Order 7001")
    await page.get_by_role("button", name="Process orders:upsert again").click()
    await expect(page.get_by_role("status").first).to_contain_text("Rebuilt.")
    await page.get_by_role("link", name="Order 7001").click()
    await expect(page.locator("#history")).to_contain_text("known here as version 1")


@pytest.mark.parametrize(
    ("language", "scheme", "width"), [("en", "light", 1440), ("zh", "dark", 1440), ("zh", "light", 390)]
)
async def test_pages_are_accessible(
    world: World, story: tuple[Ticket, Conversation], open_page: OpenPage, language: str, scheme: str, width: int
) -> None:
    ticket, _ = story
    order = await Order.get()
    viewport = {"width": width, "height": 900}
    page = await open_page(world.ada, color_scheme=scheme, viewport=viewport)
    await Agent.filter(id=world.ada.id).update(language=language)
    await begin_draft(world.lumen, world.ada)
    for path in (
        "/console",
        f"/console/tickets/{ticket.number}",
        f"/console/tickets/{ticket.number}?pane=order",
        f"/console/orders/{order.public_id}",
        "/console/search?q=1001",
        "/console/account",
        "/console/agents",
        "/console/tickets/99",
        f"/console/tickets/{ticket.number}/arrangement",
        f"/console/tickets/{ticket.number}/refunds/new?order={order.public_id}",
        "/console/settings",
        "/console/complaints",
        "/console/promises",
        "/console/macros/lumen",
        "/console/rules/lumen/new",
        "/console/refund-limits",
        "/console/targets",
        "/console/policies/lumen",
        "/console/policies/lumen/draft",
        "/console/policies/lumen/draft/rows/changed_mind",
    ):
        await page.goto(path)
        results = await axe(page)
        assert results.violations_count == 0, results.generate_report()
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} is wider than the screen by {wide}"
    await page.context.clear_cookies()
    await page.goto("/console/login")
    results = await axe(page)
    assert results.violations_count == 0, results.generate_report()
