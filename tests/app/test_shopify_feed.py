"""Shopify's orders fetched over the Admin API, from a shop on this machine that pages, counts points and breaks."""

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from structlog.testing import capture_logs
from tortoise.context import TortoiseContext

from app.gateways.shopify_feed import PAGE, ShopifyFeed
from app.gateways.shopify_query import ORDERS
from app.gateways.simulators.shop import incoming
from app.gateways.simulators.wire import Wire
from core.shops import Shop
from orders.deriving import Picture, derive
from orders.facts import OrderFacts
from orders.feeds import FeedMalformed, FeedRefused, FeedUnavailable, Fetched
from orders.folding import fold
from orders.merging import Known, merge
from orders.models import Order, Payment, Refund, Shipment, TrackingEvent
from orders.receiving import accept, receive
from orders.sources import shopify as source
from orders.sources.reading import load
from tests.fakes import shopify_graphql
from tests.fakes.shopify_graphql import CLIENT, TOKEN, shopify
from tests.fakes.shopify_nodes import gid
from tests.orders.deliveries import LIFE, a_delivery, a_shop, told
from tests.orders.test_shopify import FULFILLMENT, ORDER, SCAN

pytestmark = pytest.mark.sqlite  # what it tests does not depend on the database

EVER = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def server() -> Iterator[shopify_graphql.Shop]:
    with shopify() as shop:
        yield shop


@pytest.fixture
def shop(server: shopify_graphql.Shop) -> shopify_graphql.Shop:
    address = server.address
    server.__init__()  # type: ignore[misc]
    server.address = address
    return server


@pytest.fixture
async def lumen(database: TortoiseContext) -> Shop:
    row = a_shop(demo=True)
    await row.save(force_create=True)
    return row


@pytest.fixture
async def feed(shop: shopify_graphql.Shop) -> AsyncIterator[ShopifyFeed]:
    feed = a_feed(shop)
    yield feed
    await feed.aclose()


def a_feed(shop: shopify_graphql.Shop, token: str = TOKEN, **settings: Any) -> ShopifyFeed:
    return ShopifyFeed(shop.address, {"access_token": token}, pause=shop.wait, **settings)


def sells(shop: shopify_graphql.Shop, count: int) -> None:
    for number in range(count):
        at = f"2026-03-01T{number // 60:02d}:{number % 60:02d}:00Z"
        shop.hear("orders/create", ORDER | {"id": 1000 + number, "name": f"#{number}", "updated_at": at})


async def fetched(feed: ShopifyFeed, since: datetime = EVER[0], until: datetime = EVER[1]) -> list[Fetched]:
    return [order async for order in feed.changed(since, until)]


def facts(order: Fetched) -> OrderFacts:
    return source.read(a_delivery(a_shop(), order.topic, order.body, dict(order.headers))).orders[0]


def picture(order: Fetched) -> Picture:
    found = derive(merge(Known(), facts(order).statements))
    assert found is not None
    return found


async def test_all_pages_come_oldest_change_first(feed: ShopifyFeed, shop: shopify_graphql.Shop) -> None:
    sells(shop, 25)
    found = await fetched(feed)
    assert [order.source_id for order in found] == [str(1000 + number) for number in range(25)]
    assert [order.updated_at for order in found] == sorted(order.updated_at for order in found)
    assert {facts(order).source_id for order in found} == {order.source_id for order in found}


async def test_only_the_changes_of_the_window_come(feed: ShopifyFeed, shop: shopify_graphql.Shop) -> None:
    sells(shop, 20)
    found = await fetched(feed, datetime(2026, 3, 1, 0, 5, tzinfo=UTC), datetime(2026, 3, 1, 0, 9, 59, tzinfo=UTC))
    assert [order.source_id for order in found] == ["1005", "1006", "1007", "1008", "1009"]


async def test_an_order_that_changes_meanwhile_hides_none(feed: ShopifyFeed, shop: shopify_graphql.Shop) -> None:
    sells(shop, 20)
    seen = []
    async for order in feed.changed(*EVER):
        seen.append(order.source_id)
        if len(seen) in {2, 7}:
            shop.orders[1000 + len(seen)]["updated_at"] = f"2026-03-02T00:0{len(seen)}:00Z"
    assert set(seen) == {str(1000 + number) for number in range(20)}


async def test_an_unchanged_order_is_the_same_bytes(feed: ShopifyFeed, shop: shopify_graphql.Shop) -> None:
    sells(shop, 1)
    (first,), again = await fetched(feed), await feed.order("1000")
    assert again is not None
    assert again.body == first.body
    assert await feed.order("999") is None


def large() -> dict[str, Any]:
    parcels = [
        FULFILLMENT | {"id": 70 + n, "line_items": [{"id": m, "quantity": 1} for m in range(1, 8)]} for n in range(5)
    ]
    refunds = [
        {
            "id": 80 + n,
            "created_at": "2026-03-01T16:00:00Z",
            "refund_line_items": [{"line_item_id": m, "quantity": 1} for m in range(1, 8)],
            "transactions": [
                {"id": 800 + 10 * n + m, "kind": "refund", "status": "success", "amount": "1.00", "currency": "USD"}
                for m in range(4)
            ],
        }
        for n in range(4)
    ]
    lines = [{"id": n, "title": f"Lamp {n}", "quantity": 9, "price": "1.00"} for n in range(1, 140)]
    return ORDER | {"line_items": lines, "fulfillments": parcels, "refunds": refunds}


async def test_whatever_is_longer_than_a_page_is_fetched_to_its_end(
    feed: ShopifyFeed, shop: shopify_graphql.Shop
) -> None:
    shop.hear("orders/create", large())
    for n in range(12):
        at = f"2026-03-01T18:{n:02d}:00Z"
        shop.hear("fulfillment_events/create", SCAN | {"id": 900 + n, "fulfillment_id": 70, "happened_at": at})
        shop.hear(
            "order_transactions/create",
            {"id": 600 + n, "order_id": ORDER["id"], "kind": "sale", "status": "failure", "amount": "1.00"}
            | {"created_at": at},
        )
    (order,) = await fetched(feed)
    found = picture(order)
    assert len(found.lines) == 139
    assert [len(parcel.facts.lines or ()) for parcel in found.parcels.values()] == [7] * 5
    assert len(found.parcels["70"].scans) == 12
    assert [(refund.amount, len(refund.lines)) for refund in found.refunds.values()] == [(400, 7)] * 4
    assert len(found.payments) == 12


async def test_a_shop_that_asks_for_patience_gets_it(feed: ShopifyFeed, shop: shopify_graphql.Shop) -> None:
    sells(shop, 30)
    assert [order.source_id for order in await fetched(feed)] == [str(1000 + number) for number in range(30)]
    assert shop.waited
    assert max(shop.waited) < 10


async def test_one_that_never_has_points_is_left_for_later(shop: shopify_graphql.Shop) -> None:
    async def nothing(seconds: float) -> None:
        shop.waited.append(seconds)

    sells(shop, 1)
    shop.points = 0
    feed = ShopifyFeed(shop.address, {"access_token": TOKEN}, pause=nothing)
    with pytest.raises(FeedUnavailable):
        await fetched(feed)
    assert len(shop.waited) == 6
    await feed.aclose()


async def test_a_question_that_costs_too_much_is_asked_for_fewer_orders(shop: shopify_graphql.Shop) -> None:
    sells(shop, 25)
    feed = a_feed(shop, page=40)
    assert len(await fetched(feed)) == 25
    await feed.aclose()


async def test_the_usual_question_is_within_the_limit(feed: ShopifyFeed, shop: shopify_graphql.Shop) -> None:
    sells(shop, 1)
    await fetched(feed)
    assert [question["variables"]["first"] for question in shop.asked] == [PAGE]
    assert "mutation" not in ORDERS


async def broken_off(feed: ShopifyFeed, shop: shopify_graphql.Shop, seen: list[Fetched], answers: list[Any]) -> None:
    """Read the first page; then the shop gives `answers`."""
    async for order in feed.changed(*EVER):
        seen.append(order)
        if len(seen) == PAGE:
            shop.troubles += answers


BAD = [
    ((500, {"Retry-After": "0"}, b"oops"), FeedUnavailable),
    ((429, {"Retry-After": "0"}, b"{}"), FeedUnavailable),
    ((402, {}, b"{}"), FeedRefused),
    ((200, {}, b"<html>"), FeedMalformed),
    ((200, {}, b"[]"), FeedMalformed),
    ((200, {}, b"{}"), FeedMalformed),
    ((200, {}, b'{"data": null}'), FeedMalformed),
    ((200, {}, b'{"data": {"orders": null}}'), FeedMalformed),
    ((200, {}, b'{"data": {"orders": {"nodes": null}}}'), FeedMalformed),
    ((200, {}, b'{"data": {"orders": {"nodes": [], "pageInfo": {"hasNextPage": true}}}}'), FeedMalformed),
    ((200, {}, b'{"data": {"orders": {"nodes": [{"id": "gid://shopify/Order/1"}]}}}'), FeedMalformed),
    ((200, {}, b'{"errors": "[API] This action requires merchant approval"}'), FeedMalformed),
    ((200, {}, b'{"errors": [{"message": "x", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}'), FeedUnavailable),
    (
        (
            200,
            {},
            b'{"errors": [{"message": "Access denied for orders field", "path": ["orders"],'
            b' "extensions": {"code": "ACCESS_DENIED"}}]}',
        ),
        FeedRefused,
    ),
    ((200, {}, b'{"errors": [{"message": "no", "extensions": {"code": "ACCESS_DENIED"}}]}'), FeedRefused),
]


@pytest.mark.parametrize(("answer", "kind"), BAD)
async def test_a_bad_answer_is_trouble_of_a_known_kind_and_loses_nothing(
    answer: Any, kind: type[Exception], feed: ShopifyFeed, shop: shopify_graphql.Shop
) -> None:
    sells(shop, 15)
    seen = list[Fetched]()
    with capture_logs() as logs, pytest.raises(kind) as caught:
        await broken_off(feed, shop, seen, [answer] * 3)
    assert len(seen) == PAGE
    assert TOKEN not in repr(logs) + repr(caught.value) + str(caught.getrepr())
    shop.troubles.clear()
    seen += await fetched(feed, seen[-1].updated_at)
    assert {order.source_id for order in seen} == {str(1000 + number) for number in range(15)}


async def test_a_cut_answer_is_asked_for_again(feed: ShopifyFeed, shop: shopify_graphql.Shop) -> None:
    sells(shop, 3)
    shop.troubles.append("cut")
    assert len(await fetched(feed)) == 3


async def test_a_wrong_token_is_refused_and_a_wrong_address_is_no_shop(shop: shopify_graphql.Shop) -> None:
    async with aclosing(a_feed(shop, token="another")) as feed:
        with pytest.raises(FeedRefused):
            await fetched(feed)
    async with aclosing(ShopifyFeed(f"{shop.address}/elsewhere", {"access_token": TOKEN})) as feed:
        with pytest.raises(FeedMalformed):
            await fetched(feed)


async def test_a_token_of_a_day_is_asked_for_when_there_is_none_and_when_it_has_run_out(
    shop: shopify_graphql.Shop,
) -> None:
    sells(shop, 2)
    async with aclosing(ShopifyFeed(shop.address, CLIENT, pause=shop.wait)) as feed:
        assert len(await fetched(feed)) == 2
        assert len(await fetched(feed)) == 2
        assert shop.granted == 1
        shop.token = "another day"
        assert len(await fetched(feed)) == 2
        assert shop.granted == 2


async def test_a_client_that_the_shop_does_not_know_is_refused_and_its_secret_stays_unsaid(
    shop: shopify_graphql.Shop,
) -> None:
    unknown = CLIENT | {"client_id": "nobody"}
    async with aclosing(ShopifyFeed(shop.address, unknown, pause=shop.wait)) as feed:
        with capture_logs() as logs, pytest.raises(FeedRefused) as caught:
            await fetched(feed)
    assert CLIENT["client_secret"] not in repr(logs) + repr(caught.value) + str(caught.value)


@pytest.mark.parametrize("field", ["customer", "shippingAddress", "fulfillmentOrders", "paymentTerms"])
async def test_a_token_that_may_not_read_all_reads_the_rest(
    field: str, feed: ShopifyFeed, shop: shopify_graphql.Shop
) -> None:
    sells(shop, 8)
    for order in shop.orders.values():
        order |= {"email": "ines@example.com", "shipping_address": {"name": "Ines"}, "customer": {"first_name": "Ines"}}
        order |= {"payment_terms": {"payment_schedules": []}}
    held: dict[str, Any] = {
        "id": gid("FulfillmentOrder", 1),
        "status": "OPEN",
        "updatedAt": None,
        "fulfillmentHolds": [],
    }
    shop.changes = {gid("Order", name): {"fulfillmentOrders": [held]} for name in shop.orders}
    whole = await fetched(feed)
    shop.denied = {field}
    with capture_logs() as logs:
        found = await fetched(feed)
    assert len(found) == 8
    assert [entry["event"] for entry in logs] == ["shopify_scope_missing"]
    assert field not in load(found[0].body)
    both = merge(merge(Known(), facts(whole[0]).statements), facts(found[0]).statements)
    picture_of_both = derive(both)
    assert picture_of_both is not None
    assert picture_of_both.header.email == "ines@example.com"


def wires(seed: int) -> list[Wire]:
    return [wire for number in range(1001, 1005) for wire in told(a_shop(), LIFE[: 5 + (number * seed) % 16], number)]


async def hear(wire: Wire) -> None:
    event = await accept(incoming(wire))
    await fold(event.id)


async def rows() -> list[dict[str, Any]]:
    """All that the desk shows of its orders, without our own ids and the times at which we heard."""
    ours = {"id", "public_id", "order_id", "shipment_id", "payment_id", "received_at", "created_at", "updated_at"}
    ours |= {"version", "folded_at", "changed_at", "confirmed_at", "source_updated_at"}
    found = []
    for model, by in [(Order, "source_id"), (Shipment, "source_id"), (Payment, "source_id"), (Refund, "source_id")]:
        found += [{k: v for k, v in row.items() if k not in ours} for row in await model.all().order_by(by).values()]
    scans = (
        await TrackingEvent.all().order_by("at", "digest").values("at", "digest", "code", "state", "text", "location")
    )
    return found + [dict(row) for row in scans]


@pytest.mark.parametrize("seed", [1, 2])
async def test_fetching_makes_up_for_every_webhook_that_was_lost(
    seed: int,
    lumen: Shop,
    feed: ShopifyFeed,
    shop: shopify_graphql.Shop,
) -> None:
    everything, random = wires(seed), Random(seed)
    for wire in everything:
        shop.hear(wire.headers["X-Shopify-Topic"], load(wire.body))
    for wire in everything:
        if random.random() < 0.3:
            await hear(wire)
    for _ in range(2):
        async for order in feed.changed(*EVER):
            key = source.delivery_key(order.headers, order.body)
            event = await receive(lumen, order.source, order.topic, key, order.headers, order.body)
            await fold(event.id)
    by_feed = await rows()
    for wire in everything:
        await hear(wire)
    assert await rows() == by_feed
