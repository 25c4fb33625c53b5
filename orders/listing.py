"""What the newest whole list of a source no longer has: lines, parcels and refunds that somebody took off. Pure.

Some platforms send an order whole each time, and what was deleted is only missing then.
"""

from orders.facts import HeaderFacts, Kind, LineFacts, RefundFacts, ShipmentFacts
from orders.merging import Known

_LISTS = {Kind.LINE: "line_ids", Kind.SHIPMENT: "parcel_ids", Kind.REFUND: "refund_ids"}


def taken_off(known: Known, kind: Kind, header: HeaderFacts) -> frozenset[str]:
    """The ids that came as part of such a list (`listed`), and are not in a newer one."""
    ids = getattr(header, _LISTS[kind])
    told = known.entities.get((Kind.HEADER, ""), {}).get(_LISTS[kind])
    if ids is None or told is None:
        return frozenset()
    listed = {
        name: fields["listed"]
        for (which, name), fields in known.entities.items()
        if which is kind and "listed" in fields
    }
    return frozenset(name for name, one in listed.items() if name not in ids and one.version < told.version)


def lines_left(known: Known, header: HeaderFacts) -> dict[str, LineFacts]:
    """All lines; of one that was taken off nothing is wanted any more."""
    gone = taken_off(known, Kind.LINE, header)
    lines = known.views(Kind.LINE, LineFacts)
    return lines | {name: lines[name].model_copy(update={"quantity_cancelled": lines[name].quantity}) for name in gone}


def parcels_left(known: Known, header: HeaderFacts) -> dict[str, ShipmentFacts]:
    """All parcels; one whose number was taken off the order is cancelled."""
    gone = taken_off(known, Kind.SHIPMENT, header)
    parcels = known.views(Kind.SHIPMENT, ShipmentFacts)
    return parcels | {name: parcels[name].model_copy(update={"cancelled": True}) for name in gone}


def refunds_left(known: Known, header: HeaderFacts) -> dict[str, RefundFacts]:
    """All refunds but those that were deleted, unless a gateway has paid them, and those that nobody granted."""
    gone = taken_off(known, Kind.REFUND, header)
    refunds = known.views(Kind.REFUND, RefundFacts)
    return {name: r for name, r in refunds.items() if not r.withdrawn and (name not in gone or r.payment)}
