"""Facts that speak of a tracking number or a payment find their orders: whichever came first, and no others."""

import asyncio
import json
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from core.clock import FrozenClock
from core.shops import Shop
from orders.events import ParcelMoved, RefundChanged
from orders.models import FactSheet, Order, Payment, Refund, Shipment, SourceEvent, TrackingEvent
from orders.snapshots import snapshot
from orders.statuses import Headline
from tests.heard import Heard
from tests.orders.conftest import Desk
from tests.orders.deliveries import NOON, upsert, webhook
from tests.orders.services import as_json, tell
from tests.orders.test_shopify import FULFILLMENT, ORDER

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def at_noon(clock: FrozenClock) -> None:
    clock.advance(NOON - clock.now())


def tracked(state: str = "in_transit", hour: int = 1, *, code: str = "1Z1", order: str = "") -> bytes:
    """AfterShip's word on a parcel."""
    tag = {"in_transit": "InTransit", "delivered": "Delivered"}[state]
    checkpoint = {"checkpoint_time": f"2026-03-02T{hour:02}:00:00Z", "tag": tag, "message": f"{state} at {hour}"}
    msg = {"tracking_number": code, "slug": "ups", "tag": tag, "order_id": order or None, "checkpoints": [checkpoint]}
    return as_json({"ts": 1772409600 + hour * 3600, "event_id": f"{code}-{state}-{hour}", "msg": msg})


def charged(status: str = "succeeded", *, amount: int = 14100, order: str = "", created: int = 1772409600) -> bytes:
    intent: dict[str, Any] = {
        "object": "payment_intent",
        "id": "pi_1",
        "status": status,
        "currency": "usd",
        "amount_received": amount,
        "latest_charge": "ch_1",
        "created": created,
        "metadata": {"order_id": order} if order else {},
    }
    event_id = f"evt_{status}_{amount}_{order}"
    return as_json({"id": event_id, "object": "event", "created": created, "data": {"object": intent}})


def refunded(amount: int = 14100, status: str = "succeeded") -> bytes:
    refund: dict[str, Any] = {
        "object": "refund",
        "id": "re_1",
        "charge": "ch_1",
        "payment_intent": "pi_1",
        "currency": "usd",
    }
    refund |= {"amount": amount, "status": status, "created": 1772413200}
    return as_json({"id": f"evt_re_{status}", "object": "event", "created": 1772413200, "data": {"object": refund}})


async def shown(**filters: Any) -> Any:
    return await snapshot(await Order.get(**filters))


async def test_scans_reach_the_parcel_that_the_shop_has_named(desk: Desk, lumen: Shop, heard: Heard) -> None:
    await desk.hear(webhook("orders/create", ORDER))
    await desk.hear(webhook("fulfillments/create", FULFILLMENT))
    event = await tell(lumen, "aftership", tracked("delivered"))
    assert (event.state, event.order_id) == ("folded", (await Order.get()).id)
    order = await shown()
    assert order.headline is Headline.DELIVERED
    assert [(p.carrier, p.tracking_number, len(p.scans)) for p in order.parcels] == [("UPS", "1Z1", 1)]
    assert [e.state for e in heard.of(ParcelMoved)] == ["info_received", "delivered"]


async def test_scans_that_come_first_wait_and_are_claimed(desk: Desk, lumen: Shop, both_databases: str) -> None:
    early = await tell(lumen, "aftership", tracked())
    assert (early.state, early.order_ref) == ("parked", "tracking:1Z1")
    await desk.hear(webhook("orders/create", ORDER))
    await early.refresh_from_db()
    assert early.state == "parked"  # the order is there, the parcel not yet
    await desk.hear(webhook("fulfillments/create", FULFILLMENT))
    await early.refresh_from_db()
    assert (early.state, early.order_id) == ("folded", (await Order.get()).id)
    assert (await shown()).parcels[0].state == "in_transit"


async def test_a_combined_parcel_moves_all_its_orders(desk: Desk, lumen: Shop) -> None:
    for number in (1, 2):
        order_id = ORDER["id"] + number
        await desk.hear(webhook("orders/create", {**ORDER, "id": order_id, "name": f"#{number}"}))
        await desk.hear(webhook("fulfillments/create", {**FULFILLMENT, "id": 70 + number, "order_id": order_id}))
    await tell(lumen, "aftership", tracked("delivered"))
    assert await Order.filter(headline="delivered").count() == 2
    assert await TrackingEvent.all().count() == 2
    late = {**ORDER, "id": 5, "name": "#5", "fulfillments": [{**FULFILLMENT, "id": 75, "order_id": 5}]}
    await desk.hear(webhook("orders/create", late))
    assert await Order.filter(headline="delivered").count() == 3


async def test_nothing_reaches_another_shops_order(desk: Desk, lumen: Shop, chaye: Shop) -> None:
    await desk.hear(webhook("orders/create", {**ORDER, "fulfillments": [FULFILLMENT]}))
    transaction = {"id": 9, "order_id": ORDER["id"], "kind": "sale", "status": "success", "amount": "141.00"}
    await desk.hear(webhook("order_transactions/create", {**transaction, "authorization": "pi_1", "currency": "USD"}))
    before = await shown()
    for source, body in [
        ("aftership", tracked("delivered", order="#1001")),
        ("stripe", charged("canceled", amount=0, order="1001")),
        ("stripe", refunded()),
    ]:
        assert (await tell(chaye, source, body)).state == "parked"
    assert await shown() == before
    assert await FactSheet.filter(shop_id=chaye.id).count() > 0


async def test_the_same_word_again_is_stale_and_a_repeated_delivery_one_row(desk: Desk, lumen: Shop) -> None:
    await desk.hear(webhook("orders/create", {**ORDER, "fulfillments": [FULFILLMENT]}))
    first, again = await tell(lumen, "aftership", tracked()), await tell(lumen, "aftership", tracked())
    assert first.id == again.id
    other = tracked().replace(b'"event_id": "1Z1', b'"event_id": "another 1Z1')
    version = (await Order.get()).version
    await tell(lumen, "aftership", other)
    assert await TrackingEvent.all().count() == 1
    assert (await Order.get()).version == version


async def test_a_corrected_tracking_number_takes_the_foreign_scans_away(desk: Desk, lumen: Shop) -> None:
    await desk.hear(webhook("orders/create", {**ORDER, "fulfillments": [FULFILLMENT]}))
    await tell(lumen, "aftership", tracked("delivered"))
    assert (await shown()).headline is Headline.DELIVERED
    corrected = {**FULFILLMENT, "tracking_number": "1Z2", "updated_at": "2026-03-02T03:00:00-05:00"}
    await desk.hear(webhook("fulfillments/update", corrected))
    order = await shown()
    assert (order.headline, order.parcels[0].scans) == (Headline.SHIPPED, ())
    await tell(lumen, "aftership", tracked(code="1Z2"))
    assert [scan.text for scan in (await shown()).parcels[0].scans] == ["in_transit at 1"]


async def test_a_number_that_a_carrier_uses_again_is_another_parcel(desk: Desk, lumen: Shop) -> None:
    old = {**ORDER, "created_at": "2025-11-01T10:00:00Z", "updated_at": "2025-11-01T10:00:00Z"}
    parcel = {**FULFILLMENT, "created_at": "2025-11-02T10:00:00Z", "updated_at": "2025-11-02T10:00:00Z"}
    delivered = {"id": 1, "order_id": ORDER["id"], "fulfillment_id": 77, "status": "delivered"}
    await desk.hear(webhook("orders/create", {**old, "fulfillments": [parcel]}))
    await desk.hear(webhook("fulfillment_events/create", {**delivered, "happened_at": "2025-11-05T10:00:00Z"}))
    await tell(lumen, "aftership", tracked("in_transit"))  # nobody else has the number yet
    await desk.hear(
        webhook(
            "orders/create",
            {**ORDER, "id": 2, "name": "#2", "fulfillments": [{**FULFILLMENT, "id": 78, "order_id": 2}]},
        )
    )
    assert (await shown(number="#1001")).headline is Headline.DELIVERED
    assert (await shown(number="#2")).parcels[0].state == "in_transit"


async def test_a_service_that_was_told_the_orders_number_names_the_parcel(desk: Desk, lumen: Shop) -> None:
    early = await tell(lumen, "aftership", tracked(order="#1001"))
    assert early.state == "parked"
    await desk.hear(webhook("orders/create", ORDER))
    await early.refresh_from_db()
    assert early.state == "folded"
    (parcel,) = (await shown()).parcels
    assert (parcel.tracking_number, parcel.carrier, parcel.state, len(parcel.scans)) == ("1Z1", "ups", "in_transit", 1)
    await desk.hear(webhook("fulfillments/create", FULFILLMENT))  # now the shop names it, too
    (named,) = (await shown()).parcels
    assert (named.parcel_id, named.carrier, len(named.scans)) == (parcel.parcel_id, "UPS", 1)
    assert await Shipment.all().count() == 1


async def test_a_number_that_two_orders_have_names_neither(desk: Desk, lumen: Shop) -> None:
    await desk.hear(webhook("orders/create", ORDER))
    await tell(lumen, "aftership", tracked(order="1001"))
    assert len((await shown()).parcels) == 1
    await desk.hear(webhook("orders/create", {**ORDER, "id": 2}))
    assert [len((await snapshot(order)).parcels) for order in await Order.all()] == [0, 0]


async def test_an_id_beats_a_number(desk: Desk, lumen: Shop) -> None:
    await desk.hear(webhook("orders/create", {**ORDER, "name": "#1002"}))
    await desk.hear(webhook("orders/create", {**ORDER, "id": 2, "name": f"#{ORDER['id']}"}))
    await tell(lumen, "aftership", tracked(order=str(ORDER["id"])))
    assert len((await shown(number="#1002")).parcels) == 1


async def test_a_payment_finds_its_order_by_either_of_its_ids(desk: Desk, lumen: Shop) -> None:
    early = await tell(lumen, "stripe", charged())
    assert (early.state, early.order_ref) == ("parked", "payment:pi_1")
    await desk.hear(webhook("orders/create", {**ORDER, "financial_status": "pending"}))
    assert (await shown()).headline is Headline.AWAITING_PAYMENT
    attempt = {"id": 9, "order_id": ORDER["id"], "kind": "sale", "status": "pending", "amount": "141.00"}
    await desk.hear(webhook("order_transactions/create", {**attempt, "authorization": "ch_1", "currency": "USD"}))
    await early.refresh_from_db()
    assert early.state == "folded"
    assert (await shown()).headline is Headline.PROCESSING
    (payment,) = await Payment.all()
    assert (payment.source_id, payment.gateway_ref, payment.captured, payment.state) == ("9", "ch_1", 14100, "paid")


async def test_a_gateway_that_settles_in_other_money_leaves_the_amounts_of_the_order(desk: Desk, lumen: Shop) -> None:
    await desk.hear(webhook("orders/create", {**ORDER, "financial_status": "paid"}))
    attempt = {"id": 9, "order_id": ORDER["id"], "kind": "sale", "status": "success", "amount": ORDER["total_price"]}
    await desk.hear(webhook("order_transactions/create", {**attempt, "authorization": "pi_1", "currency": "USD"}))
    settled = json.loads(charged(amount=12900))
    settled["data"]["object"]["currency"] = "eur"
    await tell(lumen, "stripe", as_json(settled))
    (payment,) = await Payment.all()
    order = await Order.get()
    assert (payment.captured, payment.currency, order.payment) == (order.total, "USD", "paid")


async def test_one_refund_told_by_both_is_one_refund_and_one_piece_of_news(
    desk: Desk, lumen: Shop, heard: Heard
) -> None:
    await desk.hear(webhook("orders/create", ORDER))
    await tell(lumen, "stripe", charged(order="1001"))
    await tell(lumen, "stripe", refunded(2000))
    assert [(r.source_id, r.amount) for r in await Refund.all()] == [("re_1", 2000)]
    money = {"kind": "refund", "status": "success", "amount": "20.00", "currency": "USD", "gateway": "stripe"}
    refund = {"id": 9, "order_id": ORDER["id"], "created_at": "2026-03-02T01:00:05Z", "transactions": [money]}
    await desk.hear(webhook("refunds/create", refund))
    assert [(r.source_id, r.amount, r.state) for r in await Refund.all()] == [("9", 2000, "succeeded")]
    assert [e.state for e in heard.of(RefundChanged)] == ["succeeded"]
    assert (await shown()).refund == "partial"


async def test_money_that_does_not_fit_is_looked_at_and_never_paid(desk: Desk, chaye: Shop) -> None:
    document: dict[str, Any] = {"id": "A-1", "updated_at": "2026-03-02T10:00:00Z", "number": "1001", "currency": "USD"}
    document |= {"placed_at": "2026-03-02T09:00:00Z", "payment": "pending", "totals": {"total": "141.00"}}
    await desk.hear(upsert(document, NOON))
    await tell(chaye, "stripe", charged(amount=1, order="1001"))
    order = await shown()
    assert (order.payment, order.headline) == ("partially_paid", Headline.ON_HOLD)
    assert order.holds == {"payment_review"}


async def test_any_order_of_shops_carriers_and_gateways_gives_the_same_rows(
    desk: Desk, lumen: Shop, both_databases: str
) -> None:
    attempt = {"id": 9, "order_id": ORDER["id"], "kind": "sale", "status": "success", "amount": "141.00"}
    shop = [
        webhook("orders/create", ORDER),
        webhook("fulfillments/create", FULFILLMENT),
        webhook("order_transactions/create", {**attempt, "authorization": "pi_1", "currency": "USD"}),
    ]
    others = [
        ("aftership", tracked("in_transit", 1, order="1001")),
        ("aftership", tracked("delivered", 2)),
        ("stripe", charged(order="1001")),
        ("stripe", refunded(2000, "pending")),
        ("stripe", refunded(2000)),
    ]
    pictures = set()
    for seed in range(4):
        for model in (TrackingEvent, SourceEvent, FactSheet, Order):
            await model.all().delete()
        steps: list[Any] = [*shop, *others, *others[::2]]
        Random(seed).shuffle(steps)
        for step in steps:
            await (tell(lumen, *step) if isinstance(step, tuple) else desk.hear(step))
        order = await shown()
        pictures.add((order.headline, order.payment, order.refund, order.parcels[0].scans, order.refunds[0].amount))
        assert await SourceEvent.filter(state="parked").count() == 0
        assert [(len(order.parcels), len(order.refunds)), await Payment.all().count()] == [(1, 1), 1]
    assert len(pictures) == 1


async def test_a_parcel_and_its_scan_that_come_at_the_same_moment_find_each_other(
    desk: Desk, lumen: Shop, both_databases: str
) -> None:
    await desk.hear(webhook("orders/create", ORDER))
    await asyncio.gather(
        *(tell(lumen, "aftership", tracked("in_transit", hour)) for hour in range(1, 6)),
        desk.hear(webhook("fulfillments/create", FULFILLMENT)),
        tell(lumen, "stripe", charged(order="1001")),
    )
    assert len((await shown()).parcels[0].scans) == 5
    assert await Payment.all().count() == 1
    assert await SourceEvent.filter(state="parked").count() == 0
