"""Which of two Shopify payloads is newer. Pure."""

from datetime import datetime
from typing import Any

from orders.facts import Version
from orders.sources.reading import Delivery, when


def version_of(delivery: Delivery, payload: dict[str, Any], *, at: datetime | None = None) -> Version:
    """The object's own `updated_at` (or what is nearest to it), then the time of the trigger, then the bytes."""
    zone = delivery.timezone
    stated = (when(payload.get(name), zone) for name in ("updated_at", "processed_at", "happened_at", "created_at"))
    found = at or next((time for time in stated if time is not None), None)
    sequence = _triggered_at(delivery)
    if found is None and sequence:
        found = when(sequence, zone)
    return Version(found or delivery.received_at, sequence, delivery.digest())


def _triggered_at(delivery: Delivery) -> str:
    """The header in a form that sorts as text: it has nine decimals or fewer. What was fetched says when instead."""
    names = ("x-shopify-triggered-at", "shopify-triggered-at", "x-shopify-fetched-at")
    raw = next((found for name in names if (found := delivery.headers.get(name))), "")
    whole, _, fraction = raw.strip().removesuffix("Z").partition(".")
    if len(whole) != len("2026-03-01T15:00:00") or not (fraction or "0").isdigit():
        return ""
    return f"{whole}.{fraction[:9]:0<9}Z"
