"""Stripe's events: signatures, objects in any order, and amounts as Stripe counts them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.errors import Invalid, Unauthenticated
from orders.facts import PaymentFacts
from orders.handles import number, payment
from orders.receiving import lower
from orders.sources import stripe
from orders.sources.stripe_objects import CHARGES, DISPUTES, INTENTS, REFUNDS
from orders.statuses import OPEN_DISPUTES, DisputeState, Headline, Hold, PaymentState, RefundState
from tests.orders.deliveries import NOON, a_delivery, a_shop
from tests.orders.services import (
    an_order,
    as_json,
    assert_any_order,
    assert_rubbish_is_refused,
    picture,
    read,
    sheets_of,
    vector,
)

CREATED = 1772409600
ORDER = an_order("1001", total=14100, currency="USD", references={"9": "pi_1"})


def event(found: dict[str, Any], *, at: int = CREATED, name: str = "", **envelope: Any) -> bytes:
    event_id = name or f"evt_{found['object']}_{at}_{found.get('status')}"
    return as_json({"id": event_id, "object": "event", "created": at, "data": {"object": found}, **envelope})


def intent(status: str = "succeeded", **more: Any) -> dict[str, Any]:
    taken = 14100 if status == "succeeded" else 0
    base: dict[str, Any] = {
        "object": "payment_intent",
        "id": "pi_1",
        "status": status,
        "currency": "usd",
        "created": CREATED,
    }
    return {**base, "amount": 14100, "amount_received": taken, "latest_charge": "ch_1", **more}


def charge(status: str = "succeeded", **more: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "object": "charge",
        "id": "ch_1",
        "payment_intent": "pi_1",
        "status": status,
        "currency": "usd",
    }
    base |= {"amount": 14100, "amount_captured": 14100, "captured": True, "created": CREATED}
    return {**base, **more}


def refund(status: str = "succeeded", amount: int = 2000, name: str = "re_1") -> dict[str, Any]:
    base: dict[str, Any] = {
        "object": "refund",
        "id": name,
        "charge": "ch_1",
        "payment_intent": "pi_1",
        "currency": "usd",
    }
    return {**base, "amount": amount, "status": status, "created": CREATED + 60}


def dispute(status: str) -> dict[str, Any]:
    base: dict[str, Any] = {
        "object": "dispute",
        "id": "dp_1",
        "charge": "ch_1",
        "payment_intent": "pi_1",
        "currency": "usd",
    }
    return {**base, "amount": 14100, "status": status, "created": CREATED + 90}


@pytest.mark.parametrize("case", vector("stripe/signature")["stripe"], ids=lambda case: case.get("case", "fresh"))
def test_the_vectors_fit_the_exact_bytes_and_nothing_else(case: dict[str, Any]) -> None:
    headers, body, now = lower(case["headers"]), case["body"].encode(), datetime.fromtimestamp(case["now"], UTC)
    if case.get("expect") == "reject":
        with pytest.raises(Unauthenticated):
            stripe.verify([case["secret"]], headers, body, now)
        return
    stripe.verify(["a newer secret", case["secret"]], headers, body, now)
    for secret, tampered in [("another", body), (case["secret"], body + b" "), ("", body)]:
        with pytest.raises(Unauthenticated):
            stripe.verify([secret], headers, tampered, now)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_signature_lives_five_minutes(seconds: int) -> None:
    body, sent = b"{}", int(NOON.timestamp())
    headers = {"stripe-signature": stripe.sign("whsec_x", sent, body)}
    stripe.verify(["whsec_x"], headers, body, NOON + timedelta(seconds=300))
    with pytest.raises(Unauthenticated):
        stripe.verify(["whsec_x"], headers, body, NOON + timedelta(seconds=seconds))


@pytest.mark.parametrize("header", ["", "t=,v1=", "v1=é", "t=1,t=2,v1=a", "t=9e9,v1=a", "," * 5000, "t=1772452800"])
def test_a_header_of_any_shape_is_only_wrong(header: str) -> None:
    with pytest.raises(Unauthenticated):
        stripe.verify(["whsec_x"], {"stripe-signature": header}, b"{}", NOON)


def test_the_old_scheme_proves_nothing() -> None:
    sent, body = int(NOON.timestamp()), b"{}"
    header = stripe.sign("whsec_x", sent, body).replace("v1=", "v0=")
    with pytest.raises(Unauthenticated):
        stripe.verify(["whsec_x"], {"stripe-signature": header}, body, NOON)


def test_a_repeated_event_has_the_same_key() -> None:
    assert stripe.delivery_key({}, event(intent(), name="evt_1")) == "evt_1"
    assert len(stripe.delivery_key({}, b"{")) == 64


def test_rubbish_raises_only_our_own_errors() -> None:
    assert_rubbish_is_refused("stripe")


@pytest.mark.parametrize(("status", "state"), INTENTS.items())
def test_each_status_of_an_intent(status: str, state: PaymentState) -> None:
    found = picture(ORDER, read("stripe", event(intent(status))))
    assert found.payments["9"].state is state
    assert found.payments["9"].gateway_ref == "pi_1"


@pytest.mark.parametrize(("status", "state"), CHARGES.items())
def test_each_status_of_a_charge(status: str, state: PaymentState) -> None:
    assert picture(ORDER, read("stripe", event(charge(status)))).payments["9"].state is state


@pytest.mark.parametrize(("status", "state"), REFUNDS.items())
def test_each_status_of_a_refund(status: str, state: str) -> None:
    assert picture(ORDER, read("stripe", event(refund(status)))).refunds["re_1"].state == state


@pytest.mark.parametrize(("status", "state"), DISPUTES.items())
def test_each_status_of_a_dispute(status: str, state: DisputeState) -> None:
    told = [*read("stripe", event(intent())), *read("stripe", event(dispute(status), at=CREATED + 90))]
    found = picture(ORDER, told)
    assert found.disputes["dp_1"].state is state
    assert (Hold.PAYMENT_REVIEW in found.axes.holds) is (state in OPEN_DISPUTES)
    assert found.axes.refund is (RefundState.FULL if status == "lost" else RefundState.NONE)


def test_a_review_holds_until_it_is_closed() -> None:
    review = {"object": "review", "id": "prv_1", "payment_intent": "pi_1", "open": True, "created": CREATED}
    opened, closed = event(review, at=CREATED + 1), event({**review, "open": False}, at=CREATED + 2)
    paid = read("stripe", event(intent()))
    assert picture(ORDER, [*paid, *read("stripe", opened)]).axes.holds == {Hold.PAYMENT_REVIEW}
    assert picture(ORDER, [*read("stripe", closed), *paid, *read("stripe", opened)]).axes.holds == set()


def test_an_unknown_status_holds_the_order_and_is_named() -> None:
    told = read("stripe", event(intent("requires_magic")))
    assert told[0].warnings == ("payment_intent status=requires_magic",)
    assert Hold.MERCHANT in picture(ORDER, told).axes.holds


def test_a_failed_attempt_waits_for_the_next_one() -> None:
    failed = intent("requires_payment_method", last_payment_error={"code": "card_declined"})
    told = read("stripe", event(failed, at=CREATED))
    assert picture(ORDER, told).headline is Headline.PAYMENT_FAILED
    again = read("stripe", event(intent(), at=CREATED + 30))
    assert picture(ORDER, [*again, *told]).headline is Headline.PROCESSING


def test_an_authorised_charge_is_not_paid_and_a_released_one_is_void() -> None:
    reserved = charge(captured=False, amount_captured=0)
    found = picture(ORDER, read("stripe", event(reserved)))
    assert (found.payments["9"].state, found.payments["9"].authorised) == (PaymentState.AUTHORIZED, 14100)
    released = read("stripe", event({**reserved, "refunded": True, "amount_refunded": 14100}, at=CREATED + 5))
    found = picture(ORDER, released)
    assert (found.payments["9"].state, dict(found.refunds)) == (PaymentState.VOIDED, {})


def test_money_back_is_counted_once_however_it_is_told() -> None:
    running = charge(amount_refunded=5000)
    only_charge = read("stripe", event(running, at=CREATED + 61))
    assert [r.amount for r in picture(ORDER, only_charge).refunds.values()] == [5000]
    one = read("stripe", event(refund(), at=CREATED + 60))
    both = picture(ORDER, [*only_charge, *one])
    assert sorted(r.amount or 0 for r in both.refunds.values()) == [2000, 3000]
    listed = {**running, "refunds": {"data": [refund(), refund(amount=3000, name="re_2")]}}
    all_three = picture(ORDER, [*only_charge, *one, *read("stripe", event(listed, at=CREATED + 61, name="evt_l"))])
    assert sorted(all_three.refunds) == ["re_1", "re_2"]


def test_a_life_gives_the_same_order_however_it_arrives() -> None:
    life = [
        event(intent("requires_payment_method", amount_received=0), at=CREATED, name="evt_0"),
        event(intent("requires_payment_method", last_payment_error={"code": "x"}), at=CREATED, name="evt_1"),
        event(charge("failed", captured=False, amount_captured=0, id="ch_0"), at=CREATED, name="evt_2"),
        event(intent("processing"), at=CREATED + 9, name="evt_3"),
        event(intent(), at=CREATED + 9, name="evt_4"),
        event(charge(), at=CREATED + 9, name="evt_5"),
        event(refund("pending"), at=CREATED + 60, name="evt_6"),
        event(refund(), at=CREATED + 70, name="evt_7"),
        event(charge(amount_refunded=2000), at=CREATED + 70, name="evt_8"),
        event(dispute("needs_response"), at=CREATED + 90, name="evt_9"),
        event(dispute("won"), at=CREATED + 95, name="evt_10"),
    ]
    found = assert_any_order(ORDER, [read("stripe", body) for body in life])
    assert (found.axes.payment, found.axes.refund, found.axes.holds) == (
        PaymentState.PAID,
        RefundState.PARTIAL,
        frozenset(),
    )
    assert [(r.amount, r.state) for r in found.refunds.values()] == [(2000, "succeeded")]


@pytest.mark.parametrize(
    ("currency", "counted", "minor"),
    [("usd", 1099, 1099), ("jpy", 500, 500), ("kwd", 5120, 5120), ("isk", 500, 5), ("mga", 5, 500), ("ugx", 700, 7)],
)
def test_amounts_as_stripe_counts_them(currency: str, counted: int, minor: int) -> None:
    told = read("stripe", event(intent(currency=currency, amount_received=counted)))
    (paid,) = [s.facts for s in told[0].statements if isinstance(s.facts, PaymentFacts)]
    assert paid.captured == minor


@pytest.mark.parametrize(
    "change", [{"currency": ""}, {"currency": "isk", "amount_received": 501}, {"amount_received": -5}, {"created": "x"}]
)
def test_what_cannot_be_true_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises((Invalid, ValueError)):
        read("stripe", event({**intent(), **change}))


def test_the_metadata_names_the_order_and_a_payment_links_address_does_not() -> None:
    assert number("1001") in sheets_of(read("stripe", event(intent(metadata={"order_id": "#1001"}))))
    session = {"object": "checkout.session", "id": "cs_1", "payment_intent": "pi_1", "client_reference_id": "1001"}
    assert set(sheets_of(read("stripe", event(session)))) == {payment("pi_1"), number("1001")}
    linked = {**session, "payment_link": "plink_1"}
    assert set(sheets_of(read("stripe", event(linked)))) == {payment("pi_1")}


def test_the_vendors_own_objects_can_be_read() -> None:
    for name in ("charge", "payment_intent", "refund", "dispute"):
        assert read("stripe", event(vector(f"stripe/{name}"), at=1234567890))
    (uncaptured, *_) = read("stripe", event(vector("stripe/charge")))
    (facts,) = [s.facts for s in uncaptured.statements if isinstance(s.facts, PaymentFacts)]
    assert facts.state is PaymentState.AUTHORIZED


def test_events_about_other_things_are_ignored_with_a_reason() -> None:
    for found in ({"object": "plan", "id": "price_1"}, {"object": "checkout.session", "payment_intent": None}):
        reading = stripe.read(a_delivery(a_shop(), "", event(found, type="some.event")))
        assert (reading.orders, "some.event" in reading.ignored) == ((), True)


def test_money_back_that_failed_later_was_never_back() -> None:
    running = read("stripe", event(charge(amount_refunded=5000), at=CREATED + 61))
    other = read("stripe", event(refund(amount=3000, name="re_2"), at=CREATED + 60))
    failed = read("stripe", event(refund("failed"), at=CREATED + 900))
    found = picture(ORDER, [*running, *other, *failed])
    assert [r.amount for r in found.refunds.values() if r.state == "succeeded"] == [3000]
    before = read("stripe", event(refund("failed"), at=CREATED + 30))
    found = picture(ORDER, [*running, *other, *before])
    assert sorted(r.amount or 0 for r in found.refunds.values() if r.state == "succeeded") == [2000, 3000]


def test_money_that_a_gateway_holds_is_authorised_while_the_platform_still_waits() -> None:
    order = an_order("1001", total=14100, currency="USD", references={"9": "pi_1"}, payment=PaymentState.PENDING)
    held = read("stripe", event(intent("requires_capture", amount_capturable=14100)))
    assert picture(order, held).axes.payment is PaymentState.AUTHORIZED
    taken = read("stripe", event(intent(), at=CREATED + 60))
    assert picture(order, [*held, *taken]).axes.payment is PaymentState.PAID
