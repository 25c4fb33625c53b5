"""Chargebacks: what a bank asks and decides is a fact of the order, and money that it takes back has gone."""

import json
from itertools import permutations
from typing import Any

import pytest

from core.people import SYSTEM
from core.shops import Shop
from orders.deriving import derive
from orders.disputes import counted
from orders.events import DisputeChanged, RefundChanged
from orders.facts import DisputeFacts
from orders.merging import Known, merge
from orders.models import Dispute, Order, Refund
from orders.replaying import replay_order
from orders.snapshots import snapshot
from orders.sources import shopify
from orders.statuses import Closure, DisputeState, Headline, Hold, PaymentState, RefundState
from tests.heard import Heard
from tests.orders.conftest import Desk
from tests.orders.deliveries import NOON, a_delivery, a_shop, an_order, sample, told, webhook

ORDER_ID = an_order(a_shop()).id


def dispute(status: str, **more: Any) -> dict[str, Any]:
    base: dict[str, Any] = json.loads(sample("dispute"))["dispute"]
    return {**base, "order_id": int(ORDER_ID), "status": status, "amount": "189.00", **more}


def told_of(status: str, minute: int, **more: Any) -> Any:
    wire = webhook("disputes/update" if minute else "disputes/create", dispute(status, **more))
    wire.headers["X-Shopify-Triggered-At"] = f"2026-03-02T13:{minute:02}:00.123456789Z"
    return wire


def test_each_status_of_shopify_is_one_of_ours() -> None:
    states = {
        "needs_response": DisputeState.NEEDS_RESPONSE,
        "under_review": DisputeState.UNDER_REVIEW,
        "won": DisputeState.WON,
        "lost": DisputeState.LOST,
        "accepted": DisputeState.LOST,
        "charge_refunded": DisputeState.CLOSED,
        "pondering": DisputeState.NEEDS_RESPONSE,
    }
    for status, state in states.items():
        reading = shopify.read(a_delivery(a_shop(), "disputes/update", json.dumps(dispute(status)).encode()))
        (facts,) = (statement.facts for statement in reading.orders[0].statements)
        assert isinstance(facts, DisputeFacts)
        assert (facts.state, facts.amount, facts.currency, facts.reason) == (state, 18900, "USD", "fraudulent")
        assert bool(reading.orders[0].warnings) is (status == "pondering")


def test_late_and_shuffled_words_of_a_bank_give_the_same_order() -> None:
    life = [*told(a_shop(), ("submit:paid", "confirm"))]
    life += [told_of("needs_response", 0), told_of("under_review", 1), told_of("lost", 2), told_of("won", 3)]
    readings = [shopify.read(_delivery(wire)).orders[0].statements for wire in life]
    pictures = {
        str(derive(merge(Known(), [s for part in order for s in part]))) for order in permutations(readings, len(life))
    }
    assert len(pictures) == 1
    assert "DisputeState.WON" in pictures.pop()


def test_a_gateway_and_a_platform_may_tell_of_the_same_dispute() -> None:
    theirs = DisputeFacts(amount=100, currency="USD", state=DisputeState.LOST, by_gateway=True)
    ours, other = theirs.model_copy(update={"by_gateway": None}), DisputeFacts(amount=70, currency="USD")
    assert counted({"9": ours, "dp_1": theirs}) == {"dp_1": theirs}
    assert counted({"8": ours, "9": ours, "dp_1": theirs}) == {"9": ours, "dp_1": theirs}
    assert counted({"9": other, "dp_1": theirs}) == {"9": other, "dp_1": theirs}


@pytest.mark.usefixtures("both_databases")
async def test_an_open_dispute_holds_and_a_lost_one_takes_the_money_back(desk: Desk, lumen: Shop, heard: Heard) -> None:
    for wire in told(lumen, ("submit:paid", "confirm")):
        await desk.hear(wire)
    await desk.hear(told_of("needs_response", 0))
    order = await Order.get(source_id=ORDER_ID)
    row = await Dispute.get(order_id=order.id)
    assert (row.state, row.amount, row.inquiry) == ("needs_response", 18900, False)
    assert row.evidence_due_by is not None
    assert (order.headline, order.holds) == (Headline.ON_HOLD, [Hold.PAYMENT_REVIEW])
    assert "dispute" not in repr(await snapshot(order)).lower()

    await desk.hear(told_of("lost", 1))
    order = await Order.get(id=order.id)
    back = await Refund.get(order_id=order.id)
    assert (back.amount, back.state, back.reversal) == (18900, "succeeded", True)
    assert (order.payment, order.refund, order.holds) == (PaymentState.PAID, RefundState.FULL, [])
    assert [event.state for event in heard.of(DisputeChanged)] == ["needs_response", "lost"]
    assert not heard.of(RefundChanged), "the customer hears from the bank, not from the shop"

    await desk.hear(told_of("won", 2))
    assert not await Refund.exists(order_id=order.id)
    await replay_order(await Order.get(id=order.id), SYSTEM)
    order = await Order.get(id=order.id)
    assert (order.refund, order.closure, order.holds) == (RefundState.NONE, Closure.OPEN, [])


@pytest.mark.usefixtures("both_databases")
async def test_a_dispute_that_comes_first_waits_for_its_order(desk: Desk, lumen: Shop) -> None:
    first = await desk.hear(told_of("needs_response", 0))
    assert first.state == "parked"
    for wire in told(lumen, ("submit:paid", "confirm", "ship")):
        await desk.hear(wire)
    order = await Order.get(source_id=ORDER_ID)
    assert await Dispute.filter(order_id=order.id).count() == 1
    assert order.holds == [], "what has left cannot be held any more"


def _delivery(wire: Any) -> Any:
    headers = {name.lower(): value for name, value in wire.headers.items()}
    delivery = a_delivery(a_shop(), shopify.topic(headers), wire.body, headers)
    assert delivery.received_at == NOON
    return delivery
