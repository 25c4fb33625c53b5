"""Deadlines in business or calendar time: when something is due, how much time has passed and how much is left. Pure.

With `hours` only the time in which the desk is open counts (a shop's own policies); without them all time does (law,
platforms). While a pause lasts the clock stands; overlapping and touching pauses are one. Exact to the microsecond.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.business_hours import BusinessHours, Stretch, first_shown
from core.clock import utc
from core.errors import Invalid

HORIZON = 3660  # days, ten years: what is not due by then never is

_FAR = datetime.max.replace(tzinfo=UTC)
_NOTHING = timedelta()
_SATURDAY = 5  # as date.weekday() counts
_WINDOWS = (8, 64, 512, HORIZON)  # days that are looked at, until enough open time is found


@dataclass(frozen=True, slots=True)
class Pause:
    """The clock stood from `start` (UTC) until `end`; None: it still does."""

    start: datetime
    end: datetime | None = None


def deadline(
    start: datetime,
    length: timedelta,
    *,
    hours: BusinessHours | None = None,
    pauses: Sequence[Pause] = (),
    most: int | None = None,
) -> datetime | None:
    """The first moment (UTC) at which `length` has passed since `start`; None while an open pause keeps it away.

    Only the first `most` pauses count, all by default. Raises Invalid (bad_length) for a negative length and
    (never_due) when the hours leave too little time in ten years.
    """
    _require_length(length)
    begin = utc(start)
    if not length:
        return begin
    still = _merged(pauses, most)
    for end in [begin + timedelta(days=days) for days in _WINDOWS] if hours else [_FAR]:
        left = length
        for opens, closes in _running(begin, end, hours, still):
            if closes - opens >= left:
                return opens + left
            left -= closes - opens
        if still and still[-1][0] < end and still[-1][1] == _FAR:
            return None
    raise Invalid("these hours leave too little time: it would never be due", code="never_due")


def elapsed(
    start: datetime,
    at: datetime,
    *,
    hours: BusinessHours | None = None,
    pauses: Sequence[Pause] = (),
    most: int | None = None,
) -> timedelta:
    """How much time that counts has passed between `start` and `at`; nothing when `at` is not the later one."""
    stretches = _running(utc(start), utc(at), hours, _merged(pauses, most))
    return sum((closes - opens for opens, closes in stretches), _NOTHING)


def remaining(
    start: datetime,
    length: timedelta,
    at: datetime,
    *,
    hours: BusinessHours | None = None,
    pauses: Sequence[Pause] = (),
    most: int | None = None,
) -> timedelta:
    """How much time that counts is left `at`; below nothing by how much it is overdue. Raises Invalid (bad_length)."""
    _require_length(length)
    return length - elapsed(start, at, hours=hours, pauses=pauses, most=most)


def latest_start(
    due: datetime, length: timedelta, *, hours: BusinessHours | None = None, pauses: Sequence[Pause] = ()
) -> datetime:
    """The inverse of `deadline`: the last moment (UTC) to begin what takes `length` and must be done by `due`.

    Raises Invalid (bad_length) and (never_due) when the hours leave too little time in the ten years before.
    """
    _require_length(length)
    end = utc(due)
    if not length:
        return end
    still = _merged(pauses, None)
    for days in _WINDOWS:
        left = length
        for opens, closes in reversed(list(_running(end - timedelta(days=days), end, hours, still))):
            if closes - opens >= left:
                return closes - left
            left -= closes - opens
    raise Invalid("these hours leave too little time: it could never have begun", code="never_due")


def end_of_day(start: datetime, days: int, zone: ZoneInfo, *, working: BusinessHours | None = None) -> datetime:
    """When the period of `days` days that begins with the day after `start` ends (UTC): the midnight after its last.

    With `working` a period that would end on a closed day ends with the next open one. So count Regulation (EEC)
    1182/71 articles 3(1) and 3(4), and the Civil Code of China articles 201 and 203. Raises Invalid (bad_length),
    (never_due).
    """
    _require_length(timedelta(days=days))
    last = utc(start).astimezone(zone).date() + timedelta(days=days)
    for _ in range(HORIZON):
        if working is None or _is_working_day(last, zone, working):
            return _midnight(last + timedelta(days=1), zone)
        last += timedelta(days=1)
    raise Invalid("there is no open day in ten years", code="never_due")


def end_of_working_day(start: datetime, days: int, zone: ZoneInfo, *, working: BusinessHours | None = None) -> datetime:
    """When the period of `days` working days that begins with the day after `start` ends (UTC): the midnight after its
    last.

    Open days of `working` count; without it Monday to Friday, holidays too, so that it is never later than a law means.
    Raises Invalid (bad_length), (never_due).
    """
    _require_length(timedelta(days=days))
    last, left = utc(start).astimezone(zone).date(), days
    for _ in range(HORIZON):
        if not left:
            return _midnight(last + timedelta(days=1), zone)
        last += timedelta(days=1)
        left -= _is_working_day(last, zone, working)
    raise Invalid("there are too few working days in ten years", code="never_due")


def _is_working_day(day: date, zone: ZoneInfo, working: BusinessHours | None) -> bool:
    if working is None:
        return day.weekday() < _SATURDAY
    return bool(working.between(_midnight(day, zone), _midnight(day + timedelta(days=1), zone)))


def _require_length(length: timedelta) -> None:
    if length < _NOTHING:
        raise Invalid("a length of time cannot be negative", code="bad_length")


def _running(
    start: datetime, end: datetime, hours: BusinessHours | None, still: Sequence[Stretch]
) -> Iterator[Stretch]:
    """The stretches between two moments in which the clock runs, in order."""
    if end <= start:
        return
    for opens, closes in _open(start, end, hours):
        at = max(opens, start)
        for pause_start, pause_end in still:
            if pause_end <= at:
                continue
            if pause_start >= closes:
                break
            if pause_start > at:
                yield at, pause_start
            at = pause_end
        if at < (until := min(closes, end)):
            yield at, until


def _open(start: datetime, end: datetime, hours: BusinessHours | None) -> Iterator[Stretch]:
    if hours is None:
        yield start, end
        return
    for opens, closes in hours.stretches(start, (end - start).days + 3):
        if opens >= end:
            return
        yield opens, min(closes, end)


def _merged(pauses: Sequence[Pause], most: int | None) -> list[Stretch]:
    merged: list[Stretch] = []
    for start, end in sorted((utc(pause.start), utc(pause.end or _FAR)) for pause in pauses):
        if end <= start:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((start, end))
    return merged if most is None else merged[:most]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return first_shown(datetime.combine(day, time()), zone)
