"""When a desk is open: weeks, holidays, make-up working days, time zones, clocks that change."""

import tomllib
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.business_hours import BusinessHours, read_hours, written_hours
from core.errors import Invalid

BERLIN, SHANGHAI = "Europe/Berlin", "Asia/Shanghai"
WEEK: dict[str, Any] = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
NATIONAL_DAY = WEEK | {
    "dates": {f"2026-10-{day:02d}": [] for day in range(1, 8)} | {"2026-10-10": [["09:00", "18:00"]]}  # a Saturday
}


def local(text: str, timezone: str = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-09-30 18:00", "2026-10-08 09:00"),  # the whole golden week is free
        ("2026-10-03 12:00", "2026-10-08 09:00"),
        ("2026-10-09 20:00", "2026-10-10 09:00"),  # and a Saturday is worked for it
        ("2026-10-10 18:00", "2026-10-12 09:00"),
    ],
)
def test_holidays_and_the_days_that_make_up_for_them(at: str, opens: str) -> None:
    hours = BusinessHours.of(NATIONAL_DAY, SHANGHAI)
    assert not hours.is_open(local(at, SHANGHAI))
    assert hours.opens_at(local(at, SHANGHAI)) == local(opens, SHANGHAI)
    assert hours.closes_at(local(at, SHANGHAI)) is None


def test_a_desk_that_is_open_says_until_when() -> None:
    hours = BusinessHours.of(WEEK | {"dates": {"2026-12-24": [["09:00", "12:00"]]}}, BERLIN)
    assert hours.closes_at(local("2026-12-23 11:00")) == local("2026-12-23 18:00")
    assert hours.closes_at(local("2026-12-24 11:00")) == local("2026-12-24 12:00")
    assert hours.opens_at(local("2026-12-24 11:00")) is None


def test_a_night_shift_ends_on_the_day_after_even_on_a_holiday() -> None:
    hours = BusinessHours.of({"fri": [["22:00", "02:00"]], "dates": {"2026-03-07": []}}, BERLIN)
    assert hours.is_open(local("2026-03-07 01:59"))
    assert not hours.is_open(local("2026-03-07 02:00"))


def test_without_hours_a_desk_is_always_open_but_for_its_holidays() -> None:
    always = BusinessHours.of({}, BERLIN)
    assert always.is_open(local("2026-12-25 03:00"))
    assert always.closes_at(local("2026-12-25 03:00")) is None
    but_christmas = BusinessHours.of({"dates": {"2026-12-25": []}}, BERLIN)
    assert not but_christmas.is_open(local("2026-12-25 03:00"))
    assert but_christmas.closes_at(local("2026-12-24 03:00")) == local("2026-12-25 00:00")


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-03-02 10:00", "2026-03-02 12:30", 2.5),
        ("2026-03-06 17:00", "2026-03-09 10:00", 2),  # over a weekend
        ("2026-03-27 17:00", "2026-03-30 10:00", 2),  # and a change of the clocks
        ("2026-03-07 10:00", "2026-03-08 10:00", 0),
        ("2026-03-02 12:00", "2026-03-02 10:00", 0),  # nothing passes backwards
        ("2026-03-02 12:00", "2026-02-20 10:00", 0),
    ],
)
def test_open_time_between_two_moments(start: str, end: str, hours: float) -> None:
    assert BusinessHours.of(WEEK, BERLIN).between(local(start), local(end)) == timedelta(hours=hours)


times = st.integers(0, 24 * 4).map(lambda quarter: f"{quarter // 4:02d}:{quarter % 4 * 15:02d}")
stretches = st.tuples(times.filter("24:00".__ne__), times).map(list)
days = st.lists(stretches, max_size=3)
weeks = st.dictionaries(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), days)
dates = st.dictionaries(st.dates(date(2025, 1, 1), date(2026, 12, 31)).map(str), days, max_size=5)
calendars = st.tuples(weeks, dates).map(lambda parts: parts[0] | {"dates": parts[1]})
zones = st.sampled_from([BERLIN, SHANGHAI, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])
moments = st.integers(0, 2 * 365 * 24 * 4).map(lambda n: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * n))


@given(calendars, zones, moments)
def test_stretches_are_apart_and_in_order(stored: dict[str, Any], zone: str, at: datetime) -> None:
    found = list(BusinessHours.of(stored, zone).stretches(at))
    assert all(opens < closes and closes > at for opens, closes in found)
    assert all(before[1] < after[0] for before, after in pairwise(found))


@given(calendars, zones, moments, st.integers(0, 3 * 24 * 4))
def test_open_time_is_the_quarters_of_an_hour_in_which_the_desk_is_open(
    stored: dict[str, Any], zone: str, start: datetime, quarters: int
) -> None:
    hours, quarter = BusinessHours.of(stored, zone), timedelta(minutes=15)
    open_quarters = sum(hours.is_open(start + n * quarter) for n in range(quarters))
    assert hours.between(start, start + quarters * quarter) == open_quarters * quarter


@given(calendars, zones, moments, st.timedeltas(timedelta(seconds=1), timedelta(days=3)))
def test_work_is_done_when_as_much_open_time_has_passed(
    stored: dict[str, Any], zone: str, at: datetime, work: timedelta
) -> None:
    hours = BusinessHours.of(stored, zone)
    done = hours.after(at, work)
    if done is None:
        assert hours.between(at, at + timedelta(days=28)) < work
    else:
        assert hours.between(at, done) == work
        assert hours.between(at, done - timedelta(seconds=1)) < work


def test_hours_are_read_from_what_a_person_writes() -> None:
    written = """
        mon = ["09:00-12:00", "13:00 – 18:00"]
        sat = ["22:00-02:00"]
        [dates]
        2026-12-25 = []
        2026-10-10 = ["09:00-24:00"]
    """
    hours = read_hours(tomllib.loads(written))
    assert hours == {
        "mon": [["09:00", "12:00"], ["13:00", "18:00"]],
        "sat": [["22:00", "02:00"]],
        "dates": {"2026-10-10": [["09:00", "24:00"]], "2026-12-25": []},
    }
    assert read_hours(tomllib.loads("\n".join(written_hours(hours)))) == hours


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ('monday = ["09:00-18:00"]', "monday"),
        ('mon = "09:00-18:00"', "mon"),
        ('mon = ["9-18"]', "9-18"),
        ('mon = ["09:00-25:00"]', "25:00"),
        ('mon = ["13:00-18:00", "09:00-12:00"]', "earlier"),
        ("[dates]\n2026-13-25 = []", "2026-13-25"),
        ('dates = "never"', "dates"),
    ],
)
def test_a_mistake_is_named(written: str, named: str) -> None:
    with pytest.raises(Invalid, match=named) as refused:
        read_hours(tomllib.loads(written))
    assert refused.value.code == "bad_hours"
