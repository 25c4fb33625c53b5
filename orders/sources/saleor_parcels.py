"""Saleor's fulfilments: parcels that left, and those that came back. Pure."""

from collections import Counter
from typing import Any

from orders.facts import Kind, ShipmentFacts, Statement, Version
from orders.sources.reading import count, identifier, mapping, objects, text, when
from orders.statuses import ParcelState

_LEFT: dict[str, Any] = {"direction": "outbound", "shipped": True, "cancelled": False}
_BACK: dict[str, Any] = {"direction": "return", "cancelled": False, "state": ParcelState.DELIVERED}
# A fulfilment that is only "refunded" is a note about money: its units are told with the lines.
FULFILLMENTS: dict[str, dict[str, Any] | None] = {
    "fulfilled": _LEFT,
    "waiting_for_approval": {**_LEFT, "shipped": False},
    "canceled": {**_LEFT, "shipped": False, "cancelled": True},
    "returned": _BACK,
    "replaced": _BACK,
    "refunded_and_returned": _BACK,
    "refunded": None,
}


def fulfillment_statements(
    parcel: dict[str, Any], order: dict[str, Any], version: Version, warnings: list[str]
) -> list[Statement]:
    """One fulfilment. An unknown status is kept and holds the order."""
    status = _word(parcel)
    facts: dict[str, Any] = {"direction": "outbound"}
    if status in FULFILLMENTS:
        told = FULFILLMENTS[status]
        if told is None:
            return []
        facts |= told | {"unknown": {}}
    elif "status" in parcel:
        warnings.append(f"fulfillment status={status[:40]}")
        facts |= {"shipped": False, "unknown": {"status": status}}
    number = text(parcel.get("tracking_number")) or text(parcel.get("tracking_code"))
    if "tracking_number" in parcel or "tracking_code" in parcel:
        is_link = number.startswith(("https://", "http://"))
        facts |= {"tracking_url": number} if is_link else {"tracking_number": number}
    made = when(parcel.get("created") or parcel.get("created_at"), "UTC")
    facts |= {"label_at": made} if made and facts["direction"] == "outbound" else {}
    lines = _lines(parcel, order)
    facts |= {"lines": lines} if lines else {}
    return [Statement(Kind.SHIPMENT, identifier(parcel.get("id")), ShipmentFacts(**facts), version)]


def units_sent(order: dict[str, Any]) -> Counter[str]:
    """Units by line that have left, those that have come back since among them."""
    sent: Counter[str] = Counter()
    for parcel in objects(order.get("fulfillments")):
        if FULFILLMENTS.get(_word(parcel)) in (_LEFT, _BACK):
            sent.update(dict(_lines(parcel, order)))
    return sent


def _word(parcel: dict[str, Any]) -> str:
    return text(parcel.get("status")).lower().replace(" ", "_").replace("-", "_")


def _lines(parcel: dict[str, Any], order: dict[str, Any]) -> tuple[tuple[str, int], ...]:
    """Line and quantity. Classic payloads name no line, only what was packed: its number must be on one line alone."""
    skus = [(text(line.get("product_sku")), text(line.get("id"))) for line in objects(order.get("lines"))]
    by_sku = {sku: line for sku, line in skus if sku and [s for s, _ in skus].count(sku) == 1}
    found = []
    for line in objects(parcel.get("lines")):
        named = text(mapping(line.get("order_line")).get("id")) or text(line.get("order_line_id"))
        name = named or by_sku.get(text(line.get("product_sku")), "")
        if name:
            found.append((identifier(name), count(line.get("quantity"))))
    return tuple(found)
