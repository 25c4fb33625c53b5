"""A shop's business hours: the week, the dates that differ (holidays, make-up working days), the shop's zone. Pure.

Kept on the shop as {"mon": [["09:00", "18:00"]], …, "dates": {"2026-12-25": [], "2026-10-10": [["09:00", "18:00"]]}}.
A day of the week without hours is closed; no hours on any day mean always open. A date replaces its day of the week.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from core.clock import utc
from core.errors import Invalid

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DATES = "dates"
HORIZON = 30  # days that are looked at before a desk counts as closed for good
MOST_DATES = 400

Stretch = tuple[datetime, datetime]  # UTC: from … until
Hours = tuple[tuple[str, str], ...]  # local: "09:00" … "18:00"

_CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")
_ALL_DAY: Hours = (("00:00", "24:00"),)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """When a desk is open. An end at or before its start lies on the next day; "24:00" is midnight."""

    week: Mapping[int, Hours]  # by weekday, Monday is 0
    dates: Mapping[date, Hours]
    zone: ZoneInfo

    @classmethod
    def of(cls, stored: Mapping[str, Any], timezone: str) -> "BusinessHours":
        """Hours as a shop keeps them. What is not a day or a date is passed over."""
        week = {n: _pairs(stored.get(day) or ()) for n, day in enumerate(DAYS)}
        if not any(week.values()):
            week = dict.fromkeys(range(7), _ALL_DAY)
        dates = {date.fromisoformat(day): _pairs(hours) for day, hours in (stored.get(DATES) or {}).items()}
        return cls(week, dates, ZoneInfo(timezone))

    def stretches(self, at: datetime, horizon: int = HORIZON) -> Iterator[Stretch]:
        """The stretches in which the desk is open, merged, from the one that holds or follows `at`, for some days."""
        today = utc(at).astimezone(self.zone).date()
        yield from (stretch for stretch in self._merged(today - timedelta(days=1), horizon + 1) if stretch[1] > at)

    def is_open(self, at: datetime) -> bool:
        """Whether the desk is open at this moment."""
        return any(opens <= at for opens, _ in self._near(at))

    def closes_at(self, at: datetime) -> datetime | None:
        """When the desk, open `at`, closes (UTC); None when it is closed, or stays open as far as can be seen."""
        today = utc(at).astimezone(self.zone).date()
        opens, closes = next(self.stretches(at), (at, at))
        return closes if opens <= at < closes < self._midnight(today + timedelta(days=HORIZON)) else None

    def opens_at(self, at: datetime) -> datetime | None:
        """When the desk, closed `at`, opens (UTC); None when it is open, or stays closed as far as can be seen."""
        opens = next((opens for opens, _ in self.stretches(at)), at)
        return opens if opens > at else None

    def after(self, at: datetime, work: timedelta, horizon: int = HORIZON) -> datetime | None:
        """When `work` of open time has passed since `at` (UTC); None when that is further than `horizon` days away."""
        for opens, closes in self.stretches(at, horizon):
            start = max(opens, at)
            if closes - start >= work:
                return start + work
            work -= closes - start
        return None

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How much open time lies between two moments; nothing when `end` is not the later one."""
        days = (end.astimezone(self.zone).date() - start.astimezone(self.zone).date()).days
        if days < 0:
            return timedelta()
        inside = (min(closes, end) - max(opens, start) for opens, closes in self.stretches(start, days + 1))
        return sum((stretch for stretch in inside if stretch > timedelta()), timedelta())

    def end_of_sight(self, at: datetime, horizon: int) -> datetime:
        """Midnight in the desk's zone, `horizon` days after the day of `at` (UTC)."""
        return self._midnight(utc(at).astimezone(self.zone).date() + timedelta(days=horizon))

    def _near(self, at: datetime) -> Iterator[Stretch]:
        return self.stretches(at, horizon=1)

    def _merged(self, first: date, days: int) -> Iterator[Stretch]:
        """Overlapping and touching stretches as one. A day's stretches never begin before an earlier day's do."""
        current: Stretch | None = None
        for n in range(days):
            for opens, closes in sorted(self._of_day(first + timedelta(days=n))):
                if current is not None and opens <= current[1]:
                    current = current[0], max(current[1], closes)
                    continue
                if current is not None:
                    yield current
                current = opens, closes
        if current is not None:
            yield current

    def _of_day(self, day: date) -> Iterator[Stretch]:
        for start, end in self.dates.get(day, self.week[day.weekday()]):
            later = day + timedelta(days=1) if end == "24:00" or end <= start else day
            opens, closes = self._moment(day, start), self._moment(later, "00:00" if end == "24:00" else end)
            if opens < closes:  # not so for hours that a change of the clocks skips
                yield opens, closes

    def _midnight(self, day: date) -> datetime:
        return self._moment(day, "00:00")

    def _moment(self, day: date, hour: str) -> datetime:
        return first_shown(datetime.combine(day, time.fromisoformat(hour)), self.zone)


def first_shown(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first moment (UTC) at which a clock on the wall of `zone` shows this time or a later one.

    A time that comes twice is meant the first time; one that is skipped, a whole day even, is the moment of the jump.
    """
    local = wall.replace(tzinfo=zone)
    before, after = local.utcoffset(), local.replace(fold=1).utcoffset()
    if before is None or after is None or before >= after:  # after is the larger one only where clocks are put forward
        return utc(local)
    early, late = utc(local.replace(fold=1)), utc(local)  # the jump lies between
    while late - early > _SECOND:
        middle = early + (late - early) // 2
        early, late = (early, middle) if middle.astimezone(zone).utcoffset() == after else (middle, late)
    return late.replace(microsecond=0)


def read_hours(data: Mapping[str, Any]) -> dict[str, Any]:
    """Check hours that a person wrote, {"mon": ["09:00-12:00", …], "dates": {"2026-12-25": []}}, and return what a shop
    keeps. Raises Invalid (bad_hours) that names the mistake.
    """
    unknown = sorted(set(data) - {*DAYS, DATES})
    if unknown:
        raise _bad(f"{unknown[0]!r} is neither a day ({', '.join(DAYS)}) nor {DATES!r}")
    dates = data.get(DATES) or {}
    if not isinstance(dates, Mapping) or len(dates) > MOST_DATES:
        raise _bad(f"{DATES} is a table of at most {MOST_DATES} dates")
    hours: dict[str, Any] = {day: _read_day(day, data[day]) for day in DAYS if day in data}
    if dates:
        hours[DATES] = {_read_date(day): _read_day(day, dates[day]) for day in sorted(dates)}
    return hours


def written_hours(stored: Mapping[str, Any]) -> Iterator[str]:
    """What a shop keeps, as the lines of a TOML file that `read_hours` takes."""
    yield from (f"{day} = {_written(stored[day])}" for day in DAYS if stored.get(day))
    if stored.get(DATES):
        yield f"[{DATES}]"
        yield from (f"{day} = {_written(hours)}" for day, hours in sorted(stored[DATES].items()))


def _read_day(day: str, stretches: Any) -> list[list[str]]:
    if not isinstance(stretches, list):
        raise _bad(f'{day}: write a list such as ["09:00-12:00", "13:00-18:00"]; [] is closed')
    read = [_read_stretch(day, stretch) for stretch in stretches]
    if any(after[0] < before[0] for before, after in pairwise(read)):
        raise _bad(f"{day}: the earlier hours come first")
    return read


def _read_stretch(day: str, stretch: Any) -> list[str]:
    start, dash, end = str(stretch).replace("–", "-").replace(" ", "").partition("-")
    if not dash or not _CLOCK.fullmatch(start) or not (end == "24:00" or _CLOCK.fullmatch(end)):
        raise _bad(f"{day}: {str(stretch)[:40]!r} is not hours such as 09:00-18:00")
    return [start, end]


def _read_date(day: str) -> str:
    try:
        return date.fromisoformat(day).isoformat()
    except ValueError:
        raise _bad(f"{day[:40]!r} is not a date such as 2026-12-25") from None


def _bad(detail: str) -> Invalid:
    return Invalid(detail, code="bad_hours")


def _written(hours: Iterable[Iterable[str]]) -> str:
    return "[" + ", ".join(f'"{start}-{end}"' for start, end in hours) + "]"


def _pairs(hours: Iterable[Iterable[str]]) -> Hours:
    return tuple((start, end) for start, end in hours)
