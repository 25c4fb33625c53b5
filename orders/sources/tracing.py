"""What tracking services share: a parcel that is known by its number alone, its scans, and days of arrival. Pure."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core.clock import utc
from core.errors import Invalid
from orders.facts import Kind, OrderFacts, ScanFacts, ShipmentFacts, Statement, Version
from orders.handles import number, told_of, tracking
from orders.sources.reading import Delivery, text
from orders.statuses import ParcelState

MOST_SCANS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One scan: `raw` is the time as the service wrote it, which names the scan however it was read."""

    raw: str
    at: datetime
    state: ParcelState | None
    code: str = ""
    text: str = ""
    location: str = ""
    offset: str = ""


def parcel_facts(
    delivery: Delivery,
    tracking_number: str,
    facts: dict[str, Any],
    scans: Sequence[Scan],
    version: Version,
    *,
    told_to: str = "",
    warnings: Iterable[str] = (),
) -> tuple[OrderFacts, ...]:
    """What a service says about one parcel. `told_to` is the order's number as the shop has told it to the service.

    Raises Invalid when there is no tracking number.
    """
    handle = tracking(tracking_number)
    if handle is None:
        raise Invalid("a parcel without a tracking number", code="bad_tracking_number")
    stated = ShipmentFacts(tracking_number=tracking_number, **facts)
    statements = [
        Statement(Kind.SHIPMENT, str(handle), stated, version),
        *(_scan(delivery, str(handle), scan, version) for scan in scans[:MOST_SCANS]),
    ]
    return told_of(handle, statements, [number(told_to)], version, warnings)


def days(value: Any, zone: str) -> tuple[datetime, datetime] | None:
    """When something is expected: a date is the whole day there, a time is a time. None for null; raises Invalid."""
    raw = text(value)
    if not raw:
        return None
    try:
        at = datetime.fromisoformat(raw)
        local = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))
        is_day = len(raw) == len("2026-03-06")
        until = datetime.combine(local.date(), time(23, 59, 59), local.tzinfo) if is_day else local
        return utc(local), utc(until)
    except (ValueError, OverflowError):
        raise Invalid("not a time", code="bad_time", value=raw[:40]) from None


def stated(state: ParcelState | None, word: str, substate: str, warnings: list[str]) -> dict[str, Any]:
    """The service's word for where a parcel is. One that we do not know is kept, and moves nothing."""
    if not word:
        return {}
    if state is None:
        warnings.append(f"status={word[:40]}")
        return {"unknown": {"status": word}, "substate": substate}
    return {"state": state, "substate": substate, "unknown": {}}


def place(*parts: Any) -> str:
    return ", ".join(part for part in map(text, parts) if part)


def nearest_offset(raw: str, others: Iterable[datetime]) -> timedelta | None:
    """The offset of the neighbour in time that has one, for a local time without."""
    try:
        local = datetime.fromisoformat(raw)
    except ValueError:
        return None
    known = [(abs(other.replace(tzinfo=None) - local), other.utcoffset()) for other in others if other.tzinfo]
    return min(known, key=lambda pair: pair[0])[1] if known and local.tzinfo is None else None


def _scan(delivery: Delivery, parcel: str, scan: Scan, version: Version) -> Statement:
    name = hashlib.sha256("\x00".join((parcel, scan.raw, scan.code, scan.text)).encode()).hexdigest()[:40]
    facts = ScanFacts(
        shipment=parcel,
        at=scan.at,
        received_at=delivery.received_at,
        offset=scan.offset,
        raw=scan.raw,
        code=scan.code,
        state=scan.state,
        text=scan.text,
        location=scan.location,
    )
    return Statement(Kind.SCAN, name, facts, version)
