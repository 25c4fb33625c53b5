"""Frozen pictures of orders: the only thing that bots, pages and letters ever see of them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from core.bundles import Bundle
from core.clock import now
from core.money import Money
from core.shops import Shop
from orders.models import Order, OrderLine, Payment, Refund, Shipment, TrackingEvent
from orders.refunds.matching import only_ours
from orders.refunds.models import RefundPart
from orders.refunds.states import PartState
from orders.statuses import (
    Axes,
    Closure,
    Confirmation,
    Fulfilment,
    Gate,
    Headline,
    Hold,
    ParcelState,
    PaymentState,
    RefundState,
    Returns,
    may_cancel,
    may_change_address,
)

SCANS_SHOWN = 20

_NEWEST_SCANS = (
    "JOIN (SELECT e.id, ROW_NUMBER() OVER (PARTITION BY e.shipment_id ORDER BY e.at DESC, e.id DESC) AS place"
    " FROM shipment AS s JOIN tracking_event AS e ON e.shipment_id = s.id WHERE s.order_id IN ({orders})) AS newest"
    " ON newest.id = t.id WHERE newest.place <= {most} ORDER BY t.at DESC, t.id DESC"
)

_ACTING = "SELECT shop_id, platform FROM shop_connection WHERE shop_id IN ({shops}) AND enabled AND acts"

Row = TypeVar("Row", OrderLine, Payment, Refund, RefundPart, Shipment)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSnapshot:
    """One line; quantities count units."""

    title: str
    variant: str
    sku: str
    quantity: int
    quantity_cancelled: int
    quantity_shipped: int
    quantity_delivered: int
    quantity_refunded: int = 0
    unit_price: Money
    backordered: bool
    backorder_eta: datetime | None
    line_id: str = ""  # its source id


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanSnapshot:
    """What the carrier wrote about a parcel at one place and time; `state` is None for a word we do not know."""

    at: datetime
    state: ParcelState | None
    text: str
    location: str
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelSnapshot:
    """One parcel; `position` counts from 1 within its direction, scans are newest first."""

    parcel_id: str
    position: int
    carrier: str
    tracking_number: str
    tracking_url: str
    state: ParcelState
    substate: str
    scans: tuple[ScanSnapshot, ...]
    label_at: datetime | None
    first_scan_at: datetime | None
    out_for_delivery_at: datetime | None
    delivered_at: datetime | None
    last_event_at: datetime | None
    eta_from: datetime | None
    eta_to: datetime | None
    pickup_point: str
    pickup_code: str
    pickup_until: datetime | None
    signed_by: str
    lines: tuple[tuple[str, int], ...]
    direction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundSnapshot:
    """Money on its way back; `state` is requested, pending, succeeded or failed."""

    refund_id: str
    amount: Money
    state: str
    tender: str
    reference: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSnapshot:
    """One order as of `as_of`. All times are UTC; `timezone` is the shop's, for showing them."""

    order_id: str
    shop_id: int
    number: str
    language: str
    timezone: str
    headline: Headline
    holds: frozenset[Hold]
    gates: tuple[Gate, ...]
    confirmation: Confirmation
    payment: PaymentState
    fulfilment: Fulfilment
    returns: Returns
    refund: RefundState
    closure: Closure
    placed_at: datetime
    paid_at: datetime | None
    confirmed_at: datetime | None
    confirm_by: datetime | None
    pay_by: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str
    promised_ship_by: datetime | None
    promised_from: datetime | None
    promised_to: datetime | None
    total: Money
    payment_method: str
    lines: tuple[LineSnapshot, ...]
    parcels: tuple[ParcelSnapshot, ...]
    refunds: tuple[RefundSnapshot, ...]
    destination: str
    can_cancel: bool
    can_change_address: bool
    version: int
    as_of: datetime
    source_updated_at: datetime
    cancels_at_once: bool = False  # nobody has touched it, and its shop can be told over the network


async def snapshot(order: Order, *, most_scans: int = SCANS_SHOWN) -> OrderSnapshot:
    """The picture of one order, as of now."""
    return (await snapshots([order], most_scans=most_scans))[0]


async def snapshots(orders: Sequence[Order], *, most_scans: int = SCANS_SHOWN) -> list[OrderSnapshot]:
    """The pictures of `orders` in the same order, with one query and the newest scans of parcels."""
    if not orders:
        return []
    records, as_of = await _records(orders, most_scans), now()
    return [_snapshot(order, records, as_of) for order in orders]


@dataclass(frozen=True, slots=True)
class _Records:
    """The rows around some orders: shops by id, scans by parcel, newest first, everything else by order."""

    shops: dict[int, Shop]
    lines: dict[int, list[OrderLine]]
    payments: dict[int, list[Payment]]
    refunds: dict[int, list[Refund]]
    parts: dict[int, list[RefundPart]]  # of refunds that this desk has made
    shipments: dict[int, list[Shipment]]
    scans: dict[int, list[TrackingEvent]]
    acting: frozenset[tuple[int, str]]  # shops and platforms that can be told what to do


async def _records(orders: Sequence[Order], most_scans: int) -> _Records:
    bundle, of = Bundle(), {"orders": [order.id for order in orders]}
    mine = "WHERE t.order_id IN ({orders}) ORDER BY "
    shops = bundle.rows(Shop, "WHERE t.id IN ({shops})", shops=list({order.shop_id for order in orders}))
    lines = bundle.rows(OrderLine, mine + "t.position, t.id", **of)
    payments = bundle.rows(Payment, mine + "t.at, t.id", **of)
    refunds = bundle.rows(Refund, mine + "t.at, t.id", **of)
    parts = bundle.rows(RefundPart, mine + "t.id", **of)
    shipments = bundle.rows(Shipment, mine + "t.id", **of)
    acting = bundle.table("shop_id platform", _ACTING, shops=list({order.shop_id for order in orders}))
    newest = bundle.rows(TrackingEvent, _NEWEST_SCANS, most=most_scans, **of)
    await bundle.read()
    scans: dict[int, list[TrackingEvent]] = defaultdict(list)
    for scan in newest:
        scans[scan.shipment_id].append(scan)
    return _Records(
        shops={shop.id: shop for shop in shops},
        lines=_by_order(lines),
        payments=_by_order(payments),
        refunds=_by_order(refunds),
        parts=_by_order(parts),
        shipments=_by_order(shipments),
        scans=scans,
        acting=frozenset((row["shop_id"], row["platform"]) for row in acting),
    )


def _snapshot(order: Order, records: _Records, as_of: datetime) -> OrderSnapshot:
    axes, shop = axes_of(order), records.shops[order.shop_id]
    lines, payments, shipments = records.lines[order.id], records.payments[order.id], records.shipments[order.id]
    label_printed = any(row.direction == "outbound" and not row.cancelled for row in shipments)
    titles = {line.source_id: line.title for line in lines}
    return OrderSnapshot(
        order_id=order.public_id,
        shop_id=order.shop_id,
        number=order.number,
        language=order.language,
        timezone=shop.timezone,
        headline=Headline(order.headline),
        holds=axes.holds,
        gates=axes.gates,
        confirmation=axes.confirmation,
        payment=axes.payment,
        fulfilment=axes.fulfilment,
        returns=axes.returns,
        refund=axes.refund,
        closure=axes.closure,
        placed_at=order.placed_at,
        paid_at=order.paid_at,
        confirmed_at=order.confirmed_at,
        confirm_by=order.confirm_by,
        pay_by=order.pay_by,
        cancelled_at=order.cancelled_at,
        cancel_reason=order.cancel_reason or "",
        promised_ship_by=order.promised_ship_by,
        promised_from=order.promised_from,
        promised_to=order.promised_to,
        total=Money(order.total, order.currency),
        payment_method=payments[-1].tender if payments else "",
        lines=tuple(_line(line, order.currency) for line in lines),
        parcels=tuple(_parcels(shipments, records.scans, titles)),
        refunds=tuple(_refunds(records.refunds[order.id], records.parts[order.id])),
        destination=", ".join(part for part in (order.ship_to.get("city"), order.ship_to.get("country")) if part),
        can_cancel=may_cancel(axes, label_printed=label_printed),
        can_change_address=may_change_address(axes, label_printed=label_printed),
        version=order.version,
        as_of=as_of,
        source_updated_at=order.source_updated_at,
        cancels_at_once=may_cancel(axes, label_printed=label_printed)
        and (shop.demo or (order.shop_id, order.source) in records.acting),
    )


def axes_of(order: Order) -> Axes:
    """The stored axes of an order as values."""
    return Axes(
        confirmation=Confirmation(order.confirmation),
        payment=PaymentState(order.payment),
        fulfilment=Fulfilment(order.fulfilment),
        returns=Returns(order.returns),
        refund=RefundState(order.refund),
        closure=Closure(order.closure),
        holds=frozenset(Hold(hold) for hold in order.holds),
        gates=tuple(Gate(gate) for gate in order.gates),
    )


def _line(row: OrderLine, currency: str) -> LineSnapshot:
    return LineSnapshot(
        title=row.title,
        variant=row.variant,
        sku=row.sku,
        quantity=row.quantity,
        quantity_cancelled=row.quantity_cancelled,
        quantity_shipped=row.quantity_shipped,
        quantity_delivered=row.quantity_delivered,
        quantity_refunded=row.quantity_refunded,
        unit_price=Money(row.unit_price, currency),
        backordered=row.backordered,
        backorder_eta=row.backorder_eta,
        line_id=row.source_id,
    )


def _parcels(
    rows: Iterable[Shipment], scans: dict[int, list[TrackingEvent]], titles: dict[str, str]
) -> Iterable[ParcelSnapshot]:
    counts: dict[str, int] = defaultdict(int)
    for row in rows:
        if row.cancelled:
            continue
        counts[row.direction] += 1
        yield _parcel(row, counts[row.direction], scans[row.id], titles)


def _parcel(row: Shipment, position: int, scans: list[TrackingEvent], titles: dict[str, str]) -> ParcelSnapshot:
    until = row.pickup.get("until")
    return ParcelSnapshot(
        parcel_id=row.public_id,
        position=position,
        carrier=row.carrier,
        tracking_number=row.tracking_number,
        tracking_url=row.tracking_url,
        state=ParcelState(row.state),
        substate=row.substate,
        scans=tuple(_scan(scan) for scan in scans),
        label_at=row.label_at,
        first_scan_at=row.first_scan_at,
        out_for_delivery_at=row.out_for_delivery_at,
        delivered_at=row.delivered_at,
        last_event_at=row.last_event_at,
        eta_from=row.eta_from,
        eta_to=row.eta_to,
        pickup_point=row.pickup.get("point") or "",
        pickup_code=row.pickup.get("code") or "",
        pickup_until=datetime.fromisoformat(until) if until else None,
        signed_by=row.signed_by,
        lines=tuple((titles.get(source_id, ""), units) for source_id, units in row.lines),
        direction=row.direction,
    )


def _scan(row: TrackingEvent) -> ScanSnapshot:
    state = ParcelState(row.state) if row.state else None
    return ScanSnapshot(at=row.at, state=state, text=row.text, location=row.location, received_at=row.received_at)


def _refunds(rows: list[Refund], parts: list[RefundPart]) -> list[RefundSnapshot]:
    """What the record tells, and what this desk itself has sent and nobody has told of yet."""
    own = only_ours(parts, rows)
    return sorted([*map(_refund, rows), *map(_own_refund, own)], key=lambda refund: refund.at)


def _own_refund(part: RefundPart) -> RefundSnapshot:
    paid = part.amount if part.paid is None else part.paid
    return RefundSnapshot(
        refund_id=part.public_id,
        amount=Money(paid, part.currency),
        state="succeeded" if part.state == PartState.SUCCEEDED else "pending",
        tender=part.tender,
        reference=part.gateway_ref,
        at=part.settled_at or part.sent_at or part.created_at,
    )


def _refund(row: Refund) -> RefundSnapshot:
    amount = Money(row.amount, row.currency)
    return RefundSnapshot(
        refund_id=row.public_id, amount=amount, state=row.state, tender=row.tender, reference=row.reference, at=row.at
    )


def _by_order(rows: Iterable[Row]) -> dict[int, list[Row]]:
    grouped: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row.order_id].append(row)
    return grouped
