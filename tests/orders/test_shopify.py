"""Shopify's deliveries: signatures, the vendor's own samples, and values that nobody expected."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from core.errors import Invalid, Malformed, Unauthenticated
from orders.deriving import Picture, derive
from orders.facts import OrderFacts
from orders.merging import Known, merge
from orders.receiving import lower
from orders.sources import shopify
from orders.statuses import Fulfilment, Gate, Headline, Hold, ParcelState, PaymentState, RefundState
from tests.orders.deliveries import NOON, a_delivery, a_shop, sample, webhook

ORDER: dict[str, Any] = {
    "id": 9_200_000_000_001_001,
    "name": "#1001",
    "currency": "USD",
    "created_at": "2026-03-01T10:00:00-05:00",
    "updated_at": "2026-03-01T10:05:00-05:00",
    "financial_status": "paid",
    "fulfillment_status": None,
    "confirmed": True,
    "total_price": "141.00",
    "line_items": [{"id": 1, "title": "Lamp", "quantity": 1, "price": "129.00"}],
}
FULFILLMENT: dict[str, Any] = {
    "id": 77,
    "order_id": ORDER["id"],
    "status": "success",
    "created_at": "2026-03-01T12:00:00-05:00",
    "updated_at": "2026-03-01T12:00:00-05:00",
    "tracking_company": "UPS",
    "tracking_number": "1Z1",
    "line_items": [{"id": 1, "quantity": 1}],
}
SCAN: dict[str, Any] = {
    "id": 78,
    "order_id": ORDER["id"],
    "fulfillment_id": 77,
    "status": "in_transit",
    "happened_at": "2026-03-01T20:00:00-05:00",
}


def facts(topic: str, payload: dict[str, Any] | bytes) -> OrderFacts:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    (found,) = shopify.read(a_delivery(a_shop(), topic, body)).orders
    return found


def picture(*parts: OrderFacts) -> Picture:
    derived = derive(merge(Known(), [statement for part in parts for statement in part.statements]))
    assert derived is not None
    return derived


def test_the_published_signature_fits_the_exact_bytes_and_nothing_else() -> None:
    (vector,) = json.loads(sample("shopify_signature"))["shopify"]
    headers, body = lower(vector["headers"]), vector["body"].encode()
    shopify.verify(["a newer secret", vector["secret"]], headers, body, NOON)
    for wrong_secret, wrong_body in [("another", body), (vector["secret"], body + b" ")]:
        with pytest.raises(Unauthenticated) as refused:
            shopify.verify([wrong_secret], headers, wrong_body, NOON)
        assert refused.value.code == "bad_signature"


def test_headers_without_the_prefix_and_in_any_case_are_the_same() -> None:
    body = b'{"id":1}'
    shopify.verify(["s"], lower({"SHOPIFY-HMAC-SHA256": shopify.sign("s", body)}), body, NOON)
    assert shopify.topic(lower({"Shopify-Topic": "Orders/Create"})) == "orders/create"


@pytest.mark.parametrize("signature", ["", "é", "AAAA", "=" * 10_000])
def test_a_signature_of_any_shape_is_only_wrong(signature: str) -> None:
    with pytest.raises(Unauthenticated):
        shopify.verify(["s"], {"x-shopify-hmac-sha256": signature}, b"{}", NOON)


def test_no_secret_lets_nothing_in() -> None:
    with pytest.raises(Unauthenticated):
        shopify.verify([], {"x-shopify-hmac-sha256": shopify.sign("", b"{}")}, b"{}", NOON)


def test_a_repeated_event_has_the_same_key_and_another_topic_of_it_does_not() -> None:
    first, body = lower(webhook("orders/create", ORDER, event="e-1").headers), b"{}"
    repeated = {**first, "x-shopify-webhook-id": "another delivery"}
    assert shopify.delivery_key(first, body) == shopify.delivery_key(repeated, body)
    assert shopify.delivery_key(first, body) != shopify.delivery_key({**first, "x-shopify-topic": "orders/paid"}, body)


def test_the_vendors_order_reads_as_it_says() -> None:
    found = picture(facts("orders/create", sample("order")))
    assert found.header.number == "#1001"
    assert found.header.total == 40994
    assert (found.header.email or "").startswith("bob.norman@")
    assert found.header.placed_at == datetime(2008, 1, 10, 16, 0, tzinfo=UTC)
    assert found.axes.payment is PaymentState.AUTHORIZED
    assert found.axes.gates == (Gate.PAYMENT, Gate.STOCK)
    assert found.headline is Headline.AWAITING_CONFIRMATION
    assert [line.quantity for line in found.lines.values()] == [1, 1, 1]
    assert found.parcels["255858046"].facts.cancelled  # a fulfilment that failed never left


def test_the_vendors_fulfilment_event_refund_and_transaction_read_as_they_say() -> None:
    order = facts("orders/create", sample("order"))
    money = picture(order, facts("refunds/create", sample("refund")))
    assert money.refunds["509562969"].amount == 20900
    assert money.axes.refund is RefundState.PARTIAL
    assert money.lines["703073504"].refunded == 1
    scan = facts("fulfillment_events/create", sample("fulfillment_event"))
    assert (scan.source_id, scan.warnings) == ("2776493818019", ())
    authorised = picture(order, facts("order_transactions/create", sample("transaction")))
    assert authorised.payments["389404469"].authorised == 40994


def test_an_id_above_2_to_the_53_keeps_every_digit() -> None:
    (vector,) = json.loads(sample("shopify_signature"))["shopify"]
    assert facts("orders/cancelled", vector["body"].encode()).source_id == "820982911946154508"


def test_disputes_without_an_order_and_unused_topics_are_ignored_with_a_reason() -> None:
    for topic in ("disputes/create", "disputes/update", "orders/edited", "orders/delete", "carts/update"):
        reading = shopify.read(a_delivery(a_shop(), topic, sample("dispute")))
        assert not reading.orders
        assert reading.ignored


def test_an_unknown_value_holds_the_order_and_keeps_the_word() -> None:
    strange = facts("orders/updated", {**ORDER, "financial_status": "escrowed"})
    found = picture(strange)
    assert found.axes.holds == {Hold.MERCHANT}
    assert found.headline is Headline.ON_HOLD
    assert found.header.unknown == {"financial_status": "escrowed"}
    assert strange.warnings == ("financial_status=escrowed",)


def test_a_later_known_value_releases_that_hold() -> None:
    later = {**ORDER, "updated_at": "2026-03-01T11:00:00-05:00"}
    found = picture(facts("orders/updated", {**ORDER, "financial_status": "escrowed"}), facts("orders/updated", later))
    assert found.headline is Headline.PROCESSING


def test_an_unknown_scan_is_kept_and_moves_nothing() -> None:
    odd = facts("fulfillment_events/create", {**SCAN, "status": "teleported", "happened_at": "2026-03-02T01:00:00Z"})
    parcel = picture(facts("orders/create", ORDER), facts("fulfillments/create", FULFILLMENT), odd).parcels["77"]
    assert parcel.state is ParcelState.INFO_RECEIVED
    assert [scan.code for scan in parcel.scans.values()] == ["teleported"]
    assert odd.warnings


def test_nulls_and_missing_fields_are_no_facts() -> None:
    bare = {name: ORDER[name] for name in ("id", "name", "currency", "created_at", "updated_at")}
    nulls = dict.fromkeys(
        ("email", "phone", "customer", "shipping_address", "fulfillments", "refunds", "tags", "note_attributes"), None
    )
    found = picture(facts("orders/create", {**bare, **nulls, "line_items": [None]}))
    assert found.header.email is None
    assert found.lines == {}
    assert found.axes.payment is PaymentState.NONE  # a total that nobody has told is not zero


def test_a_partial_payload_empties_nothing_that_it_does_not_name() -> None:
    thin = {"id": ORDER["id"], "updated_at": "2026-03-01T12:00:00-05:00", "financial_status": "paid"}
    found = picture(facts("orders/create", {**ORDER, "email": "Ines@Example.com"}), facts("orders/updated", thin))
    assert found.header.email == "ines@example.com"
    assert found.header.total == 14100


def test_a_time_without_an_offset_is_the_shops_own() -> None:
    found = picture(facts("orders/create", {**ORDER, "created_at": "2026-03-01T10:00:00"}))
    assert found.header.placed_at == datetime(2026, 3, 1, 15, 0, tzinfo=UTC)


def test_amounts_are_exact_as_text_and_as_numbers() -> None:
    priced = json.dumps({**ORDER, "total_price": "@"}).replace('"@"', "0.29")
    assert picture(facts("orders/create", priced.encode())).header.total == 29
    yen = {**ORDER, "currency": "JPY", "total_price": "1200", "line_items": []}
    assert picture(facts("orders/create", yen)).header.total == 1200


@pytest.mark.parametrize(
    "change",
    [
        {"total_price": "-1.00"},
        {"total_price": "NaN"},
        {"total_price": "1.999"},
        {"total_price": [1]},
        {"line_items": [{"id": 1, "title": "Lamp", "quantity": 10**12, "price": "1"}]},
        {"line_items": [{"id": 1, "title": "Lamp", "quantity": -1, "price": "1"}]},
        {"line_items": [{"id": None, "title": "Lamp", "quantity": 1}]},
        {"created_at": "yesterday"},
        {"currency": "DOLLARS"},
        {"id": None},
        {"id": "x" * 200},
    ],
)
def test_what_cannot_be_true_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises((Invalid, ValidationError)):
        facts("orders/create", {**ORDER, **change})


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b'{"id":NaN}', b'{"id":' + b"9" * 10_000 + b"}"]
)
def test_bytes_that_are_no_order_are_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        facts("orders/create", body)


def test_control_characters_do_not_reach_the_store() -> None:
    found = picture(facts("orders/create", {**ORDER, "line_items": [{"id": 1, "title": "a\x00b", "quantity": 1}]}))
    assert found.lines["1"].facts.title == "ab"


def test_shipped_is_not_delivered_until_the_carrier_says_so() -> None:
    order = facts("orders/fulfilled", {**ORDER, "fulfillment_status": "fulfilled", "fulfillments": [FULFILLMENT]})
    assert picture(order).axes.fulfilment is Fulfilment.SHIPPED
    delivered = {**SCAN, "status": "delivered", "happened_at": "2026-03-02T03:00:00Z"}
    found = picture(order, facts("fulfillment_events/create", delivered))
    assert found.headline is Headline.DELIVERED


def test_a_cancelled_fulfilment_moves_the_order_back() -> None:
    gone = {**FULFILLMENT, "status": "cancelled", "updated_at": "2026-03-01T13:00:00-05:00"}
    shipped = facts("orders/fulfilled", {**ORDER, "fulfillment_status": "fulfilled", "fulfillments": [FULFILLMENT]})
    assert picture(shipped, facts("fulfillments/update", gone)).headline is Headline.PROCESSING


def test_a_parcel_that_was_delivered_by_mistake_goes_on_and_keeps_both_times() -> None:
    order, parcel = facts("orders/create", ORDER), facts("fulfillments/create", FULFILLMENT)
    scans = [
        facts("fulfillment_events/create", {**SCAN, "status": status, "happened_at": at})
        for status, at in [("delivered", "2026-03-02T03:00:00Z"), ("returning_to_sender", "2026-03-02T09:00:00Z")]
    ]
    found = picture(order, parcel, *scans)
    assert found.headline is Headline.RETURNING
    assert found.parcels["77"].delivered_at == datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


def test_a_scan_from_the_future_happened_when_we_heard_of_it() -> None:
    ahead = facts("fulfillment_events/create", {**SCAN, "happened_at": "2026-03-02T13:00:00Z"})
    parcel = picture(facts("orders/create", ORDER), ahead).parcels["77"]
    assert [scan.at for scan in parcel.scans.values()] == [NOON]


def test_a_failed_attempt_to_pay_never_cancels() -> None:
    unpaid = facts("orders/create", {**ORDER, "financial_status": "pending"})
    attempt = {
        "id": 5,
        "order_id": ORDER["id"],
        "kind": "sale",
        "amount": "141.00",
        "created_at": "2026-03-01T16:00:00Z",
    }
    failed = facts("order_transactions/create", {**attempt, "status": "failure"})
    assert picture(unpaid, failed).headline is Headline.PAYMENT_FAILED
    again = {**attempt, "id": 6, "status": "success", "created_at": "2026-03-01T17:00:00Z"}
    paid = facts("orders/paid", {**ORDER, "updated_at": "2026-03-01T17:00:00Z"})
    assert picture(unpaid, failed, facts("order_transactions/create", again), paid).headline is Headline.PROCESSING


def test_paying_twice_is_overpaid() -> None:
    twice = [
        facts(
            "order_transactions/create",
            {"id": n, "order_id": ORDER["id"], "kind": "sale", "status": "success", "amount": "141.00"},
        )
        for n in (5, 6)
    ]
    assert picture(facts("orders/create", ORDER), *twice).axes.payment is PaymentState.OVERPAID


def test_a_hold_is_a_tag_and_an_unknown_one_is_the_merchants() -> None:
    held = facts("orders/updated", {**ORDER, "tags": "vip, hold:address, hold:mystery"})
    assert picture(held).axes.holds == {Hold.ADDRESS, Hold.MERCHANT}
    assert held.warnings == ("tag hold:mystery",)


def test_promises_come_from_note_attributes_and_are_never_invented() -> None:
    assert picture(facts("orders/create", ORDER)).header.promised_to is None
    notes = [{"name": "promised_to", "value": "2026-03-06T18:00:00-05:00"}, {"name": "promised_from", "value": "soon"}]
    promised = facts("orders/create", {**ORDER, "note_attributes": notes})
    assert picture(promised).header.promised_to == datetime(2026, 3, 6, 23, 0, tzinfo=UTC)
    assert promised.warnings == ("note attribute promised_from is no time",)


@pytest.mark.parametrize("name", ["Cash on Delivery (COD)", "cash_on_delivery", "COD - Cash on delivery", "货到付款"])
def test_cash_on_delivery_is_known_by_the_names_that_shops_give_it(name: str) -> None:
    found = picture(facts("orders/create", {**ORDER, "financial_status": "pending", "payment_gateway_names": [name]}))
    assert (found.axes.gates, found.headline) == ((), Headline.PROCESSING)
