"""What has become of an order since an agent looked, in words: before → now."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from app.i18n import day, gettext
from app.order_cards import PARCEL_STATES
from app.web.labels import REFUND_STATES, headline
from core.errors import WismoError
from core.money import Money, format_money
from orders.statuses import ParcelState


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


def with_words(error: WismoError, timezone: str, language: str) -> WismoError:
    """The error, in which each changed order has `lines` for people: what, before and after."""
    orders: Any = error.data.get("orders", ())
    for order in orders if error.code == "order_changed" else ():
        order["lines"] = [_line(change, timezone, language) for change in order["changes"]]
    return error


def _line(change: Mapping[str, str], timezone: str, language: str) -> dict[str, str]:
    say, title = _SAYINGS[change["kind"]]
    before, after = (_said(say, change[side], timezone, language) for side in ("before", "after"))
    if before == after:  # what differs has no words of its own
        before = ""
    what = " ".join(part for part in (gettext(title, language), change["name"]) if part)
    return {"what": what, "before": before, "after": after or gettext(_("gone"), language)}


def _said(say: Callable[[str, str, str], str], text: str, timezone: str, language: str) -> str:
    """What was seen comes back from a browser: what cannot be read is nothing."""
    try:
        return say(text, timezone, language)
    except (ValueError, WismoError):
        return ""


def _headline(code: str, timezone: str, language: str) -> str:
    return headline(code, language)[0] if code else ""


def _promise(text: str, timezone: str, language: str) -> str:
    """The last of the promised times, which is what customers hold us to."""
    ship_by, first, last = (datetime.fromisoformat(part) if part != "-" else None for part in text.split() or "---")
    if until := last or first:
        return gettext(_("arrives by %(day)s"), language) % {"day": day(until, timezone, language)}
    if ship_by:
        return gettext(_("leaves by %(day)s"), language) % {"day": day(ship_by, timezone, language)}
    return gettext(_("no time"), language)


def _parcel(text: str, timezone: str, language: str) -> str:
    if not text:
        return ""
    state, until, point = ([*text.split(" ", 2), ""])[:3]
    said = [gettext(PARCEL_STATES[ParcelState(state)], language)]
    if until != "-":
        said.append(gettext(_("expected %(day)s"), language) % {"day": day(_time(until), timezone, language)})
    return " · ".join([*said, point] if point else said)


def _refund(text: str, timezone: str, language: str) -> str:
    if not text:
        return ""
    state, amount, currency = text.split()
    label = gettext(REFUND_STATES.get(state, (state, "", ""))[0], language)
    return f"{format_money(Money(int(amount), currency), language)} · {label}"


def _version(text: str, timezone: str, language: str) -> str:
    return text


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


_SAYINGS = {
    "headline": (_headline, _("Stage")),
    "promise": (_promise, _("Promised")),
    "parcel": (_parcel, _("Parcel")),
    "refund": (_refund, _("Refund")),
    "version": (_version, _("Version")),
}
