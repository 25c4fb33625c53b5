"""The parcels of an order as the desk reads them: every scan, what is expected, and times that cannot be right."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.i18n import gettext, ngettext
from app.order_cards import PARCEL_STATES, UNDER_WAY
from app.web.labels import PARCEL_ICONS, PARCEL_TONES
from app.web.times import iso, stamp
from orders.models import Shipment
from orders.snapshots import OrderSnapshot, ParcelSnapshot, ScanSnapshot
from orders.statuses import ParcelState

_ARRIVED = frozenset({ParcelState.DELIVERED, ParcelState.RETURNED})


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


def parcel_rows(picture: OrderSnapshot, gone: Sequence[Shipment], language: str, now: datetime) -> dict[str, Any]:
    """Parcels to the customer, parcels that come back, and those that were called off."""
    rows = [(parcel.direction, _parcel(parcel, picture, language, now)) for parcel in picture.parcels]
    return {
        "outbound": [row for direction, row in rows if direction != "return"],
        "back": [row for direction, row in rows if direction == "return"],
        "cancelled": [" ".join(part for part in (row.carrier, row.tracking_number) if part) for row in gone],
    }


def _parcel(parcel: ParcelSnapshot, picture: OrderSnapshot, language: str, now: datetime) -> dict[str, Any]:
    newest = parcel.scans[0] if parcel.scans else None
    scans = [_scan(scan, picture.timezone, language, now) for scan in parcel.scans]
    return {
        "id": parcel.parcel_id,
        "title": _title(parcel, picture, language),
        "carrier": parcel.carrier,
        "number": parcel.tracking_number,
        "url": parcel.tracking_url if parcel.tracking_url.startswith(("https://", "http://")) else "",
        "state": gettext(PARCEL_STATES[parcel.state], language),
        "tone": PARCEL_TONES.get(parcel.state.value, "calm"),
        "icon": PARCEL_ICONS.get(parcel.state.value, "truck"),
        "warnings": _warnings(parcel, picture, language, now),
        "facts": _facts(parcel, picture, language, now),
        "lines": [
            {"title": title or gettext(_("(unknown line)"), language), "quantity": n} for title, n in parcel.lines
        ],
        "newest": newest and scans[0],
        "scans": scans,
        "count": ngettext("%(num)s scan", "%(num)s scans", len(scans), language) % {"num": len(scans)},
    }


def _title(parcel: ParcelSnapshot, picture: OrderSnapshot, language: str) -> str:
    count = sum(other.direction == parcel.direction for other in picture.parcels)
    back = parcel.direction == "return"
    if parcel.direction == "replacement":
        return gettext(_("Replacement parcel"), language)
    if count < 2:
        return gettext(_("Return parcel") if back else _("Parcel"), language)
    text = _("Return parcel %(position)s of %(count)s") if back else _("Parcel %(position)s of %(count)s")
    return gettext(text, language) % {"position": parcel.position, "count": count}


def _facts(parcel: ParcelSnapshot, picture: OrderSnapshot, language: str, now: datetime) -> list[dict[str, str]]:
    zone = picture.timezone

    def at(moment: datetime | None) -> str:
        return stamp(moment, zone, language, now) if moment else ""

    expected = at(parcel.eta_to)
    if parcel.eta_from and parcel.eta_to and parcel.eta_from != parcel.eta_to:
        expected = f"{at(parcel.eta_from)} – {expected}"
    facts = [
        (_("Expected"), expected if parcel.state not in _ARRIVED else ""),
        (_("Label made"), at(parcel.label_at)),
        (_("Handed over"), at(parcel.first_scan_at)),
        (_("Out for delivery"), at(parcel.out_for_delivery_at)),
        (_("Pick-up point"), parcel.pickup_point),
        (_("Pick-up code"), parcel.pickup_code),
        (_("Kept until"), at(parcel.pickup_until)),
        (_("Delivered"), at(parcel.delivered_at)),
        (_("Signed by"), parcel.signed_by),
    ]
    return [{"label": gettext(label, language), "text": text} for label, text in facts if text]


def _warnings(parcel: ParcelSnapshot, picture: OrderSnapshot, language: str, now: datetime) -> list[str]:
    """What a person should see before repeating the carrier's words to a customer."""
    found = []
    if parcel.eta_to and parcel.state in UNDER_WAY:
        if parcel.eta_to < now:
            found.append(_("The carrier’s date has passed."))
        elif picture.promised_to and parcel.eta_to > picture.promised_to and parcel.direction != "return":
            found.append(_("The carrier expects it later than promised."))
    if parcel.pickup_until and parcel.state is ParcelState.AVAILABLE_FOR_PICKUP and parcel.pickup_until < now:
        found.append(_("It should have been collected by now."))
    if parcel.delivered_at and parcel.state not in _ARRIVED:
        found.append(_("It was already reported as delivered."))
    return [gettext(text, language) for text in found]


def _scan(scan: ScanSnapshot, zone: str, language: str, now: datetime) -> dict[str, str]:
    flag = ""
    if scan.at > now:
        flag = _("in the future")
    elif scan.at == scan.received_at:  # no carrier is that exact: its clock ran ahead, and our time stands in
        flag = _("time of receipt")
    state = gettext(PARCEL_STATES[scan.state], language) if scan.state else gettext(_("not known to us"), language)
    return {
        "iso": iso(scan.at),
        "at": stamp(scan.at, zone, language, now),
        "text": scan.text or state,
        "place": scan.location,
        "state": state,
        "known": "yes" if scan.state else "",
        "flag": gettext(flag, language) if flag else "",
    }
