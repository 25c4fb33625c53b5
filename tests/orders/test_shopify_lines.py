"""Shopify's order edits: what was taken off is told beside what was ordered, and apart from what was refunded."""

from typing import Any

import pytest

from orders.deriving import Picture
from orders.statuses import Fulfilment, Headline, PaymentState, RefundState
from tests.orders.telling import facts, picture
from tests.orders.test_shopify import FULFILLMENT
from tests.orders.test_shopify import ORDER as ONE

ORDER: dict[str, Any] = {**ONE, "total_price": "150.00", "current_total_price": "150.00", "refunds": []}
OUT = {"status": "success", "kind": "refund", "currency": "USD", "gateway": "shopify_payments"}


def line(name: int, quantity: int, now: int | None = None, **more: Any) -> dict[str, Any]:
    return {"id": name, "quantity": quantity, "current_quantity": quantity if now is None else now, **more}


def refund(restock: str, *, units: int = 1, amount: str = "") -> dict[str, Any]:
    moves = [{**OUT, "id": 6, "amount": amount}] if amount else []
    items = [{"line_item_id": 2, "quantity": units, "restock_type": restock}]
    return {"id": 5, "created_at": "2026-03-01T10:04:00-05:00", "refund_line_items": items, "transactions": moves}


def told(*changes: dict[str, Any], topic: str = "orders/updated") -> Picture:
    return picture(*(facts("shopify", {**ORDER, **change}, topic) for change in changes))


EDITED = {"line_items": [line(1, 2), line(2, 1, 0)], "current_total_price": "100.00"}


@pytest.mark.parametrize("listed", [[], [refund("cancel")], [refund("no_restock")]], ids=["bare", "restocked", "kept"])
def test_a_line_that_an_edit_removed_is_not_waited_for(listed: list[dict[str, Any]]) -> None:
    edited = {**EDITED, "refunds": listed}
    found = told(edited)
    assert (found.lines["2"].cancelled, found.lines["2"].refunded) == (1, 0)
    assert (found.header.total, found.axes.refund) == (10000, RefundState.NONE)
    parcel = {**FULFILLMENT, "line_items": [{"id": 1, "quantity": 2}]}
    sent = told({**edited, "fulfillment_status": "fulfilled", "fulfillments": [parcel]})
    assert (sent.axes.fulfilment, sent.headline) == (Fulfilment.SHIPPED, Headline.SHIPPED)


def test_money_for_what_an_edit_removed_is_a_refund_of_the_first_total() -> None:
    found = told({**EDITED, "financial_status": "partially_refunded", "refunds": [refund("cancel", amount="50.00")]})
    assert (found.header.total, found.axes.refund, found.lines["2"].cancelled) == (15000, RefundState.PARTIAL, 1)
    assert (found.lines["2"].refunded, found.axes.payment) == (1, PaymentState.PAID)


@pytest.mark.parametrize(("restock", "amount"), [("return", ""), ("return", "50.00"), ("no_restock", "50.00")])
def test_what_came_back_was_no_edit(restock: str, amount: str) -> None:
    found = told({**EDITED, "refunds": [refund(restock, amount=amount)]})
    assert (found.header.total, found.lines["2"].cancelled) == (15000, 0)


def test_a_cancelled_order_keeps_what_it_cost() -> None:
    change = {"line_items": [line(1, 2, 0), line(2, 1, 0)], "current_total_price": "0.00", "financial_status": "voided"}
    cancelled = {**change, "cancelled_at": "2026-03-01T10:05:00-05:00", "fulfillment_status": "restocked"}
    assert (told(cancelled).header.total, told(cancelled).headline) == (15000, Headline.CANCELLED)


def test_money_back_in_another_currency_leaves_the_total_as_it_was_stated() -> None:
    back = refund("cancel", amount="45.00")
    back["transactions"][0]["currency"] = "EUR"
    assert told({**EDITED, "line_items": [line(2, 3, 0)], "refunds": [back]}).header.total == 15000


def test_a_way_of_shipping_that_was_removed_costs_nothing() -> None:
    ways = [{"price": "5.00", "is_removed": True}, {"price": "9.00", "is_removed": False}, {"price": "1.00"}]
    assert told({"shipping_lines": ways}).header.shipping == 1000


def test_digital_goods_are_complete_once_they_are_sent_and_paid() -> None:
    digital = {"line_items": [line(1, 1, requires_shipping=False)]}
    assert (told(digital).headline, told(digital).axes.fulfilment) == (Headline.PROCESSING, Fulfilment.NOT_REQUIRED)
    sent = {**digital, "fulfillment_status": "fulfilled", "fulfillments": [{**FULFILLMENT, "tracking_number": None}]}
    assert (told(sent).headline, told(sent).axes.fulfilment) == (Headline.COMPLETED, Fulfilment.NOT_REQUIRED)
    assert told({**sent, "financial_status": "pending"}).headline is Headline.AWAITING_PAYMENT
    assert told({**digital, "closed_at": "2026-03-02T10:00:00-05:00"}).headline is Headline.COMPLETED
