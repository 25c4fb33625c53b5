"""What an invitation to an appointment says (iCalendar, RFC 5545 and 6047). Pure; never raises."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from app.mail.reading.headers import one_line

MAX_CALENDAR = 262_144  # bytes that are read
MOST_GUESTS = 100

_FOLD = re.compile(r"\r?\n[ \t]")
_LINE = re.compile(r"([A-Za-z-]{1,40})((?:;[^:;\"]{0,300}(?:\"[^\"]{0,300}\")?){0,20}):(.*)")
_ZONE = re.compile(r";TZID=\"?([^;:\"]{1,80})", re.IGNORECASE)
_NAME = re.compile(r";CN=(?:\"([^\"]{1,200})\"|([^;:\"]{1,200}))", re.IGNORECASE)
_ESCAPED = re.compile(r"\\([\\;,nN])")
_PERIOD = re.compile(r"P(?:(\d{1,3})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:\d{1,6}S)?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An appointment. Times are ISO 8601: in UTC, or as the clocks of `zone` (empty: of the reader) show them."""

    method: str = ""  # lower case: request, reply, cancel, publish …
    summary: str = ""
    location: str = ""
    description: str = ""
    organizer: str = ""
    guests: tuple[str, ...] = ()
    start: str = ""  # a moment, or a day
    end: str = ""
    zone: str = ""

    def text(self) -> str:
        """What, when, where and who, a line each."""
        times = " – ".join(moment.replace("T", " ")[:16] for moment in (self.start, self.end) if moment)
        zone = f" ({self.zone})" if self.zone and "T" in self.start else ""
        lines = (
            self.summary,
            times + zone if times else "",
            self.location,
            self.organizer,
            ", ".join(self.guests[:10]),
        )
        return "\n".join(line for line in lines if line) + (f"\n\n{self.description}" if self.description else "")


def read_invitation(calendar: str) -> Invitation | None:
    """The first appointment in `calendar`; None when there is none."""
    found: dict[str, tuple[str, str]] = {}
    guests: list[str] = []
    inside = method = ""
    for line in _FOLD.sub("", calendar[:MAX_CALENDAR]).splitlines():
        match = _LINE.fullmatch(line.rstrip("\r"))
        if match is None:
            continue
        name, parameters, value = match[1].upper(), match[2], match[3]
        if name == "METHOD":
            method = value.strip().lower()[:20]
        elif name == "BEGIN" and not inside and value.strip().upper() in ("VEVENT", "VTODO"):
            inside = value.strip().upper()
        elif name in ("BEGIN", "END") and inside and name == "END" and value.strip().upper() == inside:
            break
        elif inside and name == "ATTENDEE" and len(guests) < MOST_GUESTS:
            guests.append(_person(parameters, value))
        elif inside:
            found.setdefault(name, (parameters, value))
    return _invitation(method, found, tuple(guests)) if inside else None


def _invitation(method: str, found: dict[str, tuple[str, str]], guests: tuple[str, ...]) -> Invitation:
    parameters, written = found.get("DTSTART", ("", ""))
    start, zone = _moment(written), _ZONE.search(parameters)
    end = _moment(found.get("DTEND", ("", ""))[1])
    if end is None and start is not None and "DURATION" in found:
        end = _after(start, found["DURATION"][1])
    if start is not None and end is not None and not isinstance(end, datetime) and not isinstance(start, datetime):
        end -= timedelta(days=1)  # the end of whole days is the first day after them
    in_utc = isinstance(start, datetime) and start.tzinfo is not None
    return Invitation(
        method=method,
        summary=one_line(_plain(found, "SUMMARY"))[:500],
        location=one_line(_plain(found, "LOCATION"))[:500],
        description=_plain(found, "DESCRIPTION")[:20_000].strip(),
        organizer=_person(*found["ORGANIZER"]) if "ORGANIZER" in found else "",
        guests=guests,
        start=start.isoformat() if start else "",
        end=end.isoformat() if end else "",
        zone="UTC" if in_utc else one_line(zone[1]) if zone else "",
    )


def _plain(found: dict[str, tuple[str, str]], name: str) -> str:
    text = found.get(name, ("", ""))[1]
    return _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], text)


def _person(parameters: str, value: str) -> str:
    name = _NAME.search(parameters)
    address = re.sub(r"(?i)^mailto:", "", value.strip())
    said = one_line((name[1] or name[2]) if name else "")
    return one_line(f"{said} <{address}>" if said and said != address else address)[:400]


def _moment(value: str) -> datetime | date | None:
    text = value.strip()
    try:
        if len(text) == 8:
            return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a day has no zone
        moment = datetime.strptime(text[:15], "%Y%m%dT%H%M%S")  # noqa: DTZ007 - the zone stands beside it
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if text.endswith("Z") else moment


def _after(start: datetime | date, period: str) -> datetime | date | None:
    match = _PERIOD.fullmatch(period.strip())
    if match is None:
        return None
    weeks, days, hours, minutes = (int(group or 0) for group in match.groups())
    try:
        return start + timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)
    except OverflowError:
        return None
