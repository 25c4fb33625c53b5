"""The only place that reads the wall clock. Everything else asks `now()` and gets an aware UTC datetime."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_STEP = timedelta(minutes=1)  # less is drift, which is corrected all the time
_MOST_JUMPS = 20  # that are remembered; a clock that jumps more often is broken
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # goes on while the machine sleeps, where there is one


@dataclass(frozen=True, slots=True)
class Jump:
    """The wall clock was set forward: by how much, and the latest moment that can have been noted before."""

    by: timedelta
    before: datetime


class Clock:
    """The real clock."""

    def __init__(self) -> None:
        self._jumps: deque[Jump] = deque(maxlen=_MOST_JUMPS)
        self._origin = self._zero()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def steady(self) -> timedelta:
        """Time since some moment, which nobody sets."""
        return timedelta(seconds=time.clock_gettime(_STEADY))

    def since(self, moment: datetime) -> timedelta:
        """See `since`."""
        by = self._zero() - self._origin
        if abs(by) >= _STEP:
            self._origin += by
            self._note(by)
        return self.now() - moment - sum((jump.by for jump in self._jumps if moment <= jump.before), timedelta())

    def _note(self, by: timedelta) -> None:
        """A clock that is set back takes back what it was ahead; what it loses beyond that makes nothing older."""
        if by > timedelta():
            self._jumps.append(Jump(by, self.now() - by))
        while by < timedelta() and self._jumps:
            jump = self._jumps.pop()
            if (rest := jump.by + by) > timedelta():
                self._jumps.append(Jump(rest, jump.before))
            by = rest

    def _zero(self) -> datetime:
        return self.now() - self.steady()


class FrozenClock(Clock):
    """A clock that stands until it is moved; for tests, rehearsals and replays."""

    def __init__(self, at: datetime) -> None:
        self.at = utc(at)
        self._steady = timedelta()
        super().__init__()

    def steady(self) -> timedelta:
        return self._steady

    def now(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self.at += by
        self._steady += by

    def jump(self, by: timedelta) -> None:
        """Set the clock, as somebody does who corrects or breaks it: no time has passed."""
        self.at += by


_clock = Clock()


def now() -> datetime:
    """The current time as an aware UTC datetime."""
    return _clock.now()


def since(moment: datetime) -> timedelta:
    """How long ago `moment` was noted, without what the wall clock was set forward meanwhile, as far as this process
    lived through it. For limits that a clock must not end by jumping. Negative for what was noted by a clock ahead.
    """
    return _clock.since(moment)


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
