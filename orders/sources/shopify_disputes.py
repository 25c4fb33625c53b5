"""Shopify's disputes (Shopify Payments): what the bank asks, decides, and until when it wants evidence. Pure."""

from collections.abc import Mapping
from typing import Any

from orders.facts import DisputeFacts, Kind, OrderFacts, Statement
from orders.sources.reading import Delivery, identifier, minor, text, when
from orders.sources.shopify_versions import version_of
from orders.statuses import OPEN_DISPUTES, DisputeState

# shopify.dev, ShopifyPaymentsDispute: DisputeStatus
STATES: Mapping[str, DisputeState] = {
    "needs_response": DisputeState.NEEDS_RESPONSE,
    "under_review": DisputeState.UNDER_REVIEW,
    "won": DisputeState.WON,
    "lost": DisputeState.LOST,
    "accepted": DisputeState.LOST,  # the shop has given in
    "charge_refunded": DisputeState.CLOSED,  # the refund itself is told by refunds/create
    "prevented": DisputeState.CLOSED,
}


def names_order(payload: Mapping[str, Any]) -> bool:
    """Payments that were taken outside of orders have disputes, too."""
    return bool(text(payload.get("order_id")))


def read_dispute(delivery: Delivery, payload: dict[str, Any]) -> OrderFacts:
    """Topics disputes/create and disputes/update. The object has no time of its own: the trigger's counts."""
    currency, zone = text(payload.get("currency")) or delivery.currency, delivery.timezone
    version, status = version_of(delivery, payload), text(payload.get("status")).lower()
    state = STATES.get(status, DisputeState.NEEDS_RESPONSE)
    facts = DisputeFacts(
        state=state,
        inquiry=text(payload.get("type")).lower() == "inquiry",
        amount=minor(payload.get("amount"), currency),
        currency=currency,
        reason=text(payload.get("reason")),
        evidence_due_by=when(payload.get("evidence_due_by"), zone),
        opened_at=when(payload.get("initiated_at"), zone),
        closed_at=None if state in OPEN_DISPUTES else when(payload.get("finalized_on"), zone) or version.at,
        unknown={} if status in STATES else {"status": status},
    )
    warnings = () if status in STATES else (f"dispute status={status[:40]}",)
    statement = Statement(Kind.DISPUTE, identifier(payload.get("id")), facts, version)
    return OrderFacts(identifier(payload.get("order_id")), (statement,), warnings)
