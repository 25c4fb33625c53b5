"""Where it went wrong, told from the order's own history: root causes and their evidence, likeliest first. Pure."""

from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from orders.snapshots import OrderSnapshot, ParcelSnapshot
from orders.statuses import Fulfilment, ParcelState, PaymentState, RefundState

SHIPS_IN = timedelta(hours=48)  # after the confirmation, where nothing was promised
NO_SCAN = timedelta(hours=48)  # a label that no carrier has scanned
FAKE = timedelta(hours=96)
STUCK = timedelta(days=5)  # without a scan
LOST = timedelta(days=15)
REFUND_TAKES = timedelta(days=7)
PAYMENT_TAKES = timedelta(days=1)

_REASONS = {"inventory": "STK.OUT_AFTER_SALE", "declined": "CONF.REJECTED", "fraud": "CONF.REJECTED"}
# What a carrier says about a parcel in trouble.
_TROUBLE = {"lost": "CAR.LOST", "damage": "CAR.DAMAGED", "customs": "CAR.CUSTOMS", "address": "CAR.ADDRESS"}
_SEEN_AT_HOME = ("WH.WRONG_ITEM", "WH.SHORT", "CAR.DAMAGED", "PRD.DEFECT", "PRD.NOT_AS_DESCRIBED", "PRD.EXPIRED")
_WAITING = (ParcelState.PENDING, ParcelState.INFO_RECEIVED)
_GOING_BACK = (ParcelState.RETURNED, ParcelState.RETURNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A cause and its evidence: `by` is when it was due (UTC), `at` when it happened, `days` by how much late."""

    cause: str
    evidence: str
    days: int = 0
    by: datetime | None = None
    at: datetime | None = None
    carrier: str = ""

    def as_json(self) -> dict[str, Any]:
        """For a JSON column; times in ISO 8601."""
        return {
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(self).items()
        }


def suggest(picture: OrderSnapshot, at: datetime, symptoms: Collection[str] = ()) -> list[Suggestion]:
    """What explains a complaint about this order `at` (UTC); what the customer sees (`symptoms`) goes before the rest.

    Each cause once. Empty when the history shows nothing wrong and the customer names nothing.
    """
    found = [*_money(picture, at), *_goods(picture, at, symptoms)]
    found.sort(key=lambda suggestion: suggestion.cause not in symptoms)
    return list({suggestion.cause: suggestion for suggestion in reversed(found)}.values())[::-1]


def delay_days(picture: OrderSnapshot, at: datetime) -> int:
    """By how many days the goods came after what was promised, or are late `at`; 0 when nothing was promised."""
    if picture.promised_to is None:
        return 0
    arrived = [parcel.delivered_at for parcel in _outbound(picture) if parcel.delivered_at]
    done = picture.fulfilment is Fulfilment.DELIVERED and arrived
    return _days(picture.promised_to, max(arrived) if done else at)


def _money(picture: OrderSnapshot, at: datetime) -> Iterator[Suggestion]:
    if picture.payment is PaymentState.OVERPAID:
        yield Suggestion(cause="PAY.DUPLICATE", evidence="overpaid")
    if picture.payment is PaymentState.FAILED:
        yield Suggestion(cause="PAY.FAILED", evidence="payment_failed")
    if picture.payment is PaymentState.PENDING and at - picture.placed_at > PAYMENT_TAKES:
        yield _late("PAY.PENDING_LONG", "payment_pending", picture.placed_at + PAYMENT_TAKES, at)
    for refund in picture.refunds:
        if refund.state == RefundState.FAILED:
            yield Suggestion(cause="AS.REFUND_LATE", evidence="refund_failed", at=refund.at)
        elif refund.state in (RefundState.REQUESTED, RefundState.PENDING) and at - refund.at > REFUND_TAKES:
            yield _late("AS.REFUND_LATE", "refund_open", refund.at + REFUND_TAKES, at)


def _goods(picture: OrderSnapshot, at: datetime, symptoms: Collection[str]) -> Iterator[Suggestion]:
    if picture.cancelled_at is not None:
        if picture.cancel_reason in _REASONS:
            yield Suggestion(cause=_REASONS[picture.cancel_reason], evidence="cancelled", at=picture.cancelled_at)
        return
    parcels = _outbound(picture)
    for parcel in parcels:
        yield from _parcel(parcel, at, symptoms)
    yield from _time_lost(picture, parcels, at)


def _parcel(parcel: ParcelSnapshot, at: datetime, symptoms: Collection[str]) -> Iterator[Suggestion]:
    """What the carrier's scans show."""
    if parcel.state is ParcelState.DELIVERED:
        yield from _at_home(parcel, symptoms)
    elif parcel.state in _GOING_BACK:
        return
    elif parcel.first_scan_at is None:
        yield from _unscanned(parcel, at)
    else:
        if parcel.state is ParcelState.EXCEPTION:
            yield from _in_trouble(parcel)
        last = parcel.last_event_at or parcel.first_scan_at
        if at - last > STUCK:
            yield _late("CAR.LOST" if at - last > LOST else "CAR.STUCK", "no_scan_since", last, at, parcel.carrier)


def _at_home(parcel: ParcelSnapshot, symptoms: Collection[str]) -> Iterator[Suggestion]:
    """Only the customer knows what came."""
    for code in ("CAR.SIGNED_NOT_RECEIVED", *_SEEN_AT_HOME):
        if code in symptoms:
            evidence = "after_delivery" if code in _SEEN_AT_HOME else "delivered_scan"
            yield Suggestion(cause=code, evidence=evidence, at=parcel.delivered_at, carrier=parcel.carrier)


def _unscanned(parcel: ParcelSnapshot, at: datetime) -> Iterator[Suggestion]:
    if parcel.label_at is None or parcel.state not in _WAITING or at - parcel.label_at <= NO_SCAN:
        return
    due = parcel.label_at + NO_SCAN
    yield _late("CAR.NO_SCAN", "label_without_scan", due, at, parcel.carrier)
    if at - parcel.label_at > FAKE:
        yield _late("WH.FAKE_SHIP", "label_without_scan", due, at, parcel.carrier)


def _in_trouble(parcel: ParcelSnapshot) -> Iterator[Suggestion]:
    words = f"{parcel.substate} {' '.join(scan.text for scan in parcel.scans[:3])}".casefold()
    for word, cause in _TROUBLE.items():
        if word in words:
            yield Suggestion(cause=cause, evidence="carrier_says", at=parcel.last_event_at, carrier=parcel.carrier)


def _time_lost(picture: OrderSnapshot, parcels: Collection[ParcelSnapshot], at: datetime) -> Iterator[Suggestion]:
    """Who kept the order waiting: the confirmation, the stock, the warehouse, or the carrier."""
    if picture.confirm_by is not None and (picture.confirmed_at or at) > picture.confirm_by:
        yield _late("CONF.SLOW", "confirmed_late", picture.confirm_by, picture.confirmed_at or at)
    scanned = min((parcel.first_scan_at for parcel in parcels if parcel.first_scan_at), default=None)
    short = [line for line in picture.lines if line.backordered]
    ship_by = picture.promised_ship_by or (picture.confirmed_at and picture.confirmed_at + SHIPS_IN)
    late_out = ship_by is not None and (scanned or at) > ship_by
    if short and scanned is None:
        promised = max((line.backorder_eta for line in short if line.backorder_eta), default=None)
        moved = promised is not None and promised < at
        code = "STK.BACKORDER_MOVED" if moved else "STK.OUT_AFTER_SALE"
        yield Suggestion(cause=code, evidence="backordered", by=promised, days=_days(promised, at) if promised else 0)
    elif late_out and ship_by is not None and not any(parcel.label_at for parcel in parcels if scanned is None):
        evidence = "shipped_late" if scanned else "not_shipped"
        yield _late("WH.LATE_SHIP", evidence, ship_by, scanned or at)
    if scanned is not None and not late_out and picture.promised_to is not None:
        arrived = max((parcel.delivered_at for parcel in parcels if parcel.delivered_at), default=None)
        reached = arrived if arrived and picture.fulfilment is Fulfilment.DELIVERED else at
        if reached > picture.promised_to:
            carrier = next(iter(parcels)).carrier
            yield _late(
                "CAR.LATE",
                "arrived_late" if reached is arrived else "not_arrived",
                picture.promised_to,
                reached,
                carrier,
            )


def _late(cause: str, evidence: str, by: datetime, at: datetime, carrier: str = "") -> Suggestion:
    return Suggestion(cause=cause, evidence=evidence, by=by, at=at, days=_days(by, at), carrier=carrier)


def _days(by: datetime, at: datetime) -> int:
    """Begun days count."""
    return max(0, -((by - at) // timedelta(days=1)))


def _outbound(picture: OrderSnapshot) -> list[ParcelSnapshot]:
    return [parcel for parcel in picture.parcels if parcel.direction == "outbound"]
