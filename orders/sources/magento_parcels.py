"""Magento's shipments with their tracks: each track is a parcel. Pure."""

from typing import Any

from orders.facts import Kind, ShipmentFacts, Statement, Version
from orders.sources.loose import units
from orders.sources.reading import Delivery, identifier, objects, text, when


def shipment_statements(_delivery: Delivery, shipment: dict[str, Any], version: Version) -> list[Statement]:
    """The parcels of one shipment. What is in which parcel is not told, so the first one stands for the contents."""
    name, tracks = identifier(shipment.get("entity_id")), objects(shipment.get("tracks"))
    lines = tuple(
        (identifier(item.get("order_item_id")), units(item.get("qty"))) for item in objects(shipment.get("items"))
    )
    base: dict[str, Any] = {
        "direction": "outbound",
        "shipped": True,
        "label_at": when(shipment.get("created_at"), "UTC"),
    }
    first = {**base, **(_track(tracks[0]) if tracks else {}), **({"lines": lines} if "items" in shipment else {})}
    statements = [Statement(Kind.SHIPMENT, name, ShipmentFacts(**first), version)]
    for track in tracks[1:]:
        further = ShipmentFacts(**base, **_track(track))
        parcel = f"{name}-{text(track.get('entity_id')) or text(track.get('track_number'))}"
        statements.append(Statement(Kind.SHIPMENT, parcel, further, version))
    return statements


def _track(track: dict[str, Any]) -> dict[str, Any]:
    return {
        "carrier": text(track.get("title")) or text(track.get("carrier_code")),
        "tracking_number": text(track.get("track_number")),
    }
