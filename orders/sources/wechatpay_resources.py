"""微信支付's decrypted resources as facts about payments and refunds. Amounts come in fen. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.errors import Invalid
from orders.facts import Kind, OrderFacts, PaymentFacts, RefundFacts, Statement, Version
from orders.handles import number, payment, told_of
from orders.refunds.keys import stated_key
from orders.sources.reading import Delivery, count, mapping, objects, text, when
from orders.statuses import PaymentState

STATES: Mapping[str, PaymentState] = {
    "NOTPAY": PaymentState.PENDING,
    "USERPAYING": PaymentState.PENDING,
    "ACCEPT": PaymentState.PENDING,
    "PAYERROR": PaymentState.FAILED,
    "CLOSED": PaymentState.VOIDED,
    "REVOKED": PaymentState.VOIDED,
    "SUCCESS": PaymentState.PAID,
    "REFUND": PaymentState.PAID,  # some of it has gone back since
}
REFUNDS: Mapping[str, str] = {
    "PROCESSING": "pending",
    "SUCCESS": "succeeded",
    "CLOSED": "failed",
    "ABNORMAL": "failed",  # the card is dead: somebody must pay it out by hand
}
_ZONE = "Asia/Shanghai"
_GATEWAY = "wechatpay"
_RANKS = (*STATES,)
_REFUND_RANKS = ("PROCESSING", "ABNORMAL", "CLOSED", "SUCCESS")


def read_transaction(delivery: Delivery, found: dict[str, Any], created: datetime) -> tuple[OrderFacts, ...]:
    """One payment: TRANSACTION.SUCCESS, or what a query answers."""
    merchants, transaction = text(found.get("out_trade_no")), text(found.get("transaction_id"))
    handle = payment(transaction or merchants)
    if handle is None:
        raise Invalid("neither transaction_id nor out_trade_no", code="bad_id")
    status, amount = text(found.get("trade_state")), mapping(found.get("amount"))
    state = STATES.get(status)
    total = count(amount.get("total") if "total" in amount else amount.get("total_amount"))
    succeeded = when(found.get("success_time"), _ZONE)
    version = _version(delivery, succeeded or created, status, _RANKS)
    facts: dict[str, Any] = {
        "tender": "wechat",
        "gateway": _GATEWAY,
        "gateway_ref": transaction or merchants,
        "currency": text(amount.get("currency")) or "CNY",
        "at": succeeded or created,
        "by_gateway": True,
        "unknown": {},
    }
    warnings = []
    if state is None:
        facts["unknown"] = {"trade_state": status}
        warnings.append(f"trade_state={status[:40]}")
    else:
        facts |= {"state": state, "captured": total if state is PaymentState.PAID else 0}
        facts["authorised"] = facts["captured"]
    statement = Statement(Kind.PAYMENT, handle.value, PaymentFacts(**facts), version)
    return told_of(handle, [statement], [payment(merchants), number(merchants)], version, warnings)


def read_combined(delivery: Delivery, found: dict[str, Any], created: datetime) -> tuple[OrderFacts, ...]:
    """One payment for several orders: each part is a payment of its own."""
    parts = [read_transaction(delivery, part, created) for part in objects(found.get("sub_orders"))]
    return tuple(facts for part in parts for facts in part)


def read_refund(delivery: Delivery, found: dict[str, Any], kind: str, created: datetime) -> tuple[OrderFacts, ...]:
    """A refund: `refund_status` in notifications, `status` in answers; else the name of the event says it."""
    merchants, transaction = text(found.get("out_trade_no")), text(found.get("transaction_id"))
    handle, refund = payment(transaction or merchants), text(found.get("refund_id")) or text(found.get("out_refund_no"))
    if handle is None or not refund:
        raise Invalid("a refund without its payment or its own number", code="bad_id")
    status = text(found.get("refund_status")) or text(found.get("status")) or kind.partition(".")[2]
    amount, succeeded = mapping(found.get("amount")), when(found.get("success_time"), _ZONE)
    version = _version(delivery, created, status, _REFUND_RANKS)
    facts: dict[str, Any] = {
        "amount": count(amount.get("refund")),
        "currency": text(amount.get("currency")) or "CNY",
        "tender": "wechat",
        "reference": text(found.get("out_refund_no")),
        "payment": handle.value,
        "at": succeeded or created,
        "unknown": {},
        **stated_key(text(found.get("out_refund_no"))),
    }
    warnings = []
    if status in REFUNDS:
        facts["state"] = REFUNDS[status]
    else:
        facts["unknown"] = {"refund_status": status}
        warnings.append(f"refund_status={status[:40]}")
    statement = Statement(Kind.REFUND, refund, RefundFacts(**facts), version)
    return told_of(handle, [statement], [payment(merchants), number(merchants)], version, warnings)


def _version(delivery: Delivery, at: datetime, status: str, ranks: tuple[str, ...]) -> Version:
    rank = ranks.index(status) if status in ranks else len(ranks)
    return Version(at, f"{rank:02}", delivery.digest())
