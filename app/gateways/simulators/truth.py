"""What is true of a simulated order, by what its shop, carrier and payment service know together. Pure."""

from dataclasses import dataclass
from typing import Any

from app.gateways.simulators.order import SimOrder
from orders.statuses import ParcelState


@dataclass(frozen=True, slots=True)
class Truth:
    """One order; `fields` may be compared one by one, amounts in minor units."""

    shop: str
    source: str
    source_id: str
    number: str
    fields: dict[str, Any]


def truth_of(order: SimOrder, headline: str | None = None) -> Truth:
    """What is true now; the headline only where the plot promises one."""
    fields: dict[str, Any] = {
        "currency": order.shop.currency,
        "total": order.total,
        "email": order.email,
        "payment": _payment(order),
        "captured": sum(order.total for attempt in order.attempts if attempt.state == "paid"),
        "refunded": sum(refund.amount for refund in order.refunds if refund.state == "succeeded"),
        "cancelled": order.cancelled_at is not None,
        "parcels": {parcel.number: _parcel(order, parcel.number) for parcel in order.parcels},
    }
    if order.shop.platform != "woocommerce":  # whose tracking numbers name no lines
        fields["shipped"] = _units(order, arrived_only=False)
        fields["delivered"] = _units(order, arrived_only=True)
    if headline is not None:
        fields["headline"] = headline
    return Truth(order.shop.key, order.shop.platform, order.id, str(order.number), fields)


def _payment(order: SimOrder) -> str:
    paid = sum(attempt.state == "paid" for attempt in order.attempts)
    if paid:
        return "overpaid" if paid > 1 else "paid"
    return "failed" if order.attempts else "pending"


def _parcel(order: SimOrder, number: str) -> tuple[str, int]:
    """Its state, and how often it was scanned."""
    scans = next(parcel.scans for parcel in order.parcels if parcel.number == number)
    return (scans[-1].state if scans else ParcelState.INFO_RECEIVED).value, len(scans)


def _units(order: SimOrder, *, arrived_only: bool) -> int:
    return sum(
        units
        for parcel in order.parcels
        for _, units in parcel.lines
        if not arrived_only or (parcel.scans and parcel.scans[-1].state is ParcelState.DELIVERED)
    )
