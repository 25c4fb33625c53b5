"""Shopify's fulfilments and fulfilment events: parcels and their scans. Pure.

A fulfilment with several tracking numbers is several parcels. Shopify does not say what is in which: the first keeps
the fulfilment's id, its lines and its scans, the others are parts of it (orders/parcels.py).
"""

from itertools import zip_longest
from typing import Any

from core.text import reference
from orders.facts import Kind, OrderFacts, ScanFacts, ShipmentFacts, Statement, Version
from orders.sources.reading import (
    Delivery,
    count,
    identifier,
    known_state,
    objects,
    offset_of,
    scan_statement,
    text,
    when,
)
from orders.sources.shopify_versions import version_of
from orders.statuses import ParcelState

MOST_PARCELS = 50  # so many tracking numbers of one fulfilment are read
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
    "not_delivered": ParcelState.EXCEPTION,
    "returning_to_sender": ParcelState.RETURNING,
}


def read_fulfillment(delivery: Delivery, payload: dict[str, Any]) -> OrderFacts:
    """Topics fulfillments/create and fulfillments/update."""
    warnings: list[str] = []
    statements = fulfillment_statements(delivery, payload, warnings)
    return OrderFacts(identifier(payload.get("order_id")), tuple(statements), tuple(warnings))


def fulfillment_statements(delivery: Delivery, payload: dict[str, Any], warnings: list[str]) -> list[Statement]:
    """The parcels of one fulfilment, alone or nested in its order."""
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
    if payload.get("created_at"):
        facts["label_at"] = when(payload["created_at"], zone)
    if payload.get("estimated_delivery_at"):
        facts["eta_from"] = facts["eta_to"] = when(payload["estimated_delivery_at"], zone)
    return _parcels(payload, facts, version_of(delivery, payload))


def _parcels(payload: dict[str, Any], common: dict[str, Any], version: Version) -> list[Statement]:
    """The first number's parcel has the fulfilment's id, so that one number more or less changes nothing for it."""
    fulfillment, tracked = identifier(payload.get("id")), _tracked(payload)
    first = dict(common)
    if tracked is not None:
        first |= tracked[0]
    if "line_items" in payload:
        first["lines"] = tuple(
            (identifier(line.get("id")), count(line.get("quantity"))) for line in objects(payload["line_items"])
        )
    shared = {name: value for name, value in common.items() if name != "unknown"} | {"part_of": fulfillment}
    others = {_part(fulfillment, facts): shared | facts for facts in (tracked or [])[1:]}
    if tracked is not None and "tracking_number" in tracked[0]:
        first["parts"] = tuple(others)
    return [
        Statement(Kind.SHIPMENT, name, ShipmentFacts(**facts), version)
        for name, facts in [(fulfillment, first), *others.items()]
    ]


def _tracked(payload: dict[str, Any]) -> list[dict[str, str]] | None:
    """Each tracking number with its link, at least one; None when the fulfilment says nothing of either."""
    told = [what for what in ("number", "url") if f"tracking_{what}" in payload or f"tracking_{what}s" in payload]
    if not told:
        return None
    found: dict[str, dict[str, str]] = {}
    for pair in zip_longest(_listed(payload, "number"), _listed(payload, "url"), fillvalue=""):
        if pair[0] or not found:
            found.setdefault(reference(pair[0]), dict(zip(("number", "url"), pair, strict=True)))
    parcels = list(found.values())[:MOST_PARCELS] or [{"number": "", "url": ""}]
    return [{f"tracking_{what}": parcel[what] for what in told} for parcel in parcels]


def _listed(payload: dict[str, Any], what: str) -> list[str]:
    """`tracking_numbers` begins with `tracking_number`; either may be missing."""
    one, many = text(payload.get(f"tracking_{what}")), payload.get(f"tracking_{what}s")
    listed = [text(item) for item in many] if isinstance(many, list) else []
    return listed if not one or one in listed else [one, *listed]


def _part(fulfillment: str, facts: dict[str, str]) -> str:
    return f"{fulfillment}:{reference(facts['tracking_number'])}"[:120]


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
        raw=text(payload.get("happened_at")),
        offset=offset_of(payload.get("happened_at"), "shop"),
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
