"""Deadlines worked out naively: a wall clock is read minute by minute, every second is a byte, and bytes are counted.

It shares nothing with the code that it is compared with but the hours as a shop keeps them.
"""

from bisect import bisect_left
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTE, HOUR = 60, 3600


class WallClock:
    """What a clock in a zone shows at each minute of a stretch of UTC."""

    def __init__(self, zone: str, first: datetime, days: int) -> None:
        self.first, self.days, self.zone = first, days, ZoneInfo(zone)
        minutes = (first + timedelta(minutes=n) for n in range(days * 24 * 60))
        self.shown = [moment.astimezone(self.zone).replace(tzinfo=None) for moment in minutes]
        self.latest = list(accumulate(self.shown, max))  # so that the first minute that shows X or more can be found

    def second_of(self, wall: datetime) -> int:
        return bisect_left(self.latest, wall) * MINUTE

    def open_seconds(self, hours: dict[str, Any]) -> bytearray:
        """One byte a second, 1 while somebody has walked in by the clock and nobody has walked out by it."""
        seconds = bytearray(len(self.shown) * MINUTE)
        always = not any(hours.get(day) for day in DAYS)
        for n in range(-2, self.days + 3):
            day = (self.first + timedelta(days=n)).date()
            usual = [["00:00", "24:00"]] if always else hours.get(DAYS[day.weekday()], [])
            for start, end in hours.get("dates", {}).get(day.isoformat(), usual):
                midnight = datetime.combine(day, time())
                begin, until = midnight + clock_time(start), midnight + clock_time(end)
                fill(seconds, self.second_of(begin), self.second_of(until + timedelta(days=until <= begin)), 1)
        return seconds


def clock_time(text: str) -> timedelta:
    hour, minute = text.split(":")
    return timedelta(hours=int(hour), minutes=int(minute))


def fill(seconds: bytearray, start: int, end: int, value: int) -> None:
    start, end = max(start, 0), min(end, len(seconds))
    if start < end:
        seconds[start:end] = bytes([value]) * (end - start)


def stop(seconds: bytearray, pauses: Iterable[tuple[int, int | None]]) -> bytearray:
    stopped = bytearray(seconds)
    for start, end in pauses:
        fill(stopped, start, len(stopped) if end is None else end, 0)
    return stopped


def due_second(seconds: bytearray, start: int, length: int) -> int | None:
    """The end of the second in which the count is full; None if that is not within the stretch."""
    at, left = start, length
    while (found := seconds.count(1, at, at + HOUR)) < left:
        at, left = at + HOUR, left - found
        if at >= len(seconds):
            return None
    while left:
        left -= seconds[at]
        at += 1
    return at


def moment(clock: WallClock, second: int) -> datetime:
    return (clock.first + timedelta(seconds=second)).astimezone(UTC)
