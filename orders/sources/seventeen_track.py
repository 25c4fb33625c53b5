"""17TRACK's pushes, API v2 to v2.4 (asset.17track.net/api/document). Pure.

The header `sign` is the SHA-256 of "body/key": no HMAC, but nobody without the key can make it.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from core.errors import Malformed, Unauthenticated
from orders.facts import Version, stamp
from orders.handles import tracking
from orders.sources.reading import Delivery, Reading, load, mapping, objects, offset_of, text, when
from orders.sources.tracing import Scan, days, parcel_facts, place, stated
from orders.statuses import ParcelState

NAME = "17track"
SECRETS = "17track"

STATUSES: Mapping[str, ParcelState] = {
    "notfound": ParcelState.PENDING,
    "inforeceived": ParcelState.INFO_RECEIVED,
    "intransit": ParcelState.IN_TRANSIT,
    "outfordelivery": ParcelState.OUT_FOR_DELIVERY,
    "availableforpickup": ParcelState.AVAILABLE_FOR_PICKUP,
    "delivered": ParcelState.DELIVERED,
    "deliveryfailure": ParcelState.FAILED_ATTEMPT,
    "exception": ParcelState.EXCEPTION,
    "expired": ParcelState.EXPIRED,
}
SUB_STATUSES: Mapping[str, ParcelState] = {
    "exception_returning": ParcelState.RETURNING,
    "exception_returned": ParcelState.RETURNED,
    "intransit_customsrequiringinformation": ParcelState.EXCEPTION,
}
STAGES: Mapping[str, ParcelState] = {
    "inforeceived": ParcelState.INFO_RECEIVED,
    "pickedup": ParcelState.IN_TRANSIT,
    "departure": ParcelState.IN_TRANSIT,
    "arrival": ParcelState.IN_TRANSIT,
    "availableforpickup": ParcelState.AVAILABLE_FOR_PICKUP,
    "outfordelivery": ParcelState.OUT_FOR_DELIVERY,
    "delivered": ParcelState.DELIVERED,
    "returning": ParcelState.RETURNING,
    "returned": ParcelState.RETURNED,
}


def verify(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, _now: datetime) -> None:
    """Check the digest against each key. Raises Unauthenticated(bad_signature)."""
    given = headers.get("sign", "").strip().lower().encode()
    matches = [hmac.compare_digest(given, sign(secret, body).encode()) for secret in secrets[:4] if secret]
    if not any(matches):
        raise Unauthenticated("the signature does not fit the body", code="bad_signature")


def sign(key: str, body: bytes) -> str:
    """The value of the `sign` header."""
    return hashlib.sha256(body + b"/" + key.encode()).hexdigest()


def topic(_headers: Mapping[str, str]) -> str:
    return "tracking"


def delivery_key(_headers: Mapping[str, str], body: bytes) -> str:
    """Number, carrier, time of the newest event and sub-status; a push that says more than those is another one."""
    try:
        payload = load(body)
    except Malformed:
        return hashlib.sha256(body).hexdigest()
    data = mapping(payload.get("data"))
    info = mapping(data.get("track_info"))
    newest, status = mapping(info.get("latest_event")), mapping(info.get("latest_status"))
    metrics = mapping(info.get("time_metrics"))
    more = [metrics.get("estimated_delivery_date"), info.get("milestone"), [list(_events(p)) for p in _providers(info)]]
    parts = [
        payload.get("event"),
        data.get("number"),
        data.get("carrier"),
        newest.get("time_utc"),
        status.get("status"),
        status.get("sub_status"),
        more,
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def order_reference(_topic: str, body: bytes) -> str | None:
    """The parcel's handle: deliveries about it are folded one after the other."""
    try:
        handle = tracking(text(mapping(load(body).get("data")).get("number")))
    except Malformed:
        return None
    return str(handle) if handle else None


def read(delivery: Delivery) -> Reading:
    """Read a push. Raises Malformed or Invalid when it can never be read."""
    payload = load(delivery.body)
    data = mapping(payload.get("data"))
    info = mapping(data.get("track_info"))
    if not text(data.get("number")) or not info:
        return Reading(ignored=f"{text(payload.get('event'))[:40] or 'a push'} without a trace")
    warnings: list[str] = []
    version = _version(delivery, info)
    facts = _parcel(delivery, info, warnings)
    scans = _scans(delivery, info, warnings)
    told_to = text(data.get("tag"))
    number = text(data["number"])
    return Reading(parcel_facts(delivery, number, facts, scans, version, told_to=told_to, warnings=warnings))


def _version(delivery: Delivery, info: dict[str, Any]) -> Version:
    """The newest event, or the later time at which 17TRACK last looked: a parcel expires without an event."""
    newest = _at(delivery, mapping(info.get("latest_event")))
    synced = [when(provider.get("latest_sync_time"), "UTC") for provider in _providers(info)]
    times = [at for at in (newest, *synced) if at is not None]
    return Version(max(times, default=delivery.received_at), stamp(newest) if newest else "", delivery.digest())


def _parcel(delivery: Delivery, info: dict[str, Any], warnings: list[str]) -> dict[str, Any]:
    status = mapping(info.get("latest_status"))
    main, sub = text(status.get("status")), text(status.get("sub_status"))
    carriers = [text(mapping(provider.get("provider")).get("name")) for provider in _providers(info)]
    facts: dict[str, Any] = {"carrier": next((name for name in carriers if name), "")}
    facts |= stated(_state(main, sub), main, sub or main, warnings)
    estimate = mapping(mapping(info.get("time_metrics")).get("estimated_delivery_date"))
    spans = [days(estimate.get(end), delivery.timezone) for end in ("from", "to")]
    if known := [span for span in spans if span]:
        facts["eta_from"], facts["eta_to"] = known[0][0], known[-1][1]
    return facts


def _scans(delivery: Delivery, info: dict[str, Any], warnings: list[str]) -> list[Scan]:
    """All events of all carriers on the way; a push without them has at least the newest one and the milestones."""
    scans = [
        scan
        for provider in _providers(info)
        for event in _events(provider)
        if (scan := _scan(delivery, event, warnings))
    ]
    if scans:
        return scans
    newest = _scan(delivery, mapping(info.get("latest_event")), warnings)
    stages = [_milestone(delivery, stage) for stage in objects(info.get("milestone"))]
    return [scan for scan in (newest, *stages) if scan is not None]


def _scan(delivery: Delivery, event: dict[str, Any], warnings: list[str]) -> Scan | None:
    at = _at(delivery, event)
    if at is None:
        return None
    sub, stage = text(event.get("sub_status")), text(event.get("stage"))
    state = _state(sub.partition("_")[0], sub) if sub else STAGES.get(stage.lower())
    if sub and state is None:
        warnings.append(f"sub_status={sub[:40]}")
    address = mapping(event.get("address"))
    where = text(event.get("location")) or place(address.get("city"), address.get("state"), address.get("country"))
    words = text(event.get("description"))
    return Scan(raw=stamp(at), at=at, state=state, code=sub or stage, text=words, location=where, offset=_offset(event))


def _milestone(delivery: Delivery, stage: dict[str, Any]) -> Scan | None:
    at, code = _at(delivery, stage), text(stage.get("key_stage"))
    return Scan(raw=stamp(at), at=at, state=STAGES.get(code.lower()), code=code, offset=_offset(stage)) if at else None


def _at(delivery: Delivery, event: dict[str, Any]) -> datetime | None:
    return when(event.get("time_utc"), "UTC") or when(event.get("time_iso"), delivery.timezone)


def _offset(event: dict[str, Any]) -> str:
    return (
        offset_of(event["time_utc"], "source") if text(event.get("time_utc")) else offset_of(event["time_iso"], "shop")
    )


def _providers(info: dict[str, Any]) -> list[dict[str, Any]]:
    return objects(mapping(info.get("tracking")).get("providers"))


def _events(provider: dict[str, Any]) -> list[dict[str, Any]]:
    return objects(provider.get("events"))


def _state(main: str, sub: str) -> ParcelState | None:
    return SUB_STATUSES.get(sub.lower()) or STATUSES.get(main.lower())
