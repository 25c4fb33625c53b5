"""Magento's orders: the table of states, quantities, shipments with tracks, UTC times without an offset."""

from datetime import UTC, datetime
from typing import Any

import pytest

from core.errors import Invalid, Unauthenticated
from orders.deriving import Picture
from orders.sources import magento
from orders.sources.magento_orders import STATES
from orders.statuses import Closure, Confirmation, Fulfilment, Headline, Hold, PaymentState, RefundState
from tests.orders.deliveries import NOON, a_delivery, a_shop
from tests.orders.telling import facts, picture, raw, recorded

ORDER: dict[str, Any] = {
    "entity_id": 3,
    "increment_id": "000000003",
    "state": "processing",
    "status": "processing",
    "order_currency_code": "USD",
    "created_at": "2026-03-01 22:22:19",
    "updated_at": "2026-03-01 22:30:00",
    "grand_total": 49.5,
    "total_paid": 49.5,
    "payment": {"method": "braintree"},
    "items": [{"item_id": 8, "name": "Tee", "sku": "T", "qty_ordered": 2, "price": 22.25, "product_type": "simple"}],
}


def item(**values: Any) -> dict[str, Any]:
    return {**ORDER["items"][0], **values}


def told(*changes: dict[str, Any]) -> Picture:
    return picture(*(facts("magento", {**ORDER, **change}) for change in changes))


def test_nothing_comes_in_through_a_door() -> None:
    with pytest.raises(Unauthenticated) as refused:
        magento.verify(["any"], {"authorization": "Bearer any"}, b"{}", NOON)
    assert refused.value.code == "bad_signature"


def test_the_vendors_order_reads_as_it_says() -> None:
    found = picture(facts("magento", recorded("magento", "order_new")))
    assert (found.axes.confirmation, found.axes.payment) == (Confirmation.AWAITING, PaymentState.NONE)
    assert found.headline is Headline.AWAITING_PAYMENT
    assert (found.header.number, found.header.total, found.header.goods) == ("000000003", 16500, 16000)
    assert found.header.placed_at == datetime(2017, 8, 21, 22, 22, 19, tzinfo=UTC)
    assert (found.header.customer_name, found.header.email) == ("Jane Doe", "jdoe@example.com")
    assert found.header.ship_to is not None
    assert found.header.ship_to.lines == ("123 Oak Ave",)
    assert found.lines["3"].facts.unit_price == 2200


ACCEPTED = {"confirmation": Confirmation.CONFIRMED, "payment": PaymentState.PAID}
AWAITING = {"confirmation": Confirmation.AWAITING, "payment": PaymentState.PENDING}
TABLE: dict[tuple[str, str], dict[str, Any]] = {
    ("new", "pending"): {"confirmation": Confirmation.AWAITING, "payment": PaymentState.NONE},
    ("pending_payment", "pending_payment"): AWAITING,
    ("payment_review", "payment_review"): {**AWAITING, "holds": {Hold.PAYMENT_REVIEW}},
    ("payment_review", "fraud"): {**AWAITING, "holds": {Hold.FRAUD}},
    ("processing", "processing"): {**ACCEPTED, "fulfilment": Fulfilment.UNFULFILLED},
    ("processing", "fraud"): {"payment": PaymentState.PAID, "holds": {Hold.FRAUD}},
    ("processing", "our_own_word"): ACCEPTED,
    ("holded", "holded"): {"holds": {Hold.MERCHANT}},
    ("complete", "complete"): {**ACCEPTED, "fulfilment": Fulfilment.SHIPPED},
    ("closed", "closed"): {"refund": RefundState.FULL},
    ("canceled", "canceled"): {"closure": Closure.CANCELLED},
}


def test_every_state_has_a_row_here() -> None:
    assert {state for state, _ in TABLE} == set(STATES)


@pytest.mark.parametrize("row", TABLE, ids="/".join)
def test_a_state_says(row: tuple[str, str]) -> None:
    paid = {} if row[0] in {"processing", "complete", "closed"} else {"total_paid": 0}
    axes = told({"state": row[0], "status": row[1], **paid}).axes
    assert {name: getattr(axes, name) for name in TABLE[row]} == TABLE[row]
    assert axes.holds == TABLE[row].get("holds", set())


def test_an_unknown_state_holds_the_order() -> None:
    strange = facts("magento", {**ORDER, "state": "quarantined"})
    assert picture(strange).axes.holds == {Hold.MERCHANT}
    assert strange.warnings == ("state=quarantined",)


def test_a_hold_keeps_what_was_true_before_and_the_release_restores_it() -> None:
    held = {"state": "holded", "status": "holded", "updated_at": "2026-03-01 23:00:00"}
    found = told({}, held)
    assert (found.headline, found.axes.payment) == (Headline.ON_HOLD, PaymentState.PAID)
    assert told({**held, "hold_before_state": "processing"}).axes.payment is PaymentState.PAID
    assert told(held, {"updated_at": "2026-03-01 23:10:00"}).headline is Headline.PROCESSING


def test_units_that_left_make_an_order_partly_shipped() -> None:
    found = told({"items": [item(qty_shipped=1)]})
    assert (found.axes.fulfilment, found.lines["8"].shipped) == (Fulfilment.PARTIAL, 1)


def test_cash_on_delivery_waits_for_the_shop_and_not_for_money() -> None:
    ordered = {"state": "new", "payment": {"method": "cashondelivery"}, "total_paid": None}
    assert told(ordered).headline is Headline.AWAITING_CONFIRMATION
    accepted = {**ordered, "state": "processing", "updated_at": "2026-03-02 08:00:00"}
    found = told(ordered, accepted)
    assert (found.headline, found.axes.payment) == (Headline.PROCESSING, PaymentState.NONE)


def test_shipments_and_their_tracks_inside_the_order() -> None:
    shipment = {
        "entity_id": 5,
        "created_at": "2026-03-02 08:00:00",
        "items": [{"order_item_id": 8, "qty": 2}],
        "tracks": [
            {"entity_id": 11, "track_number": "1Z1", "title": "UPS", "carrier_code": "ups"},
            {"entity_id": 12, "track_number": "1Z2", "carrier_code": "ups"},
        ],
    }
    change = {"state": "complete", "updated_at": "2026-03-02 08:00:01"}
    found = told({**change, "extension_attributes": {"shipments": [shipment]}})
    assert found.headline is Headline.SHIPPED
    assert (found.parcels["5"].facts.tracking_number, found.parcels["5"].facts.lines) == ("1Z1", (("8", 2),))
    assert (found.parcels["5-12"].facts.tracking_number, found.parcels["5-12"].facts.carrier) == ("1Z2", "ups")
    alone = facts("magento", {**shipment, "order_id": 3, "updated_at": "2026-03-02 08:00:00"})
    assert alone.source_id == "3"
    assert picture(facts("magento", {**ORDER, **change}), alone).headline is Headline.SHIPPED


def test_configured_products_and_bundles_are_one_line_each() -> None:
    items = [
        item(item_id=1, product_type="configurable", qty_shipped=2),
        item(item_id=2, parent_item_id=1, price=0),
        item(item_id=3, product_type="bundle", qty_ordered=1),
        item(item_id=4, parent_item_id=3, qty_ordered=2, qty_shipped=2),
        item(item_id=5, parent_item_id=3, qty_ordered=1, qty_shipped=1),
        item(item_id=6, product_type="virtual", is_virtual="1"),
    ]
    found = told({"items": items})
    assert list(found.lines) == ["1", "3", "6"]
    assert found.lines["3"].shipped == 1
    assert found.axes.fulfilment is Fulfilment.SHIPPED  # nothing of the virtual product has to leave


def test_amounts_have_four_decimals_and_discounts_a_sign() -> None:
    found = told({"discount_amount": -5.125, "tax_amount": 1.3456, "items": [item(price=8.2569, tax_amount=0.7)]})
    assert (found.header.discount, found.header.tax) == (513, 135)
    assert (found.lines["8"].facts.unit_price, found.lines["8"].facts.tax) == (826, 70)


def test_credit_memos_come_as_their_sum() -> None:
    found = told({"total_refunded": 22.25, "items": [item(qty_refunded=1, qty_shipped=2)]})
    assert (found.axes.refund, found.refunds["order"].amount, found.lines["8"].refunded) == (
        RefundState.PARTIAL,
        2225,
        1,
    )
    assert found.lines["8"].cancelled == 0
    before_packing = told({"total_refunded": 22.25, "items": [item(qty_refunded=1)]})
    assert before_packing.lines["8"].cancelled == 1


def test_a_page_of_the_rest_api_is_many_orders() -> None:
    page = {"items": [ORDER, {**ORDER, "entity_id": 4}], "search_criteria": {}, "total_count": 2}
    reading = magento.read(a_delivery(a_shop(), "", raw(page)))
    assert [order.source_id for order in reading.orders] == ["3", "4"]
    assert magento.order_reference("", raw(page)) is None
    assert magento.order_reference("", raw(ORDER)) == "3"
    assert magento.read(a_delivery(a_shop(), "", b'{"items":[],"search_criteria":{}}')).ignored


def test_the_shops_refusal_is_named() -> None:
    with pytest.raises(Invalid) as refused:
        facts("magento", {"message": "The consumer isn't authorized to access %resources."})
    assert refused.value.code == "no_access"


UNPAID = {"total_paid": None, "total_due": 49.5}


@pytest.mark.parametrize(
    ("change", "payment", "headline"),
    [
        ({"total_due": 0}, PaymentState.PAID, Headline.PROCESSING),
        ({"total_paid": "30.0000", "total_due": "19.5000"}, PaymentState.PARTIALLY_PAID, Headline.AWAITING_PAYMENT),
        (
            {**UNPAID, "payment": {"method": "braintree", "amount_authorized": 49.5}},
            PaymentState.AUTHORIZED,
            Headline.AWAITING_CONFIRMATION,
        ),
        (UNPAID, PaymentState.NONE, Headline.AWAITING_PAYMENT),
        ({"grand_total": 0, "total_paid": 0, "total_due": 0}, PaymentState.PAID, Headline.PROCESSING),
    ],
)
def test_an_accepted_order_is_paid_as_far_as_it_was_invoiced(
    change: dict[str, Any], payment: PaymentState, headline: Headline
) -> None:
    found = told(change)
    assert (found.axes.payment, found.headline) == (payment, headline)


def test_a_new_order_that_costs_nothing_waits_for_the_shop_alone() -> None:
    free = told({"state": "new", "grand_total": 0, "total_paid": None, "payment": {"method": "free"}})
    assert (free.headline, free.axes.payment) == (Headline.AWAITING_CONFIRMATION, PaymentState.PAID)


def test_an_item_that_was_removed_is_not_waited_for() -> None:
    first = {"items": [item(), item(item_id=9)]}
    found = told(first, {"items": [item(qty_shipped=2)], "updated_at": "2026-03-02 08:00:00"})
    assert (found.lines["8"].cancelled, found.lines["9"].cancelled) == (0, 2)
    assert found.axes.fulfilment is Fulfilment.SHIPPED


def test_downloads_are_complete_and_never_shipped() -> None:
    found = told({"state": "complete", "items": [item(product_type="downloadable", is_virtual="1")]})
    assert (found.headline, found.axes.fulfilment) == (Headline.COMPLETED, Fulfilment.NOT_REQUIRED)


def test_a_bundle_of_which_a_part_left_is_partly_shipped() -> None:
    parts = [item(item_id=n, parent_item_id=8, qty_shipped=sent) for n, sent in ((81, 2), (82, 0))]
    found = told({"items": [item(product_type="bundle"), *parts]})
    assert (found.headline, found.lines["8"].shipped) == (Headline.PARTIALLY_SHIPPED, 0)
