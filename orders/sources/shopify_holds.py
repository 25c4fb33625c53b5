"""Shopify's fulfilment orders: what keeps goods from leaving. Pure.

Their webhooks name the fulfilment order alone, neither the order nor a time of their own (the samples of API version
2026-10). So they are facts about that name; the Admin API, which knows the order, tells whose name it is.
"""

from collections.abc import Iterable
from typing import Any

from core.errors import Invalid
from orders.facts import Handle, HoldFacts, Kind, OrderFacts, Statement, Version
from orders.handles import fulfilment, told_of
from orders.sources.reading import Delivery, identifier, mapping, objects, text
from orders.sources.shopify_versions import version_of
from orders.statuses import Hold

# FulfillmentHoldReason, the same words in small letters in webhooks
_REASONS = {
    "awaiting_payment": Hold.PAYMENT_REVIEW,
    "high_risk_of_fraud": Hold.FRAUD,
    "incorrect_address": Hold.ADDRESS,
    "inventory_out_of_stock": Hold.STOCK,
    "awaiting_return_items": Hold.MERCHANT,
    "online_store_post_purchase_cross_sell": Hold.MERCHANT,
    "unknown_delivery_date": Hold.MERCHANT,
    "other": Hold.MERCHANT,
}
_HELD = "on_hold"
_FINISHED = frozenset({"closed", "cancelled", "incomplete"})
_NEXT_TO = (
    "fulfillment_order",
    "remaining_fulfillment_order",
    "original_fulfillment_order",
    "moved_fulfillment_order",
    "replacement_fulfillment_order",
)


def read_hold(delivery: Delivery, payload: dict[str, Any]) -> tuple[OrderFacts, ...]:
    """Topics fulfillment_orders/*: a fulfilment order and those it was split into or moved to. Raises Invalid."""
    version = version_of(delivery, payload)
    found = {name: mapping(payload[name]) for name in _NEXT_TO if mapping(payload.get(name))}
    if not found:
        raise Invalid("no fulfilment order is named", code="no_fulfillment_order")
    handles = [_handle(raw) for raw in found.values()]
    facts: list[OrderFacts] = []
    for raw in found.values():
        warnings: list[str] = []
        statements = [hold_statement(raw, version, warnings)] if _tells(raw) else []
        facts += told_of(_handle(raw), statements, handles, version, warnings)
    return tuple(facts)


def hold_statement(raw: dict[str, Any], version: Version, warnings: list[str]) -> Statement:
    """The holds of one fulfilment order; none once it is released, moved away, cancelled or done."""
    is_held = text(raw.get("status")).lower() == _HELD
    reasons = sorted({text(hold.get("reason")).lower() for hold in objects(raw.get("fulfillment_holds"))} - {""})
    facts: dict[str, Any] = {"holds": (), "unknown": {}}
    if is_held:
        facts["holds"] = tuple(sorted({_REASONS.get(reason, Hold.MERCHANT) for reason in reasons or ["other"]}))
        facts["unknown"] = {f"reason {place}": reason for place, reason in enumerate(_strange(reasons), start=1)}
        warnings += [f"hold reason={reason[:40]}" for reason in facts["unknown"].values()]
    return Statement(Kind.HOLD, str(_handle(raw)), HoldFacts(**facts), version)


def named_for(raw: dict[str, Any], order: Handle, version: Version) -> tuple[OrderFacts, ...]:
    """Whose a fulfilment order is, so that its webhooks find the order; not for one that nothing can hold any more."""
    if text(raw.get("status")).lower() in _FINISHED:
        return ()
    return told_of(_handle(raw), (), [order], version)


def _tells(raw: dict[str, Any]) -> bool:
    """Only a payload with the list of holds says why a fulfilment order is held."""
    return text(raw.get("status")).lower() != _HELD or "fulfillment_holds" in raw


def _strange(reasons: Iterable[str]) -> list[str]:
    return [reason for reason in reasons if reason not in _REASONS]


def _handle(raw: dict[str, Any]) -> Handle:
    return fulfilment(identifier(raw.get("id")))
