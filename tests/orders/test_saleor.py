"""Saleor's webhooks: detached signatures, three forms of payload, the table of statuses, money in three places."""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from core.errors import Invalid, Malformed, Unauthenticated
from orders.deriving import Picture
from orders.sources import saleor
from orders.sources.saleor_money import CHARGES, ORDER_CHARGES
from orders.sources.saleor_orders import STATUSES
from orders.sources.saleor_parcels import FULFILLMENTS
from orders.statuses import Closure, Confirmation, Fulfilment, Gate, Headline, Hold, PaymentState, RefundState, Returns
from tests.orders.deliveries import NOON, a_delivery, a_shop
from tests.orders.jws import jwks, sign
from tests.orders.telling import facts, picture, raw, recorded

BODY = '{"order":{"id":"T3JkZXI6MQ==","note":"café"}}'.encode()
# As a subscription query asks for it: camelCase, enumerations in capitals, amounts as numbers.
ORDER: dict[str, Any] = {
    "id": "T3JkZXI6MQ==",
    "number": "198",
    "status": "UNFULFILLED",
    "created": "2026-03-01T10:00:00.123456+00:00",
    "updatedAt": "2026-03-01T10:05:00+00:00",
    "paymentStatus": "FULLY_CHARGED",
    "userEmail": "Ines@Example.com",
    "languageCodeEnum": "EN",
    "total": {"gross": {"amount": 88.5, "currency": "EUR"}},
    "shippingPrice": {"gross": {"amount": 4.9}},
    "shippingAddress": {"firstName": "Ines", "lastName": "Marlow", "city": "LYON", "country": {"code": "FR"}},
    "lines": [
        {
            "id": "TGluZTox",
            "productName": "Lamp",
            "variantName": "Oak",
            "productSku": "L-1",
            "quantity": 2,
            "quantityFulfilled": 0,
            "unitPrice": {"gross": {"amount": 41.8}},
        }
    ],
    "fulfillments": [],
}
PARCEL: dict[str, Any] = {
    "id": "RnVsZmlsbG1lbnQ6MQ==",
    "status": "FULFILLED",
    "created": "2026-03-02T08:00:00+00:00",
    "trackingNumber": "6X1",
    "lines": [{"quantity": 2, "orderLine": {"id": "TGluZTox"}}],
}


def told(*changes: dict[str, Any], topic: str = "order_updated") -> Picture:
    return picture(*(facts("saleor", {"order": {**ORDER, **change}}, topic) for change in changes))


def check(secrets: list[str], signature: str, body: bytes = BODY) -> None:
    saleor.verify(secrets, {"saleor-signature": signature}, body, NOON)


def test_a_detached_signature_fits_its_key_and_its_bytes() -> None:
    check([jwks("one")], sign(BODY, "one"))
    check(["an old secret key", jwks("two"), jwks("three", "one")], sign(BODY, "one"))
    saleor.verify([jwks("one")], {"x-saleor-signature": sign(BODY, "one")}, BODY, NOON)
    check([jwks("one")], sign(BODY, "one", b64=None, crit=None))  # a payload in base64 is as good
    check([jwks("two", "one")], sign(BODY, "one", kid=None))


FORGED: dict[str, Callable[[], tuple[list[str], str]]] = {
    "another key": lambda: ([jwks("two")], sign(BODY, "one")),
    "another key under this name": lambda: ([jwks("two")], sign(BODY, "one", kid="two")),
    "a key for secrets": lambda: ([jwks("one", use="enc")], sign(BODY, "one")),
    "a short key": lambda: ([jwks("short", bits=1024)], sign(BODY, "short", bits=1024)),
    "no algorithm": lambda: ([jwks("one")], sign(BODY, "one", alg="none")),
    "another algorithm": lambda: ([jwks("one")], sign(BODY, "one", alg="HS256")),
    "an unknown extension": lambda: ([jwks("one")], sign(BODY, "one", crit=["b64", "exp"])),
    "an extension in secret": lambda: ([jwks("one")], sign(BODY, "one", crit=None)),
    "a payload of its own": lambda: ([jwks("one")], sign(BODY, "one").replace("..", ".eyJ9.")),
    "no proof": lambda: ([jwks("one")], sign(BODY, "one").rpartition(".")[0] + "."),
    "the public key as a shared secret": lambda: ([jwks("one")], _mac(jwks("one"))),
    "no secret": lambda: ([], sign(BODY, "one")),
    "no keys": lambda: (['{"keys":[{"kty":"RSA","n":"!","e":"AQAB"},7]}', "{", "[]", '{"keys":{}}'], sign(BODY, "one")),
}


@pytest.mark.parametrize("how", FORGED)
def test_any_other_signature_is_refused(how: str) -> None:
    secrets, signature = FORGED[how]()
    with pytest.raises(Unauthenticated) as refused:
        check(secrets, signature)
    assert refused.value.code == "bad_signature"


def test_other_bytes_are_refused() -> None:
    with pytest.raises(Unauthenticated):
        check([jwks("one")], sign(BODY, "one"), BODY + b" ")


def _mac(secret: str) -> str:
    return hmac.new(secret.encode(), BODY, hashlib.sha256).hexdigest()


def test_the_old_shared_secret_still_works() -> None:
    signature = _mac("secret key")
    check(["another", "secret key"], signature)
    for secrets, given in [(["other"], signature), (["secret key"], signature[:-1] + "0x"), (["secret key"], "")]:
        with pytest.raises(Unauthenticated):
            check(secrets, given)


@pytest.mark.parametrize("signature", ["", "é", "..", "a.b", "e30..e30", "." * 900, "é..é", "bnVsbA..AA", "W10..AA"])
def test_a_signature_of_any_shape_is_only_wrong(signature: str) -> None:
    with pytest.raises(Unauthenticated):
        check([jwks("one"), "secret"], signature)


def test_what_is_sent_again_is_the_same_delivery() -> None:
    first = saleor.delivery_key({"saleor-event": "order_updated"}, BODY)
    assert first == saleor.delivery_key({"x-saleor-event": "ORDER_UPDATED"}, BODY)
    assert first != saleor.delivery_key({"saleor-event": "order_fulfilled"}, BODY)
    assert first != saleor.delivery_key({"saleor-event": "order_updated"}, BODY + b" ")


def test_the_vendors_notification_reads_as_it_says() -> None:
    found = picture(facts("saleor", recorded("saleor", "order_created"), "notify_user"))
    assert found.axes.confirmation is Confirmation.AWAITING
    assert Gate.ACCEPTANCE in found.axes.gates
    assert (found.header.total, found.header.goods, found.header.shipping) == (24082, 14960, 9122)
    assert found.header.placed_at == datetime(2021, 3, 11, 16, 56, 59, 121991, tzinfo=UTC)
    (juice,) = found.lines.values()
    assert (juice.facts.title, juice.facts.variant, juice.quantity, juice.facts.unit_price) == (
        "Apple Juice",
        "1l",
        11,
        400,
    )


def test_a_query_a_filtered_query_and_a_classic_payload_are_the_same_order() -> None:
    expected = told({})
    assert expected.headline is Headline.PROCESSING
    assert (expected.header.email, expected.header.customer_name) == ("ines@example.com", "Ines Marlow")
    assert (expected.header.currency, expected.header.total, expected.lines["TGluZTox"].facts.unit_price) == (
        "EUR",
        8850,
        4180,
    )
    filtered = {"data": {"orderUpdated": {"order": ORDER}}}
    assert picture(facts("saleor", filtered, "order_updated")) == expected
    classic = {
        "type": "Order",
        "id": "T3JkZXI6MQ==",
        "number": "198",
        "status": "unfulfilled",
        "created": "2026-03-01T10:00:00.123456Z",
        "user_email": "ines@example.com",
        "language_code": "en",
        "meta": {"issued_at": "2026-03-01T10:05:00+00:00"},
        "channel": {"slug": "eu", "currency_code": "EUR"},
        "total_gross_amount": "88.500",
        "shipping_price_gross_amount": "4.900",
        "payments": [
            {"id": "UA==", "gateway": "stripe", "charge_status": "fully-charged", "captured_amount": "88.500"}
        ],
        "shipping_address": {"first_name": "Ines", "last_name": "Marlow", "city": "LYON", "country": "FR"},
        "lines": [
            {
                "id": "TGluZTox",
                "product_name": "Lamp",
                "variant_name": "Oak",
                "product_sku": "L-1",
                "quantity": 2,
                "quantity_fulfilled": 0,
                "unit_price_gross_amount": "41.800",
            }
        ],
        "fulfillments": [],
    }
    found = picture(facts("saleor", [classic], "order_updated"))
    assert (found.headline, found.axes) == (expected.headline, expected.axes)
    assert found.header == expected.header
    assert found.lines == expected.lines
    assert found.payments["UA=="].captured == 8850


TABLE: dict[str, dict[str, Any]] = {
    "unconfirmed": {"confirmation": Confirmation.AWAITING},
    "expired": {"confirmation": Confirmation.EXPIRED, "closure": Closure.EXPIRED},
    "unfulfilled": {"confirmation": Confirmation.CONFIRMED, "fulfilment": Fulfilment.UNFULFILLED},
    "partially_fulfilled": {"confirmation": Confirmation.CONFIRMED, "fulfilment": Fulfilment.PARTIAL},
    "fulfilled": {"confirmation": Confirmation.CONFIRMED, "fulfilment": Fulfilment.SHIPPED},
    "partially_returned": {"returns": Returns.PARTIALLY_RETURNED},
    "returned": {"returns": Returns.RETURNED},
    "canceled": {"closure": Closure.CANCELLED},
}


def test_every_status_has_a_row_here() -> None:
    assert set(TABLE) == set(STATUSES)


@pytest.mark.parametrize("status", TABLE)
@pytest.mark.parametrize("form", [str.upper, lambda word: word.replace("_", " "), str], ids=["query", "classic", "new"])
def test_a_status_says(status: str, form: Any) -> None:
    axes = told({"status": form(status)}).axes
    assert {name: getattr(axes, name) for name in TABLE[status]} == TABLE[status]
    assert axes.holds == set()


@pytest.mark.parametrize("charge", CHARGES)
def test_a_payment_status_says(charge: str) -> None:
    by_hand = {
        "not_charged": (PaymentState.NONE, RefundState.NONE),
        "pending": (PaymentState.PENDING, RefundState.NONE),
        "partially_charged": (PaymentState.PARTIALLY_PAID, RefundState.NONE),
        "fully_charged": (PaymentState.PAID, RefundState.NONE),
        "partially_refunded": (PaymentState.PAID, RefundState.PARTIAL),
        "fully_refunded": (PaymentState.PAID, RefundState.FULL),
        "refused": (PaymentState.FAILED, RefundState.NONE),
        "cancelled": (PaymentState.VOIDED, RefundState.NONE),
    }
    axes = told({"paymentStatus": charge.upper()}).axes
    assert (axes.payment, axes.refund) == by_hand[charge]


@pytest.mark.parametrize("charge", ORDER_CHARGES)
def test_a_charge_status_says(charge: str) -> None:
    by_hand = {
        "none": PaymentState.NONE,
        "partial": PaymentState.PARTIALLY_PAID,
        "full": PaymentState.PAID,
        "overcharged": PaymentState.OVERPAID,
    }
    assert told({"paymentStatus": None, "chargeStatus": charge.upper()}).axes.payment is by_hand[charge]


def test_money_that_is_only_authorised_leaves_its_gate_open() -> None:
    found = told({"paymentStatus": "NOT_CHARGED", "authorizeStatus": "FULL"})
    assert (found.axes.payment, found.headline) == (PaymentState.AUTHORIZED, Headline.AWAITING_CONFIRMATION)
    assert told({"paymentStatus": None}, topic="order_fully_paid").axes.payment is PaymentState.PAID


@pytest.mark.parametrize(
    "change", [{"status": "FROZEN"}, {"paymentStatus": "ESCROWED"}, {"fulfillments": [{**PARCEL, "status": "LOST"}]}]
)
def test_an_unknown_value_holds_the_order(change: dict[str, Any]) -> None:
    strange = facts("saleor", {"order": {**ORDER, **change}}, "order_updated")
    assert picture(strange).axes.holds == {Hold.MERCHANT}
    assert len(strange.warnings) == 1


def test_every_fulfilment_status_has_its_test() -> None:
    assert set(FULFILLMENTS) == {"fulfilled", "waiting_for_approval", "canceled", "refunded", *BACK}


BACK = ("returned", "replaced", "refunded_and_returned")


def test_parcels_leave_are_announced_or_cancelled() -> None:
    sent = told({"status": "FULFILLED", "fulfillments": [PARCEL]})
    parcel = sent.parcels[PARCEL["id"]]
    assert (sent.headline, parcel.facts.tracking_number, parcel.facts.lines) == (
        Headline.SHIPPED,
        "6X1",
        (("TGluZTox", 2),),
    )
    for status in ("WAITING_FOR_APPROVAL", "CANCELED"):
        assert told({"fulfillments": [{**PARCEL, "status": status}]}).headline is Headline.PROCESSING
    assert told({"fulfillments": [{**PARCEL, "status": "REFUNDED"}]}).parcels == {}


@pytest.mark.parametrize("status", BACK)
def test_parcels_come_back(status: str) -> None:
    back = {**PARCEL, "id": "RjI=", "status": status.upper()}
    found = told({"status": "PARTIALLY_RETURNED", "fulfillments": [PARCEL, back]})
    assert (found.axes.returns, found.axes.fulfilment) == (Returns.PARTIALLY_RETURNED, Fulfilment.SHIPPED)


def test_a_fulfilment_by_itself_belongs_to_its_order() -> None:
    thin = {"id": ORDER["id"], "updatedAt": "2026-03-02T08:00:00+00:00"}
    for payload in ({"fulfillment": PARCEL, "order": thin}, {"fulfillment": {**PARCEL, "order": thin}}):
        alone = facts("saleor", payload, "fulfillment_created")
        assert alone.source_id == ORDER["id"]
        assert picture(facts("saleor", {"order": ORDER}, "order_created"), alone).headline is Headline.SHIPPED
    classic = [{"type": "Fulfillment", **PARCEL, "order": {**thin, "type": "Order"}}]
    assert facts("saleor", classic, "fulfillment_created").source_id == ORDER["id"]


def test_classic_parcels_name_their_lines_by_number() -> None:
    packed = {**PARCEL, "lines": [{"quantity": 2, "product_sku": "L-1"}, {"quantity": 1, "product_sku": "?"}]}
    assert told({"fulfillments": [packed]}).parcels[PARCEL["id"]].facts.lines == (("TGluZTox", 2),)


def test_without_times_the_later_status_wins_in_any_order() -> None:
    early = facts("saleor", recorded("saleor", "order_created"), "notify_user")
    document = recorded("saleor", "order_created")
    document["payload"]["order"]["status"] = "unfulfilled"
    late = facts("saleor", {**document, "notify_event": "order_confirmed"}, "notify_user")
    assert picture(early, late) == picture(late, early)
    assert picture(late, early).axes.gates == (Gate.PAYMENT,)


def test_transactions_and_refunds_tell_sums() -> None:
    amounts = {"chargedAmount": {"amount": 68.5}, "refundedAmount": {"amount": 20.0}, "pspReference": "pi_1"}
    found = told({"transactions": [{"id": "VA==", "name": "Card", **amounts}], "totalRefunded": {"amount": 20.0}})
    assert (found.payments["VA=="].captured, found.payments["VA=="].tender) == (8850, "card")
    assert (found.axes.refund, found.refunds["order"].amount) == (RefundState.PARTIAL, 2000)


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("product_updated", {"product": {"id": "x"}}),
        ("draft_order_created", {"order": ORDER}),
        ("order_created", {"order": {**ORDER, "status": "DRAFT"}}),
        ("notify_user", {"notify_event": "account_confirmation", "payload": {"user": {"id": "x"}}}),
        ("order_updated", {}),
    ],
)
def test_what_is_no_order_is_ignored_with_a_reason(topic: str, payload: dict[str, Any]) -> None:
    reading = saleor.read(a_delivery(a_shop(), topic, raw(payload)))
    assert not reading.orders
    assert reading.ignored


def test_only_events_about_orders_name_one() -> None:
    assert saleor.order_reference("order_updated", raw({"order": ORDER})) == ORDER["id"]
    assert saleor.order_reference("product_updated", raw({"order": ORDER})) is None
    assert saleor.order_reference("order_updated", b"[") is None


def test_many_orders_at_once() -> None:
    payload = {"orders": [ORDER, {**ORDER, "id": "T3JkZXI6Mg=="}]}
    reading = saleor.read(a_delivery(a_shop(), "order_bulk_created", raw(payload)))
    assert [order.source_id for order in reading.orders] == ["T3JkZXI6MQ==", "T3JkZXI6Mg=="]


@pytest.mark.parametrize("change", [{"total": {"gross": {"amount": "-1"}}}, {"created": "soon"}, {"id": None}])
def test_what_cannot_be_true_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises((Invalid, ValidationError)):
        told(change)


def test_bytes_that_are_no_json_are_malformed() -> None:
    deep = b'{"a":' * 400 + b"1" + b"}" * 400
    for body in (b"", b"{", b"\xff", b"[" * 100_000, b'1},"x":{', json.dumps({"order": ORDER}).encode()[:-1]):
        with pytest.raises(Malformed):
            facts("saleor", body, "order_updated")
    assert saleor.order_reference("order_updated", deep) is None


def test_a_line_that_was_removed_before_the_order_was_confirmed_is_not_waited_for() -> None:
    (first,) = ORDER["lines"]
    two = {"status": "UNCONFIRMED", "lines": [first, {**first, "id": "TGluZToy"}]}
    found = told(two, {"lines": [first], "updatedAt": "2026-03-01T11:00:00+00:00"})
    assert (found.lines["TGluZTox"].cancelled, found.lines["TGluZToy"].cancelled) == (0, 2)


@pytest.mark.parametrize(
    ("word", "charged", "refunded", "refund"),
    [("PARTIAL", 78.5, 10.0, RefundState.PARTIAL), ("NONE", 0, 88.5, RefundState.FULL)],
)
def test_a_paid_order_stays_paid_when_money_goes_back(
    word: str, charged: float, refunded: float, refund: RefundState
) -> None:
    transaction = {"id": "VA==", "chargedAmount": {"amount": charged}, "refundedAmount": {"amount": refunded}}
    sums = {"chargeStatus": word, "paymentStatus": None}
    for told_of in (
        {"transactions": [{**transaction, "createdAt": "2026-03-01T10:01:00+00:00"}]},
        {"totalCharged": {"amount": charged}, "totalRefunded": {"amount": refunded}},
    ):
        axes = told({**sums, **told_of}).axes
        assert (axes.payment, axes.refund, axes.gates) == (PaymentState.PAID, refund, ())


def test_a_part_that_was_charged_of_which_a_part_went_back_is_no_full_payment() -> None:
    sums = {"totalCharged": {"amount": 20}, "totalRefunded": {"amount": 10}}
    assert told({**sums, "chargeStatus": "PARTIAL", "paymentStatus": None}).axes.payment is PaymentState.PARTIALLY_PAID


def test_a_classic_payment_of_the_whole_order_tells_what_went_back() -> None:
    payment = {"id": "UA==", "total": {"amount": 88.5}, "capturedAmount": {"amount": 70.5}, "created": ORDER["created"]}
    found = told({"payments": [{**payment, "chargeStatus": "PARTIALLY_REFUNDED"}], "paymentStatus": None})
    assert [p.captured for p in found.payments.values()] == [8850]
    assert [r.amount for r in found.refunds.values()] == [1800]


def test_units_that_came_back_had_left_before() -> None:
    (first,) = ORDER["lines"]
    plain = {name: value for name, value in first.items() if name != "quantityFulfilled"}
    back = {**PARCEL, "status": "RETURNED", "lines": [{"quantity": 1, "orderLine": {"id": first["id"]}}]}
    kept = {**back, "id": "RnVsZmlsbG1lbnQ6Mg==", "status": "FULFILLED"}
    found = told({"status": "PARTIALLY_RETURNED", "lines": [plain], "fulfillments": [kept, back]})
    assert (found.lines["TGluZTox"].shipped, found.axes.returns) == (2, Returns.PARTIALLY_RETURNED)
