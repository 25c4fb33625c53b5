"""What a page has shown of orders, and what has become different since, as far as it matters to a customer.

A sight travels with the page and comes back with what is written there. Headline, promised time, parcels and refunds
count; a version that changed none of them is no difference.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.errors import Invalid, NotFound
from core.sql import fetch
from orders.access import Viewer, order_in_view
from orders.models import Order
from orders.snapshots import OrderSnapshot, ParcelSnapshot, snapshot

MOST_SIGHTS = 50
_VERSIONS = "SELECT public_id, version FROM shop_order WHERE shop_id IN ({shops}) AND public_id IN ({orders})"
_ALWAYS = ("headline", "promise")  # what a row alone says


@dataclass(frozen=True, slots=True)
class Sight:
    """One order as somebody saw it. `facts` are by thing ("headline", "promise", "parcel …", "refund …"); without any,
    every newer version counts as different. `whole`: parcels and refunds were seen, too."""

    version: int
    facts: Mapping[str, str] = field(default_factory=dict)
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Difference:
    """What a thing was when it was seen, and what it is now; "": it was not there, or nobody knows."""

    kind: str  # headline · promise · parcel · refund · version
    name: str  # of the parcel or refund, as people call it
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ChangedOrder:
    """An order that is not what it was when it was seen, and how it is seen now."""

    order_id: str
    number: str
    sight: Sight
    differences: tuple[Difference, ...]

    def as_data(self) -> dict[str, Any]:
        """For an error's data."""
        changes = [{"kind": d.kind, "name": d.name, "before": d.before, "after": d.after} for d in self.differences]
        return {"order": self.order_id, "number": self.number, "sight": _data(self.sight), "changes": changes}


def sight_of(picture: OrderSnapshot) -> Sight:
    """What whoever looks at this picture sees."""
    facts = {
        "headline": picture.headline.value,
        "promise": _promise(picture.promised_ship_by, picture.promised_from, picture.promised_to),
    }
    facts |= {f"parcel {parcel.parcel_id}": _parcel(parcel) for parcel in picture.parcels}
    refunds = {f"refund {r.refund_id}": f"{r.state} {r.amount.amount} {r.amount.currency}" for r in picture.refunds}
    return Sight(picture.version, facts | refunds)


def glance_at(order: Order) -> Sight:
    """What a list shows of an order: no parcels, no refunds."""
    promise = _promise(order.promised_ship_by, order.promised_from, order.promised_to)
    return Sight(order.version, {"headline": order.headline, "promise": promise}, whole=False)


def write_sights(sights: Mapping[str, Sight]) -> str:
    """The text that a page carries; `read_sights` reads it."""
    return json.dumps(as_data(sights), separators=(",", ":"))


def as_data(sights: Mapping[str, Sight]) -> dict[str, Any]:
    """What `write_sights` writes, as JSON."""
    return {order_id: _data(sight) for order_id, sight in sights.items()}


def read_sights(text: str) -> dict[str, Sight]:
    """Sights by public id, from what came back. A bare number is a version. Raises Invalid (bad_sights)."""
    try:
        return from_data(json.loads(text or "{}"))
    except (ValueError, RecursionError) as error:
        raise Invalid("these are no sights of orders", code="bad_sights") from error


def from_data(found: Any) -> dict[str, Sight]:
    """What `as_data` gave. Raises Invalid (bad_sights)."""
    try:
        if len(found) > MOST_SIGHTS:
            raise ValueError("too many")
        return {str(order_id): _sight(data) for order_id, data in found.items()}
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise Invalid("these are no sights of orders", code="bad_sights") from error


async def changed_since(viewer: Viewer, seen: Mapping[str, Sight]) -> list[ChangedOrder]:
    """The orders among `seen` (by public id) that are different now. One statement while none has a newer version;
    reading one that has is a look, and audited. What is not in view is passed over."""
    if not seen:
        return []
    rows = await fetch(_VERSIONS, shops=list(viewer.shop_ids), orders=list(seen))
    changed = []
    for order_id in (row["public_id"] for row in rows if row["version"] > seen[row["public_id"]].version):
        try:
            order = await order_in_view(viewer, order_id, "reply")
        except NotFound:
            continue
        picture = await snapshot(order)
        if differences := differences_between(seen[order_id], picture):
            changed.append(ChangedOrder(order_id, order.number, sight_of(picture), differences))
    return changed


def differences_between(seen: Sight, picture: OrderSnapshot) -> tuple[Difference, ...]:
    """What is different now, the headline first. Pure."""
    now = sight_of(picture)
    if not seen.facts:
        moved = now.version > seen.version
        return (Difference("version", "", str(seen.version), str(now.version)),) if moved else ()
    names = {f"parcel {p.parcel_id}": f"{p.carrier} {p.tracking_number}".strip() for p in picture.parcels}
    things = [thing for thing in {**now.facts, **seen.facts} if seen.whole or thing in _ALWAYS]
    things.sort(key=lambda thing: (_ALWAYS.index(thing) if thing in _ALWAYS else len(_ALWAYS), thing))
    return tuple(
        Difference(thing.partition(" ")[0], names.get(thing, ""), seen.facts.get(thing, ""), now.facts.get(thing, ""))
        for thing in things
        if seen.facts.get(thing, "") != now.facts.get(thing, "")
    )


def _data(sight: Sight) -> dict[str, Any]:
    return {"v": sight.version, "f": dict(sight.facts), "w": int(sight.whole)}


def _sight(data: Any) -> Sight:
    if isinstance(data, int):
        return Sight(data)
    facts = {str(thing): str(value) for thing, value in data.get("f", {}).items()}
    return Sight(int(data["v"]), facts, bool(data.get("w", True)))


def _promise(*moments: datetime | None) -> str:
    return " ".join(moment.isoformat() if moment else "-" for moment in moments)


def _parcel(parcel: ParcelSnapshot) -> str:
    until = parcel.eta_to.isoformat() if parcel.eta_to else "-"
    return f"{parcel.state.value} {until} {parcel.pickup_point}".rstrip()
