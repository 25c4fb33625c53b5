"""支付宝's asynchronous notifications (alipay.trade.* notify, opendocs.alipay.com/open/203/105286). Pure.

A form, signed with RSA2 over its sorted fields. Times are Beijing's. `notify_time` is when a try was sent, so what is
newer follows from the times of the trade itself. The secret is JSON: `app_id`, `public_key`, `seller_id`.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from core.errors import Invalid, Malformed, Unauthenticated
from orders.facts import Kind, OrderFacts, PaymentFacts, RefundFacts, Statement, Version
from orders.handles import number, payment, told_of
from orders.refunds.keys import stated_key
from orders.sources.forms import fields_of
from orders.sources.reading import Delivery, Reading, mapping, minor, text, when
from orders.sources.rsa import fits
from orders.statuses import PaymentState

NAME = "alipay"
SECRETS = "alipay"
_ZONE = "Asia/Shanghai"
_CHARSETS = {"": "utf-8", "utf-8": "utf-8", "gbk": "gb18030", "gb2312": "gb18030", "gb18030": "gb18030"}

STATUSES: Mapping[str, PaymentState] = {
    "WAIT_BUYER_PAY": PaymentState.PENDING,
    "TRADE_PENDING": PaymentState.PENDING,
    "TRADE_SUCCESS": PaymentState.PAID,
    "TRADE_FINISHED": PaymentState.PAID,
    "TRADE_CLOSED": PaymentState.VOIDED,  # without a refund: nobody has paid in time
}
_RANKS = ("WAIT_BUYER_PAY", "TRADE_PENDING", "TRADE_SUCCESS", "TRADE_FINISHED", "TRADE_CLOSED")


def verify(secrets: Sequence[str], _headers: Mapping[str, str], body: bytes, _now: datetime) -> None:
    """Check the signature, and that the trade is this shop's: its app, and its seller if that is configured.

    Raises Unauthenticated(bad_signature) for both alike.
    """
    try:
        fields = _fields(body)
    except Malformed:
        fields = {}
    given, is_rsa2 = fields.get("sign", ""), fields.get("sign_type") == "RSA2"
    if not given or not is_rsa2 or not any(_is_ours(secret, fields, given) for secret in secrets[:4]):
        raise Unauthenticated("the signature does not fit the body", code="bad_signature")


def signed_content(fields: Mapping[str, str], *, empty: bool = True) -> str:
    """What Alipay signs: all fields but `sign` and `sign_type`, sorted; some of its systems leave out empty ones."""
    names = sorted(name for name in fields if name not in {"sign", "sign_type"})
    return "&".join(f"{name}={fields[name]}" for name in names if empty or fields[name])


def topic(_headers: Mapping[str, str]) -> str:
    return "notify"


def delivery_key(_headers: Mapping[str, str], body: bytes) -> str:
    """`notify_id`, which is the same in every try."""
    try:
        name = _fields(body).get("notify_id", "")
    except Malformed:
        name = ""
    return name if 0 < len(name) <= 190 else hashlib.sha256(body).hexdigest()


def order_reference(_topic: str, body: bytes) -> str | None:
    """The payment's handle: notifications about it are folded one after the other."""
    try:
        fields = _fields(body)
    except Malformed:
        return None
    handle = payment(fields.get("trade_no", "") or fields.get("out_trade_no", ""))
    return str(handle) if handle else None


def read(delivery: Delivery) -> Reading:
    """Read a notification. Raises Malformed or Invalid when it can never be read."""
    fields = _fields(delivery.body)
    if not fields.get("trade_status"):
        kind = fields.get("notify_type", "") or fields.get("msg_method", "") or "a notification"
        return Reading(ignored=f"{kind[:60]} is not about a trade")
    trade, merchants = fields.get("trade_no", ""), fields.get("out_trade_no", "")
    handle = payment(trade or merchants)
    if handle is None:
        raise Invalid("neither trade_no nor out_trade_no", code="bad_id")
    version = _version(delivery, fields)
    statements, warnings = _statements(fields, trade or merchants, version)
    names = [payment(merchants), number(merchants)]
    orders: tuple[OrderFacts, ...] = told_of(handle, statements, names, version, warnings)
    return Reading(orders=orders)


def _statements(fields: Mapping[str, str], trade: str, version: Version) -> tuple[list[Statement], list[str]]:
    currency = fields.get("trans_currency", "") or "CNY"
    status, total = fields["trade_status"], minor(fields.get("total_amount"), currency)
    paid_at, refunded_at = _at(fields, "gmt_payment"), _at(fields, "gmt_refund")
    back = minor(fields.get("refund_fee"), currency)
    was_paid = bool(back) or paid_at is not None or refunded_at is not None
    state = STATUSES.get(status)
    facts: dict[str, Any] = {"unknown": {}}
    warnings = []
    if status == "TRADE_CLOSED" and was_paid:
        state = PaymentState.PAID
        if not back:
            facts["unknown"] = {"refund_fee": "missing from a paid trade that is closed"}
            warnings.append("TRADE_CLOSED after payment without refund_fee")
    if state is None:
        facts["unknown"] = {"trade_status": status}
        warnings.append(f"trade_status={status[:40]}")
    else:
        facts |= {"state": state, "captured": total if state is PaymentState.PAID else 0}
        facts["authorised"] = facts["captured"]
    facts |= {"tender": "alipay", "gateway": NAME, "gateway_ref": trade, "currency": currency, "by_gateway": True}
    facts["at"] = paid_at or _at(fields, "gmt_create") or version.at
    statements = [Statement(Kind.PAYMENT, trade, PaymentFacts(**facts), version)]
    if back:
        refund: dict[str, Any] = {"cumulative": back, "currency": currency, "state": "succeeded", "payment": trade}
        refund |= {"tender": "alipay", "seen_at": version.at}
        refund |= {"reference": fields["out_biz_no"]} if fields.get("out_biz_no") else {}
        refund |= stated_key(fields.get("out_biz_no", ""))
        refund |= {"at": refunded_at} if refunded_at else {}
        statements.append(Statement(Kind.REFUND, f"{trade}:{back}", RefundFacts(**refund), version))
    return statements, warnings


def _version(delivery: Delivery, fields: Mapping[str, str]) -> Version:
    """The newest time in the life of the trade, then how far along it is."""
    status = fields["trade_status"]
    names = ["gmt_create", "gmt_payment", "gmt_refund"]
    names += ["gmt_close"] if status in {"TRADE_CLOSED", "TRADE_FINISHED"} else []
    times = [at for at in (_at(fields, name) for name in names) if at is not None]
    newest = max(times, default=None) or _at(fields, "notify_time") or delivery.received_at
    rank = _RANKS.index(status) if status in _RANKS else len(_RANKS)
    return Version(newest, f"{rank}", delivery.digest())


def _is_ours(secret: str, fields: Mapping[str, str], given: str) -> bool:
    try:
        ours = mapping(json.loads(secret))
    except ValueError:
        return False
    app, seller, key = (text(ours.get(name)) for name in ("app_id", "seller_id", "public_key"))
    if not app or fields.get("app_id") != app or (seller and fields.get("seller_id") != seller):
        return False
    encoding = _CHARSETS[fields.get("charset", "").lower()]
    contents = {signed_content(fields), signed_content(fields, empty=False)}
    return any(fits(key, given, content.encode(encoding)) for content in sorted(contents))


def _fields(body: bytes) -> dict[str, str]:
    """The fields in the charset that one of them names. Raises Malformed."""
    charset = fields_of(body, "latin-1").get("charset", "").lower()
    if charset not in _CHARSETS:
        raise Malformed("a charset that Alipay does not use", code="bad_form")
    return fields_of(body, _CHARSETS[charset])


def _at(fields: Mapping[str, str], name: str) -> datetime | None:
    return when(fields.get(name), _ZONE)
