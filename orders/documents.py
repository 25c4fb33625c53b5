"""A derived order as plain data: what `wismo orders fold` prints (docs/orders.md describes each field). Pure."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from orders.deriving import Picture
from orders.facts import NEVER, DisputeFacts, HeaderFacts, ScanFacts
from orders.lines import Line
from orders.parcels import Parcel
from orders.statuses import Axes, Fulfilment, ParcelState, PaymentState, RefundState

_HAS_MONEY = frozenset({PaymentState.PAID, PaymentState.PARTIALLY_PAID, PaymentState.OVERPAID})
_GAVE_BACK = frozenset({RefundState.PARTIAL, RefundState.FULL})
_SETS = ("holds", "gates")
_HEADER_TIMES = (
    "cancelled_at",
    "completed_at",
    "pay_by",
    "confirm_by",
    "promised_ship_by",
    "promised_from",
    "promised_to",
)
_PARCEL_TIMES = (
    "label_at",
    "first_scan_at",
    "out_for_delivery_at",
    "delivered_at",
    "last_event_at",
)


def order_document(picture: Picture) -> dict[str, Any]:
    """Number, headline, axes, holds, gates, times (UTC), lines, parcels and money (minor units)."""
    parcels = {name: parcel for name, parcel in picture.parcels.items() if _is_there(parcel)}
    return {
        "number": picture.header.number,
        "headline": picture.headline.value,
        "axes": axes_document(picture.axes),
        "holds": sorted(hold.value for hold in picture.axes.holds),
        "gates": [gate.value for gate in picture.axes.gates],
        "times": _times(picture, parcels),
        "lines": [_line(name, line) for name, line in picture.lines.items()],
        "parcels": [_parcel(name, parcel) for name, parcel in parcels.items()],
        "money": _money(picture),
        "disputes": [_dispute(name, facts) for name, facts in picture.disputes.items()],
        "unknown": dict(sorted(picture.header.unknown.items())),
    }


def axes_document(axes: Axes) -> dict[str, str]:
    """The six axes by name."""
    return {field.name: getattr(axes, field.name).value for field in fields(Axes) if field.name not in _SETS}


def time_text(moment: datetime | None) -> str | None:
    """ISO 8601 with `Z`; None for a time that nobody has told."""
    if moment is None or moment >= NEVER:
        return None
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _is_there(parcel: Parcel) -> bool:
    """A parcel of which only the carrier is planned is none yet."""
    return parcel.state is not ParcelState.PENDING or bool(parcel.facts.lines) or bool(parcel.scans)


def _times(picture: Picture, parcels: Mapping[str, Parcel]) -> dict[str, str | None]:
    header = picture.header
    outbound = [parcel for parcel in parcels.values() if parcel.outbound and not parcel.facts.cancelled]
    left = [parcel.first_scan_at for parcel in outbound if parcel.first_scan_at]
    arrived = [parcel.delivered_at for parcel in outbound if parcel.delivered_at]
    whole = picture.axes.fulfilment is Fulfilment.DELIVERED
    return {
        "placed_at": time_text(header.placed_at),
        "paid_at": time_text(picture.paid_at),
        "confirmed_at": time_text(picture.confirmed_at),
        "shipped_at": time_text(min(left, default=None)),
        "delivered_at": time_text(max(arrived, default=None) if whole else None),
        **{name: time_text(getattr(header, name)) for name in _HEADER_TIMES},
    }


def _line(name: str, line: Line) -> dict[str, Any]:
    facts = line.facts
    return {
        "id": name,
        "sku": facts.sku or "",
        "title": facts.title or "",
        "variant": facts.variant or "",
        "quantity": line.quantity,
        "cancelled": line.cancelled,
        "shipped": line.shipped,
        "delivered": line.delivered,
        "refunded": line.refunded,
        "unit_price": facts.unit_price,
        "backordered": bool(facts.backordered),
        "backorder_eta": time_text(facts.backorder_eta),
    }


def _parcel(name: str, parcel: Parcel) -> dict[str, Any]:
    facts = parcel.facts
    return {
        "id": name,
        "direction": facts.direction or "outbound",
        "carrier": facts.carrier or "",
        "tracking_number": facts.tracking_number or "",
        "state": parcel.state.value,
        "cancelled": bool(facts.cancelled),
        **{moment: time_text(getattr(parcel, moment)) for moment in _PARCEL_TIMES},
        "eta_from": time_text(facts.eta_from),
        "eta_to": time_text(facts.eta_to),
        "lines": [[line, units] for line, units in facts.lines or ()],
        "scans": len(parcel.scans),
        "events": [_event(scan) for _, scan in sorted(parcel.scans.items(), key=lambda item: (item[1].at, item[0]))],
    }


def _event(scan: ScanFacts) -> dict[str, Any]:
    return {
        "at": time_text(scan.at),
        "received_at": time_text(scan.received_at),
        "raw": scan.raw,
        "offset": scan.offset,
        "code": scan.code,
        "state": scan.state.value if scan.state else None,
        "text": scan.text,
        "location": scan.location,
    }


def _money(picture: Picture) -> dict[str, Any]:
    header: HeaderFacts = picture.header
    payments = [p for p in picture.payments.values() if p.currency in {None, header.currency}]
    refunds = [r for r in picture.refunds.values() if r.currency in {None, header.currency} and r.state == "succeeded"]
    return {
        "currency": header.currency,
        **{name: getattr(header, name) for name in ("total", "goods", "discount", "shipping", "tax")},
        "captured": _sum([payment.captured for payment in payments], nothing=picture.axes.payment not in _HAS_MONEY),
        "refunded": _sum([refund.amount for refund in refunds], nothing=picture.axes.refund not in _GAVE_BACK),
    }


def _dispute(name: str, facts: DisputeFacts) -> dict[str, Any]:
    return {
        "id": name,
        "state": facts.state.value if facts.state else None,
        "inquiry": bool(facts.inquiry),
        "amount": facts.amount or 0,
        "reason": facts.reason or "",
        "evidence_due_by": time_text(facts.evidence_due_by),
        "opened_at": time_text(facts.opened_at),
        "closed_at": time_text(facts.closed_at),
    }


def _sum(amounts: list[int | None], *, nothing: bool) -> int | None:
    """What is known to have moved; null when some has, and nobody has told how much."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if any(known) or nothing else None
