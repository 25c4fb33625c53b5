"""What happened to an order and when this desk learnt of it, and the deliveries that told it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from app.i18n import gettext
from app.order_cards import PARCEL_STATES
from app.web.labels import DELIVERY_STATES, REFUND_STATES, headline
from app.web.times import iso, stamp
from orders.models import OrderChange, SourceEvent
from orders.snapshots import OrderSnapshot, ParcelSnapshot
from orders.statuses import ParcelState

_TROUBLES = (
    ParcelState.AVAILABLE_FOR_PICKUP,
    ParcelState.FAILED_ATTEMPT,
    ParcelState.EXCEPTION,
    ParcelState.RETURNING,
    ParcelState.RETURNED,
    ParcelState.EXPIRED,
)


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


def history_rows(
    picture: OrderSnapshot, changes: Sequence[OrderChange], names: dict[int, str], language: str, now: datetime
) -> list[dict[str, Any]]:
    """Newest first: milestones by the time at which they happened, changes of the stage by when they were learnt.

    `names` are the topics of the deliveries that made the changes, by id.
    """
    rows = [(at, _milestone(at, text, picture, language, now)) for at, text in _milestones(picture, language)]
    rows += [
        (change.at, _change(change, names, picture, language, now))
        for change in changes
        if change.before != change.after
    ]
    newest = sorted(enumerate(rows), key=lambda row: (row[1][0], row[0]), reverse=True)
    return [row for _, (_, row) in newest]


def delivery_rows(
    events: Sequence[SourceEvent],
    changes: Collection[OrderChange],
    picture: OrderSnapshot,
    language: str,
    now: datetime,
) -> list[dict[str, Any]]:
    """Deliveries with what became of each and which version of the order it made."""
    made = {change.cause_id: change for change in changes}
    return [_delivery(event, made.get(event.id), picture, language, now) for event in events]


def _milestones(picture: OrderSnapshot, language: str) -> list[tuple[datetime, str]]:
    found: list[tuple[datetime | None, str]] = [
        (picture.placed_at, gettext("Placed", language)),
        (picture.paid_at, gettext("Paid", language)),
        (picture.confirmed_at, gettext("Confirmed", language)),
        (picture.cancelled_at, gettext("Cancelled", language)),
    ]
    several = len(picture.parcels) > 1
    for parcel in picture.parcels:
        name = f"{parcel.carrier} {parcel.tracking_number}".strip() if several or parcel.direction == "return" else ""
        back = parcel.direction == "return"
        steps = (
            (parcel.first_scan_at, _("Return handed over") if back else _("Handed to the carrier")),
            (parcel.out_for_delivery_at, "Out for delivery"),
            (parcel.delivered_at, _("Return received") if back else "Delivered"),
            *((at, PARCEL_STATES[state]) for state, at in _troubles(parcel).items()),
        )
        found += [(at, " · ".join(part for part in (gettext(text, language), name) if part)) for at, text in steps]
    for refund in picture.refunds:
        state = REFUND_STATES.get(refund.state, (refund.state, "", ""))[0]
        found.append((refund.at, f"{gettext('Refund', language)} · {gettext(state, language)}"))
    return [(at, text) for at, text in found if at is not None]


def _troubles(parcel: ParcelSnapshot) -> dict[ParcelState, datetime]:
    """When each state that is no plain progress was reported first."""
    first: dict[ParcelState, datetime] = {}
    for scan in reversed(parcel.scans):
        if scan.state in _TROUBLES:
            first.setdefault(scan.state, scan.at)
    return first


def _milestone(at: datetime, text: str, picture: OrderSnapshot, language: str, now: datetime) -> dict[str, Any]:
    time = {"iso": iso(at), "at": stamp(at, picture.timezone, language, now)}
    return {**time, "kind": "milestone", "text": text, "before": None, "after": None, "cause": "", "version": ""}


def _change(
    change: OrderChange, names: dict[int, str], picture: OrderSnapshot, language: str, now: datetime
) -> dict[str, Any]:
    return {
        "iso": iso(change.at),
        "at": stamp(change.at, picture.timezone, language, now),
        "kind": "change",
        "text": "",
        "before": _stage(change.before, language) if change.before else None,
        "after": _stage(change.after, language),
        "cause": names.get(change.cause_id or 0, ""),
        "version": str(change.version),
    }


def _stage(code: str, language: str) -> dict[str, str]:
    title, tone, icon = headline(code, language)
    return {"title": title, "tone": tone, "icon": icon}


def _delivery(
    event: SourceEvent, change: OrderChange | None, picture: OrderSnapshot, language: str, now: datetime
) -> dict[str, Any]:
    state, tone, icon = DELIVERY_STATES.get(event.state, (event.state, "", "clock"))
    updated = event.source_updated_at
    moved = change is not None and change.before != change.after
    return {
        "url": f"/console/deliveries/{event.public_id}",
        "id": event.public_id,
        "topic": event.topic or event.source,
        "source": event.source,
        "about": event.order_ref if event.order_ref and ":" in event.order_ref else "",
        "iso": iso(event.received_at),
        "at": stamp(event.received_at, picture.timezone, language, now),
        "updated": stamp(updated, picture.timezone, language, now) if updated else "",
        "state": gettext(state, language),
        "tone": tone,
        "icon": icon,
        "error": event.error or "",
        "version": str(change.version) if change else "",
        "after": _stage(change.after, language) if change and moved else None,
    }
