"""The simulated shops: every state in both languages, the same each time, and never standing still."""

from datetime import UTC, datetime, timedelta

import pytest

from app.demo.orders import PLAN, STABLE, advance, seed_orders, tick
from core.clock import FrozenClock
from core.shops import Shop
from orders.folding import fold
from orders.models import Order, SourceEvent
from orders.receiving import lower
from orders.snapshots import OrderSnapshot, snapshot, snapshots
from orders.sources import SOURCES
from orders.statuses import Headline, Hold, ParcelState, PaymentState, RefundState
from tests.heard import Heard
from tests.orders.conftest import Desk
from tests.orders.deliveries import NOON, webhook
from tests.orders.test_folding import comparable
from tests.orders.test_shopify import ORDER

pytestmark = pytest.mark.sqlite  # what it tests does not depend on the database

NEVER_SEEDED = {Headline.EXPIRED, Headline.RETURNED}


@pytest.fixture(autouse=True)
def at_noon(clock: FrozenClock) -> None:
    clock.advance(NOON - clock.now())


async def pictures(shop: Shop) -> list[OrderSnapshot]:
    return await snapshots(await Order.filter(shop_id=shop.id).order_by("placed_at", "id"))


async def work() -> None:
    for event in await SourceEvent.filter(state="received").order_by("id"):
        await fold(event.id)


async def test_both_shops_show_every_state(lumen: Shop, chaye: Shop, heard: Heard) -> None:
    await seed_orders(lumen, chaye, NOON)
    assert heard.everything == []  # the past is no news
    assert await SourceEvent.exclude(state="folded").count() == 0
    for shop in (lumen, chaye):
        orders = await pictures(shop)
        assert len(orders) == len(PLAN)
        assert {order.headline for order in orders} == set(Headline) - NEVER_SEEDED
        moving = {p.state for order in orders for p in order.parcels}
        assert moving >= set(ParcelState) - {ParcelState.PENDING, ParcelState.RETURNED, ParcelState.EXPIRED}
        assert {order.refund for order in orders} >= {RefundState.PENDING, RefundState.PARTIAL, RefundState.FULL}
        assert {hold for order in orders for hold in order.holds} >= {Hold.ADDRESS, Hold.FRAUD, Hold.CUSTOMS}
        assert {order.language for order in orders} == {shop.language}


async def test_bad_luck_can_be_seen(lumen: Shop, chaye: Shop) -> None:
    """What only the payment service knows, goods that ran out, parcels that nobody scans, a cancel that came late."""
    await seed_orders(lumen, chaye, NOON)
    for shop in (lumen, chaye):
        orders = dict(zip(PLAN, sorted(await pictures(shop), key=number_of), strict=True))
        unconfirmed, charged = orders["paid_but_unconfirmed"], orders["double_charge"]
        assert (unconfirmed.headline, unconfirmed.payment) == (Headline.AWAITING_CONFIRMATION, PaymentState.PAID)
        assert (charged.headline, charged.payment) == (Headline.PROCESSING, PaymentState.OVERPAID)
        assert orders["out_of_stock"].headline is Headline.BACKORDERED
        assert [parcel.state for parcel in orders["no_scans"].parcels] == [ParcelState.INFO_RECEIVED]
        assert [parcel.state for parcel in orders["lost_parcel"].parcels] == [ParcelState.EXCEPTION]
        assert orders["cancel_race"].holds == {Hold.CUSTOMER_REQUEST}


def number_of(order: OrderSnapshot) -> int:
    return int(order.number.lstrip("#"))


async def test_order_1001_is_paid_and_its_stock_is_checked(lumen: Shop, chaye: Shop) -> None:
    await seed_orders(lumen, chaye, NOON)
    for shop, email in ((lumen, "ines@example.com"), (chaye, "lin@example.com")):
        row = await Order.get(shop_id=shop.id, number_key="1001")
        order = await snapshot(row)
        assert order.headline is Headline.AWAITING_CONFIRMATION
        assert [gate.value for gate in order.gates] == ["stock"]
        assert order.paid_at is not None
        assert order.confirm_by is not None
        assert order.confirm_by > NOON
        assert order.can_cancel
        assert await Order.filter(shop_id=shop.id, email=email).count() == STABLE


async def test_the_same_moment_makes_the_same_orders(lumen: Shop, chaye: Shop) -> None:
    await seed_orders(lumen, chaye, NOON)
    first = [comparable(order) for order in await pictures(lumen)]
    await seed_orders(lumen, chaye, NOON)
    assert [comparable(order) for order in await pictures(lumen)] == first


async def test_what_they_send_would_pass_the_doors(lumen: Shop, chaye: Shop) -> None:
    await seed_orders(lumen, chaye, NOON)
    for shop in (lumen, chaye):
        source = SOURCES[shop.platform]
        for event in await SourceEvent.filter(shop_id=shop.id, source=shop.platform).limit(20):
            headers = lower(event.headers)
            sent = datetime.fromtimestamp(int(headers.get("webhook-timestamp", "0")), UTC)
            source.verify(shop.secrets[source.SECRETS], headers, bytes(event.body), sent)


async def test_the_demo_goes_on_and_the_showcase_stays(lumen: Shop, chaye: Shop, clock: FrozenClock) -> None:
    await seed_orders(lumen, chaye, NOON)
    before = {order.order_id: order for order in [*await pictures(lumen), *await pictures(chaye)]}
    for _ in range(30):
        clock.advance(timedelta(seconds=20))
        await tick(clock.now())
        await work()
    after = {order.order_id: order for order in [*await pictures(lumen), *await pictures(chaye)]}
    assert len(after) > len(before)
    changed = {order.number for key, order in before.items() if after[key].version != order.version}
    assert changed
    assert not changed & {"1001", "#1001", "1005", "#1005", "#1015", "1015"}
    assert {event.state for event in await SourceEvent.all()} <= {"folded", "stale"}


async def test_one_order_can_be_sent_through_its_whole_life(lumen: Shop, chaye: Shop, clock: FrozenClock) -> None:
    await seed_orders(lumen, chaye, NOON)
    for shop in (lumen, chaye):
        order = await Order.get(shop_id=shop.id, number_key="1001")
        seen = []
        for _ in range(15):
            clock.advance(timedelta(hours=3))
            going_on = await advance(order.public_id)
            await work()
            seen.append((await snapshot(await Order.get(id=order.id))).headline)
            if not going_on:
                break
        assert list(dict.fromkeys(seen)) == [
            Headline.PROCESSING,
            Headline.SHIPPED,
            Headline.DELIVERED,
            Headline.COMPLETED,
        ]
    assert not await advance("ord_nobody")


async def test_an_order_that_a_visitor_sent_is_left_alone(
    desk: Desk, lumen: Shop, chaye: Shop, clock: FrozenClock
) -> None:
    await seed_orders(lumen, chaye, NOON)
    await desk.hear(webhook("orders/create", {**ORDER, "id": 1, "name": "#7"}))
    visitor = await Order.get(source_id="1")
    for _ in range(10):
        clock.advance(timedelta(seconds=20))
        await tick(clock.now())
        await work()
    assert not await advance(visitor.public_id)
    assert (await Order.get(id=visitor.id)).version == visitor.version
    assert await Order.filter(shop_id=lumen.id, number_key__in=["8", "9"]).count() == 0
