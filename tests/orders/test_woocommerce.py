"""WooCommerce's webhooks: signatures, the table of statuses, refunds and tracking inside the order, times."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from core.errors import Invalid, Malformed, Unauthenticated
from orders.deriving import Picture
from orders.receiving import lower
from orders.sources import woocommerce
from orders.sources.woocommerce_orders import STATUSES
from orders.statuses import Axes, Closure, Confirmation, Fulfilment, Gate, Headline, Hold, PaymentState, RefundState
from tests.orders.deliveries import NOON, a_delivery, a_shop
from tests.orders.telling import facts, picture, raw, recorded

ORDER: dict[str, Any] = {
    "id": 727,
    "number": "2027",
    "status": "processing",
    "currency": "EUR",
    "date_created": "2026-03-01T11:00:00",
    "date_created_gmt": "2026-03-01T10:00:00",
    "date_modified_gmt": "2026-03-01T10:05:00",
    "date_paid_gmt": "2026-03-01T10:04:00",
    "total": "29.35",
    "payment_method": "stripe",
    "line_items": [{"id": 315, "name": "Lamp", "quantity": 2, "subtotal": "20.00", "total": "18.00"}],
    "refunds": [],
}


def told(*changes: dict[str, Any]) -> Picture:
    return picture(*(facts("woocommerce", {**ORDER, **change}, "order.updated") for change in changes))


def test_the_recorded_signature_fits_the_exact_bytes_and_nothing_else() -> None:
    vector = recorded("woocommerce", "signature")["woocommerce"][0]
    headers, body = lower(vector["headers"]), vector["body"].encode()
    woocommerce.verify(["a newer secret", vector["secret"]], headers, body, NOON)
    unsigned = {name: value for name, value in headers.items() if "signature" not in name}
    for secrets, sent, received in [
        (["another"], headers, body),
        ([vector["secret"]], headers, body + b" "),
        ([vector["secret"]], unsigned, body),
        ([], headers, body),
    ]:
        with pytest.raises(Unauthenticated) as refused:
            woocommerce.verify(secrets, sent, received, NOON)
        assert refused.value.code == "bad_signature"


@pytest.mark.parametrize("signature", ["", "é", "AAAA", "=" * 10_000])
def test_a_signature_of_any_shape_is_only_wrong(signature: str) -> None:
    with pytest.raises(Unauthenticated):
        woocommerce.verify(["s"], {"x-wc-webhook-signature": signature}, b"{}", NOON)


def test_the_ping_of_a_new_webhook_is_known_by_its_form() -> None:
    ping = recorded("woocommerce", "signature")["woocommerce"][1]
    assert woocommerce.is_ping(lower(ping["headers"]), ping["body"].encode())
    for headers, body in [
        ({}, b'{"id":727}'),
        ({}, b"webhook_id=7&id=1"),
        ({"x-wc-webhook-signature": "x"}, b"webhook_id=7"),
    ]:
        assert not woocommerce.is_ping(headers, body)


def test_two_orders_saved_in_one_second_share_an_id_and_are_two_deliveries() -> None:
    headers = {"x-wc-webhook-delivery-id": "0f1e", "x-wc-webhook-topic": "order.updated"}
    assert woocommerce.delivery_key(headers, b'{"id":1}') != woocommerce.delivery_key(headers, b'{"id":2}')
    assert woocommerce.delivery_key(headers, b'{"id":1}') == woocommerce.delivery_key({**headers}, b'{"id":1}')
    assert len(woocommerce.delivery_key({"x-wc-webhook-delivery-id": "x" * 500}, b"")) <= 190


def test_the_vendors_order_reads_as_it_says() -> None:
    found = picture(facts("woocommerce", recorded("woocommerce", "order_processing"), "order.created"))
    assert found.headline is Headline.PROCESSING
    assert (found.header.number, found.header.total, found.header.shipping, found.header.tax) == (
        "727",
        2935,
        1000,
        135,
    )
    assert found.header.placed_at == datetime(2017, 3, 22, 19, 28, 2, tzinfo=UTC)
    assert found.paid_at == datetime(2017, 3, 22, 19, 28, 8, tzinfo=UTC)
    assert found.header.email == "john.doe@example.com"
    assert found.header.ship_to is not None
    assert found.header.ship_to.region == "CA"
    lamp, idea = found.lines.values()
    assert (lamp.quantity, lamp.facts.unit_price) == (2, 300)
    assert (idea.facts.title, idea.facts.variant) == ("Ship Your Idea – Color: Black, Size: M Test", "black / M Test")
    assert found.payments["order"].tender == "bank_transfer"


AWAITING = {"confirmation": Confirmation.AWAITING, "payment": PaymentState.PENDING}
ACCEPTED = {"confirmation": Confirmation.CONFIRMED, "payment": PaymentState.PAID}
TABLE: dict[str, dict[str, Any]] = {
    "pending": AWAITING,
    "on-hold": {**AWAITING, "holds": {Hold.PAYMENT_REVIEW}},
    "processing": {**ACCEPTED, "fulfilment": Fulfilment.UNFULFILLED},
    "completed": {**ACCEPTED, "fulfilment": Fulfilment.SHIPPED},
    "cancelled": {"closure": Closure.CANCELLED},
    "failed": {"payment": PaymentState.FAILED, "closure": Closure.OPEN},
    "refunded": {"refund": RefundState.FULL},
    "trash": {"closure": Closure.CANCELLED},
}


def test_every_status_has_a_row_here() -> None:
    assert set(TABLE) == set(STATUSES)


@pytest.mark.parametrize("status", TABLE)
@pytest.mark.parametrize("prefix", ["", "wc-"])
def test_a_status_says(status: str, prefix: str) -> None:
    axes: Axes = told({"status": prefix + status, "date_paid_gmt": None}).axes
    assert {name: getattr(axes, name) for name in TABLE[status]} == TABLE[status]
    assert axes.holds == TABLE[status].get("holds", set())


def test_an_order_that_waits_for_its_money_names_the_gate() -> None:
    found = told({"status": "pending", "date_paid_gmt": None})
    assert (found.headline, found.axes.gates) == (Headline.AWAITING_PAYMENT, (Gate.PAYMENT,))


@pytest.mark.parametrize("status", ["packing", "wc-shipped-custom", ""])
def test_an_unknown_status_holds_the_order_until_a_known_one_comes(status: str) -> None:
    strange = facts("woocommerce", {**ORDER, "status": status}, "order.updated")
    assert picture(strange).axes.holds == {Hold.MERCHANT}
    assert strange.warnings == (f"status={status.removeprefix('wc-')}",)
    later = facts("woocommerce", {**ORDER, "date_modified_gmt": "2026-03-01T11:00:00"}, "order.updated")
    assert picture(strange, later).headline is Headline.PROCESSING


def test_within_one_second_the_later_status_wins_in_any_order() -> None:
    pending, processing = {"status": "pending", "date_paid_gmt": None}, {"status": "processing"}
    assert told(pending, processing) == told(processing, pending)
    assert told(processing, pending).headline is Headline.PROCESSING


def test_an_old_delivery_changes_nothing() -> None:
    done = {"status": "completed", "date_modified_gmt": "2026-03-02T10:00:00"}
    assert told(done, {"status": "on-hold"}).headline is Headline.SHIPPED


def test_cash_on_delivery_needs_no_money_first_and_is_unpaid_until_it_is_there() -> None:
    ordered = {"payment_method": "cod", "date_paid_gmt": None}
    found = told(ordered)
    assert (found.headline, found.axes.payment, found.axes.gates) == (Headline.PROCESSING, PaymentState.NONE, ())
    paid = {
        **ordered,
        "status": "completed",
        "date_paid_gmt": "2026-03-04T10:00:00",
        "date_modified_gmt": "2026-03-04T10:00:00",
    }
    assert told(ordered, paid).axes.payment is PaymentState.PAID


def test_refunds_inside_the_order_are_a_part_until_they_are_all() -> None:
    part = told({"refunds": [{"id": 801, "reason": "", "total": "-10.00"}]})
    assert (part.axes.refund, part.refunds["801"].amount) == (RefundState.PARTIAL, 1000)
    assert part.headline is Headline.PROCESSING
    whole = told({"refunds": [{"id": 801, "total": "-10.00"}, {"id": 802, "total": "-19.35"}]})
    assert (whole.axes.refund, whole.headline) == (RefundState.FULL, Headline.REFUNDED)


def test_times_are_the_gmt_ones_and_else_the_sites_own() -> None:
    assert told({}).header.placed_at == datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
    local = told({"date_created_gmt": None, "date_created": "2026-03-01T11:00:00"})
    assert local.header.placed_at == datetime(2026, 3, 1, 16, 0, tzinfo=UTC)  # the shop of the tests is in New York


def test_a_unit_price_is_the_share_of_the_line_and_never_a_float() -> None:
    lines = [{"id": 1, "name": "Pen", "quantity": 3, "subtotal": "10.00", "total": "9.50", "price": 3.1666666666666665}]
    (pen,) = told({"line_items": lines}).lines.values()
    assert (pen.facts.unit_price, pen.facts.discount) == (333, 50)
    yen = told({"currency": "JPY", "total": "1200", "line_items": []})
    assert yen.header.total == 1200


def test_tracking_numbers_come_from_the_plug_ins_meta_data() -> None:
    item = {"tracking_id": "t1", "tracking_provider": "dhl", "tracking_number": "JD014", "date_shipped": "1772400000"}
    odd = {"tracking_number": "X2", "custom_tracking_link": "javascript:alert(1)", "date_shipped": "yesterday"}
    meta = [{"key": "_wc_shipment_tracking_items", "value": [item, odd, {"tracking_number": ""}, None]}]
    told_facts = facts("woocommerce", {**ORDER, "status": "completed", "meta_data": meta}, "order.updated")
    found = picture(told_facts)
    assert (found.parcels["t1"].facts.carrier, found.parcels["t1"].facts.tracking_number) == ("dhl", "JD014")
    assert found.parcels["t1"].label_at == datetime(2026, 3, 1, 21, 20, tzinfo=UTC)
    assert found.parcels["X2"].facts.tracking_url == ""
    assert found.headline is Headline.SHIPPED
    assert told_facts.warnings == ("date_shipped is no time",)


def test_a_deleted_order_is_cancelled_and_a_restored_one_lives_again() -> None:
    deleted = facts("woocommerce", b'{"id":727}', "order.deleted")
    order = facts("woocommerce", ORDER, "order.created")
    assert picture(order, deleted).headline is Headline.CANCELLED
    assert picture(deleted, order).headline is Headline.CANCELLED
    back = facts("woocommerce", {**ORDER, "date_modified_gmt": "2026-03-02T13:00:00"}, "order.restored")
    assert picture(order, back, deleted).headline is Headline.PROCESSING


@pytest.mark.parametrize(
    ("topic", "document"),
    [
        ("customer.updated", {"id": 727}),
        ("coupon.updated", ORDER),
        ("action.woocommerce_order_refunded", ORDER),
        ("order.created", {**ORDER, "status": "checkout-draft"}),
    ],
)
def test_what_is_no_order_is_ignored_with_a_reason(topic: str, document: dict[str, Any]) -> None:
    reading = woocommerce.read(a_delivery(a_shop(), topic, raw(document)))
    assert not reading.orders
    assert reading.ignored


def test_only_orders_are_named_by_their_id() -> None:
    assert woocommerce.order_reference("order.deleted", b'{"id":727}') == "727"
    assert woocommerce.order_reference("customer.updated", b'{"id":727}') is None
    assert woocommerce.order_reference("order.updated", b"{") is None


@pytest.mark.parametrize(
    "change",
    [{"total": "-1.00"}, {"total": "1.999"}, {"currency": "EUROS"}, {"date_modified_gmt": "soon"}, {"id": None}],
)
def test_what_cannot_be_true_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises((Invalid, ValidationError)):
        facts("woocommerce", {**ORDER, **change}, "order.updated")


def test_the_error_of_a_webhook_without_rights_is_named() -> None:
    with pytest.raises(Invalid) as refused:
        facts("woocommerce", {"code": "woocommerce_rest_cannot_view", "data": {"status": 401}}, "order.updated")
    assert refused.value.code == "no_access"


def test_bytes_that_are_no_json_are_malformed() -> None:
    for body in (b"", b"[]", b"\xff", b"webhook_id=7"):
        with pytest.raises(Malformed):
            facts("woocommerce", body, "order.updated")


def test_what_an_edit_has_removed_is_wanted_no_more() -> None:
    line = ORDER["line_items"][0]
    added = {**line, "id": 999, "sku": "OTHER"}
    tracked = {"key": "_wc_shipment_tracking_items", "value": [{"tracking_id": "t1", "tracking_number": "WRONG1"}]}
    mended = {"key": "_wc_shipment_tracking_items", "value": [{"tracking_id": "t2", "tracking_number": "RIGHT1"}]}
    before = {
        "date_modified_gmt": "2026-03-01T10:00:00",
        "status": "processing",
        "line_items": [line, added],
        "refunds": [{"id": 73, "total": "-1.00"}],
        "meta_data": [tracked],
    }
    after = {
        "date_modified_gmt": "2026-03-01T11:00:00",
        "status": "processing",
        "line_items": [line],
        "refunds": [],
        "meta_data": [mended],
    }
    for changes in ((before, after), (after, before)):
        found = told(*changes)
        assert [(name, one.wanted > 0) for name, one in sorted(found.lines.items())] == [
            (str(line["id"]), True),
            ("999", False),
        ]
        assert (found.refunds, found.axes.refund) == ({}, RefundState.NONE)
        assert {p.facts.tracking_number for p in found.parcels.values() if not p.facts.cancelled} == {"RIGHT1"}
    restored = told(before, after, {**before, "date_modified_gmt": "2026-03-01T12:00:00"})
    assert restored.axes.refund is RefundState.PARTIAL
    assert restored.lines["999"].wanted > 0


def test_goods_by_the_metre_are_whole_units() -> None:
    (line,) = ORDER["line_items"]
    assert told({"line_items": [{**line, "quantity": 1.5}]}).lines["315"].quantity == 2
