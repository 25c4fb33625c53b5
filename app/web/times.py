"""Times as the desk reads them: how long ago, how much is left."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.i18n import day, gettext, ngettext, when
from core.clock import now

SOON = timedelta(minutes=15)


def ago(moment: datetime, at: datetime, language: str) -> str:
    """How long `moment` is past, in the largest unit that says enough: `4 min`, `2 h`, `3 d`, then the date."""
    passed = max(at - moment, timedelta())
    if passed < timedelta(minutes=1):
        return gettext("now", language)
    return span(passed, language) if passed < timedelta(days=7) else day(moment, "UTC", language)


def span(length: timedelta, language: str) -> str:
    """A stretch of time in one unit."""
    minutes = int(length.total_seconds() // 60)
    if minutes < 60:
        return ngettext("%(num)s min", "%(num)s min", max(minutes, 1), language) % {"num": max(minutes, 1)}
    if minutes < 48 * 60:
        return ngettext("%(num)s h", "%(num)s h", minutes // 60, language) % {"num": minutes // 60}
    return ngettext("%(num)s d", "%(num)s d", minutes // 1440, language) % {"num": minutes // 1440}


def due(deadline: datetime, at: datetime, language: str) -> tuple[str, str]:
    """What is left until a deadline, or by how much it is missed, with its tone."""
    if deadline <= at:
        return gettext("%(time)s late", language) % {"time": span(at - deadline, language)}, "bad"
    left = gettext("%(time)s left", language) % {"time": span(deadline - at, language)}
    return left, "warn" if deadline - at <= SOON else ""


def in_two_hours(timezone: str) -> str:
    """What a form proposes, for a `datetime-local` field: the full hour, two hours from now, in `timezone`."""
    return (now().astimezone(ZoneInfo(timezone)) + timedelta(hours=2)).strftime("%Y-%m-%dT%H:00")


def same_day(one: datetime, other: datetime, timezone: str) -> bool:
    """Whether two moments fall on one day in `timezone`."""
    zone = ZoneInfo(timezone)
    return one.astimezone(zone).date() == other.astimezone(zone).date()


def iso(moment: datetime) -> str:
    """For the `datetime` attribute."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def stamp(moment: datetime, timezone: str, language: str, at: datetime) -> str:
    """Day and time in `timezone`, with the year when it is not that of `at`: orders live longer than a year."""
    text, zone = when(moment, timezone, language), ZoneInfo(timezone)
    year = moment.astimezone(zone).year
    if year == at.astimezone(zone).year:
        return text
    return f"{year}年{text}" if language == "zh" else text.replace(", ", f" {year}, ")


def zone_name(timezone: str, at: datetime) -> str:
    """A zone as people check it: `Europe/Berlin, UTC+1`."""
    offset = at.astimezone(ZoneInfo(timezone)).utcoffset() or timedelta()
    minutes = int(offset.total_seconds() // 60)
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    return f"{timezone}, UTC{sign}{hours}" + (f":{rest:02d}" if rest else "")
