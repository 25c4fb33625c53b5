"""Shopify's order over the Admin API: the same order as by webhooks, and what only the API knows."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.deriving import Picture, derive
from orders.facts import Handle, HandleKind, Kind, OrderFacts
from orders.merging import Known, merge
from orders.sources import shopify
from orders.sources.reading import load
from orders.statuses import Fulfilment, Gate, Headline, Hold, ParcelState, PaymentState, RefundState, Returns
from tests.fakes.shopify_nodes import gid, order_node, whole
from tests.orders.deliveries import LIFE, a_delivery, a_shop, sample, told

SHOP = a_shop()
ORDER = load(sample("order"))["order"] | {"updated_at": "2026-03-01T10:00:00-05:00", "fulfillments": []}
TOPICS_OF_PARTS = ("order_transactions/create", "fulfillment_events/create")


def polled(node: dict[str, Any], fetched_at: str = "2026-03-02T11:00:00Z") -> tuple[OrderFacts, ...]:
    headers = {"x-shopify-fetched-at": fetched_at}
    body = json.dumps(whole(node)).encode()
    return shopify.read(a_delivery(SHOP, "graphql/order", body, headers)).orders


def hooked(topic: str, payload: dict[str, Any]) -> tuple[OrderFacts, ...]:
    return shopify.read(a_delivery(SHOP, topic, json.dumps(payload).encode())).orders


def known(*parts: OrderFacts) -> Known:
    return merge(Known(), [statement for part in parts if part.handle is None for statement in part.statements])


def picture(*parts: OrderFacts) -> Picture:
    found = derive(known(*parts))
    assert found is not None
    return found


def plain(found: Picture) -> dict[str, Any]:
    """A picture without what only the API can say when there is nothing to say."""
    header = {name: value for name, value in found.header.model_dump().items() if value not in (None, False)}
    names = ("axes", "headline", "paid_at", "confirmed_at", "lines", "parcels", "payments", "refunds")
    return {"header": header} | {name: getattr(found, name) for name in names}


class Store:
    """What Shopify holds of one order after a list of webhooks."""

    def __init__(self) -> None:
        self.order: dict[str, Any] = {}
        self.events: dict[int, list[dict[str, Any]]] = {}
        self.transactions: list[dict[str, Any]] = []

    def hear(self, topic: str, payload: dict[str, Any]) -> None:
        if topic.startswith("orders/"):
            self.order = payload
        elif topic == "fulfillment_events/create":
            self.events.setdefault(payload["fulfillment_id"], []).append(payload)
        elif topic == "order_transactions/create":
            self.transactions.append(payload)

    @property
    def node(self) -> dict[str, Any]:
        return order_node(self.order, self.events, self.transactions)


def life(steps: int) -> list[tuple[str, dict[str, Any]]]:
    return [(wire.headers["X-Shopify-Topic"], load(wire.body)) for wire in told(SHOP, LIFE[:steps])]


@pytest.mark.parametrize("steps", range(1, len(LIFE) + 1))
def test_at_each_step_of_its_life_both_ways_tell_the_same_order(steps: int) -> None:
    store, heard = Store(), list[OrderFacts]()
    for topic, payload in life(steps):
        store.hear(topic, payload)
        if topic in TOPICS_OF_PARTS:
            heard += hooked(topic, payload)
    by_webhook = picture(*hooked("orders/updated", store.order), *heard)
    assert plain(picture(*polled(store.node))) == plain(by_webhook)
    assert plain(picture(*hooked("orders/updated", store.order), *heard, *polled(store.node))) == plain(by_webhook)


amounts = st.integers(0, 10**7).map(lambda n: f"{n // 100}.{n % 100:02d}")
words = st.text("abc é中#", min_size=1, max_size=8)
stamps = st.integers(0, 40).map(lambda hour: f"2026-03-01T{hour % 24:02d}:{hour:02d}:00-05:00")
lines = st.fixed_dictionaries(
    {
        "title": words,
        "sku": st.none() | words,
        "variant_title": st.none() | words,
        "quantity": st.integers(0, 9),
        "price": amounts,
        "total_discount": amounts,
        "requires_shipping": st.booleans(),
        "discount_allocations": st.lists(st.fixed_dictionaries({"amount": amounts}), max_size=2),
        "tax_lines": st.lists(st.fixed_dictionaries({"price": amounts}), max_size=2),
        "properties": st.just([]) | st.just([{"name": "_backordered", "value": "true"}]),
    }
)
parcels = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["success", "pending", "open", "cancelled", "error", "failure"]),
        "created_at": stamps,
        "updated_at": stamps,
        "tracking_company": st.none() | words,
        "tracking_numbers": st.lists(st.sampled_from(["1Z1", "1Z2", "YT-3", "SF4"]), unique=True, max_size=3),
        "estimated_delivery_at": st.none() | stamps,
    }
)
refunds = st.fixed_dictionaries(
    {
        "created_at": stamps,
        "refund_line_items": st.lists(
            st.fixed_dictionaries(
                {
                    "line_item_id": st.integers(1, 3),
                    "quantity": st.integers(0, 3),
                    "restock_type": st.sampled_from(["cancel", "no_restock", "return"]),
                }
            ),
            max_size=2,
        ),
        "transactions": st.lists(
            st.fixed_dictionaries(
                {
                    "id": st.integers(1, 99),
                    "kind": st.just("refund"),
                    "status": st.sampled_from(["success", "pending", "failure", "error"]),
                    "amount": amounts,
                    "currency": st.just("USD"),
                    "gateway": st.sampled_from(["paypal", "shopify_payments", "mystery"]),
                    "authorization": st.none() | words,
                }
            ),
            max_size=2,
        ),
    }
)
people = {"email": st.none() | st.just("Ines@Example.com"), "phone": st.none() | st.just("+1 802 555 0134")}
rest_orders = st.fixed_dictionaries(
    {
        "id": st.just(820_982_911_946_154_508),
        "name": st.just("#1001"),
        "currency": st.just("USD"),
        "created_at": stamps,
        "updated_at": stamps,
        "cancelled_at": st.none() | stamps,
        "cancel_reason": st.sampled_from([None, "customer", "fraud", "inventory", "declined", "other", "staff"]),
        "closed_at": st.none() | stamps,
        "confirmed": st.booleans(),
        "financial_status": st.sampled_from(
            ["pending", "authorized", "partially_paid", "paid", "partially_refunded", "refunded", "voided", "escrowed"]
        ),
        "fulfillment_status": st.sampled_from([None, "partial", "fulfilled", "restocked", "teleported"]),
        "total_price": amounts,
        "total_discounts": amounts,
        "total_tax": amounts,
        "shipping_lines": st.lists(st.fixed_dictionaries({"price": amounts}), max_size=2),
        "tags": st.sampled_from([None, "", "vip", "hold:address, vip", "hold:mystery"]),
        "note_attributes": st.just([]) | st.just([{"name": "promised_to", "value": "2026-03-06T18:00:00-05:00"}]),
        "customer_locale": st.sampled_from([None, "en-US", "zh-CN", "fr"]),
        "payment_gateway_names": st.lists(st.sampled_from(["paypal", "Cash on Delivery (COD)"]), max_size=2),
        "payment_terms": st.none()
        | st.just({"payment_schedules": [{"due_at": "2026-03-09T12:00:00-05:00", "completed_at": None}]}),
        "customer": st.none() | st.fixed_dictionaries({"first_name": words, "last_name": st.none() | words, **people}),
        "shipping_address": st.none()
        | st.fixed_dictionaries(
            {"name": words, "address1": words, "city": words, "zip": words, "province_code": words}
            | {"country_code": st.sampled_from(["US", "CN"])}
        ),
        "line_items": st.lists(lines, max_size=3),
        "fulfillments": st.lists(parcels, max_size=3),
        "refunds": st.lists(refunds, max_size=2),
        **people,
    }
)


@settings(max_examples=60, deadline=None)
@given(rest_orders)
def test_any_order_is_the_same_over_both_ways(rest: dict[str, Any]) -> None:
    for name, first in [("line_items", 1), ("fulfillments", 71), ("refunds", 81)]:
        rest[name] = [item | {"id": first + place} for place, item in enumerate(rest[name])]
    for parcel in rest["fulfillments"]:
        parcel["tracking_urls"] = [f"https://track.example/{number}" for number in parcel["tracking_numbers"]]
        if parcel["status"] != "cancelled":
            parcel["shipment_status"] = None
        parcel["line_items"] = [{"id": line["id"], "quantity": 1} for line in rest["line_items"][:2]]
    total = sum(round(float(line["price"]) * 100) * line["quantity"] for line in rest["line_items"])
    rest["total_line_items_price"] = f"{total // 100}.{total % 100:02d}"
    by_webhook, by_api = hooked("orders/updated", rest), polled(order_node(rest, {}, []))
    assert plain(picture(*by_api)) == plain(picture(*by_webhook))
    assert by_api[0].warnings == by_webhook[0].warnings
    assert plain(picture(*by_webhook, *by_api)) == plain(picture(*by_api, *by_webhook)) == plain(picture(*by_api))


def node(**changes: Any) -> dict[str, Any]:
    return order_node(ORDER, {}, []) | changes


@pytest.mark.parametrize(
    ("word", "payment", "refund"),
    [
        ("AUTHORIZED", PaymentState.AUTHORIZED, RefundState.NONE),
        ("PAID", PaymentState.PAID, RefundState.NONE),
        ("PARTIALLY_PAID", PaymentState.PARTIALLY_PAID, RefundState.NONE),
        ("PARTIALLY_REFUNDED", PaymentState.PAID, RefundState.PARTIAL),
        ("PENDING", PaymentState.PENDING, RefundState.NONE),
        ("REFUNDED", PaymentState.PAID, RefundState.FULL),
        ("VOIDED", PaymentState.VOIDED, RefundState.NONE),
        ("EXPIRED", PaymentState.VOIDED, RefundState.NONE),
    ],
)
def test_every_financial_status_has_its_place(word: str, payment: PaymentState, refund: RefundState) -> None:
    axes = picture(*polled(node(displayFinancialStatus=word))).axes
    assert (axes.payment, axes.refund) == (payment, refund)


@pytest.mark.parametrize(
    ("word", "fulfilment", "holds"),
    [
        ("UNFULFILLED", Fulfilment.UNFULFILLED, set()),
        ("OPEN", Fulfilment.UNFULFILLED, set()),
        ("IN_PROGRESS", Fulfilment.UNFULFILLED, set()),
        ("PENDING_FULFILLMENT", Fulfilment.UNFULFILLED, set()),
        ("SCHEDULED", Fulfilment.UNFULFILLED, set()),
        ("REQUEST_DECLINED", Fulfilment.UNFULFILLED, set()),
        ("RESTOCKED", Fulfilment.UNFULFILLED, set()),
        ("ON_HOLD", Fulfilment.UNFULFILLED, {Hold.MERCHANT}),
        ("PARTIALLY_FULFILLED", Fulfilment.PARTIAL, set()),
        ("FULFILLED", Fulfilment.SHIPPED, set()),
        ("BEAMED_UP", Fulfilment.UNFULFILLED, {Hold.MERCHANT}),
    ],
)
def test_every_fulfilment_status_has_its_place(word: str, fulfilment: Fulfilment, holds: set[Hold]) -> None:
    axes = picture(*polled(node(displayFulfillmentStatus=word))).axes
    assert (axes.fulfilment, set(axes.holds)) == (fulfilment, holds)


def test_words_that_nobody_knows_hold_the_order_and_are_named() -> None:
    strange = polled(node(returnStatus="LOST_IN_SPACE", risk={"recommendation": "PANIC"}))
    assert picture(*strange).axes.holds == {Hold.MERCHANT}
    assert strange[0].warnings == ("returnStatus=LOST_IN_SPACE", "risk=PANIC")
    (risk,) = [s for s in strange[0].statements if s.kind is Kind.HOLD and s.entity_id == "api:risk"]
    assert risk.facts.model_dump()["unknown"] == {"risk": "PANIC"}


def test_an_order_that_shopify_advises_against_is_held_until_it_is_sent_all_the_same() -> None:
    risky = picture(*polled(node(risk={"recommendation": "CANCEL"}, displayFinancialStatus="PAID", confirmed=True)))
    assert (set(risky.axes.holds), risky.axes.gates) == ({Hold.FRAUD}, (Gate.RISK,))
    sent = node(risk={"recommendation": "CANCEL"}, displayFulfillmentStatus="FULFILLED", confirmed=True)
    assert picture(*polled(sent)).axes.holds == set()
    doubtful = node(risk={"recommendation": "INVESTIGATE"}, displayFinancialStatus="PAID", confirmed=True)
    assert picture(*polled(doubtful)).headline is Headline.AWAITING_CONFIRMATION


@pytest.mark.parametrize(
    ("word", "returns"),
    [
        ("NO_RETURN", Returns.NONE),
        ("RETURN_FAILED", Returns.NONE),
        ("RETURN_REQUESTED", Returns.REQUESTED),
        ("IN_PROGRESS", Returns.REQUESTED),
        ("INSPECTION_COMPLETE", Returns.RECEIVED),
        ("RETURNED", Returns.PARTIALLY_RETURNED),
    ],
)
def test_returns_are_told(word: str, returns: Returns) -> None:
    assert picture(*polled(node(returnStatus=word))).axes.returns is returns


def held(*reasons: str, status: str = "ON_HOLD", at: str = "2026-03-01T11:00:00Z") -> dict[str, Any]:
    holds = [{"id": gid("FulfillmentHold", place), "reason": word} for place, word in enumerate(reasons)]
    return {"id": gid("FulfillmentOrder", 5), "status": status, "updatedAt": at, "fulfillmentHolds": holds}


@pytest.mark.parametrize(
    ("reason", "hold"),
    [
        ("INVENTORY_OUT_OF_STOCK", Hold.STOCK),
        ("HIGH_RISK_OF_FRAUD", Hold.FRAUD),
        ("INCORRECT_ADDRESS", Hold.ADDRESS),
        ("AWAITING_PAYMENT", Hold.PAYMENT_REVIEW),
        ("OTHER", Hold.MERCHANT),
        ("FULL_MOON", Hold.MERCHANT),
    ],
)
def test_a_fulfilment_order_on_hold_says_why(reason: str, hold: Hold) -> None:
    facts = polled(node(displayFulfillmentStatus="ON_HOLD", fulfillmentOrders=[held(reason)]))
    assert picture(*facts).axes.holds == {hold}
    assert facts[0].warnings == (("hold reason=full_moon",) if reason == "FULL_MOON" else ())


def test_a_webhook_of_a_hold_finds_the_order_by_its_fulfilment_order() -> None:
    name, _ = polled(node(fulfillmentOrders=[held(status="OPEN")]))[1:]
    assert name.handle == Handle(HandleKind.FULFILMENT, "5")
    placed = hooked("fulfillment_orders/placed_on_hold", load(sample("shopify/placed_on_hold")))
    assert {facts.source_id: facts.handle.kind for facts in placed if facts.handle} == dict.fromkeys(
        ("1", "2"), HandleKind.FULFILMENT
    )
    (statement,) = [s for facts in placed if facts.source_id == "1" for s in facts.statements if s.kind is Kind.HOLD]
    assert statement.facts.model_dump()["holds"] == (Hold.MERCHANT, Hold.STOCK)


@pytest.mark.parametrize("field", ["lineItems", "fulfillments", "refunds", "customer", "risk", "fulfillmentOrders"])
def test_what_was_not_asked_for_empties_nothing(field: str) -> None:
    full = node(fulfillmentOrders=[held("OTHER")], risk={"recommendation": "CANCEL"})
    thin = {name: value for name, value in full.items() if name != field} | {"updatedAt": "2026-03-01T12:00:00Z"}
    assert picture(*polled(full), *polled(thin)).axes.holds >= {Hold.FRAUD, Hold.MERCHANT}
    assert picture(*polled(full), *polled(thin)).lines == picture(*polled(full)).lines


def test_a_poll_within_the_second_of_a_webhook_is_the_newer_of_both() -> None:
    body = json.dumps(ORDER | {"financial_status": "paid"}).encode()
    early = shopify.read(a_delivery(SHOP, "orders/updated", body, {"x-shopify-triggered-at": "2026-03-01T15:00:00.2Z"}))
    later = polled(node(displayFinancialStatus="REFUNDED"), fetched_at="2026-03-01T15:00:00.9Z")
    assert picture(*early.orders, *later).axes.refund is RefundState.FULL
    assert picture(*later, *early.orders).axes.refund is RefundState.FULL


def test_a_voided_label_or_a_word_of_the_shop_is_no_scan() -> None:
    parcel = {"id": 77, "status": "success", "created_at": "2026-03-01T12:00:00Z", "tracking_number": "1Z1"}
    for word in ("FULFILLED", "MARKED_AS_FULFILLED", "SUBMITTED", "LABEL_VOIDED", "CANCELED"):
        raw = order_node(ORDER | {"fulfillments": [parcel]}, {}, [])
        raw["fulfillments"][0]["displayStatus"] = word
        assert picture(*polled(raw)).parcels["77"].state is ParcelState.INFO_RECEIVED
        raw["fulfillments"][0]["displayStatus"] = "NOT_DELIVERED"
        assert picture(*polled(raw)).parcels["77"].state is ParcelState.EXCEPTION
