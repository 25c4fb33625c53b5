"""EasyPost's tracker webhooks (docs.easypost.com/docs/webhooks). Pure.

`X-Hmac-Signature` is `hmac-sha256-hex=` and the HMAC-SHA256 of the raw body with the NFKD form of the secret.
"""

import hashlib
import hmac
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from core.errors import Malformed, Unauthenticated
from orders.facts import Version, stamp
from orders.handles import tracking
from orders.sources.reading import Delivery, Reading, load, mapping, objects, offset_of, text, when
from orders.sources.tracing import Scan, days, parcel_facts, place, stated
from orders.statuses import ParcelState

NAME = "easypost"
SECRETS = "easypost"

STATUSES: Mapping[str, ParcelState] = {
    "unknown": ParcelState.PENDING,
    "pre_transit": ParcelState.INFO_RECEIVED,
    "in_transit": ParcelState.IN_TRANSIT,
    "out_for_delivery": ParcelState.OUT_FOR_DELIVERY,
    "available_for_pickup": ParcelState.AVAILABLE_FOR_PICKUP,
    "delivered": ParcelState.DELIVERED,
    "return_to_sender": ParcelState.RETURNING,
    "failure": ParcelState.EXCEPTION,
    "error": ParcelState.EXCEPTION,
    "cancelled": ParcelState.EXCEPTION,
}


def verify(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, _now: datetime) -> None:
    """Check the HMAC of the raw body against each secret. Raises Unauthenticated(bad_signature)."""
    given = headers.get("x-hmac-signature", "").strip().lower().encode()
    matches = [hmac.compare_digest(given, sign(secret, body).encode()) for secret in secrets[:4] if secret]
    if not any(matches):
        raise Unauthenticated("the signature does not fit the body", code="bad_signature")


def sign(secret: str, body: bytes) -> str:
    """The value of the signature header."""
    key = unicodedata.normalize("NFKD", secret).encode()
    return f"hmac-sha256-hex={hmac.new(key, body, hashlib.sha256).hexdigest()}"


def topic(_headers: Mapping[str, str]) -> str:
    return "event"


def delivery_key(_headers: Mapping[str, str], body: bytes) -> str:
    """The event's id, which is the same in every try."""
    try:
        name = text(load(body).get("id"))
    except Malformed:
        name = ""
    return name if name.startswith("evt_") and len(name) <= 190 else hashlib.sha256(body).hexdigest()


def order_reference(_topic: str, body: bytes) -> str | None:
    """The parcel's handle: deliveries about it are folded one after the other."""
    try:
        handle = tracking(text(_tracker(load(body)).get("tracking_code")))
    except Malformed:
        return None
    return str(handle) if handle else None


def read(delivery: Delivery) -> Reading:
    """Read an event. Raises Malformed or Invalid when it can never be read."""
    payload = load(delivery.body)
    tracker = _tracker(payload)
    if not text(tracker.get("tracking_code")):
        return Reading(ignored=f"{text(payload.get('description'))[:40] or 'an event'} is not about a tracker")
    created = when(payload.get("created_at"), "UTC")
    told_at = when(tracker.get("updated_at"), "UTC") or created or delivery.received_at
    version = Version(told_at, stamp(created) if created else "", delivery.digest())
    warnings: list[str] = []
    facts = _parcel(delivery, tracker, warnings)
    scans = _scans(delivery, tracker, warnings)
    return Reading(parcel_facts(delivery, text(tracker["tracking_code"]), facts, scans, version, warnings=warnings))


def _tracker(payload: dict[str, Any]) -> dict[str, Any]:
    """The tracker in an event, or one as the API answers it."""
    result = mapping(payload.get("result")) or payload
    return result if text(result.get("object")).lower() == "tracker" else {}


def _parcel(delivery: Delivery, tracker: dict[str, Any], warnings: list[str]) -> dict[str, Any]:
    status = text(tracker.get("status")).lower()
    facts: dict[str, Any] = {"carrier": text(tracker.get("carrier"))}
    facts |= stated(STATUSES.get(status), status, text(tracker.get("status_detail")) or status, warnings)
    if text(tracker.get("signed_by")):
        facts["signed_by"] = text(tracker["signed_by"])
    if (link := text(tracker.get("public_url"))).startswith("https://"):
        facts["tracking_url"] = link
    if tracker.get("is_return") is True:
        facts["direction"] = "return"
    if expected := days(tracker.get("est_delivery_date"), delivery.timezone):
        facts["eta_from"], facts["eta_to"] = expected
    return facts


def _scans(delivery: Delivery, tracker: dict[str, Any], warnings: list[str]) -> list[Scan]:
    scans = []
    for detail in objects(tracker.get("tracking_details")):
        at, status = when(detail.get("datetime"), "UTC"), text(detail.get("status")).lower()
        if at is None:
            continue
        state = STATUSES.get(status)
        if status and state is None:
            warnings.append(f"detail status={status[:40]}")
        where = mapping(detail.get("tracking_location"))
        scans.append(
            Scan(
                raw=text(detail["datetime"]),
                at=at,
                state=None if status == "unknown" else state,
                code=text(detail.get("carrier_code")) or status,
                text=text(detail.get("message")) or text(detail.get("description")),
                offset=offset_of(detail["datetime"], "source"),
                location=place(where.get("city"), where.get("state"), where.get("country")),
            )
        )
    return scans
