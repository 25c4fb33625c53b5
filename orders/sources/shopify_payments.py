"""Shopify's refunds and transactions: money that comes in and goes back. Pure."""

from datetime import datetime
from typing import Any

from orders.facts import Kind, OrderFacts, PaymentFacts, RefundFacts, RefundLine, Statement
from orders.refunds.keys import stated_key
from orders.sources.reading import Delivery, count, identifier, minor, objects, text, when
from orders.sources.shopify_versions import version_of
from orders.statuses import PaymentState

_TENDERS = {
    "shopify_payments": "card",
    "stripe": "card",
    "authorize_net": "card",
    "bogus": "card",
    "paypal": "paypal",
    "gift_card": "gift_card",
    "alipay": "alipay",
    "wechat_pay": "wechat",
    "bank deposit": "bank_transfer",
    "money order": "bank_transfer",
}
_ON_DELIVERY = ("cash on delivery", "cash_on_delivery", "(cod)", "货到付款")  # shops name it as they like
_FAILED = frozenset({"failure", "error"})


def tender(gateway: str) -> str:
    """The kind of money behind a gateway's name; `other` when we do not know it."""
    name = gateway.lower()
    if any(word in name for word in _ON_DELIVERY):
        return "cash_on_delivery"
    return _TENDERS.get(name, "other")


def read_refund(delivery: Delivery, payload: dict[str, Any]) -> OrderFacts:
    """Topic refunds/create."""
    return OrderFacts(
        identifier(payload.get("order_id")), (refund_statement(delivery, payload, delivery.currency, newest=None),)
    )


def refund_statement(
    delivery: Delivery, payload: dict[str, Any], currency: str, *, newest: datetime | None
) -> Statement:
    """One refund, alone or nested in its order (then the order's time `newest` says how fresh it is)."""
    moves = [t for t in objects(payload.get("transactions")) if text(t.get("kind")).lower() in {"refund", ""}]
    good = [t for t in moves if text(t.get("status")).lower() not in _FAILED] or moves
    states = {text(t.get("status")).lower() for t in good}
    currency = next((text(t.get("currency")) for t in good if text(t.get("currency"))), currency)
    facts = RefundFacts(
        amount=sum(minor(t.get("amount"), currency) for t in good),
        currency=currency,
        state=_refund_state(states),
        tender=tender(text(good[0].get("gateway"))) if good else "other",
        reference=next((text(t.get("authorization")) for t in good if text(t.get("authorization"))), ""),
        at=when(payload.get("processed_at") or payload.get("created_at"), delivery.timezone) or delivery.received_at,
        lines=tuple(_refund_line(item) for item in objects(payload.get("refund_line_items"))),
        **stated_key(text(payload.get("note"))),
    )
    return Statement(Kind.REFUND, identifier(payload.get("id")), facts, version_of(delivery, payload, at=newest))


def read_transaction(delivery: Delivery, payload: dict[str, Any]) -> OrderFacts:
    """Topic order_transactions/create: an attempt to pay, good or bad. Refunds and voids are told elsewhere."""
    currency = text(payload.get("currency")) or delivery.currency
    amount, kind = minor(payload.get("amount"), currency), text(payload.get("kind")).lower()
    gateway, state = text(payload.get("gateway")), _payment_state(kind, text(payload.get("status")).lower())
    order_id = identifier(payload.get("order_id"))
    if state is None:
        return OrderFacts(order_id, ())
    facts = PaymentFacts(
        tender=tender(gateway),
        gateway=gateway,
        gateway_ref=text(payload.get("authorization")),
        state=state,
        authorised=amount if state in {PaymentState.AUTHORIZED, PaymentState.PAID} else 0,
        captured=amount if state is PaymentState.PAID else 0,
        currency=currency,
        charged_in=charged_in if (charged_in := text(payload.get("charged_in"))) not in {"", currency} else None,
        at=when(payload.get("processed_at") or payload.get("created_at"), delivery.timezone) or delivery.received_at,
    )
    version = version_of(delivery, payload)
    return OrderFacts(order_id, (Statement(Kind.PAYMENT, identifier(payload.get("id")), facts, version),))


def _refund_state(states: set[str]) -> str:
    if states and states <= _FAILED:
        return "failed"
    return "succeeded" if states == {"success"} else "pending"


def _refund_line(item: dict[str, Any]) -> RefundLine:
    restock = text(item.get("restock_type")).lower()
    line = identifier(item.get("line_item_id"))
    return RefundLine(line=line, quantity=count(item.get("quantity")), cancelled=restock == "cancel")


def _payment_state(kind: str, status: str) -> PaymentState | None:
    if kind not in {"authorization", "sale", "capture"}:
        return None
    if status in _FAILED:
        return PaymentState.FAILED
    if status != "success":
        return PaymentState.PENDING
    return PaymentState.AUTHORIZED if kind == "authorization" else PaymentState.PAID
