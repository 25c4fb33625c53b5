"""Where the units of an order are, by its rows and by what was decided about them; and what its shop is asked with."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from core.shops import Shop
from orders.claims.models import DONE, Claim
from orders.claims.rules import LineStand, Units, What
from orders.claims.shop_actions import Action
from orders.models import Connection, Order, OrderLine, Shipment
from orders.statuses import NOT_LEFT, Fulfilment, ParcelState

SIMULATOR, MANUAL = "simulator", "manual"
WHOLE_ONLY = frozenset({"shopify", "woocommerce"})  # single units are taken off by a person
_LABEL_ONLY = frozenset({ParcelState.PENDING, ParcelState.INFO_RECEIVED, ParcelState.EXPIRED})
_WHOLE = ""  # stands for all lines of an order whose lines nobody has told


async def stands_of(order: Order) -> list[LineStand]:
    """The lines of an order. Units of a cancellation that is done count as cancelled before the shop tells of it."""
    lines = await OrderLine.filter(order_id=order.id).order_by("position", "id")
    parcels = await Shipment.filter(order_id=order.id, direction="outbound", cancelled=False)
    waiting = [parcel for parcel in parcels if _is_label(parcel)]
    if not lines:
        left = Fulfilment(order.fulfilment) not in NOT_LEFT
        return [LineStand(line=_WHOLE, quantity=1, shipped=int(left), packed=len(waiting))]
    decided = await decided_units(order.id)
    packed = _packed(waiting, lines)
    return [
        LineStand(
            line=line.source_id,
            quantity=line.quantity,
            cancelled=min(max(line.quantity_cancelled, decided[line.source_id]), line.quantity),
            shipped=line.quantity_shipped,
            delivered=line.quantity_delivered,
            packed=packed[line.source_id],
            ships=line.requires_shipping,
        )
        for line in lines
    ]


def stand_now(stands: Mapping[str, LineStand], line: str, units: int) -> LineStand:
    """Where the `units` of a line are that were claimed before: the order may have other lines since.

    A line that was taken off it is cancelled; a whole order without lines has left when anything has.
    """
    if line in stands:
        return stands[line]
    if line != _WHOLE:
        return LineStand(line=line, quantity=units, cancelled=units)
    left, off = any(each.shipped for each in stands.values()), not any(each.here for each in stands.values())
    return LineStand(line=line, quantity=1, shipped=int(left), cancelled=int(off and not left))


async def decided_units(order_id: int) -> Counter[str]:
    """Units by line that a claim of ours has cancelled, as long as nothing has said otherwise."""
    found: Counter[str] = Counter()
    for claim in await Claim.filter(order_id=order_id, what=What.CANCEL, state=DONE, contradicted_at__isnull=True):
        found.update(dict(units_of(claim.units)))
    return found


def units_of(stored: Sequence[Sequence[Any]]) -> Units:
    """Units as they are kept in a row."""
    return tuple((str(line), int(units)) for line, units in stored)


async def channel_of(shop: Shop, source: str) -> str:
    """By what the shop is told what to do: its platform, the simulator, or a person's hands."""
    if shop.demo:
        return SIMULATOR
    acts = await Connection.exists(shop_id=shop.id, platform=source, enabled=True, acts=True)
    return source if acts else MANUAL


async def action_of(claim: Claim) -> Action:
    """The wish towards the shop that a claim stands for."""
    order = await Order.get(id=claim.order_id).select_related("shop")
    channel = await channel_of(order.shop, order.source)
    connection = await Connection.get_or_none(shop_id=order.shop_id, platform=channel)
    return Action(
        key=claim.public_id,
        shop_id=order.shop_id,
        platform=channel,
        order_source_id=order.source_id,
        order_number=order.number,
        units=units_of(claim.units),
        whole=claim.whole,
        reason=claim.reason,
        reference=claim.reference,
        address_to=dict(claim.address),
        base=connection.address if connection else "",
        credentials=dict(connection.credentials) if connection else {},
    )


def _is_label(parcel: Shipment) -> bool:
    """A label exists, and no carrier has the parcel."""
    return parcel.first_scan_at is None and ParcelState(parcel.state) in _LABEL_ONLY


def _packed(waiting: Sequence[Shipment], lines: Sequence[OrderLine]) -> Counter[str]:
    """Units in parcels with a label; a parcel that does not say what is in it may hold everything."""
    packed: Counter[str] = Counter()
    for parcel in waiting:
        packed.update(dict(units_of(parcel.lines)) if parcel.lines else {line.source_id: 1 for line in lines})
    return packed
