"""From what is known about an order to what is true of it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from orders.axes import derive_axes
from orders.disputes import counted, is_open, reversals
from orders.facts import (
    DisputeFacts,
    HeaderFacts,
    HoldFacts,
    Kind,
    PaymentFacts,
    RefundFacts,
    ScanFacts,
    ShipmentFacts,
)
from orders.lines import Line, lines_of
from orders.listing import lines_left, parcels_left, refunds_left
from orders.merging import Known
from orders.parcels import Parcel, parcels_of
from orders.platform_cases import told_cases
from orders.presented import payments_in_own_money, refunds_in_own_money
from orders.statuses import Axes, Closure, Confirmation, Fulfilment, Headline, Hold, PaymentState, RefundState, headline

_Said = HeaderFacts | ShipmentFacts | PaymentFacts | RefundFacts
_HAS_MONEY = frozenset({PaymentState.PAID, PaymentState.OVERPAID})


_GONE_OUT = frozenset({Fulfilment.SHIPPED, Fulfilment.DELIVERED, Fulfilment.NOT_REQUIRED})


@dataclass(frozen=True, slots=True)
class Lacking:
    """Units of a line that stock does not reach, and when more comes. `blocks`: the shop sells only what it has."""

    units: int
    eta: datetime | None
    blocks: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One order, complete."""

    header: HeaderFacts
    axes: Axes
    headline: Headline
    paid_at: datetime | None
    confirmed_at: datetime | None
    lines: Mapping[str, Line]
    parcels: Mapping[str, Parcel]
    payments: Mapping[str, PaymentFacts]
    refunds: Mapping[str, RefundFacts]
    disputes: Mapping[str, DisputeFacts]
    cases: Mapping[str, dict[str, Any]] = field(default_factory=dict)  # orders.platform_cases

    def wanted_units(self, line: Line) -> int:
        """Units of a line that stock is asked for: not shipped and still wanted."""
        is_over = self.axes.closure is not Closure.OPEN or self.axes.fulfilment in _GONE_OUT
        return 0 if is_over or self.axes.refund is RefundState.FULL else line.open


def derive(known: Known, lacking: Mapping[str, Lacking] | None = None, *, confirmed: bool = False) -> Picture | None:
    """Return the order, or None while its head (number, currency, time) has not arrived.

    `lacking` are the lines that stock does not reach: they wait, and keep an order that is not `confirmed` yet from it.
    """
    header = known.views(Kind.HEADER, HeaderFacts).get("")
    if header is None or not header.number or not header.currency or header.placed_at is None:
        return None
    disputes = counted(known.views(Kind.DISPUTE, DisputeFacts))
    refunds = refunds_in_own_money(header, refunds_left(known, header)) | reversals(disputes)
    payments = payments_in_own_money(header, known.views(Kind.PAYMENT, PaymentFacts))
    parcels = parcels_of(known, parcels_left(known, header), known.views(Kind.SCAN, ScanFacts))
    lines = lines_of(lines_left(known, header), parcels, refunds.values())
    short = {name: lack for name, lack in (lacking or {}).items() if name in lines and lines[name].open}
    lines |= {name: _waiting(lines[name], lack) for name, lack in short.items()}
    said: list[_Said] = [header, *(parcel.facts for parcel in parcels.values()), *payments.values(), *refunds.values()]
    holds = _holds(known.views(Kind.HOLD, HoldFacts).values(), said)
    unstocked = not confirmed and any(lack.blocks for lack in short.values())
    disputed = is_open(disputes.values())
    axes = derive_axes(header, lines, parcels, payments, refunds, holds, disputed=disputed, unstocked=unstocked)
    paid_at = _paid_at(header, axes.payment, payments.values())
    return Picture(
        header=header,
        axes=axes,
        headline=headline(axes),
        paid_at=paid_at,
        confirmed_at=_confirmed_at(header, axes, paid_at),
        lines=lines,
        parcels=parcels,
        payments=payments,
        refunds=refunds,
        disputes=disputes,
        cases=told_cases(known),
    )


def _waiting(line: Line, lack: Lacking) -> Line:
    eta = line.facts.backorder_eta or lack.eta
    return replace(line, facts=line.facts.model_copy(update={"backordered": True, "backorder_eta": eta}))


def _holds(stated: Iterable[HoldFacts], said: Iterable[_Said]) -> frozenset[Hold]:
    """An unknown value of the platform holds the order for the merchant to look at: we never guess."""
    holds = {hold for facts in stated for hold in facts.holds}
    if any(facts.unknown for facts in said):
        holds.add(Hold.MERCHANT)
    return frozenset(holds)


def _paid_at(header: HeaderFacts, payment: PaymentState, payments: Iterable[PaymentFacts]) -> datetime | None:
    if payment not in _HAS_MONEY:
        return None
    captures = [p.at for p in payments if p.captured and p.at is not None]
    return header.paid_at or (max(captures) if captures else None) or header.paid_seen_at or header.placed_at


def _confirmed_at(header: HeaderFacts, axes: Axes, paid_at: datetime | None) -> datetime | None:
    """The time at which the last of the gates closed."""
    if axes.confirmation is not Confirmation.CONFIRMED:
        return None
    times = [header.confirmed_seen_at, paid_at, header.placed_at]
    return header.confirmed_at or max(at for at in times if at is not None)
