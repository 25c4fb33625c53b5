"""One parcel, one paragraph: what its carrier last said, what comes next, and when - only from what we were told."""

from datetime import timedelta

from bots.phrases import span_of_days
from bots.telling import Telling
from orders.snapshots import ParcelSnapshot
from orders.statuses import Hold, ParcelState

_SCAN_DUE = timedelta(hours=48)  # after the label
_QUIET = timedelta(days=4)  # without a scan
_REASONS = {
    "lost": ("lost", "loss", "missing", "destroyed"),
    "damaged": ("damage", "broken", "209"),
    "refused": ("reject", "refus", "203", "拒收"),
    "customs": ("customs", "clearance"),
    "delayed": ("delay", "weather", "202"),
}
_FAILURES = {"nobody": ("nobody", "no_body", "absent", "206", "not_home"), "address": ("address",)}


def tell_parcel(telling: Telling, parcel: ParcelSnapshot, count: int) -> None:
    """Add the paragraph of one outbound parcel; `count` parcels are told together."""
    name = _name(telling, parcel, count)
    match parcel.state:
        case ParcelState.PENDING:
            telling.paragraph(telling.say("parcel_pending", parcel=name))
            telling.offer("person")
        case ParcelState.INFO_RECEIVED:
            telling.paragraph(_label_only(telling, parcel, name))
        case ParcelState.IN_TRANSIT:
            telling.paragraph(
                telling.say("parcel_in_transit", parcel=name), _last_scan(telling, parcel), _expected(telling, parcel)
            )
            telling.offer("person")
        case ParcelState.OUT_FOR_DELIVERY:
            telling.paragraph(_out(telling, parcel, name))
            telling.offer("person")
        case ParcelState.AVAILABLE_FOR_PICKUP:
            telling.paragraph(*_pickup(telling, parcel, name))
            telling.offer("person")
        case ParcelState.FAILED_ATTEMPT:
            telling.paragraph(_failed(telling, parcel, name), _next_try(telling, parcel))
            telling.offer("person")
        case ParcelState.DELIVERED:
            telling.paragraph(*_delivered(telling, parcel, name))
            telling.offer("not_received", "item_problem", "return")
        case ParcelState.EXCEPTION:
            telling.paragraph(_exception(telling, parcel, name), _last_scan(telling, parcel))
            telling.person = "parcel_exception"
        case ParcelState.RETURNING | ParcelState.RETURNED:
            telling.paragraph(telling.say(f"parcel_{parcel.state}", parcel=name))
            telling.offer("reship", "refund", "person")
        case ParcelState.EXPIRED:
            telling.paragraph(telling.say("parcel_expired", parcel=name), _last_scan(telling, parcel))
            telling.offer("person")


def tell_return(telling: Telling, parcel: ParcelSnapshot) -> None:
    """Add the paragraph of a parcel that travels from the customer to the shop."""
    named = "return_parcel" if parcel.tracking_number else "return_parcel_plain"
    name = telling.say(named, carrier=parcel.carrier, tracking=parcel.tracking_number)
    match parcel.state:
        case ParcelState.PENDING | ParcelState.INFO_RECEIVED:
            telling.paragraph(telling.say("return_label", parcel=name))
        case ParcelState.DELIVERED | ParcelState.RETURNED:
            telling.paragraph(_at_or_undated(telling, "return_here", parcel, name))
        case ParcelState.EXCEPTION | ParcelState.EXPIRED | ParcelState.FAILED_ATTEMPT:
            telling.paragraph(telling.say("return_problem", parcel=name))
            telling.person = "parcel_exception"
        case _:
            telling.paragraph(telling.say("return_on_its_way", parcel=name), _last_scan(telling, parcel))


def _name(telling: Telling, parcel: ParcelSnapshot, count: int) -> str:
    form = "parcel_of" if count > 1 else "parcel_only"
    plain = "parcel_of_plain" if count > 1 else "parcel_plain"
    return telling.say(
        form if parcel.tracking_number else plain,
        carrier=parcel.carrier or "·",
        tracking=parcel.tracking_number,
        position=parcel.position,
        count=count,
    )


def _label_only(telling: Telling, parcel: ParcelSnapshot, name: str) -> str:
    telling.offer("person")
    if parcel.label_at is None:
        return telling.say("parcel_info_received_undated", parcel=name)
    due = parcel.label_at + _SCAN_DUE
    return telling.say(
        "parcel_info_received_late" if telling.now >= due else "parcel_info_received",
        parcel=name,
        at=parcel.label_at,
        by=due,
    )


def _last_scan(telling: Telling, parcel: ParcelSnapshot) -> str:
    if not parcel.scans:
        return ""
    scan = parcel.scans[0]
    if scan.location:
        told = telling.say("last_scan", place=scan.location[:80], at=scan.at)
    else:
        told = telling.say("last_scan_no_place", at=scan.at)
    quiet = telling.now - scan.at > _QUIET and parcel.state is ParcelState.IN_TRANSIT
    return telling.joined(told, telling.say("quiet")) if quiet else told


def _expected(telling: Telling, parcel: ParcelSnapshot) -> str:
    """The carrier's window, else the shop's; what has passed is said to be late, and no new date is made up."""
    order = telling.order
    start, end = (parcel.eta_from, parcel.eta_to) if parcel.eta_to else (order.promised_from, order.promised_to)
    if end is None or Hold.CUSTOMS in order.holds:  # no carrier knows how long customs take
        return ""
    window = span_of_days(telling.language, start, end, order.timezone)
    if telling.day_passed(end):
        return telling.say("eta_passed", window=window)
    slower = parcel.eta_to and order.promised_to and parcel.eta_to.date() > order.promised_to.date()
    if slower:
        return telling.say("eta_slower", promised=order.promised_to, window=window)
    return telling.say("eta", window=window)


def _out(telling: Telling, parcel: ParcelSnapshot, name: str) -> str:
    at = parcel.out_for_delivery_at or (parcel.scans[0].at if parcel.scans else None)
    if at is None:
        return telling.say("parcel_out", parcel=name)
    return telling.say("parcel_out_today" if telling.same_day(at) else "parcel_out_earlier", parcel=name, at=at)


def _pickup(telling: Telling, parcel: ParcelSnapshot, name: str) -> tuple[str, ...]:
    where = telling.say("parcel_pickup_at", parcel=name, point=parcel.pickup_point) if parcel.pickup_point else ""
    code = telling.say("pickup_code", code=parcel.pickup_code) if parcel.pickup_code else ""
    until = telling.say("pickup_until", until=parcel.pickup_until) if parcel.pickup_until else ""
    return where or telling.say("parcel_pickup", parcel=name), code, until


def _failed(telling: Telling, parcel: ParcelSnapshot, name: str) -> str:
    at = parcel.scans[0].at if parcel.scans else parcel.last_event_at
    if at is None:
        return telling.say("parcel_failed_undated", parcel=name)
    why = _named(parcel, _FAILURES)
    telling.wants_details = telling.wants_details or why == "address"
    return telling.say(f"parcel_failed_{why}" if why else "parcel_failed", parcel=name, at=at)


def _next_try(telling: Telling, parcel: ParcelSnapshot) -> str:
    """The carrier's window, if it is still ahead."""
    ahead = parcel.eta_to is not None and not telling.day_passed(parcel.eta_to)
    return _expected(telling, parcel) if ahead else ""


def _delivered(telling: Telling, parcel: ParcelSnapshot, name: str) -> tuple[str, ...]:
    told = (
        telling.say("parcel_delivered", parcel=name, at=parcel.delivered_at)
        if parcel.delivered_at
        else telling.say("parcel_delivered_undated", parcel=name)
    )
    return told, telling.say("signed_by", name=parcel.signed_by) if parcel.signed_by else ""


def _exception(telling: Telling, parcel: ParcelSnapshot, name: str) -> str:
    why = _named(parcel, _REASONS)
    return telling.say(f"parcel_exception_{why}" if why else "parcel_exception", parcel=name)


def _at_or_undated(telling: Telling, phrase: str, parcel: ParcelSnapshot, name: str) -> str:
    if parcel.delivered_at:
        return telling.say(phrase, parcel=name, at=parcel.delivered_at)
    return telling.say(f"{phrase}_undated", parcel=name)


def _named(parcel: ParcelSnapshot, reasons: dict[str, tuple[str, ...]]) -> str | None:
    """What a carrier's own sub-state comes down to, if it is one we know."""
    substate = parcel.substate.casefold()
    return next((name for name, signs in reasons.items() if any(sign in substate for sign in signs)), None)
