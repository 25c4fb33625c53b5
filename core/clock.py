"""The only place that reads the wall clock. Everything else asks `now()` and gets an aware UTC datetime."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta


class Clock:
    """The real clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FrozenClock(Clock):
    """A clock that stands until it is moved; for tests, rehearsals and replays."""

    def __init__(self, at: datetime) -> None:
        self.at = utc(at)

    def now(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        self.at += by


_clock = Clock()


def now() -> datetime:
    """The current time as an aware UTC datetime."""
    return _clock.now()


def set_clock(clock: Clock) -> None:
    """Replace the process's clock."""
    global _clock
    _clock = clock


@contextmanager
def frozen(at: datetime) -> Iterator[FrozenClock]:
    """Freeze the process's clock at `at` for the length of the block."""
    previous, clock = _clock, FrozenClock(at)
    set_clock(clock)
    try:
        yield clock
    finally:
        set_clock(previous)


def utc(value: datetime) -> datetime:
    """Convert an aware datetime to UTC. Raises ValueError for a naive one: guessing an offset loses hours silently."""
    if value.tzinfo is UTC:
        return value
    if value.tzinfo is None:
        raise ValueError("a datetime without an offset has no place here")
    return value.astimezone(UTC)
