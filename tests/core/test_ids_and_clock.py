"""Public ids and the clock."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest

from core import clock
from core.clock import FrozenClock, now, since, utc
from core.ids import new_id, new_token


def test_ids_are_unique_and_readable() -> None:
    ids = {new_id("tkt") for _ in range(5000)}
    assert len(ids) == 5000
    for public_id in ids:
        prefix, _, rest = public_id.partition("_")
        assert prefix == "tkt"
        assert len(rest) == 26
        assert set(rest) <= set("0123456789abcdefghjkmnpqrstvwxyz")


def test_ids_sort_by_time(clock: FrozenClock) -> None:
    ids = []
    for step in (timedelta(milliseconds=1), timedelta(seconds=7), timedelta(days=400), timedelta(days=36500)):
        ids.append(new_id("ord"))
        clock.advance(step)
    assert ids == sorted(ids)


def test_ids_of_one_moment_cannot_be_guessed(clock: FrozenClock) -> None:
    first, second = new_id("cnv"), new_id("cnv")
    assert first[:14] == second[:14]  # the time
    assert sum(a != b for a, b in zip(first[14:], second[14:], strict=True)) > 8


def test_tokens() -> None:
    tokens = {new_token("wsm_") for _ in range(100)}
    assert len(tokens) == 100
    assert all(token.startswith("wsm_") and len(token) >= 47 for token in tokens)


def test_a_frozen_clock_stands_until_moved(clock: FrozenClock) -> None:
    at = now()
    assert now() == at
    clock.advance(timedelta(minutes=5))
    assert now() == at + timedelta(minutes=5)


def test_freezing_ends_with_the_block() -> None:
    at = datetime(2020, 1, 1, tzinfo=timezone(timedelta(hours=8)))
    with clock.frozen(at):
        assert now() == at
        assert now().tzinfo is UTC
    assert now() > datetime(2025, 1, 1, tzinfo=UTC)
    with pytest.raises(RuntimeError, match="end"), clock.frozen(at):
        raise RuntimeError("end")
    assert now() > datetime(2025, 1, 1, tzinfo=UTC)


def test_naive_times_have_no_place() -> None:
    with pytest.raises(ValueError, match="offset"):
        utc(datetime(2026, 1, 1))  # noqa: DTZ001 (what is refused)
    with pytest.raises(ValueError, match="offset"):
        FrozenClock(datetime(2026, 1, 1))  # noqa: DTZ001


def test_time_zones_need_nothing_of_the_machine() -> None:
    """A small container has no zone data; a shop in Shanghai still has its hours."""
    look = "import zoneinfo; print(len(zoneinfo.TZPATH), zoneinfo.ZoneInfo('Asia/Shanghai'))"
    environment = os.environ | {"PYTHONTZPATH": ""}
    answer = subprocess.run([sys.executable, "-c", look], env=environment, capture_output=True, text=True, check=True)
    assert answer.stdout == "0 Asia/Shanghai\n"


def test_how_long_ago_does_not_follow_a_clock_that_is_set(clock: FrozenClock) -> None:
    before = clock.now()
    clock.advance(timedelta(hours=1))
    clock.jump(timedelta(days=1))
    assert since(before) == timedelta(hours=1)
    after = clock.now()
    clock.advance(timedelta(hours=1))
    assert (since(before), since(after)) == (timedelta(hours=2), timedelta(hours=1))
    clock.jump(timedelta(days=-1))
    clock.advance(timedelta(hours=1))
    assert (since(before), since(after)) == (timedelta(hours=3), timedelta(hours=2 - 24))


def test_a_clock_that_is_set_back_makes_nothing_older(clock: FrozenClock) -> None:
    before = clock.now()
    for hours in (24, -6, -30, 12):
        clock.jump(timedelta(hours=hours))
        assert since(before) <= timedelta()


def test_the_real_clock_agrees_with_itself() -> None:
    moment = now()
    assert timedelta() <= since(moment) < timedelta(seconds=5)
