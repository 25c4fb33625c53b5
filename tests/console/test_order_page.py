"""The page of an order: parcels, units, money, what was told, history, other orders; and who sees which part."""

import html
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.web.order_page import _address
from app.web.times import stamp, zone_name
from conversations.models import AnswerReceipt, Proof
from core.audit import AuditEntry
from core.clock import FrozenClock, now
from core.people import BOT, SYSTEM, Actor, Agent
from orders.models import Order, OrderChange, OrderLine, Payment, Refund, Shipment, SourceEvent, TrackingEvent
from tests.console.conftest import Browser, Talk
from tests.heard import counted
from tests.people import World, make_order

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]
RECEIPT: dict[str, Any] = {"rule": "where/shipped", "rulebook": "r1", "intent": "order_status"}


@pytest.fixture
async def order(world: World, clock: FrozenClock) -> Order:
    """Ines's order of two lamps, of which one is on its way."""
    order = await make_order(world.lumen, "#1001", email="ines@example.com")
    await Order.filter(id=order.id).update(
        headline="partially_shipped", fulfilment="partial", payment="paid", total=4100, goods=4000, discount=400,
        shipping=500, customer_name="Ines", promised_to=now() + timedelta(days=1), version=7,
    )  # fmt: skip
    await OrderLine.create(
        order=order, source_id="1", sku="LO-HAL", title="Halo", quantity=3, unit_price=1000, quantity_shipped=1,
        quantity_cancelled=1, quantity_refunded=1,
    )  # fmt: skip
    await OrderLine.create(order=order, source_id="2", title="Wick", quantity=1, unit_price=1000, backordered=True)
    return await Order.get(id=order.id)


async def parcel(order: Order, name: str = "1", **values: Any) -> Shipment:
    known: dict[str, Any] = {
        "carrier": "DHL",
        "tracking_number": f"JD0{name}",
        "state": "in_transit",
        "lines": [["1", 1]],
    }
    return await Shipment.create(public_id=f"par_{name}", order=order, source_id=name, **known | values)


async def scan(shipment: Shipment, text: str, at: datetime, **values: Any) -> None:
    known: dict[str, Any] = {"received_at": now() - timedelta(minutes=1), "state": "in_transit", "digest": text}
    await TrackingEvent.create(shipment=shipment, at=at, text=text, **known | values)


async def page_of(open_browser: OpenBrowser, agent: Agent, order: Order, query: str = "") -> str:
    """What the page says, without its tags and with single spaces."""
    answer = await (await open_browser(agent)).get(f"/console/orders/{order.public_id}{query}")
    assert answer.status_code == 200
    return words(answer.text)


def words(page: str) -> str:
    main = page.partition("<main")[2].partition("</main>")[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


def part(page: str, title: str, following: str) -> str:
    return page.rpartition(f" {title} ")[2].partition(f" {following} ")[0]


async def test_units_of_each_line_stand_in_columns(world: World, order: Order, open_browser: OpenBrowser) -> None:
    page = await page_of(open_browser, world.omar, order)
    assert "Item Ordered Shipped Delivered Cancelled Refunded Price Sum" in page
    assert "Halo LO-HAL 3 1 – 0 1 1 $10.00 $30.00" in page
    assert "Wick Waiting for stock, no date known 1 – 0 – 0 – 0 – 0 $10.00" in page


async def test_a_parcel_shows_what_is_known_and_what_cannot_be_right(
    world: World, order: Order, open_browser: OpenBrowser
) -> None:
    first = await parcel(order, eta_to=now() + timedelta(days=2))
    await scan(first, "Left Leipzig", now() - timedelta(hours=3), location="Leipzig")
    await scan(first, "Clock ran ahead", now() - timedelta(hours=2), received_at=now() - timedelta(hours=2))
    await scan(first, "Tomorrow", now() + timedelta(hours=2), state="")
    until = (now() - timedelta(hours=1)).isoformat()
    point = {"point": "Kiosk Müller", "code": "4711", "until": until}
    await parcel(order, "2", state="available_for_pickup", pickup=point)
    await parcel(order, "3", direction="return", state="returned", signed_by="Warehouse")
    await parcel(order, "4", cancelled=True)
    page = await page_of(open_browser, world.omar, order)
    for text in (
        "Parcel 1 of 2",
        "Parcel 2 of 2",
        "1 × Halo",
        "The carrier expects it later than promised.",
        "3 scans",
        "Left Leipzig On its way",
        "in the future",
        "time of receipt",
        "not known to us",
        "Kiosk Müller",
        "4711",
        "It should have been collected by now.",
        "On the way back to the shop",
        "Return parcel",
        "Warehouse",
        "Cancelled by the shop: DHL JD04",
    ):
        assert text in page, text
    assert page.count("time of receipt") == page.count("in the future") == 1
    await Shipment.filter(id=first.id).update(eta_to=now() - timedelta(hours=1))
    assert "The carrier’s date has passed." in await page_of(open_browser, world.omar, order)


async def test_the_money_adds_up_before_the_eye(world: World, order: Order, open_browser: OpenBrowser) -> None:
    paid: dict[str, Any] = {"tender": "card", "state": "paid", "currency": "USD", "authorised": 4100, "captured": 4100}
    await Payment.create(order=order, source_id="a", gateway="stripe", gateway_ref="ch_1", at=now(), **paid)
    await Payment.create(order=order, source_id="gateway:card", tender="card", state="paid", currency="USD")
    back: dict[str, Any] = {"order": order, "currency": "USD", "at": now(), "lines": [["1", 1]]}
    await Refund.create(public_id="rfd_1", source_id="1", amount=1000, state="succeeded", reference="re_1", **back)
    await Refund.create(public_id="rfd_2", source_id="2", amount=250, state="pending", **back)
    page = await page_of(open_browser, world.omar, order)
    assert "Goods $40.00 Discount −$4.00 Shipping $5.00 Total $41.00" in page
    assert "Captured $41.00 Refunded −$10.00 Kept $31.00 Refunds on their way −$2.50" in page
    assert "1 × Halo Card re_1 −$10.00" in page
    assert page.count("Card · stripe") == 1
    assert "not told" not in page  # the shop's word on the same payment is no second one
    await Payment.filter(source_id="a").update(captured=1000)
    assert "Still to be captured $31.00" in await page_of(open_browser, world.omar, order)
    await Order.filter(id=order.id).update(total=4600, tax=200)
    assert "Tax $2.00 Not broken down by the shop $3.00 Total $46.00" in await page_of(open_browser, world.omar, order)
    await Order.filter(id=order.id).update(total=4100, tax=655)
    assert "Total $41.00 Tax included $6.55" in await page_of(open_browser, world.omar, order)


async def test_what_was_told_and_what_has_become_of_it(
    world: World, order: Order, talk: Talk, open_browser: OpenBrowser, clock: FrozenClock
) -> None:
    _, conversation = await talk.ticket(world.lumen, world.ines, "Who is the provider?", order_ids=[order.id])
    shipment = await parcel(order, state="returning", eta_to=now() + timedelta(days=3))
    await OrderChange.create(order=order, version=3, at=now() - timedelta(days=1), before="processing", after="shipped")
    then = {"promised_to": (now() + timedelta(days=1)).isoformat(), "parcels": {shipment.public_id: "delivered"}}
    facts = then | {"headline": "delivered", "expected": {shipment.public_id: (now() + timedelta(days=2)).isoformat()}}
    await AnswerReceipt.create(
        conversation=conversation, question_number=1, order=order, order_version=4, facts=facts, as_of=now(), **RECEIPT
    )
    answer = await talk.says(conversation, BOT, "It was delivered.")
    await type(answer).filter(id=answer.id).update(client_id="answer:1.0")
    await talk.says(conversation, SYSTEM, "Your parcel has left.", order_id=order.id)
    await talk.says(conversation, Actor.of(world.omar), "I am looking into it, Ines.")
    other = await make_order(world.lumen, "#9", email="ines@example.com")
    await talk.says(conversation, SYSTEM, "Another order.", order_id=other.id)
    await talk.says(conversation, world.ines, "My own words")
    clock.advance(timedelta(hours=1))
    await OrderChange.create(order=order, version=7, at=now(), before="shipped", after="partially_shipped")
    page = await page_of(open_browser, world.omar, order)
    told = page.partition("What the customer was told Omar")[2].partition(" History ")[0]
    for text in (
        "I am looking into it, Ines.",
        "Your parcel has left.",
        "Then: On its way. Now: Partly on its way.",
        "It was delivered.",
        "Rule where/shipped · order version 4 of 7",
        "Said to be delivered; the parcel is now: On its way back.",
        "then, Thu 5 Mar",
    ):
        assert text in told, text
    for text in ("My own words", "Another order."):
        assert text not in told
    assert (
        f"/console/conversations/{conversation.public_id}"
        in (await (await open_browser(world.omar)).get(f"/console/orders/{order.public_id}")).text
    )
    clock.advance(timedelta(days=9))
    await Shipment.filter(id=shipment.id).update(eta_to=None)
    assert "which has passed" in await page_of(open_browser, world.omar, order)


async def test_what_was_told_has_pages(world: World, order: Order, talk: Talk, open_browser: OpenBrowser) -> None:
    _, conversation = await talk.ticket(world.lumen, world.ines, "Who is the provider?")
    for number in range(23):
        await talk.says(conversation, SYSTEM, f"Notice number {number:02d}.", order_id=order.id)
    seen, browser, path = [], await open_browser(world.omar), f"/console/orders/{order.public_id}"
    while path:
        page = (await browser.get(path)).text
        seen += re.findall(r"Notice number (\d\d)", page)
        following = re.search(r'href="([^"]+)#told">Older ones', page)
        path = html.unescape(following[1]) if following else ""
    assert seen == [f"{number:02d}" for number in reversed(range(23))]


async def test_history_has_milestones_and_versions_and_deliveries_have_pages(
    world: World, order: Order, open_browser: OpenBrowser
) -> None:
    events = [
        SourceEvent(
            public_id=f"evt_{number:026d}", shop_id=world.lumen.id, source="generic", topic=f"topic-{number:02d}",
            delivery_key=f"k{number}", body=b"{}", received_at=now(), state="folded", order_id=order.id,
        )
        for number in range(30)
    ]  # fmt: skip
    await SourceEvent.bulk_create(events)
    cause = await SourceEvent.get(public_id=f"evt_{29:026d}")
    for version, before, after in ((6, "processing", "processing"), (7, "processing", "partially_shipped")):
        known: dict[str, Any] = {"order": order, "version": version, "at": now(), "before": before, "after": after}
        await OrderChange.create(**known, cause=cause if version == 7 else None)
    browser = await open_browser(world.omar)
    page = (await browser.get(f"/console/orders/{order.public_id}")).text
    history = words(page).rpartition(" History ")[2]
    assert "Being prepared becomes Partly on its way known here as version 7 · topic-29" in history
    assert "version 6" not in history
    assert "Placed" in history
    assert "topic-05" in page
    assert "topic-04" not in page
    following = re.search(r'href="([^"]+)#deliveries">Older ones', page)
    assert following
    older = (await browser.get(html.unescape(following[1]))).text
    assert "topic-04" in older
    assert "topic-05" not in older
    assert "Back to the newest" in older
    for text in ("/replay", "/console/deliveries/evt"):
        assert text not in page
    overseer = (await (await open_browser(world.sue)).get(f"/console/orders/{order.public_id}")).text
    assert overseer.count("/replay") == 25


async def test_other_orders_of_the_customer_are_those_of_the_same_person(
    world: World, order: Order, open_browser: OpenBrowser, talk: Talk
) -> None:
    await make_order(world.lumen, "#2", email="ines@example.com")
    await make_order(world.lumen, "#3", phone="+4930123456")
    await make_order(world.lumen, "#4", email="bo@example.com")
    await make_order(world.chaye, "#5", email="ines@example.com")
    page = await page_of(open_browser, world.omar, order)
    others = page.partition("Other orders of this customer")[2].partition(" Tickets ")[0]
    assert "#2" in others
    assert not {"#1001", "#3", "#4", "#5"} & set(others.split())
    _, conversation = await talk.ticket(world.lumen, world.ines, "It is me")
    for contact in ("ines@example.com", "+4930123456"):
        await Proof.create(conversation=conversation, kind="code", contact=contact, proved_at=now(), expires_at=now())
    page = await page_of(open_browser, world.omar, order)
    others = page.partition("Other orders of this customer")[2].partition(" Tickets ")[0]
    assert {"#2", "#3"} <= set(others.split())
    assert "other contact, proved by the same person" in others
    assert await AuditEntry.filter(action="orders.listed", subject=order.public_id).count() == 2


async def test_the_work_does_not_grow_with_the_order(
    world: World, order: Order, open_browser: OpenBrowser, talk: Talk
) -> None:
    async def grow(numbers: range) -> None:
        for number in numbers:
            shipment = await parcel(order, str(number))
            await scan(shipment, f"Scan {number}", now())
            await Payment.create(order=order, source_id=str(number), state="paid", currency="USD", captured=1)
            _, conversation = await talk.ticket(world.lumen, world.ines, f"Hm {number}", order_ids=[order.id])
            await talk.says(conversation, Actor.of(world.omar), "Yes")
            await talk.says(conversation, SYSTEM, "News", order_id=order.id)
            await make_order(world.lumen, f"#{number}", email="ines@example.com")

    browser, path = await open_browser(world.ada), f"/console/orders/{order.public_id}"
    await grow(range(1, 2))
    with counted() as few:
        await browser.get(path)
    await grow(range(2, 9))
    with counted() as many:
        assert (await browser.get(path)).status_code == 200
    assert len(many) == len(few) <= 12


def test_times_say_their_year_and_zone() -> None:
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert stamp(at, "UTC", "en", at) == "Mon 2 Mar, 09:00"
    assert stamp(at.replace(year=2025), "UTC", "en", at) == "Sun 2 Mar 2025, 09:00"
    assert stamp(at.replace(year=2025), "UTC", "zh", at) == "2025年3月2日（周日）09:00"
    assert stamp(datetime(2025, 12, 31, 20, 0, tzinfo=UTC), "Asia/Shanghai", "en", at) == "Thu 1 Jan, 04:00"
    assert zone_name("Asia/Kolkata", at) == "Asia/Kolkata, UTC+5:30"
    assert zone_name("America/New_York", at) == "America/New_York, UTC-5"


@pytest.mark.parametrize(
    ("ship_to", "lines"),
    [
        ({"lines": ["1 Elm St"], "city": "Salem", "region": "OR", "postcode": "97301", "country": "US"},
         ["1 Elm St", "Salem, OR 97301", "United States"]),
        ({"lines": ["Am Ring 3"], "city": "Köln", "postcode": "50667", "country": "DE"},
         ["Am Ring 3", "50667 Köln", "Germany"]),
        ({"lines": ["建国路56号"], "city": "北京市", "region": "北京", "country": "CN"},
         ["China", "北京市", "建国路56号"]),
        ({}, []),
    ],
)  # fmt: skip
def test_addresses_are_written_as_in_their_country(ship_to: dict[str, Any], lines: list[str]) -> None:
    assert _address(ship_to, "en") == lines


async def test_one_chip_says_who_has_it_and_for_how_long(
    world: World, order: Order, talk: Talk, open_browser: OpenBrowser, clock: FrozenClock
) -> None:
    await Order.filter(id=order.id).update(paid_at=now(), confirmed_at=now(), headline="shipped", fulfilment="shipped")
    await parcel(order, first_scan_at=now() + timedelta(days=1))
    clock.advance(timedelta(days=3))
    assert "With the carrier for 2 days" in await page_of(open_browser, world.omar, order)
    ticket, _ = await talk.ticket(world.lumen, world.ines, "Where is it", order_ids=[order.id])
    clock.advance(timedelta(hours=3))
    await world.omar.filter(id=world.omar.id).update(language="zh")
    page = await page_of(open_browser, world.omar, order)
    assert "等待客服回复，已 3 小时" in page
    assert "快递公司 2 天" in page
    pane = (await (await open_browser(world.omar)).get(f"/console/tickets/{ticket.number}")).text
    assert "等待客服回复，已 3 小时" in pane
