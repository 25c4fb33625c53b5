"""Writing the parcels of an order and their scans into rows."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from tortoise.models import Model

from core.events import Event
from core.ids import new_id
from core.text import reference
from orders.deriving import Picture
from orders.events import ParcelMoved
from orders.facts import stamp
from orders.models import Order, Shipment, TrackingEvent
from orders.parcels import Parcel
from orders.statuses import ParcelState


@dataclass(frozen=True, slots=True)
class Written:
    """Whether rows changed, and what there is to tell."""

    changed: bool
    news: tuple[Event, ...]


async def write_parcels(order: Order, picture: Picture, *, is_new: bool = False) -> Written:
    """Bring the parcels to `picture`; each new state is news. A new order has no rows to look for."""
    rows = {} if is_new else {row.source_id: row for row in await Shipment.filter(order_id=order.id)}
    known = await _digests(order) if rows else {}
    changed, news = _adopt(rows, picture), []
    for source_id, parcel in picture.parcels.items():
        row = rows.get(source_id) or Shipment(order_id=order.id, source_id=source_id, public_id=new_id("par"))
        before = row.state if source_id in rows else ParcelState.PENDING
        touched = assign(row, _parcel_values(parcel))
        if touched or source_id not in rows:
            await row.save()
            changed = True
        changed |= await _write_scans(row, parcel, known.get(row.id, set()))
        if row.state != before:
            which = {"order_id": order.id, "shop_id": order.shop_id, "shipment_id": row.id}
            news.append(ParcelMoved(**which, state=row.state))
    for source_id in rows.keys() - picture.parcels.keys():
        row = rows[source_id]
        changed |= not row.cancelled
        row.cancelled = True
        await row.save()
    return Written(changed, tuple(news))


def _adopt(rows: dict[str, Shipment], picture: Picture) -> bool:
    """A parcel that the carrier named first is the same row when the shop names it."""
    changed = False
    for source_id, parcel in picture.parcels.items():
        key = reference(parcel.facts.tracking_number or "")
        fits = [name for name, row in rows.items() if key and row.tracking_key == key and name not in picture.parcels]
        if source_id not in rows and fits:
            row = rows[source_id] = rows.pop(fits[0])
            row.source_id, changed = source_id, True
    return changed


def _parcel_values(parcel: Parcel) -> dict[str, Any]:
    facts = parcel.facts
    pickup = {"point": facts.pickup_point, "code": facts.pickup_code}
    until = {"until": stamp(facts.pickup_until)} if facts.pickup_until else {}
    number = facts.tracking_number or ""
    return {
        "direction": facts.direction or "outbound",
        "carrier": facts.carrier or "",
        "tracking_number": number,
        "tracking_key": reference(number),
        "tracking_url": facts.tracking_url or "",
        "lines": [list(part) for part in facts.lines or ()],
        "state": parcel.state.value,
        "substate": parcel.substate,
        "cancelled": bool(facts.cancelled),
        "label_at": parcel.label_at,
        "first_scan_at": parcel.first_scan_at,
        "out_for_delivery_at": parcel.out_for_delivery_at,
        "delivered_at": parcel.delivered_at,
        "last_event_at": parcel.last_event_at,
        "eta_from": facts.eta_from,
        "eta_to": facts.eta_to,
        "pickup": {name: value for name, value in pickup.items() if value} | until,
        "signed_by": facts.signed_by or "",
    }


async def _digests(order: Order) -> dict[int, set[str]]:
    """The scans that are stored, by parcel."""
    known: dict[int, set[str]] = defaultdict(set)
    for row in await TrackingEvent.filter(shipment__order_id=order.id).values("shipment_id", "digest"):
        known[row["shipment_id"]].add(row["digest"])
    return known


async def _write_scans(row: Shipment, parcel: Parcel, known: set[str]) -> bool:
    """Scans are never changed: a correction of the carrier is a scan of its own. Those of another parcel go."""
    foreign = known - set(parcel.scans)
    if foreign:
        await TrackingEvent.filter(shipment_id=row.id, digest__in=list(foreign)).delete()
    fresh = [
        TrackingEvent(
            shipment_id=row.id,
            digest=digest,
            at=scan.at,
            received_at=scan.received_at,
            code=scan.code,
            state=scan.state.value if scan.state else "",
            text=scan.text,
            location=scan.location,
        )
        for digest, scan in parcel.scans.items()
        if digest not in known
    ]
    if fresh:
        await TrackingEvent.bulk_create(fresh)
    return bool(fresh or foreign)


def assign(row: Model, values: dict[str, Any]) -> bool:
    """Set what differs and tell whether anything did."""
    different = {name: value for name, value in values.items() if getattr(row, name, None) != value}
    for name, value in different.items():
        setattr(row, name, value)
    return bool(different)
