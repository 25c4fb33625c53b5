"""How an order stands in two words, and what comes next: said only as far as the record knows it."""

from datetime import datetime
from zoneinfo import ZoneInfo

from app.i18n import day, gettext, when
from app.order_stages import unscanned
from orders.snapshots import LineSnapshot, OrderSnapshot, ParcelSnapshot
from orders.statuses import Headline, ParcelState

_NOTHING_FOLLOWS = frozenset(
    {Headline.CANCELLED, Headline.EXPIRED, Headline.REFUNDED, Headline.RETURNED, Headline.COMPLETED}
)


def title_and_tone(snapshot: OrderSnapshot, language: str, now: datetime) -> tuple[str, str]:
    """The heading of a card and its tone: calm, good, warn or bad."""
    state = parcel_state(snapshot)
    title, tone = TITLES[snapshot.headline] if state is None else PARCEL_TITLES.get(state, TITLES[snapshot.headline])
    if tone == "calm" and state is ParcelState.IN_TRANSIT and _is_late(snapshot, now):
        tone = "warn"
    return gettext(title, language), tone


def next_step(snapshot: OrderSnapshot, language: str, now: datetime, *, for_desk: bool) -> str:
    """What comes next, and by when if that is still ahead. `for_desk` speaks about the customer, not to them."""
    sentence, moment = _following(snapshot, now)
    if moment is None or moment <= now:
        sentence, moment = _undated(snapshot, now), None
    words = gettext(TO_THE_DESK.get(sentence, sentence) if for_desk else sentence, language) if sentence else ""
    if moment is None:
        return words
    return words % {
        "time": when(moment, snapshot.timezone, language),
        "day": day(moment, snapshot.timezone, language),
    }


def waits_for_stock(line: LineSnapshot, snapshot: OrderSnapshot) -> bool:
    """Whether units of the line are still to come in for this order; what is over waits for nothing."""
    unsent = line.quantity - line.quantity_cancelled - line.quantity_shipped
    return line.backordered and unsent > 0 and snapshot.headline not in _NOTHING_FOLLOWS


def parcel_state(snapshot: OrderSnapshot) -> ParcelState | None:
    """What a shipped order comes down to: a problem of any parcel, else what all that are under way have in common."""
    if snapshot.headline is not Headline.SHIPPED:
        return None
    states = {parcel.state for parcel in _under_way(snapshot)}
    if ParcelState.EXCEPTION in states:
        return ParcelState.EXCEPTION
    return ParcelState.INFO_RECEIVED if unscanned(snapshot) else states.pop() if len(states) == 1 else None


def _following(snapshot: OrderSnapshot, now: datetime) -> tuple[str, datetime | None]:
    """The sentence about what comes next, and the time it names if the record knows one."""
    match snapshot.headline:
        case Headline.AWAITING_PAYMENT | Headline.PAYMENT_FAILED:
            return _("Please pay by %(time)s to keep the order."), snapshot.pay_by
        case Headline.AWAITING_CONFIRMATION:
            return _("Usually confirmed by %(time)s. There’s nothing you need to do."), snapshot.confirm_by
        case Headline.PROCESSING:
            return _("Leaves us by %(time)s."), snapshot.promised_ship_by
        case Headline.BACKORDERED:
            return _("Expected in stock %(day)s."), _restocked(snapshot)
        case Headline.PARTIALLY_SHIPPED:
            restocked = _restocked(snapshot)
            if restocked is None:
                return _("The rest leaves us by %(day)s."), snapshot.promised_ship_by
            return _("The rest is expected %(day)s."), restocked
        case Headline.SHIPPED | Headline.PARTIALLY_DELIVERED:
            return _arrival(snapshot, now)
    return "", None


def _restocked(snapshot: OrderSnapshot) -> datetime | None:
    etas = [line.backorder_eta for line in snapshot.lines if waits_for_stock(line, snapshot) and line.backorder_eta]
    return max(etas, default=None)


def _arrival(snapshot: OrderSnapshot, now: datetime) -> tuple[str, datetime | None]:
    match parcel_state(snapshot):
        case ParcelState.AVAILABLE_FOR_PICKUP:
            until = [parcel.pickup_until for parcel in _under_way(snapshot) if parcel.pickup_until]
            return _("Please collect it by %(day)s."), min(until, default=None)
        case ParcelState.OUT_FOR_DELIVERY | ParcelState.EXCEPTION | ParcelState.RETURNING | ParcelState.RETURNED:
            return "", None
    return _("Expected by %(day)s."), _expected(snapshot)


def _undated(snapshot: OrderSnapshot, now: datetime) -> str:
    match parcel_state(snapshot):
        case ParcelState.AVAILABLE_FOR_PICKUP:
            return _("Please collect it.")
        case ParcelState.OUT_FOR_DELIVERY:
            out = [parcel.out_for_delivery_at for parcel in _under_way(snapshot) if parcel.out_for_delivery_at]
            today = bool(out) and _local_day(snapshot, max(out)) == _local_day(snapshot, now)
            return _("With the courier today.") if today else _("The carrier hasn’t recorded a delivery yet.")
        case ParcelState.EXCEPTION:
            return _("The carrier reports a problem. A person can help: just ask.")
    if snapshot.headline in (Headline.SHIPPED, Headline.PARTIALLY_DELIVERED) and _is_late(snapshot, now):
        return _("Later than expected. The carrier hasn’t given a new date.")
    return WITHOUT_TIME.get(snapshot.headline, "")


def _under_way(snapshot: OrderSnapshot) -> list[ParcelSnapshot]:
    return [
        parcel
        for parcel in snapshot.parcels
        if parcel.direction == "outbound" and parcel.state is not ParcelState.DELIVERED
    ]


def _expected(snapshot: OrderSnapshot) -> datetime | None:
    etas = [parcel.eta_to for parcel in _under_way(snapshot) if parcel.eta_to]
    return max(etas, default=snapshot.promised_to)


def _is_late(snapshot: OrderSnapshot, now: datetime) -> bool:
    """Whether the whole day by which it was expected has gone by, where the shop is."""
    expected = _expected(snapshot)
    return expected is not None and _local_day(snapshot, expected) < _local_day(snapshot, now)


def _local_day(snapshot: OrderSnapshot, moment: datetime) -> str:
    return moment.astimezone(ZoneInfo(snapshot.timezone)).date().isoformat()


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


TITLES = {
    Headline.CANCELLED: (_("Cancelled"), "bad"),
    Headline.EXPIRED: (_("Expired"), "bad"),
    Headline.REFUNDED: (_("Refunded"), "good"),
    Headline.RETURNING: (_("On its way back"), "warn"),
    Headline.RETURNED: (_("Back at the shop"), "calm"),
    Headline.ON_HOLD: (_("On hold"), "warn"),
    Headline.PAYMENT_FAILED: (_("Payment failed"), "bad"),
    Headline.AWAITING_PAYMENT: (_("Waiting for payment"), "warn"),
    Headline.AWAITING_CONFIRMATION: (_("Waiting for confirmation"), "calm"),
    Headline.DELIVERED: (_("Delivered"), "good"),
    Headline.COMPLETED: (_("Completed"), "good"),
    Headline.PARTIALLY_DELIVERED: (_("Partly delivered"), "calm"),
    Headline.SHIPPED: (_("On its way"), "calm"),
    Headline.PARTIALLY_SHIPPED: (_("Partly on its way"), "calm"),
    Headline.BACKORDERED: (_("Waiting for stock"), "warn"),
    Headline.PROCESSING: (_("Being prepared"), "calm"),
}
# How a shipped order is headed when its parcels say more than that it is on its way.
PARCEL_TITLES = {
    ParcelState.INFO_RECEIVED: (_("Waiting for the carrier"), "calm"),
    ParcelState.OUT_FOR_DELIVERY: (_("Out for delivery"), "good"),
    ParcelState.AVAILABLE_FOR_PICKUP: (_("Ready for pick-up"), "good"),
    ParcelState.FAILED_ATTEMPT: (_("Delivery attempt failed"), "warn"),
    ParcelState.EXCEPTION: (_("Problem with the parcel"), "bad"),
    ParcelState.EXPIRED: (_("No news from the carrier"), "warn"),
}
WITHOUT_TIME = {
    Headline.AWAITING_PAYMENT: _("Your payment hasn’t arrived yet."),
    Headline.PAYMENT_FAILED: _("The payment didn’t go through. You can try again."),
    Headline.AWAITING_CONFIRMATION: _("We’ll confirm it as soon as the check is done. There’s nothing you need to do."),
    Headline.PROCESSING: _("It is being packed."),
    Headline.SHIPPED: _("The carrier has it."),
    Headline.ON_HOLD: _("It will move on as soon as this is settled."),
    Headline.BACKORDERED: _("We’ll write to you as soon as we have a date."),
}
# What a customer is told, and how the same is said to an agent.
TO_THE_DESK = {
    _("Please pay by %(time)s to keep the order."): _("Payment due by %(time)s."),
    _("Usually confirmed by %(time)s. There’s nothing you need to do."): _("Usually confirmed by %(time)s."),
    _("Your payment hasn’t arrived yet."): _("No payment has arrived yet."),
    _("The payment didn’t go through. You can try again."): _("The payment didn’t go through."),
    _("We’ll confirm it as soon as the check is done. There’s nothing you need to do."): _("A check is still open."),
    _("We’ll write to you as soon as we have a date."): _("No date is known yet."),
    _("Please collect it by %(day)s."): _("Kept for collection until %(day)s."),
    _("Please collect it."): _("Waiting to be collected."),
    _("The carrier reports a problem. A person can help: just ask."): _("The carrier reports a problem."),
}
