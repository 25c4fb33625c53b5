"""AfterShip's tracking webhooks (aftership.com/docs/tracking, versions 2023-10 to 2026-07, and the legacy v4). Pure.

Base64 HMAC-SHA256 of the raw body. `msg` is the whole tracking; `ts` says which of two is newer.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timezone
from typing import Any

from core.errors import Invalid, Malformed, Unauthenticated
from orders.facts import Version, stamp
from orders.handles import tracking
from orders.sources.reading import Delivery, Reading, load, mapping, objects, text, when
from orders.sources.tracing import Scan, days, nearest_offset, parcel_facts, place, stated
from orders.statuses import ParcelState

NAME = "aftership"
SECRETS = "aftership"
_SIGNATURES = ("aftership-hmac-sha256", "as-signature-hmac-sha256", "am-webhook-signature")

TAGS: Mapping[str, ParcelState] = {
    "pending": ParcelState.PENDING,
    "inforeceived": ParcelState.INFO_RECEIVED,
    "intransit": ParcelState.IN_TRANSIT,
    "outfordelivery": ParcelState.OUT_FOR_DELIVERY,
    "availableforpickup": ParcelState.AVAILABLE_FOR_PICKUP,
    "delivered": ParcelState.DELIVERED,
    "attemptfail": ParcelState.FAILED_ATTEMPT,
    "exception": ParcelState.EXCEPTION,
    "expired": ParcelState.EXPIRED,
}
SUBTAGS: Mapping[str, ParcelState] = {
    "exception_010": ParcelState.RETURNING,  # returning to sender
    "exception_011": ParcelState.RETURNED,  # returned to sender
}


def verify(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, _now: datetime) -> None:
    """Check the HMAC of the raw body against each secret. Raises Unauthenticated(bad_signature)."""
    given = next((headers[name] for name in _SIGNATURES if headers.get(name)), "").removeprefix("hmac-sha256=")
    matches = [hmac.compare_digest(given.encode(), sign(secret, body).encode()) for secret in secrets[:4] if secret]
    if not any(matches):
        raise Unauthenticated("the signature does not fit the body", code="bad_signature")


def sign(secret: str, body: bytes) -> str:
    """The value of the signature header."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def topic(headers: Mapping[str, str]) -> str:
    return f"tracking {headers.get('as-webhook-version', '')}".strip()[:120]


def delivery_key(_headers: Mapping[str, str], body: bytes) -> str:
    """The event's UUID, which is the same in every try."""
    try:
        name = text(load(body).get("event_id"))
    except Malformed:
        name = ""
    return name if 0 < len(name) <= 190 else hashlib.sha256(body).hexdigest()


def order_reference(_topic: str, body: bytes) -> str | None:
    """The parcel's handle: deliveries about it are folded one after the other."""
    try:
        handle = tracking(text(_tracking(load(body)).get("tracking_number")))
    except Malformed:
        return None
    return str(handle) if handle else None


def read(delivery: Delivery) -> Reading:
    """Read a delivery. Raises Malformed or Invalid when it can never be read."""
    payload = load(delivery.body)
    msg = _tracking(payload)
    if not text(msg.get("tracking_number")):
        return Reading(ignored="no parcel is named")
    told_at = _told_at(payload, msg, delivery)
    updated = when(msg.get("updated_at"), delivery.timezone)
    version = Version(told_at, stamp(updated) if updated else "", delivery.digest())
    warnings: list[str] = []
    facts = _parcel(delivery, msg, warnings)
    scans = _scans(delivery, objects(msg.get("checkpoints")), told_at, warnings)
    told_to = text(msg.get("order_number")) or text(msg.get("order_id"))
    number = text(msg["tracking_number"])
    return Reading(parcel_facts(delivery, number, facts, scans, version, told_to=told_to, warnings=warnings))


def _tracking(payload: dict[str, Any]) -> dict[str, Any]:
    """The tracking in a webhook (`msg`), or in an answer of the API (`data.tracking`)."""
    data = mapping(payload.get("data"))
    return mapping(payload.get("msg")) or mapping(data.get("tracking")) or data


def _told_at(payload: dict[str, Any], msg: dict[str, Any], delivery: Delivery) -> datetime:
    ts = text(payload.get("ts"))
    if ts:
        try:
            return datetime.fromtimestamp(int(ts), UTC)
        except (ValueError, OverflowError, OSError):
            raise Invalid("ts is not a time", code="bad_time", value=ts[:40]) from None
    return when(msg.get("updated_at") or msg.get("last_updated_at"), delivery.timezone) or delivery.received_at


def _parcel(delivery: Delivery, msg: dict[str, Any], warnings: list[str]) -> dict[str, Any]:
    tag, subtag, zone = text(msg.get("tag")), text(msg.get("subtag")), delivery.timezone
    facts: dict[str, Any] = {"carrier": text(msg.get("slug"))}
    facts |= stated(_state(tag, subtag), tag, subtag or tag, warnings)
    if text(msg.get("signed_by")):
        facts["signed_by"] = text(msg["signed_by"])
    if link := text(msg.get("courier_tracking_link")):
        facts["tracking_url"] = link if link.startswith(("http://", "https://")) else ""
    if text(msg.get("pickup_location")):
        facts["pickup_point"] = text(msg["pickup_location"])
    if expected := _expected(msg, zone):
        facts["eta_from"], facts["eta_to"] = expected
    return facts


def _expected(msg: dict[str, Any], zone: str) -> tuple[datetime, datetime] | None:
    """The newest estimate, then the carrier's, then the plain date of older versions."""
    latest = mapping(msg.get("latest_estimated_delivery"))
    courier = mapping(msg.get("courier_estimated_delivery_date"))
    pairs = (
        (latest.get("datetime_min") or latest.get("datetime"), latest.get("datetime_max") or latest.get("datetime")),
        (
            courier.get("estimated_delivery_date_min") or courier.get("estimated_delivery_date"),
            courier.get("estimated_delivery_date_max") or courier.get("estimated_delivery_date"),
        ),
        (msg.get("expected_delivery"), msg.get("expected_delivery")),
    )
    for start, end in pairs:
        first, last = days(start, zone), days(end, zone)
        if first and last:
            return first[0], last[1]
    return None


def _scans(delivery: Delivery, checkpoints: list[dict[str, Any]], told_at: datetime, warnings: list[str]) -> list[Scan]:
    raws = [text(checkpoint.get("checkpoint_time")) for checkpoint in checkpoints]
    with_offset = [at for at in map(_parsed, raws) if at is not None and at.tzinfo is not None]
    scans = []
    for raw, checkpoint in zip(raws, checkpoints, strict=True):
        if not raw:
            continue
        tag, subtag = text(checkpoint.get("tag")), text(checkpoint.get("subtag"))
        state = _state(tag, subtag)
        if tag and state is None:
            warnings.append(f"checkpoint tag={tag[:40]}")
        at, offset = _at(delivery, raw, with_offset, told_at)
        scans.append(
            Scan(
                raw=raw,
                at=at,
                state=state,
                code=subtag or tag,
                text=text(checkpoint.get("message")),
                location=text(checkpoint.get("location")) or _where(checkpoint),
                offset=offset,
            )
        )
    return scans


def _at(delivery: Delivery, raw: str, with_offset: list[datetime], told_at: datetime) -> tuple[datetime, str]:
    """A time without an offset is local to the scan: read as the nearest scan that has one, else as the shop's.

    AfterShip cannot have told of a scan before it happened, so a guess may not be later than that.
    """
    parsed = _parsed(raw)
    if parsed is None or parsed.tzinfo is not None:
        return when(raw, delivery.timezone) or told_at, ""
    neighbour = nearest_offset(raw, with_offset)
    if neighbour is not None:
        return min(parsed.replace(tzinfo=timezone(neighbour)).astimezone(UTC), told_at), "trace"
    return min(when(raw, delivery.timezone) or told_at, told_at), "shop"


def _parsed(raw: str) -> datetime | None:
    try:
        return datetime.fromisoformat(raw)
    except ValueError:
        return None


def _where(checkpoint: dict[str, Any]) -> str:
    country = checkpoint.get("country_region_name") or checkpoint.get("country_name")
    country = country or checkpoint.get("country_region") or checkpoint.get("country_iso3")
    return place(checkpoint.get("city"), checkpoint.get("state"), country)


def _state(tag: str, subtag: str) -> ParcelState | None:
    return SUBTAGS.get(subtag.lower()) or TAGS.get(tag.lower())
