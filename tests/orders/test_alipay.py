"""支付宝's notifications: signatures over forms, running totals of refunds, and times of the trade itself."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from core.errors import Invalid, Unauthenticated
from orders.handles import number, payment
from orders.sources import alipay
from orders.sources.alipay import STATUSES, signed_content
from orders.statuses import Headline, Hold, PaymentState, RefundState
from tests.orders.deliveries import NOON, a_delivery, a_shop
from tests.orders.services import (
    an_order,
    as_form,
    assert_any_order,
    assert_rubbish_is_refused,
    picture,
    read,
    sheets_of,
    vector,
)

VECTORS = vector("alipay/notify_vectors")
CASES: dict[str, dict[str, Any]] = {case["case"]: case for case in VECTORS["cases"]}
SECRET = json.dumps(
    {"app_id": "2026000000000001", "seller_id": "2088000000000001", "public_key": VECTORS["public_key_pem"]}
)
PAID = CASES["paid"]["form"]
ORDER = an_order()
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OURS = base64.b64encode(
    KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
).decode()


def signed(fields: dict[str, str], encoding: str = "utf-8") -> bytes:
    content = signed_content(fields).encode(encoding)
    signature = base64.b64encode(KEY.sign(content, padding.PKCS1v15(), hashes.SHA256())).decode()
    return as_form({**fields, "sign": signature, "sign_type": "RSA2"}, encoding)


def verify(body: bytes, *secrets: str) -> None:
    alipay.verify(list(secrets), {}, body, NOON)


def notify(**changes: str) -> bytes:
    return as_form({**PAID, **changes})


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_vectors_fit_and_the_tampered_one_does_not(case: dict[str, Any]) -> None:
    body = as_form(case["form"])
    if "tampered" in case["case"]:
        with pytest.raises(Unauthenticated):
            verify(body, SECRET)
        return
    verify(body, "not JSON", SECRET)
    if "string_to_verify" in case:
        assert signed_content(case["form"]) == case["string_to_verify"]


@pytest.mark.parametrize(
    "change",
    [{"total_amount": "0.01"}, {"extra": "1"}, {"sign": ""}, {"sign": "é"}, {"sign_type": "RSA"}, {"app_id": "1"}],
)
def test_a_changed_field_is_only_wrong(change: dict[str, str]) -> None:
    with pytest.raises(Unauthenticated) as refused:
        verify(as_form({**PAID, **change}), SECRET)
    assert refused.value.code == "bad_signature"


def test_another_app_seller_or_key_is_not_ours() -> None:
    body = as_form(PAID)
    mine = json.loads(SECRET)
    for wrong in (
        {"app_id": "2026000000000002"},
        {"seller_id": "2088000000000002"},
        {"public_key": OURS},
        {"app_id": ""},
    ):
        with pytest.raises(Unauthenticated):
            verify(body, json.dumps({**mine, **wrong}))
    verify(body, json.dumps({**mine, "public_key": "nonsense"}), json.dumps({**mine, "seller_id": ""}))


def test_a_bare_key_another_charset_and_empty_fields_work() -> None:
    secret = json.dumps({"app_id": PAID["app_id"], "public_key": OURS})
    fields = {name: value for name, value in PAID.items() if name not in {"sign", "sign_type"}}
    verify(signed({**fields, "charset": "GBK"}, "gb18030"), secret)
    verify(signed({**fields, "body": ""}), secret)
    without = signed(fields)
    verify(without + b"&passback_params=", secret)  # some of its systems leave empty fields out of what they sign
    with pytest.raises(Unauthenticated):
        verify(without + b"&total_amount=1", secret)  # a field that comes twice could mean two things


def test_a_repeated_notification_has_the_same_key() -> None:
    assert alipay.delivery_key({}, as_form(PAID)) == PAID["notify_id"]
    assert alipay.delivery_key({}, notify(notify_time="2026-03-01 15:00:00")) == PAID["notify_id"]


def test_rubbish_raises_only_our_own_errors() -> None:
    assert_rubbish_is_refused("alipay")


@pytest.mark.parametrize(("status", "state"), STATUSES.items())
def test_each_status_of_an_unpaid_or_paid_trade(status: str, state: PaymentState) -> None:
    paid = PAID["gmt_payment"] if state is PaymentState.PAID else ""
    found = picture(ORDER, read("alipay", notify(trade_status=status, gmt_payment=paid)))
    assert found.payments[PAID["trade_no"]].state is state
    assert found.payments[PAID["trade_no"]].captured == (29800 if state is PaymentState.PAID else 0)


def test_a_paid_trade_is_the_order_with_its_number() -> None:
    told = read("alipay", as_form(PAID))
    assert {payment(PAID["trade_no"]), payment(PAID["out_trade_no"]), number(PAID["out_trade_no"])} == set(
        sheets_of(told)
    )
    found = picture(ORDER, told)
    assert (found.axes.payment, found.headline) == (PaymentState.PAID, Headline.PROCESSING)
    assert str(found.paid_at) == "2026-03-01 01:00:07+00:00"  # its times are Beijing's


def test_closed_without_a_refund_is_unpaid_and_closed_with_one_is_refunded() -> None:
    unpaid = next(case for name, case in CASES.items() if "unpaid" in name)
    found = picture(ORDER, read("alipay", as_form(unpaid["form"])))
    assert (found.axes.payment, found.axes.refund) == (PaymentState.VOIDED, RefundState.NONE)
    found = picture(ORDER, read("alipay", as_form(CASES["full_refund"]["form"])))
    assert (found.axes.payment, found.axes.refund) == (PaymentState.PAID, RefundState.FULL)


def test_refund_fee_is_a_running_total() -> None:
    told = [read("alipay", as_form(CASES[name]["form"])) for name in ("paid", "partial_refund", "full_refund")]
    found = assert_any_order(ORDER, told)
    amounts = {refund.reference: refund.amount for refund in found.refunds.values()}
    assert amounts == {"RF20260303000004": 9934, "RF20260304000009": 29800 - 9934}
    assert found.axes.refund is RefundState.FULL
    missed = picture(ORDER, [*told[0], *told[2]])
    assert [refund.amount for refund in missed.refunds.values()] == [29800]


def test_a_late_try_of_an_old_status_moves_nothing_back() -> None:
    waiting = notify(trade_status="WAIT_BUYER_PAY", notify_time="2026-03-02 10:00:00", gmt_payment="")
    found = picture(ORDER, [*read("alipay", as_form(PAID)), *read("alipay", waiting)])
    assert found.axes.payment is PaymentState.PAID
    finished = notify(trade_status="TRADE_FINISHED", refund_fee="99.34", gmt_close="2026-06-01 00:00:00")
    later = picture(ORDER, [*read("alipay", finished), *read("alipay", as_form(CASES["partial_refund"]["form"]))])
    assert [(r.amount, r.reference) for r in later.refunds.values()] == [(9934, "RF20260303000004")]


def test_another_amount_than_the_orders_is_never_paid() -> None:
    found = picture(ORDER, read("alipay", notify(total_amount="0.01")))
    assert (found.axes.payment, found.axes.holds) == (PaymentState.PARTIALLY_PAID, frozenset({Hold.PAYMENT_REVIEW}))
    foreign = an_order(currency="USD", total=29800)
    assert picture(foreign, read("alipay", as_form(PAID))).axes.payment is not PaymentState.PAID


def test_a_paid_trade_that_closes_without_saying_what_went_back_is_looked_at() -> None:
    told = read("alipay", notify(trade_status="TRADE_CLOSED"))
    assert Hold.MERCHANT in picture(ORDER, told).axes.holds
    assert told[0].warnings


def test_an_unknown_status_holds_the_order_and_is_named() -> None:
    told = read("alipay", notify(trade_status="TRADE_DREAMING"))
    assert told[0].warnings == ("trade_status=TRADE_DREAMING",)
    assert Hold.MERCHANT in picture(ORDER, told).axes.holds


@pytest.mark.parametrize("change", [{"total_amount": "-1"}, {"total_amount": "1.999"}, {"gmt_payment": "soon"}])
def test_what_cannot_be_true_is_refused(change: dict[str, str]) -> None:
    with pytest.raises((Invalid, ValueError)):
        read("alipay", notify(**change))


def test_the_documentations_own_example_reads_and_others_are_ignored() -> None:
    sample = vector("alipay/notify_payment_doc_sample")["form"]
    found = picture(an_order(sample["out_trade_no"], total=200), read("alipay", as_form(sample)))
    assert (found.axes.payment, dict(found.refunds)) == (PaymentState.PAID, {})
    reading = alipay.read(a_delivery(a_shop(), "", as_form({"notify_type": "open_app_auth_notify"})))
    assert "open_app_auth_notify" in reading.ignored
