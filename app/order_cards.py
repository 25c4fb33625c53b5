"""An order as people see it: one picture in words, the same for the widget, the console and letters."""

from datetime import datetime
from typing import Any

from app.i18n import country_name, day, gettext, when
from app.order_outlook import next_step, title_and_tone, waits_for_stock
from app.order_stages import stages
from core.money import format_money
from orders.snapshots import LineSnapshot, OrderSnapshot, ParcelSnapshot, RefundSnapshot, ScanSnapshot
from orders.statuses import Gate, Headline, Hold, ParcelState


def order_card(snapshot: OrderSnapshot, language: str, now: datetime, *, for_desk: bool = False) -> dict[str, Any]:
    """Everything a card shows, as ready wordings in `language` and the order's time zone.

    `for_desk` speaks about the customer instead of to them. `now` decides whether a promised time is still ahead: a
    time that has passed is never shown as one to come.
    """
    title, tone = title_and_tone(snapshot, language, now)
    return {
        "order_id": snapshot.order_id,
        "number": snapshot.number,
        "headline": snapshot.headline.value,
        "title": title,
        "tone": tone,
        "gate": _gate(snapshot, language),
        "next": next_step(snapshot, language, now, for_desk=for_desk),
        "stages": stages(snapshot, language),
        "refund": _refund(snapshot.refunds[0], snapshot.timezone, language) if snapshot.refunds else None,
        "parcels": [_parcel(parcel, snapshot, language, now) for parcel in snapshot.parcels],
        "lines": [_line(line, snapshot, language) for line in snapshot.lines],
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
    if language != "zh":
        return f"{city}, {country}"
    return f"{country} {city}" if city.isascii() else f"{country}{city}"


def _gate(snapshot: OrderSnapshot, language: str) -> str | None:
    """What the order waits for: the first hold, else the first open gate."""
    for hold, words in HOLDS.items():
        if hold in snapshot.holds:
            return gettext(words, language)
    if snapshot.headline is Headline.AWAITING_CONFIRMATION and snapshot.gates:
        return gettext(GATES[snapshot.gates[0]], language)
    return None


def _parcel(parcel: ParcelSnapshot, snapshot: OrderSnapshot, language: str, now: datetime) -> dict[str, Any]:
    zone = snapshot.timezone
    outbound = [other for other in snapshot.parcels if other.direction == "outbound"]
    title = gettext(_("Parcel"), language)
    if parcel.direction == "return":
        title = gettext(_("Return parcel"), language)
    elif parcel.direction == "replacement":
        title = gettext(_("Replacement parcel"), language)
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
    if parcel.eta_to is None or parcel.eta_to < now or parcel.state not in UNDER_WAY:
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


def _line(line: LineSnapshot, snapshot: OrderSnapshot, language: str) -> dict[str, Any]:
    note = None
    if line.quantity_cancelled >= line.quantity:
        note = gettext(_("cancelled"), language)
    elif waits_for_stock(line, snapshot):
        note = gettext(_("on back-order"), language)
        if line.backorder_eta:
            note = gettext(_("expected %(day)s"), language) % {
                "day": day(line.backorder_eta, snapshot.timezone, language)
            }
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
# States in which the carrier's date still means something.
UNDER_WAY = frozenset(
    {
        ParcelState.PENDING,
        ParcelState.INFO_RECEIVED,
        ParcelState.IN_TRANSIT,
        ParcelState.OUT_FOR_DELIVERY,
        ParcelState.FAILED_ATTEMPT,
    }
)
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
    "requested": _("Refund of %(amount)s requested on %(time)s"),
    "pending": _("Refund of %(amount)s on its way since %(time)s"),
    "succeeded": _("%(amount)s refunded on %(time)s"),
    "failed": _("Refund of %(amount)s didn’t go through; we’re on it"),
}
