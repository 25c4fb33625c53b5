"""Writing the parcels of an order and their scans into rows."""

from typing import Any

from core.events import Event
from core.ids import new_id
from core.text import reference
from orders.deriving import Picture
from orders.events import ParcelMoved
from orders.facts import stamp
from orders.ledger import Ledger
from orders.parcels import Parcel
from orders.statuses import ParcelState
from orders.stored import News, Stored, Written
from orders.tables import SCANS, SHIPMENTS, Row, assign


def write_parcels(order: Row, picture: Picture, stored: Stored, ledger: Ledger) -> Written:
    """Bring the parcels to `picture`; each new state is news."""
    rows = dict(stored.shipments)
    renamed, news = _adopt(rows, picture), list[News]()
    changed = bool(renamed)
    for source_id, parcel in picture.parcels.items():
        row, before, values = rows.get(source_id), ParcelState.PENDING.value, _parcel_values(parcel)
        if row is None:
            row = SHIPMENTS.new(source_id=source_id, public_id=new_id("par"), **values)
            ledger.add(SHIPMENTS, row, order_id=order)
            changed = True
        else:
            before = row["state"]
            if assign(row, values) or source_id in renamed:
                ledger.change(SHIPMENTS, row, [*values, "source_id"])
                changed = True
        changed |= _write_scans(row, parcel, stored, ledger)
        if row["state"] != before:
            news.append(_moved(row))
    for source_id, row in rows.items():
        if source_id not in picture.parcels and not row["cancelled"]:
            row["cancelled"], changed = True, True
            ledger.change(SHIPMENTS, row, ["cancelled"])
    return Written(changed, tuple(news))


def _adopt(rows: dict[str, Row], picture: Picture) -> set[str]:
    """A parcel that the carrier named first is the same row when the shop names it."""
    renamed = set()
    for source_id, parcel in picture.parcels.items():
        key = reference(parcel.facts.tracking_number or "")
        fits = [n for n, row in rows.items() if key and row["tracking_key"] == key and n not in picture.parcels]
        if source_id not in rows and fits:
            row = rows[source_id] = rows.pop(fits[0])
            row["source_id"] = source_id
            renamed.add(source_id)
    return renamed


def _moved(row: Row) -> News:
    state = row["state"]

    def tell(which: dict[str, int]) -> Event:
        return ParcelMoved(**which, shipment_id=row["id"], state=state)

    return tell


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


def _write_scans(row: Row, parcel: Parcel, stored: Stored, ledger: Ledger) -> bool:
    """Scans are never changed: a correction of the carrier is a scan of its own. Those of another parcel go."""
    known = stored.scans.get(row["id"], {})
    foreign = [scan for digest, scan in known.items() if digest not in parcel.scans]
    ledger.remove(SCANS, foreign)
    fresh = {digest: scan for digest, scan in parcel.scans.items() if digest not in known}
    for digest, scan in fresh.items():
        made = SCANS.new(
            digest=digest,
            at=scan.at,
            received_at=scan.received_at,
            code=scan.code,
            state=scan.state.value if scan.state else "",
            text=scan.text,
            location=scan.location,
            at_raw=scan.raw,
            at_offset=scan.offset[:16],
        )
        ledger.add(SCANS, made, shipment_id=row)
    return bool(fresh or foreign)
