"""An appointment that came by mail, as a small card: what, when, where, who asks."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from app.i18n import full_day, gettext, when


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


METHODS = {
    "request": _("Invitation"),
    "cancel": _("Appointment cancelled"),
    "reply": _("Answer to an invitation"),
    "counter": _("Another time proposed"),
}
OTHER = _("Appointment")


def invitation_card(invitation: Mapping[str, Any] | None, timezone: str, language: str) -> dict[str, str] | None:
    """What the thread shows of an appointment as the mail room has noted it; times in `timezone` (of the shop)."""
    if not invitation:
        return None
    zone = str(invitation.get("zone") or "")
    begins, ends = (_moment(invitation.get(name), zone, timezone, language) for name in ("start", "end"))
    guests = int(invitation.get("guests") or 0)
    return {
        "label": gettext(METHODS.get(str(invitation.get("method") or ""), OTHER), language),
        "summary": str(invitation.get("summary") or ""),
        "time": f"{begins} – {ends}" if begins and ends and ends != begins else begins,
        "location": str(invitation.get("location") or ""),
        "organizer": str(invitation.get("organizer") or ""),
        "guests": gettext(_("%(count)s invited"), language) % {"count": guests} if guests else "",
    }


def _moment(written: Any, zone: str, timezone: str, language: str) -> str:
    """A day, a moment on the shop's clocks, or what the clocks of another place show, with its name."""
    text = str(written or "")
    try:
        if "T" not in text:
            day = date.fromisoformat(text)
            return full_day(datetime(day.year, day.month, day.day, tzinfo=UTC), "UTC", language)
        moment = datetime.fromisoformat(text)
    except ValueError:
        return ""
    if moment.tzinfo is not None:
        return when(moment, timezone, language)
    return text.replace("T", " ")[:16] + (f" ({zone})" if zone else "")
