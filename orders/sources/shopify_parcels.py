"""Shopify's fulfilments and fulfilment events: one parcel and its scans. Pure."""

from typing import Any

from orders.facts import Kind, OrderFacts, ScanFacts, ShipmentFacts, Statement
from orders.sources.reading import Delivery, count, identifier, known_state, objects, scan_statement, text, when
from orders.sources.shopify_versions import version_of
from orders.statuses import ParcelState

_ANNOUNCED = frozenset({"pending", "open"})
_NEVER_LEFT = frozenset({"cancelled", "error", "failure"})
STATES = {
    "confirmed": ParcelState.PENDING,
    "label_purchased": ParcelState.INFO_RECEIVED,
    "label_printed": ParcelState.INFO_RECEIVED,
    "carrier_picked_up": ParcelState.IN_TRANSIT,
    "in_transit": ParcelState.IN_TRANSIT,
    "out_for_delivery": ParcelState.OUT_FOR_DELIVERY,
    "ready_for_pickup": ParcelState.AVAILABLE_FOR_PICKUP,
    "attempted_delivery": ParcelState.FAILED_ATTEMPT,
    "delivered": ParcelState.DELIVERED,
    "picked_up": ParcelState.DELIVERED,
    "delayed": ParcelState.EXCEPTION,
    "failure": ParcelState.EXCEPTION,
    "returning_to_sender": ParcelState.RETURNING,
}


def read_fulfillment(delivery: Delivery, payload: dict[str, Any]) -> OrderFacts:
    """Topics fulfillments/create and fulfillments/update."""
    warnings: list[str] = []
    statements = fulfillment_statements(delivery, payload, warnings)
    return OrderFacts(identifier(payload.get("order_id")), tuple(statements), tuple(warnings))


def fulfillment_statements(delivery: Delivery, payload: dict[str, Any], warnings: list[str]) -> list[Statement]:
    """One parcel, alone or nested in its order."""
    zone = delivery.timezone
    status, tracked = text(payload.get("status")).lower(), text(payload.get("shipment_status")).lower()
    facts: dict[str, Any] = {
        "direction": "outbound",
        "shipped": status in {"", "success"},
        "cancelled": status in _NEVER_LEFT,
        "unknown": {},
    }
    if status not in {"", "success", *_ANNOUNCED, *_NEVER_LEFT}:
        facts["unknown"] = {"status": status}
        warnings.append(f"fulfillment status={status[:40]}")
    if tracked and known_state(STATES, tracked) is None:
        warnings.append(f"shipment_status={tracked[:40]}")
    if "shipment_status" in payload:
        facts |= {"state": known_state(STATES, tracked), "substate": tracked}
    if "tracking_company" in payload:
        facts["carrier"] = text(payload["tracking_company"])
    if "tracking_number" in payload or "tracking_numbers" in payload:
        facts["tracking_number"] = text(payload.get("tracking_number")) or _first(payload.get("tracking_numbers"))
    if "tracking_url" in payload or "tracking_urls" in payload:
        facts["tracking_url"] = text(payload.get("tracking_url")) or _first(payload.get("tracking_urls"))
    if payload.get("created_at"):
        facts["label_at"] = when(payload["created_at"], zone)
    if payload.get("estimated_delivery_at"):
        facts["eta_from"] = facts["eta_to"] = when(payload["estimated_delivery_at"], zone)
    if "line_items" in payload:
        facts["lines"] = tuple(
            (identifier(line.get("id")), count(line.get("quantity"))) for line in objects(payload["line_items"])
        )
    version = version_of(delivery, payload)
    return [Statement(Kind.SHIPMENT, identifier(payload.get("id")), ShipmentFacts(**facts), version)]


def read_fulfillment_event(delivery: Delivery, payload: dict[str, Any]) -> OrderFacts:
    """Topic fulfillment_events/create: one scan, and with it sometimes a new expected day."""
    zone, version = delivery.timezone, version_of(delivery, payload)
    parcel, code = identifier(payload.get("fulfillment_id")), text(payload.get("status")).lower()
    state = known_state(STATES, code)
    places = [text(payload.get(name)) for name in ("city", "province", "country")]
    scan = ScanFacts(
        shipment=parcel,
        at=when(payload.get("happened_at"), zone) or version.at,
        received_at=delivery.received_at,
        code=code,
        state=state,
        text=text(payload.get("message")),
        location=", ".join(place for place in places if place),
    )
    statements = [scan_statement(scan, version)]
    expected = when(payload.get("estimated_delivery_at"), zone)
    if expected is not None:
        statements.append(Statement(Kind.SHIPMENT, parcel, ShipmentFacts(eta_from=expected, eta_to=expected), version))
    if state is ParcelState.AVAILABLE_FOR_PICKUP:
        point = ", ".join(part for part in (text(payload.get("address1")), places[0]) if part)
        statements.append(Statement(Kind.SHIPMENT, parcel, ShipmentFacts(pickup_point=point), version))
    warnings = () if state else (f"fulfillment event status={code[:40]}",)
    return OrderFacts(identifier(payload.get("order_id")), tuple(statements), warnings)


def _first(value: Any) -> str:
    return text(value[0]) if isinstance(value, list) and value else ""
