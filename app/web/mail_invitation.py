"""An appointment that came by mail, as a small card: what, when, where, who asks."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, TypeGuard

from app.i18n import clock_time, full_day, gettext, when
from app.web.times import same_day


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


METHODS = {
    "request": _("Invitation"),
    "cancel": _("Appointment cancelled"),
    "reply": _("Response to an invitation"),
    "counter": _("Another time proposed"),
}
OTHER = _("Appointment")


def invitation_card(invitation: Mapping[str, Any] | None, timezone: str, language: str) -> dict[str, str] | None:
    """What the thread shows of an appointment as the mail room has noted it; times in `timezone` (of the shop)."""
    if not invitation:
        return None
    guests = int(invitation.get("guests") or 0)
    return {
        "label": gettext(METHODS.get(str(invitation.get("method") or ""), OTHER), language),
        "summary": str(invitation.get("summary") or ""),
        "time": _time(invitation, timezone, language),
        "location": str(invitation.get("location") or ""),
        "organizer": str(invitation.get("organizer") or ""),
        "guests": gettext(_("%(count)s invited"), language) % {"count": guests} if guests else "",
    }


def _time(invitation: Mapping[str, Any], timezone: str, language: str) -> str:
    """From when to when; the day is said once."""
    zone = str(invitation.get("zone") or "")
    begin, end = _read(invitation.get("start")), _read(invitation.get("end"))
    begins, ends = (_shown(moment, zone, timezone, language) for moment in (begin, end))
    if _is_moment(begin) and _is_moment(end) and same_day(begin, end, timezone):
        ends = clock_time(end, timezone, language)
    return f"{begins} – {ends}" if begins and ends and ends != begins else begins


def _is_moment(read: datetime | date | None) -> TypeGuard[datetime]:
    return isinstance(read, datetime) and read.tzinfo is not None


def _read(written: Any) -> datetime | date | None:
    """A moment, what clocks somewhere show (without a zone), or a day."""
    text = str(written or "")
    try:
        return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
    except ValueError:
        return None


def _shown(moment: datetime | date | None, zone: str, timezone: str, language: str) -> str:
    """On the shop's clocks, or as the clocks of another place show it, with its name."""
    if moment is None:
        return ""
    if not isinstance(moment, datetime):
        return full_day(datetime(moment.year, moment.month, moment.day, tzinfo=UTC), "UTC", language)
    if moment.tzinfo is not None:
        return when(moment, timezone, language)
    return f"{moment:%Y-%m-%d %H:%M}" + (f" ({zone})" if zone else "")
