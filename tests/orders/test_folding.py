"""From stored deliveries to order rows: once, in any order, and with the right news."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from app.gateways.simulators.shop import incoming
from app.gateways.simulators.wire import Wire
from core.clock import FrozenClock
from core.errors import Invalid
from core.jobs import Job
from core.shops import Shop
from orders import rewriting
from orders.events import (
    OrderCancelled,
    OrderChanged,
    OrderConfirmed,
    OrderCreated,
    ParcelMoved,
    RefundChanged,
    SourceEventReceived,
)
from orders.folding import fold
from orders.models import FactSheet, Order, Shipment, SourceEvent, TrackingEvent
from orders.receiving import accept
from orders.snapshots import OrderSnapshot, snapshot, snapshots
from orders.sources import generic
from orders.statuses import Headline
from tests.heard import Heard, counted
from tests.orders.conftest import Desk
from tests.orders.deliveries import API_SECRET, NOON, told, upsert, webhook
from tests.orders.test_shopify import FULFILLMENT, ORDER, SCAN


@pytest.fixture(autouse=True)
def at_noon(clock: FrozenClock) -> None:
    clock.advance(NOON - clock.now())


def comparable(picture: OrderSnapshot) -> OrderSnapshot:
    """Without what tells when we heard: ids, our own version, and what was usual at the time."""
    parcels = tuple(sorted((replace(p, parcel_id="", position=0) for p in picture.parcels), key=str))
    refunds = tuple(replace(r, refund_id="") for r in picture.refunds)
    return replace(picture, order_id="", version=0, confirm_by=None, parcels=parcels, refunds=refunds)


@pytest.mark.parametrize("platform", ["shopify", "generic"])
async def test_shuffled_and_doubled_deliveries_give_the_same_rows(
    desk: Desk, lumen: Shop, chaye: Shop, platform: str, both_databases: str
) -> None:
    shop = lumen if platform == "shopify" else chaye
    straight, shuffled = told(shop, number=1001), told(shop, number=1001)
    for wire in straight:
        assert (await desk.hear(_fresh(wire))).state == "folded"
    expected = comparable(await snapshot(await Order.get()))
    assert expected.headline is Headline.COMPLETED
    await _forget_everything()
    shuffled += shuffled[::3]
    Random(3).shuffle(shuffled)
    for wire in shuffled:
        await desk.hear(_fresh(wire))
    assert comparable(await snapshot(await Order.get())) == expected


def _fresh(wire: Wire) -> Wire:
    """Documents are signed when they are sent, not when things happened."""
    if "webhook-id" not in wire.headers:
        return wire
    name, sent = wire.headers["webhook-id"], int(NOON.timestamp())
    signature = generic.sign(API_SECRET, name, sent, wire.body)
    return replace(wire, headers={**wire.headers, "webhook-timestamp": str(sent), "webhook-signature": signature})


async def _forget_everything() -> None:
    for model in (TrackingEvent, Job, SourceEvent, FactSheet, Order):
        await model.all().delete()


async def test_a_repeated_delivery_is_one_row_and_one_job(desk: Desk, lumen: Shop, heard: Heard) -> None:
    wire = webhook("orders/create", ORDER)
    first, second = await desk.hear(wire), await desk.hear(wire)
    assert first.id == second.id
    (job,) = await desk.jobs()
    assert job["args"] == {"source_event": first.id}
    assert job["lane"] == f"order:{lumen.id}:shopify:{ORDER['id']}"
    assert len(heard.of(SourceEventReceived)) == len(heard.of(OrderCreated)) == 1


async def test_the_same_delivery_many_times_at_once_is_one_row_and_one_job(
    desk: Desk, lumen: Shop, both_databases: str
) -> None:
    wire = webhook("orders/create", ORDER)
    events = await asyncio.gather(*(accept(incoming(wire)) for _ in range(10)))
    assert len({event.id for event in events}) == 1
    assert await SourceEvent.all().count() == await Job.all().count() == 1


async def test_a_passing_trouble_is_noted_and_healed_by_the_next_try(
    desk: Desk, lumen: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*args: object, **kwargs: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(rewriting, "write", full_disk)
        with pytest.raises(OSError, match="no space"):
            await desk.hear(webhook("orders/create", ORDER))
    event = await SourceEvent.get()
    assert (event.state, "no space" in (event.error or "")) == ("failed", True)
    assert await FactSheet.all().count() == 0  # nothing half done
    await fold(event.id)
    await event.refresh_from_db()
    assert event.state == "folded"
    assert not event.error


async def test_deliveries_about_one_order_share_a_lane(desk: Desk, lumen: Shop) -> None:
    for topic, payload in [
        ("orders/create", ORDER),
        ("fulfillments/create", FULFILLMENT),
        ("fulfillment_events/create", SCAN),
    ]:
        await desk.hear(webhook(topic, payload))
    assert len({job["lane"] for job in await desk.jobs()}) == 1


async def test_a_parcel_that_comes_before_its_order_waits_for_it(desk: Desk, lumen: Shop) -> None:
    parked = [
        await desk.hear(webhook("fulfillment_events/create", SCAN)),
        await desk.hear(webhook("fulfillments/create", FULFILLMENT)),
    ]
    assert [event.state for event in parked] == ["parked", "parked"]
    assert await Order.all().count() == 0
    await desk.hear(webhook("orders/create", ORDER))
    order = await snapshot(await Order.get())
    assert order.headline is Headline.SHIPPED
    assert [(p.carrier, p.tracking_number, len(p.scans)) for p in order.parcels] == [("UPS", "1Z1", 1)]
    for event in parked:
        await event.refresh_from_db()
    assert {(event.state, event.order_id is not None) for event in parked} == {("folded", True)}


async def test_a_late_delivery_is_stale_and_changes_nothing(desk: Desk, lumen: Shop, heard: Heard) -> None:
    paid = {**ORDER, "updated_at": "2026-03-01T12:00:00-05:00"}
    await desk.hear(webhook("orders/paid", paid))
    before = await snapshot(await Order.get())
    heard.clear()
    late = await desk.hear(webhook("orders/create", {**ORDER, "financial_status": "pending", "confirmed": False}))
    assert late.state == "stale"
    assert await snapshot(await Order.get()) == before
    assert heard.of(OrderChanged) == []


async def test_the_news_tell_what_happened_once(desk: Desk, lumen: Shop, heard: Heard) -> None:
    unsure = {**ORDER, "confirmed": False}
    await desk.hear(webhook("orders/create", unsure))
    order = await Order.get()
    assert [(e.version, e.before, e.after) for e in heard.of(OrderChanged)] == [(1, "", "awaiting_confirmation")]
    assert heard.of(OrderConfirmed) == []
    await desk.hear(webhook("orders/updated", {**ORDER, "updated_at": "2026-03-01T12:00:00-05:00"}))
    await desk.hear(webhook("fulfillments/create", FULFILLMENT))
    await desk.hear(webhook("fulfillment_events/create", SCAN))
    assert [e.order_id for e in heard.of(OrderConfirmed)] == [order.id]
    assert [(e.before, e.after) for e in heard.of(OrderChanged)[1:]] == [
        ("awaiting_confirmation", "processing"),
        ("processing", "shipped"),
        ("shipped", "shipped"),
    ]
    assert [e.state for e in heard.of(ParcelMoved)] == ["info_received", "in_transit"]
    assert [e.version for e in heard.of(OrderChanged)] == [1, 2, 3, 4]


async def test_a_cancelled_order_and_its_refund_are_news(desk: Desk, lumen: Shop, heard: Heard) -> None:
    await desk.hear(webhook("orders/create", ORDER))
    money = {"kind": "refund", "status": "pending", "amount": "141.00", "currency": "USD", "gateway": "paypal"}
    refund = {"id": 9, "order_id": ORDER["id"], "created_at": "2026-03-01T12:00:00-05:00", "transactions": [money]}
    gone = {**ORDER, "updated_at": "2026-03-01T12:00:00-05:00", "cancelled_at": "2026-03-01T12:00:00-05:00"}
    await desk.hear(webhook("orders/cancelled", {**gone, "cancel_reason": "customer"}))
    await desk.hear(webhook("refunds/create", refund))
    arrived = {**refund, "transactions": [{**money, "status": "success"}]}
    later = {**gone, "updated_at": "2026-03-02T12:00:00-05:00", "financial_status": "refunded", "refunds": [arrived]}
    await desk.hear(webhook("orders/updated", later))
    assert len(heard.of(OrderCancelled)) == 1
    assert [e.state for e in heard.of(RefundChanged)] == ["pending", "succeeded"]
    order = await snapshot(await Order.get())
    assert (order.headline, order.refund, order.can_cancel) == (Headline.CANCELLED, "full", False)


async def test_what_can_never_be_read_is_marked_and_raised(desk: Desk, lumen: Shop) -> None:
    with pytest.raises(Invalid):
        await desk.hear(webhook("orders/create", {**ORDER, "total_price": "-5.00"}))
    event = await SourceEvent.get()
    assert event.state == "failed"
    assert "total" in (event.error or "")
    assert await Order.all().count() == 0


async def test_a_failed_delivery_can_be_folded_again(desk: Desk, lumen: Shop) -> None:
    event = await desk.hear(webhook("orders/create", ORDER))
    await SourceEvent.filter(id=event.id).update(state="failed", error="the disk was full")
    await fold(event.id)
    await event.refresh_from_db()
    assert event.state == "stale"
    assert not event.error


async def test_an_unused_topic_is_ignored_with_its_reason(desk: Desk, lumen: Shop) -> None:
    event = await desk.hear(webhook("orders/edited", ORDER))
    assert (event.state, event.order_id) == ("ignored", None)
    assert event.error


async def test_confirmation_is_expected_by_the_shops_own_habit(desk: Desk, lumen: Shop) -> None:
    unsure = {
        **ORDER,
        "id": 5,
        "confirmed": False,
        "created_at": "2026-03-02T11:00:00Z",
        "updated_at": "2026-03-02T11:00:00Z",
    }
    await desk.hear(webhook("orders/create", unsure))
    general = await snapshot(await Order.get(source_id="5"))
    assert general.confirm_by == NOON + timedelta(hours=35)  # 36 h from the order: too few orders of its own
    await Order.filter(source_id="5").delete()
    await FactSheet.all().delete()
    for number in range(20):
        await desk.hear(webhook("orders/create", {**ORDER, "id": 100 + number, "name": f"#{number}"}))
    placed = NOON - timedelta(days=1)
    await Order.all().update(placed_at=placed, paid_at=placed, confirmed_at=placed + timedelta(hours=3))
    await desk.hear(webhook("orders/updated", {**unsure, "id": 6}))
    assert (await Order.get(source_id="6")).confirm_by == NOON + timedelta(hours=2)


async def test_a_chinese_shop_ships_within_48_hours_unless_it_promises_otherwise(
    desk: Desk, chaye: Shop, lumen: Shop
) -> None:
    document = {
        "id": "A",
        "updated_at": "2026-03-02T10:00:00Z",
        "number": "1",
        "currency": "CNY",
        "placed_at": "2026-03-02T09:00:00Z",
    }
    await desk.hear(upsert({**document, "payment": "paid", "paid_at": "2026-03-02T09:30:00Z"}, NOON))
    assert (await Order.get()).promised_ship_by == NOON - timedelta(hours=2.5) + timedelta(hours=48)
    promised = {**document, "updated_at": "2026-03-02T11:00:00Z", "promises": {"ship_by": "2026-03-03T09:00:00Z"}}
    await desk.hear(upsert(promised, NOON))
    assert (await Order.get()).promised_ship_by == NOON + timedelta(hours=21)
    await desk.hear(webhook("orders/create", ORDER))
    assert (await Order.get(shop_id=lumen.id)).promised_ship_by is None


async def test_pictures_of_many_orders_cost_one_query(desk: Desk, lumen: Shop) -> None:
    for number in range(4):
        for wire in told(lumen, ("submit:paid", "confirm", "ship", "scan:collect"), number=1001 + number):
            await desk.hear(wire)
    orders = await Order.all().order_by("id")
    with counted() as one:
        await snapshots(orders[:1])
    with counted() as four:
        pictures = await snapshots(orders)
    assert len(one) == len(four) == 1
    assert [picture.number for picture in pictures] == ["#1001", "#1002", "#1003", "#1004"]
    assert pictures[0].destination == "Burlington, US"
    assert [title for title, _ in pictures[0].parcels[0].lines] == ["Alder table lamp", "Filament bulb"]


async def test_at_most_twenty_scans_are_shown_newest_first(desk: Desk, lumen: Shop) -> None:
    await desk.hear(webhook("orders/create", {**ORDER, "fulfillments": [FULFILLMENT]}))
    parcel = await Shipment.get()
    await TrackingEvent.bulk_create(
        [
            TrackingEvent(
                shipment_id=parcel.id,
                at=NOON - timedelta(hours=n),
                received_at=NOON,
                state="in_transit",
                digest=str(n),
                text=str(n),
            )
            for n in range(25)
        ]
    )
    (shown,) = (await snapshot(await Order.get())).parcels
    assert [scan.text for scan in shown.scans] == [str(n) for n in range(20)]


async def test_news_of_one_parcel_cost_the_same_however_many_others_there_are(desk: Desk, chaye: Shop) -> None:
    def document(parcels: int, state: str, minute: int) -> Wire:
        at = (NOON - timedelta(minutes=10 - minute)).isoformat()
        scan = {"at": at, "code": state, "state": state}
        shipments = [{"id": f"P{n}", "lines": [{"line": "1", "quantity": 1}], "scans": [scan]} for n in range(parcels)]
        lines = [{"id": "1", "title": "Tea", "quantity": 9}]
        order = {"id": "A-1", "number": "1001", "currency": "CNY", "lines": lines, "shipments": shipments}
        return upsert({**order, "updated_at": at}, NOON)

    costs = []
    for minute, known in enumerate((1, 8)):
        await desk.hear(document(known, "in_transit", 2 * minute))
        with counted() as statements:
            await desk.hear(document(1, ("out_for_delivery", "delivered")[minute], 2 * minute + 1))
        costs.append(len(statements))
    assert costs[0] == costs[1]


async def test_a_scan_keeps_its_time_as_it_was_written_and_whose_offset_that_was_given(desk: Desk, lumen: Shop) -> None:
    naive = {**SCAN, "id": 79, "happened_at": "2026-03-01T19:00:00", "status": "label_printed"}
    for topic, body in [
        ("orders/create", {**ORDER, "fulfillments": [FULFILLMENT]}),
        ("fulfillment_events/create", naive),
        ("fulfillment_events/create", SCAN),
    ]:
        await desk.hear(webhook(topic, body))
    kept = await TrackingEvent.all().order_by("at").values_list("at_raw", "at_offset")
    assert kept == [("2026-03-01T19:00:00", "shop"), ("2026-03-01T20:00:00-05:00", "")]
