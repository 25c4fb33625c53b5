"""An order as people see it: one picture in words, the same for the widget, the console and letters."""

from datetime import datetime
from typing import Any

from app.i18n import country_name, day, gettext, short_day, when
from core.money import format_money
from orders.snapshots import LineSnapshot, OrderSnapshot, ParcelSnapshot, RefundSnapshot, ScanSnapshot
from orders.statuses import Gate, Headline, Hold, ParcelState


def order_card(snapshot: OrderSnapshot, language: str, now: datetime, *, for_desk: bool = False) -> dict[str, Any]:
    """Everything a card shows, as ready wordings in `language` and the order's time zone.

    `for_desk` speaks about the customer instead of to them. `now` decides whether a promised time is still ahead: a
    time that has passed is never shown as one to come.
    """
    title, tone = TITLES[snapshot.headline]
    return {
        "order_id": snapshot.order_id,
        "number": snapshot.number,
        "headline": snapshot.headline.value,
        "title": gettext(title, language),
        "tone": tone,
        "gate": _gate(snapshot, language),
        "next": _next_step(snapshot, language, now, for_desk=for_desk),
        "stages": _stages(snapshot, language),
        "refund": _refund(snapshot.refunds[0], snapshot.timezone, language) if snapshot.refunds else None,
        "parcels": [_parcel(parcel, snapshot, language, now) for parcel in snapshot.parcels],
        "lines": [_line(line, snapshot.timezone, language) for line in snapshot.lines],
        "total": format_money(snapshot.total, language),
        "destination": destination(snapshot.destination, language),
        "placed": when(snapshot.placed_at, snapshot.timezone, language),
        "as_of": when(snapshot.as_of, snapshot.timezone, language),
        "version": snapshot.version,
    }


def destination(place: str, language: str) -> str:
    """`City, CC` as people write it: `Hamburg, Germany`, `中国上海市`."""
    city, comma, code = place.rpartition(", ")
    country = country_name(code, language)
    if not comma:
        return country
    return f"{country}{city}" if language == "zh" else f"{city}, {country}"


def _gate(snapshot: OrderSnapshot, language: str) -> str | None:
    """What the order waits for: the first hold, else the first open gate."""
    for hold, words in HOLDS.items():
        if hold in snapshot.holds:
            return gettext(words, language)
    if snapshot.headline is Headline.AWAITING_CONFIRMATION and snapshot.gates:
        return gettext(GATES[snapshot.gates[0]], language)
    return None


def _next_step(snapshot: OrderSnapshot, language: str, now: datetime, *, for_desk: bool) -> str:
    sentence, moment = _following(snapshot)
    if moment is not None and moment > now:
        times = {"time": when(moment, snapshot.timezone, language), "day": day(moment, snapshot.timezone, language)}
        return gettext(TO_THE_DESK.get(sentence, sentence) if for_desk else sentence, language) % times
    words = WITHOUT_TIME.get(snapshot.headline)
    return gettext(TO_THE_DESK.get(words, words) if for_desk else words, language) if words else ""


def _following(snapshot: OrderSnapshot) -> tuple[str, datetime | None]:
    """The sentence about what comes next, and the time it names if the record knows one."""
    match snapshot.headline:
        case Headline.AWAITING_PAYMENT | Headline.PAYMENT_FAILED:
            return _("Please pay by %(time)s to keep the order."), snapshot.pay_by
        case Headline.AWAITING_CONFIRMATION:
            return _("Normally confirmed by %(time)s. Nothing for you to do."), snapshot.confirm_by
        case Headline.PROCESSING:
            return _("Leaves us by %(time)s."), snapshot.promised_ship_by
        case Headline.BACKORDERED | Headline.PARTIALLY_SHIPPED:
            etas = [line.backorder_eta for line in snapshot.lines if line.backordered and line.backorder_eta]
            return _("The rest is expected %(day)s."), max(etas, default=None)
        case Headline.SHIPPED | Headline.PARTIALLY_DELIVERED:
            etas = [
                parcel.eta_to
                for parcel in snapshot.parcels
                if parcel.eta_to and parcel.state is not ParcelState.DELIVERED
            ]
            return _("Expected by %(day)s."), max(etas, default=snapshot.promised_to)
    return "", None


def _stages(snapshot: OrderSnapshot, language: str) -> list[dict[str, Any]]:
    """The five steps of the stage line: done, now, todo or problem."""
    outbound = [parcel for parcel in snapshot.parcels if parcel.direction == "outbound"]
    shipped = min((parcel.first_scan_at for parcel in outbound if parcel.first_scan_at), default=None)
    at_door = [parcel.out_for_delivery_at or parcel.delivered_at for parcel in outbound]
    delivered = [parcel.delivered_at for parcel in outbound]
    whole = snapshot.headline in (Headline.DELIVERED, Headline.COMPLETED)
    reached = [
        snapshot.placed_at,
        snapshot.confirmed_at,
        shipped,
        max((moment for moment in at_door if moment), default=None),
        max((moment for moment in delivered if moment), default=None) if whole else None,
    ]
    last = max(index for index, moment in enumerate(reached) if moment is not None)
    if whole:
        last = 4
    elif snapshot.headline in (Headline.SHIPPED, Headline.PARTIALLY_SHIPPED, Headline.PARTIALLY_DELIVERED):
        last = max(last, 2)
    stopped = snapshot.headline in STOPPED
    stages = []
    for index, (key, label) in enumerate(STAGES.items()):
        moment = reached[index]
        state = "done" if index <= last else "todo"
        if index == last + 1:
            state = "problem" if stopped else "now"
        words = IN_PROGRESS.get(key, label) if state == "now" else label
        if state == "now" and snapshot.headline is Headline.AWAITING_PAYMENT:
            words = _("Payment")
        stages.append(
            {
                "key": key,
                "label": gettext(words, language),
                "state": state,
                "at": moment and short_day(moment, snapshot.timezone, language),
            }
        )
    return stages


def _parcel(parcel: ParcelSnapshot, snapshot: OrderSnapshot, language: str, now: datetime) -> dict[str, Any]:
    zone = snapshot.timezone
    outbound = [other for other in snapshot.parcels if other.direction == "outbound"]
    title = gettext(_("Parcel"), language)
    if parcel.direction == "return":
        title = gettext(_("Return parcel"), language)
    elif len(outbound) > 1:
        title = gettext(_("Parcel %(position)s of %(count)s"), language) % {
            "position": parcel.position,
            "count": len(outbound),
        }
    return {
        "parcel_id": parcel.parcel_id,
        "title": title,
        "carrier": parcel.carrier,
        "tracking_number": parcel.tracking_number,
        "tracking_url": parcel.tracking_url if parcel.tracking_url.startswith(("https://", "http://")) else "",
        "state": parcel.state.value,
        "state_text": gettext(PARCEL_STATES[parcel.state], language),
        "last": _scan(parcel.scans[0], zone, language) if parcel.scans else None,
        "eta": _eta(parcel, zone, language, now),
        "note": _pickup(parcel, zone, language),
        "scans": [_scan(scan, zone, language) for scan in parcel.scans],
        "lines": [{"title": title, "quantity": units} for title, units in parcel.lines],
    }


def _scan(scan: ScanSnapshot, zone: str, language: str) -> dict[str, str]:
    text = scan.text or gettext(PARCEL_STATES[scan.state or ParcelState.IN_TRANSIT], language)
    return {"at": when(scan.at, zone, language), "text": text, "place": scan.location}


def _eta(parcel: ParcelSnapshot, zone: str, language: str, now: datetime) -> str | None:
    if parcel.eta_to is None or parcel.eta_to < now or parcel.state is ParcelState.DELIVERED:
        return None
    first, last = day(parcel.eta_from or parcel.eta_to, zone, language), day(parcel.eta_to, zone, language)
    return last if first == last else f"{first} – {last}"


def _pickup(parcel: ParcelSnapshot, zone: str, language: str) -> str | None:
    if parcel.state is ParcelState.DELIVERED and parcel.signed_by:
        return gettext(_("Signed for by %(name)s"), language) % {"name": parcel.signed_by}
    if parcel.state is not ParcelState.AVAILABLE_FOR_PICKUP or not parcel.pickup_point:
        return None
    parts = [parcel.pickup_point]
    if parcel.pickup_code:
        parts.append(gettext(_("code %(code)s"), language) % {"code": parcel.pickup_code})
    if parcel.pickup_until:
        parts.append(gettext(_("until %(day)s"), language) % {"day": day(parcel.pickup_until, zone, language)})
    return " · ".join(parts)


def _refund(refund: RefundSnapshot, zone: str, language: str) -> str:
    amount = format_money(refund.amount, language)
    text = REFUNDS.get(refund.state, REFUNDS["pending"])
    return gettext(text, language) % {"amount": amount, "time": day(refund.at, zone, language)}


def _line(line: LineSnapshot, zone: str, language: str) -> dict[str, Any]:
    note = None
    if line.quantity_cancelled >= line.quantity:
        note = gettext(_("cancelled"), language)
    elif line.backordered:
        note = gettext(_("on back-order"), language)
        if line.backorder_eta:
            note = gettext(_("expected %(day)s"), language) % {"day": day(line.backorder_eta, zone, language)}
    return {
        "title": line.title,
        "variant": line.variant,
        "sku": line.sku,
        "quantity": line.quantity,
        "price": format_money(line.unit_price, language),
        "note": note,
    }


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
STOPPED = {
    Headline.CANCELLED,
    Headline.EXPIRED,
    Headline.REFUNDED,
    Headline.ON_HOLD,
    Headline.PAYMENT_FAILED,
    Headline.RETURNING,
    Headline.RETURNED,
}
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
GATES = {
    Gate.PAYMENT: _("We are checking the payment"),
    Gate.RISK: _("We are checking the details"),
    Gate.STOCK: _("We are checking the stock"),
    Gate.ACCEPTANCE: _("The shop is confirming the order"),
}
# In the order in which a customer should hear of them; the words name no suspicion.
HOLDS = {
    Hold.ADDRESS: _("We need your full address"),
    Hold.CUSTOMS: _("Customs needs something from you"),
    Hold.CUSTOMER_REQUEST: _("Paused at your request"),
    Hold.STOCK: _("We are checking the stock"),
    Hold.PAYMENT_REVIEW: _("We are checking the payment"),
    Hold.FRAUD: _("We are checking the details"),
    Hold.PLATFORM_LOCK: _("Paused by the marketplace"),
    Hold.MERCHANT: _("The shop is checking something"),
}
WITHOUT_TIME = {
    Headline.AWAITING_PAYMENT: _("Your payment has not arrived yet."),
    Headline.PAYMENT_FAILED: _("The payment did not go through. You can try again."),
    Headline.AWAITING_CONFIRMATION: _("We confirm it as soon as the check is done. Nothing for you to do."),
    Headline.PROCESSING: _("It is being packed."),
    Headline.SHIPPED: _("The carrier has it."),
    Headline.ON_HOLD: _("It goes on as soon as this is settled."),
    Headline.BACKORDERED: _("We write to you as soon as a date is known."),
}
# What a customer is told, and how the same is said to an agent.
TO_THE_DESK = {
    _("Please pay by %(time)s to keep the order."): _("Payment due by %(time)s."),
    _("Normally confirmed by %(time)s. Nothing for you to do."): _("Normally confirmed by %(time)s."),
    _("Your payment has not arrived yet."): _("No payment has arrived yet."),
    _("The payment did not go through. You can try again."): _("The payment did not go through."),
    _("We confirm it as soon as the check is done. Nothing for you to do."): _("A check is still open."),
    _("We write to you as soon as a date is known."): _("No date is known yet."),
}
PARCEL_STATES = {
    ParcelState.PENDING: _("No tracking yet"),
    ParcelState.INFO_RECEIVED: _("Label made, not scanned yet"),
    ParcelState.IN_TRANSIT: _("On its way"),
    ParcelState.OUT_FOR_DELIVERY: _("Out for delivery"),
    ParcelState.AVAILABLE_FOR_PICKUP: _("Ready for pick-up"),
    ParcelState.DELIVERED: _("Delivered"),
    ParcelState.FAILED_ATTEMPT: _("Delivery attempt failed"),
    ParcelState.EXCEPTION: _("Problem with the parcel"),
    ParcelState.RETURNING: _("On its way back"),
    ParcelState.RETURNED: _("Returned to the shop"),
    ParcelState.EXPIRED: _("No news from the carrier"),
}
REFUNDS = {
    "requested": _("Refund of %(amount)s asked for on %(time)s"),
    "pending": _("Refund of %(amount)s on its way since %(time)s"),
    "succeeded": _("%(amount)s refunded on %(time)s"),
    "failed": _("Refund of %(amount)s did not go through; we are on it"),
}
