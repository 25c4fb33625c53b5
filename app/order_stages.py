"""The line of five steps on an order card: what is done, where the order is now, where it is held up."""

from datetime import datetime
from typing import Any

from app.i18n import gettext, short_day
from orders.snapshots import OrderSnapshot
from orders.statuses import Fulfilment, Headline, ParcelState

ON_THE_WAY = (Headline.SHIPPED, Headline.PARTIALLY_SHIPPED, Headline.PARTIALLY_DELIVERED)


def stages(snapshot: OrderSnapshot, language: str) -> list[dict[str, Any]]:
    """The five steps with their day: done, now, todo or problem."""
    reached = _reached(snapshot)
    last = _last(snapshot, reached)
    line = []
    for index, key in enumerate(STAGES):
        state = "done" if index <= last else "todo"
        if index == last + 1:
            state = "problem" if snapshot.headline in STOPPED else "now"
        moment = reached[index]
        line.append(
            {
                "key": key,
                "label": gettext(_label(snapshot, key, state), language),
                "state": state,
                "at": moment and short_day(moment, snapshot.timezone, language),
            }
        )
    return line


def _reached(snapshot: OrderSnapshot) -> list[datetime | None]:
    """When each step was reached, as far as the record knows."""
    outbound = [parcel for parcel in snapshot.parcels if parcel.direction == "outbound"]
    scanned = [parcel.first_scan_at for parcel in outbound if parcel.first_scan_at]
    at_door = [moment for parcel in outbound if (moment := parcel.out_for_delivery_at or parcel.delivered_at)]
    delivered = [parcel.delivered_at for parcel in outbound if parcel.delivered_at]
    return [
        snapshot.placed_at,
        snapshot.confirmed_at,
        min(scanned, default=None),
        max(at_door, default=None),
        max(delivered, default=None) if snapshot.fulfilment == Fulfilment.DELIVERED else None,
    ]


def _last(snapshot: OrderSnapshot, reached: list[datetime | None]) -> int:
    """The last step that is done: at least what the dates show, at most what the carrier has confirmed."""
    if snapshot.fulfilment == Fulfilment.DELIVERED or snapshot.headline in (Headline.DELIVERED, Headline.COMPLETED):
        return len(STAGES) - 1
    dated = max(index for index, moment in enumerate(reached) if moment is not None)
    if snapshot.headline in ON_THE_WAY:
        return max(dated, 1 if unscanned(snapshot) else 2)
    return dated


def unscanned(snapshot: OrderSnapshot) -> bool:
    """Whether the shop has announced parcels, and the carrier has not seen any of them."""
    outbound = [parcel for parcel in snapshot.parcels if parcel.direction == "outbound"]
    return bool(outbound) and all(
        parcel.state in (ParcelState.PENDING, ParcelState.INFO_RECEIVED) and parcel.first_scan_at is None
        for parcel in outbound
    )


def _label(snapshot: OrderSnapshot, key: str, state: str) -> str:
    if state == "now":
        return _("Payment") if snapshot.headline is Headline.AWAITING_PAYMENT else IN_PROGRESS[key]
    if state == "problem":
        return _("Payment") if snapshot.headline is Headline.PAYMENT_FAILED else HELD_UP[key]
    return STAGES[key]


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


STAGES = {
    "placed": _("Placed"),
    "confirmed": _("Confirmed"),
    "shipped": _("Shipped"),
    "out_for_delivery": _("With the courier"),
    "delivered": _("Delivered"),
}
IN_PROGRESS = {
    "confirmed": _("Confirming"),
    "shipped": _("Preparing"),
    "out_for_delivery": _("On its way"),
    "delivered": _("Arriving"),
}
HELD_UP = {
    "confirmed": _("Confirmation"),
    "shipped": _("Dispatch"),
    "out_for_delivery": _("Transport"),
    "delivered": _("Delivery"),
}
STOPPED = {
    Headline.CANCELLED,
    Headline.EXPIRED,
    Headline.REFUNDED,
    Headline.ON_HOLD,
    Headline.PAYMENT_FAILED,
    Headline.RETURNING,
    Headline.RETURNED,
}
