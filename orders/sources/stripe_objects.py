"""Stripe's objects as facts about payments and refunds. Pure.

A payment goes by its payment intent and by its charges; shops keep one or the other. The metadata may name the order.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from core.errors import Invalid
from orders.facts import DisputeFacts, Handle, Kind, OrderFacts, PaymentFacts, RefundFacts, Statement, Version
from orders.handles import number, payment, told_of
from orders.refunds.keys import stated_key
from orders.sources.reading import Delivery, mapping, objects, text
from orders.sources.stripe_amounts import minor_of
from orders.statuses import OPEN_DISPUTES, DisputeState, PaymentState

INTENTS: Mapping[str, PaymentState] = {
    "requires_payment_method": PaymentState.PENDING,
    "requires_confirmation": PaymentState.PENDING,
    "requires_action": PaymentState.PENDING,
    "processing": PaymentState.PENDING,
    "requires_capture": PaymentState.AUTHORIZED,
    "succeeded": PaymentState.PAID,
    "canceled": PaymentState.VOIDED,
}
CHARGES: Mapping[str, PaymentState] = {
    "pending": PaymentState.PENDING,
    "succeeded": PaymentState.PAID,
    "failed": PaymentState.FAILED,
}
REFUNDS: Mapping[str, str] = {
    "pending": "pending",
    "requires_action": "pending",
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "failed",
}
DISPUTES: Mapping[str, DisputeState] = {
    "warning_needs_response": DisputeState.NEEDS_RESPONSE,
    "warning_under_review": DisputeState.UNDER_REVIEW,
    "warning_closed": DisputeState.CLOSED,
    "needs_response": DisputeState.NEEDS_RESPONSE,
    "under_review": DisputeState.UNDER_REVIEW,
    "prevented": DisputeState.CLOSED,
    "won": DisputeState.WON,
    "lost": DisputeState.LOST,
}
_GATEWAY = "stripe"
_ORDER_NAMES = ("order_id", "order_number", "orderId", "order")  # in the metadata, as shop systems fill it
_TENDERS = {"alipay": "alipay", "wechat_pay": "wechat", "paypal": "paypal", "customer_balance": "bank_transfer"}
_RANKS = (  # within one second the later of these is the newer
    "requires_payment_method",
    "failed",
    "pending",
    "requires_confirmation",
    "requires_action",
    "processing",
    "requires_capture",
)


def payment_names(found: dict[str, Any]) -> list[Handle]:
    """The handles of the payment that an object is about: its intent first, then its charge."""
    kind = text(found.get("object"))
    intent = found if kind == "payment_intent" else found.get("payment_intent")
    charge = found if kind == "charge" else found.get("latest_charge") or found.get("charge")
    handles = (payment(_id(intent)), payment(_id(charge)))
    return [handle for handle in handles if handle is not None]


def read_intent(delivery: Delivery, event: dict[str, Any], found: dict[str, Any]) -> tuple[OrderFacts, ...]:
    status, currency = text(found.get("status")), _currency(found)
    state = INTENTS.get(status)
    if status == "requires_payment_method" and mapping(found.get("last_payment_error")):
        state = PaymentState.FAILED
    captured = minor_of(found.get("amount_received"), currency)
    reserved = minor_of(found.get("amount_capturable"), currency)
    methods = found.get("payment_method_types")
    facts: dict[str, Any] = {
        "captured": captured,
        "authorised": max(captured, reserved),
        "tender": _tender(text(methods[0]) if isinstance(methods, list) and len(methods) == 1 else ""),
    }
    return _payment(delivery, event, found, state, status, facts)


def read_charge(delivery: Delivery, event: dict[str, Any], found: dict[str, Any]) -> tuple[OrderFacts, ...]:
    status, currency = text(found.get("status")), _currency(found)
    amount, captured = minor_of(found.get("amount"), currency), 0
    state = CHARGES.get(status)
    if state is PaymentState.PAID and found.get("captured") is True:
        captured = minor_of(found.get("amount_captured"), currency) or amount
    elif state is PaymentState.PAID:
        state = PaymentState.VOIDED if found.get("refunded") is True else PaymentState.AUTHORIZED
    facts: dict[str, Any] = {
        "captured": captured,
        "authorised": amount if state in {PaymentState.PAID, PaymentState.AUTHORIZED} else 0,
        "tender": _tender(text(mapping(found.get("payment_method_details")).get("type"))),
    }
    refunds = [] if not captured else _refunds_of_charge(delivery, event, found)
    return _payment(delivery, event, found, state, status, facts, refunds)


def read_refund(delivery: Delivery, event: dict[str, Any], found: dict[str, Any]) -> tuple[OrderFacts, ...]:
    warnings: list[str] = []
    statement = _refund(delivery, event, found, _entity(found), warnings)
    return _told(delivery, event, found, [statement], warnings)


def read_dispute(delivery: Delivery, event: dict[str, Any], found: dict[str, Any]) -> tuple[OrderFacts, ...]:
    """An open dispute holds what has not left; a lost one has given the money back."""
    status, currency = text(found.get("status")), _currency(found)
    version = _version(delivery, event, found, status)
    state = DISPUTES.get(status, DisputeState.NEEDS_RESPONSE)
    facts = DisputeFacts(
        state=state,
        inquiry=status.startswith("warning_"),
        amount=minor_of(found.get("amount"), currency),
        currency=currency,
        reason=text(found.get("reason")),
        evidence_due_by=_time(mapping(found.get("evidence_details")).get("due_by")),
        opened_at=_time(found.get("created")),
        closed_at=None if state in OPEN_DISPUTES else version.at,
        payment=_entity(found),
        by_gateway=True,
        unknown={} if status in DISPUTES else {"status": status},
    )
    warnings = [] if status in DISPUTES else [f"dispute status={status[:40]}"]
    return _told(delivery, event, found, [Statement(Kind.DISPUTE, _id(found), facts, version)], warnings)


def read_review(delivery: Delivery, event: dict[str, Any], found: dict[str, Any]) -> tuple[OrderFacts, ...]:
    """A payment that a person at the shop is to look at (Radar)."""
    version = _version(delivery, event, found, "")
    facts = PaymentFacts(by_gateway=True, reviewed=found.get("open") is True)
    return _told(delivery, event, found, [Statement(Kind.PAYMENT, _entity(found), facts, version)], [])


def read_checkout(delivery: Delivery, event: dict[str, Any], found: dict[str, Any]) -> tuple[OrderFacts, ...]:
    """A checkout tells only whose payment it was; the payment itself is told by its intent."""
    return _told(delivery, event, found, [], [])


def _payment(
    delivery: Delivery,
    event: dict[str, Any],
    found: dict[str, Any],
    state: PaymentState | None,
    status: str,
    facts: dict[str, Any],
    more: Iterable[Statement] = (),
) -> tuple[OrderFacts, ...]:
    step = {PaymentState.FAILED: "failed", PaymentState.AUTHORIZED: "requires_capture"}.get(state or PaymentState.NONE)
    version = _version(delivery, event, found, step or status)
    facts |= {"gateway": _GATEWAY, "gateway_ref": payment_names(found)[0].value, "currency": _currency(found)}
    facts |= {"at": _time(found.get("created")) or version.at, "by_gateway": True, "unknown": {}}
    warnings = []
    if state is None:
        facts["unknown"] = {"status": status}
        warnings.append(f"{text(found.get('object'))} status={status[:40]}")
    else:
        facts["state"] = state
    if state is PaymentState.FAILED:
        del facts["captured"], facts["authorised"]  # one of several attempts: the others tell what was taken
    statement = Statement(Kind.PAYMENT, _entity(found), PaymentFacts(**facts), version)
    return _told(delivery, event, found, [statement, *more], warnings)


def _refunds_of_charge(delivery: Delivery, event: dict[str, Any], found: dict[str, Any]) -> list[Statement]:
    """Older versions list the refunds in the charge; newer ones only say how much has gone back by now."""
    listed = objects(mapping(found.get("refunds")).get("data"))
    statements = [_refund(delivery, event, refund, _entity(found), []) for refund in listed]
    currency = _currency(found)
    total = minor_of(found.get("amount_refunded"), currency)
    if total:
        version = _version(delivery, event, found, "succeeded")
        facts = RefundFacts(
            cumulative=total, currency=currency, state="succeeded", payment=_entity(found), at=version.at
        )
        statements.append(Statement(Kind.REFUND, f"{_id(found)}:{total}", facts, version))
    return statements


def _refund(
    delivery: Delivery, event: dict[str, Any], found: dict[str, Any], entity: str, warnings: list[str]
) -> Statement:
    status, currency = text(found.get("status")), _currency(found)
    version = _version(delivery, event, found, status)
    facts: dict[str, Any] = {
        "amount": minor_of(found.get("amount"), currency),
        "currency": currency,
        "reference": _id(found),
        "payment": entity,
        "at": _time(found.get("created")) or version.at,
        "unknown": {},
        **stated_key(text(mapping(found.get("metadata")).get("refund_id"))),
    }
    if status in REFUNDS:
        facts["state"] = REFUNDS[status]
    else:
        facts["unknown"] = {"status": status}
        warnings.append(f"refund status={status[:40]}")
    return Statement(Kind.REFUND, _id(found), RefundFacts(**facts), version)


def _told(
    delivery: Delivery, event: dict[str, Any], found: dict[str, Any], statements: list[Statement], warnings: list[str]
) -> tuple[OrderFacts, ...]:
    names = payment_names(found)
    version = _version(delivery, event, found, "")
    return told_of(names[0], statements, [*names[1:], *_orders(found)], version, warnings)


def _orders(found: dict[str, Any]) -> list[Handle | None]:
    """The order that the shop has named. Whoever opens a payment link can put a client reference into its address."""
    metadata = mapping(found.get("metadata"))
    named = [text(metadata.get(name)) for name in _ORDER_NAMES]
    if text(found.get("object")) == "checkout.session" and not found.get("payment_link"):
        named.append(text(found.get("client_reference_id")))
    first = next((name for name in named if name), "")
    return [number(first)] if first else []


def _entity(found: dict[str, Any]) -> str:
    return payment_names(found)[0].value


def _version(delivery: Delivery, event: dict[str, Any], found: dict[str, Any], status: str) -> Version:
    at = _time(event.get("created")) or _time(found.get("created")) or delivery.received_at
    rank = _RANKS.index(status) if status in _RANKS else len(_RANKS)
    return Version(at, f"{rank:02}", delivery.digest())


def _time(value: Any) -> datetime | None:
    raw = text(value)
    if not raw:
        return None
    try:
        return datetime.fromtimestamp(int(raw), UTC)
    except (ValueError, OverflowError, OSError):
        raise Invalid("not a time", code="bad_time", value=raw[:40]) from None


def _currency(found: dict[str, Any]) -> str:
    return text(found.get("currency")).upper()


def _id(value: Any) -> str:
    """An id, also of an object that was expanded."""
    return text(value.get("id")) if isinstance(value, dict) else text(value)


def _tender(kind: str) -> str:
    return _TENDERS.get(kind, "card" if kind in {"card", "card_present", "link", ""} else kind)
