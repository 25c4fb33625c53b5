"""微信支付's notifications: the vendor's own vector, sealed resources, payments and refunds."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.errors import Invalid, Unauthenticated
from orders.facts import Kind
from orders.handles import number, payment
from orders.receiving import lower
from orders.sources import wechatpay
from orders.sources.wechatpay_resources import REFUNDS, STATES
from orders.statuses import Hold, PaymentState, RefundState
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

SDK, REFUND = vector("wechatpay/notify_vector_sdk"), vector("wechatpay/refund_notify_vector")
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = (
    KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
)
SECRET = json.dumps({"mchid": "1900000100", "apiv3_key": REFUND["apiv3_key"], "keys": {"PUB_1": PEM}})
ORDER = an_order()


def config(case: dict[str, Any], **changes: Any) -> str:
    key = case.get("certificate_pem") or case["public_key_pem"]
    keys = {case["headers"]["Wechatpay-Serial"]: key}
    return json.dumps({"apiv3_key": case["apiv3_key"], "keys": keys, **changes})


def sealed(
    kind: str, resource: dict[str, Any], *, name: str = "EV-1", created: str = "2026-03-03T10:15:23+08:00"
) -> bytes:
    nonce, extra = b"fdasflkja484", b"resource"
    hidden = AESGCM(REFUND["apiv3_key"].encode()).encrypt(nonce, as_json(resource), extra)
    inner = {"algorithm": "AEAD_AES_256_GCM", "ciphertext": base64.b64encode(hidden).decode()}
    inner |= {"nonce": nonce.decode(), "associated_data": extra.decode()}
    return as_json({"id": name, "create_time": created, "event_type": kind, "resource": inner})


def transaction(state: str = "SUCCESS", **more: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "mchid": "1900000100",
        "out_trade_no": "SO20260301000017",
        "transaction_id": "4200000000202603011234567890",
    }
    base |= {"trade_state": state, "amount": {"total": 29800, "payer_total": 28800, "currency": "CNY"}}
    return {**base, "success_time": "2026-03-01T09:00:07+08:00" if state == "SUCCESS" else None, **more}


def refund(status: str, amount: int = 9934, name: str = "5001") -> dict[str, Any]:
    base: dict[str, Any] = {
        "mchid": "1900000100",
        "out_trade_no": "SO20260301000017",
        "transaction_id": "4200000000202603011234567890",
    }
    base |= {"refund_id": name, "out_refund_no": f"RF{name}", "refund_status": status}
    return {**base, "amount": {"total": 29800, "refund": amount}}


def headers_for(body: bytes, sent: datetime = NOON, serial: str = "PUB_1") -> dict[str, str]:
    stamp, nonce = str(int(sent.timestamp())), "n0nce"
    signature = KEY.sign(f"{stamp}\n{nonce}\n".encode() + body + b"\n", padding.PKCS1v15(), hashes.SHA256())
    headers = {"Wechatpay-Timestamp": stamp, "Wechatpay-Nonce": nonce, "Wechatpay-Serial": serial}
    return lower({**headers, "Wechatpay-Signature": base64.b64encode(signature).decode()})


def paid(**more: Any) -> tuple[Any, ...]:
    return read("wechatpay", sealed("TRANSACTION.SUCCESS", transaction(**more)), SECRET)


def back(status: str, created: str = "2026-03-03T10:15:23+08:00", **more: Any) -> tuple[Any, ...]:
    body = sealed(f"REFUND.{status}", refund(status, **more), name=f"EV-{status}-{created}", created=created)
    return read("wechatpay", body, SECRET)


@pytest.mark.parametrize("case", [SDK, REFUND], ids=["certificate", "public key"])
def test_the_vectors_fit_the_exact_bytes_and_nothing_else(case: dict[str, Any]) -> None:
    headers, body = lower(case["headers"]), case["body"].encode()
    now = datetime.fromtimestamp(int(headers["wechatpay-timestamp"]), UTC)
    wechatpay.verify(["{}", config(case)], headers, body, now)
    changed = [
        (headers, body + b" ", now),
        ({**headers, "wechatpay-nonce": "x"}, body, now),
        ({**headers, "wechatpay-serial": "another"}, body, now),
        ({**headers, "wechatpay-signature-type": "SM2"}, body, now),
        ({**headers, "wechatpay-signature": "WECHATPAY/SIGNTEST/" + headers["wechatpay-signature"]}, body, now),
        ({}, body, now),
        (headers, body, now + timedelta(seconds=301)),
    ]
    for wrong_headers, wrong_body, wrong_now in changed:
        with pytest.raises(Unauthenticated):
            wechatpay.verify([config(case)], wrong_headers, wrong_body, wrong_now)
    for secret in ("", "nonsense", json.dumps({"keys": {headers["wechatpay-serial"]: "no key"}}), SECRET):
        with pytest.raises(Unauthenticated):
            wechatpay.verify([secret], headers, body, now)


def test_old_and_new_keys_are_good_at_the_same_time() -> None:
    body = b"{}"
    both = json.dumps({"keys": {"OLD": SDK["certificate_pem"], "PUB_1": PEM}})
    wechatpay.verify([both], headers_for(body), body, NOON)
    with pytest.raises(Unauthenticated):
        wechatpay.verify([both], headers_for(body, serial="OLD"), body, NOON)


def test_the_sealed_refund_opens_and_reads() -> None:
    told = read("wechatpay", REFUND["body"].encode(), config(REFUND, mchid="1900000100"))
    names = {payment("4200000000202603011234567890"), payment("SO20260301000017"), number("SO20260301000017")}
    assert set(sheets_of(told)) == names
    (found,) = picture(ORDER, told).refunds.values()
    assert (found.amount, found.state, found.reference) == (9934, "succeeded", "RF20260303000004")
    assert str(found.at) == "2026-03-03 02:15:22+00:00"


def test_the_wrong_key_or_merchant_reads_nothing() -> None:
    body = REFUND["body"].encode()
    for secrets in ((), (config(REFUND, apiv3_key="x" * 32),), (config(REFUND, apiv3_key="short"),)):
        with pytest.raises(Invalid) as closed:
            read("wechatpay", body, *secrets)
        assert closed.value.code == "cannot_decrypt"
    with pytest.raises(Invalid) as foreign:
        read("wechatpay", body, config(REFUND, mchid="1900000999"))
    assert foreign.value.code == "not_ours"
    assert read("wechatpay", body, config(REFUND, apiv3_key="x" * 32), config(REFUND))  # while the key changes


def test_a_repeated_notification_has_the_same_key() -> None:
    assert wechatpay.delivery_key({}, REFUND["body"].encode()) == "EV-2026030310152200001"


def test_rubbish_raises_only_our_own_errors() -> None:
    assert_rubbish_is_refused("wechatpay")
    for resource in ({}, {"algorithm": "AEAD_AES_256_GCM", "ciphertext": "é"}, {"algorithm": "AEAD_AES_256_GCM"}):
        with pytest.raises(Invalid):
            read("wechatpay", as_json({"event_type": "REFUND.SUCCESS", "resource": resource}), SECRET)


@pytest.mark.parametrize(("status", "state"), STATES.items())
def test_each_state_of_a_payment(status: str, state: PaymentState) -> None:
    (found,) = picture(ORDER, paid(state=status)).payments.values()
    assert (found.state, found.captured) == (state, 29800 if state is PaymentState.PAID else 0)


@pytest.mark.parametrize(("status", "state"), REFUNDS.items())
def test_each_state_of_a_refund(status: str, state: str) -> None:
    assert picture(ORDER, back(status)).refunds["5001"].state == state


def test_a_life_gives_the_same_order_however_it_arrives() -> None:
    life = [
        read(
            "wechatpay",
            sealed("TRANSACTION.SUCCESS", transaction("NOTPAY"), created="2026-03-01T08:59:00+08:00"),
            SECRET,
        ),
        paid(),
        back("PROCESSING", "2026-03-03T10:15:23+08:00"),
        back("ABNORMAL", "2026-03-03T10:15:23+08:00"),
        back("SUCCESS", "2026-03-04T10:15:23+08:00"),
        back("SUCCESS", "2026-03-05T10:15:23+08:00", amount=29800 - 9934, name="5002"),
    ]
    found = assert_any_order(ORDER, life)
    assert (found.axes.payment, found.axes.refund) == (PaymentState.PAID, RefundState.FULL)
    assert str(found.paid_at) == "2026-03-01 01:00:07+00:00"


def test_a_combined_payment_is_one_payment_for_each_order() -> None:
    parts = [
        {"mchid": "1900000100", "out_trade_no": name, "transaction_id": f"42{name}", "trade_state": "SUCCESS",
         "amount": {"total_amount": 29800, "payer_amount": 29800, "currency": "CNY"}}
        for name in ("A1", "B2")
    ]  # fmt: skip
    whole = {"combine_mchid": "1900000100", "combine_out_trade_no": "C3", "sub_orders": parts}
    told = read("wechatpay", sealed("TRANSACTION.SUCCESS", whole), SECRET)
    assert {number("A1"), number("B2")} <= set(sheets_of(told))
    for name in ("A1", "B2"):
        mine = [facts for facts in told if str(name) in facts.source_id]
        assert picture(an_order(name), mine).axes.payment is PaymentState.PAID


def test_another_amount_than_the_orders_is_never_paid() -> None:
    found = picture(ORDER, paid(amount={"total": 1, "currency": "CNY"}))
    assert (found.axes.payment, found.axes.holds) == (PaymentState.PARTIALLY_PAID, frozenset({Hold.PAYMENT_REVIEW}))


def test_unknown_states_hold_the_order_and_are_named() -> None:
    for told in (paid(state="DREAMING"), back("DREAMING")):
        assert told[0].warnings
        assert Hold.MERCHANT in picture(ORDER, told).axes.holds


def test_other_events_are_ignored_with_a_reason() -> None:
    reading = wechatpay.read(a_delivery(a_shop(), "", SDK["body"].encode()))
    assert "PAYSCORE.USER_OPEN_SERVICE" in reading.ignored


def test_a_combined_payment_that_is_open_already_is_read_as_it_is() -> None:
    part = {"out_trade_no": "1001", "transaction_id": "42", "trade_state": "SUCCESS", "amount": {"total_amount": 900}}
    event = {"event_type": "TRANSACTION.SUCCESS", "resource": {"combine_out_trade_no": "C1", "sub_orders": [part]}}
    payments = [s for told in read("wechatpay", as_json(event)) for s in told.statements if s.kind is Kind.PAYMENT]
    assert [payment.entity_id for payment in payments] == ["42"]
