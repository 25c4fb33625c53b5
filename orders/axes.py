"""The axes of an order from the words of its platform, its payments, parcels and refunds. Pure."""

from collections.abc import Iterable, Mapping

from orders.facts import HeaderFacts, PaymentFacts, RefundFacts
from orders.lines import Line
from orders.money_axes import is_odd, payment_axis, refund_axis
from orders.parcels import Parcel
from orders.statuses import (
    NOT_LEFT,
    Axes,
    Closure,
    Confirmation,
    Fulfilment,
    Hold,
    ParcelState,
    PaymentState,
    RefundState,
    Returns,
    open_gates,
)

_HAS_MONEY = frozenset({PaymentState.PAID, PaymentState.OVERPAID})
_HANDED_OVER = frozenset({Fulfilment.SHIPPED, Fulfilment.DELIVERED})
_STILL_OUT = frozenset(
    {
        ParcelState.IN_TRANSIT,
        ParcelState.OUT_FOR_DELIVERY,
        ParcelState.AVAILABLE_FOR_PICKUP,
        ParcelState.FAILED_ATTEMPT,
        ParcelState.EXCEPTION,
        ParcelState.RETURNING,
    }
)


def derive_axes(
    header: HeaderFacts,
    lines: Mapping[str, Line],
    parcels: Mapping[str, Parcel],
    payments: Mapping[str, PaymentFacts],
    refunds: Mapping[str, RefundFacts],
    holds: frozenset[Hold],
    *,
    disputed: bool = False,
    unstocked: bool = False,
) -> Axes:
    """Return the six axes, the holds and the open gates."""
    payment = payment_axis(header, payments.values())
    fulfilment = _fulfilment(header, lines.values(), parcels.values())
    if fulfilment in NOT_LEFT and (disputed or is_odd(header, payments.values())):
        holds = holds | {Hold.PAYMENT_REVIEW}
    if fulfilment in NOT_LEFT and header.risk_high:
        holds = holds | {Hold.FRAUD}
    returns, refund = _returns(header, lines.values(), parcels.values()), refund_axis(header, refunds.values())
    is_over = refund is RefundState.FULL or returns in _BACK
    closure = _closure(header, payment, fulfilment, parcels.values(), is_over=is_over)
    if header.cancelled_at is not None and closure is Closure.OPEN and fulfilment is not Fulfilment.DELIVERED:
        holds = holds | {Hold.CUSTOMER_REQUEST}  # the cancel came after the hand-over: intercept or return
    confirmation = header.confirmation
    gates = open_gates(
        payment=payment,
        fulfilment=fulfilment,
        closure=closure,
        pay_on_delivery=bool(header.pay_on_delivery),
        stock_open=bool(header.stock_open) or Hold.STOCK in holds or unstocked,
        risk_open=bool(header.risk_open) or Hold.FRAUD in holds,
        acceptance_open=bool(header.acceptance_open)
        or (confirmation is Confirmation.AWAITING and not (header.stock_open or header.risk_open)),
    )
    if confirmation not in {Confirmation.REJECTED, Confirmation.EXPIRED}:
        seen = header.confirmed_at or header.confirmed_seen_at or fulfilment not in NOT_LEFT
        closed = not gates and (closure in {Closure.OPEN, Closure.COMPLETED} or bool(seen))
        confirmation = Confirmation.CONFIRMED if closed else Confirmation.AWAITING
    return Axes(
        confirmation=confirmation,
        payment=payment,
        fulfilment=fulfilment,
        returns=returns,
        refund=refund,
        closure=closure,
        holds=holds,
        gates=gates,
    )


def _fulfilment(header: HeaderFacts, lines: Iterable[Line], parcels: Iterable[Parcel]) -> Fulfilment:
    lines, outbound = list(lines), [p for p in parcels if p.outbound]
    counted = [p for p in outbound if p.counts]
    derived = _fulfilment_of(lines, counted) if lines else _fulfilment_by_parcels(outbound)
    if header.fulfilment in {None, Fulfilment.UNFULFILLED} or derived is Fulfilment.NOT_REQUIRED:
        return derived
    told = bool(counted) or any(p.facts.cancelled for p in outbound)  # a label alone does not contradict the shop
    parcels_tell = told and all(p.facts.lines or p.facts.part_of for p in counted)
    stated = header.fulfilment
    if stated is Fulfilment.SHIPPED and counted and all(p.state is ParcelState.DELIVERED for p in counted):
        stated = Fulfilment.DELIVERED
    return derived if parcels_tell else max(derived, stated, key=_FULFILMENT_PROGRESS.index)


def _fulfilment_of(lines: list[Line], counted: list[Parcel]) -> Fulfilment:
    wanted = sum(line.wanted for line in lines)
    if not wanted:
        nothing_to_ship = bool(lines) and all(line.facts.requires_shipping is False for line in lines)
        return Fulfilment.NOT_REQUIRED if nothing_to_ship else Fulfilment.UNFULFILLED
    shipped = sum(min(line.shipped, line.wanted) for line in lines)
    delivered = sum(min(line.delivered, line.wanted) for line in lines)
    if delivered >= wanted:
        return Fulfilment.DELIVERED
    some_came = any(p.state is ParcelState.DELIVERED for p in counted if p.facts.part_of or p.facts.parts)
    if delivered or some_came:
        return Fulfilment.PARTIALLY_DELIVERED
    if shipped >= wanted:
        return Fulfilment.SHIPPED
    if shipped or counted:
        return Fulfilment.PARTIAL
    waiting = [line for line in lines if line.open]
    return Fulfilment.BACKORDERED if all(line.facts.backordered for line in waiting) else Fulfilment.UNFULFILLED


def _fulfilment_by_parcels(outbound: list[Parcel]) -> Fulfilment:
    """The same of an order whose lines nobody has told: its parcels are all that there is."""
    there = [p for p in outbound if not p.facts.cancelled and (p.counts or p.label_at or p.facts.tracking_number)]
    left = sum(p.counts for p in there)
    arrived = sum(p.state is ParcelState.DELIVERED for p in there)
    if not left:
        return Fulfilment.UNFULFILLED
    if arrived:
        return Fulfilment.DELIVERED if arrived == len(there) else Fulfilment.PARTIALLY_DELIVERED
    return Fulfilment.SHIPPED if left == len(there) else Fulfilment.PARTIAL


def _closure(
    header: HeaderFacts, payment: PaymentState, fulfilment: Fulfilment, parcels: Iterable[Parcel], *, is_over: bool
) -> Closure:
    """After the hand-over a cancel is an intercept or a return: the order stays open until that `is_over`."""
    if header.confirmation is Confirmation.EXPIRED:
        return Closure.EXPIRED
    if header.cancelled_at is not None or header.confirmation is Confirmation.REJECTED:
        outbound = [p for p in parcels if p.outbound and not p.facts.cancelled]
        arrived = any(p.state is ParcelState.DELIVERED for p in outbound) and not is_over
        out = arrived or any(p.state in _STILL_OUT for p in outbound)
        return Closure.OPEN if out else Closure.CANCELLED
    if header.completed_at is not None and fulfilment is Fulfilment.DELIVERED:
        return Closure.COMPLETED
    is_done = header.completed_at is not None or header.fulfilment in _HANDED_OVER
    if fulfilment is Fulfilment.NOT_REQUIRED and is_done and payment in _HAS_MONEY:
        return Closure.COMPLETED  # nothing of it will ever be delivered by a carrier
    return Closure.OPEN


def _returns(header: HeaderFacts, lines: Iterable[Line], parcels: Iterable[Parcel]) -> Returns:
    parcels = [p for p in parcels if not p.facts.cancelled]
    back = [p for p in parcels if p.facts.direction == "return"]
    bounced = [p for p in parcels if p.outbound and p.state in {ParcelState.RETURNING, ParcelState.RETURNED}]
    if any(p.state is ParcelState.RETURNING for p in bounced) or any(p.on_the_way for p in back):
        return Returns.IN_TRANSIT
    if any(p.state is ParcelState.DELIVERED for p in back):
        received = Returns.PARTIALLY_RETURNED if _is_part(back, lines) else Returns.RECEIVED
        return max(received, header.returns or Returns.NONE, key=_RETURN_PROGRESS.index)
    if bounced:
        everything = len(bounced) == sum(p.outbound for p in parcels)
        return Returns.RETURNED if everything else Returns.PARTIALLY_RETURNED
    return header.returns or (Returns.REQUESTED if back else Returns.NONE)


def _is_part(back: list[Parcel], lines: Iterable[Line]) -> bool:
    """Has the customer kept some of what left? Only where each parcel on the way back says what is in it."""
    units = sum(count for parcel in back for _, count in parcel.facts.lines or ())
    return all(parcel.facts.lines for parcel in back) and units < sum(line.shipped for line in lines)


_BACK = frozenset({Returns.RECEIVED, Returns.PARTIALLY_RETURNED, Returns.RETURNED})
_FULFILMENT_PROGRESS = (
    Fulfilment.NOT_REQUIRED,
    Fulfilment.UNFULFILLED,
    Fulfilment.BACKORDERED,
    Fulfilment.PARTIAL,
    Fulfilment.SHIPPED,
    Fulfilment.PARTIALLY_DELIVERED,
    Fulfilment.DELIVERED,
)
_RETURN_PROGRESS = (
    Returns.NONE,
    Returns.REQUESTED,
    Returns.IN_TRANSIT,
    Returns.RECEIVED,
    Returns.PARTIALLY_RETURNED,
    Returns.RETURNED,
)
