"""What is stored beneath many orders, read with a constant number of statements."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from core.events import Event
from core.sql import Program, query
from orders.tables import DISPUTES, LINES, PAYMENTS, REFUNDS, SHIPMENTS, Row

_SCANS = (
    "SELECT e.id, e.shipment_id, e.digest FROM tracking_event AS e JOIN shipment AS s ON s.id = e.shipment_id"
    " WHERE s.order_id IN ({orders})"
)

_BENEATH = {
    "lines": LINES,
    "payments": PAYMENTS,
    "shipments": SHIPMENTS,
    "refunds": REFUNDS,
    "disputes": DISPUTES,
}

News = Callable[[dict[str, int]], Event]  # makes the event of the ids of order and shop, once the rows have theirs


@dataclass(frozen=True, slots=True)
class Stored:
    """The rows of one order by source id, and the scans of its parcels by parcel and digest."""

    lines: dict[str, Row] = field(default_factory=dict)
    payments: dict[str, Row] = field(default_factory=dict)
    shipments: dict[str, Row] = field(default_factory=dict)
    refunds: dict[str, Row] = field(default_factory=dict)
    disputes: dict[str, Row] = field(default_factory=dict)
    scans: dict[int, dict[str, Row]] = field(default_factory=lambda: defaultdict(dict))


@dataclass(frozen=True, slots=True)
class Written:
    """Whether rows changed, and what there is to tell."""

    changed: bool
    news: tuple[News, ...]


def read_stored(order_ids: Sequence[int]) -> Program[dict[int | None, Stored]]:
    """The rows of these orders, by order."""
    found: dict[int | None, Stored] = {order_id: Stored() for order_id in order_ids}
    if not order_ids:
        return found
    for name, table in _BENEATH.items():
        for row in (yield from table.read("order_id IN ({orders}) ORDER BY id", orders=order_ids)):
            getattr(found[row["order_id"]], name)[row["source_id"]] = row
    parcels = {row["id"]: stored for stored in found.values() for row in stored.shipments.values()}
    for row in (yield query(_SCANS, orders=order_ids)) if parcels else ():
        parcels[row["shipment_id"]].scans[row["shipment_id"]][row["digest"]] = row
    return found
