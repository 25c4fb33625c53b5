"""Deadlines: by hand, by property, and by 10,000 timelines against a reference that counts seconds."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.business_hours import BusinessHours
from core.deadlines import Pause, deadline, elapsed, end_of_day, end_of_working_day, latest_start, remaining
from core.errors import Invalid
from tests.core.timelines import DAYS, WallClock, due_second, moment, stop

BERLIN, SHANGHAI, LORD_HOWE, APIA = "Europe/Berlin", "Asia/Shanghai", "Australia/Lord_Howe", "Pacific/Apia"
WEEK: dict[str, Any] = {day: [["09:00", "18:00"]] for day in DAYS[:5]}
NEVER = BusinessHours(dict.fromkeys(range(7), ()), {}, ZoneInfo("UTC"))
HOUR = timedelta(hours=1)


def local(text: str, zone: str = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def due(
    start: str, length: timedelta, zone: str = BERLIN, hours: dict[str, Any] = WEEK, **more: Any
) -> datetime | None:
    return deadline(local(start, zone), length, hours=BusinessHours.of(hours, zone), **more)


@pytest.mark.parametrize(
    ("start", "hours", "answer"),
    [
        ("2026-03-02 10:00", 4, "2026-03-02 14:00"),
        ("2026-03-02 16:00", 4, "2026-03-03 11:00"),
        ("2026-03-02 16:00", 2, "2026-03-02 18:00"),  # the moment of closing is in time
        ("2026-03-06 17:30", 1, "2026-03-09 09:30"),  # over a weekend
        ("2026-03-07 12:00", 1, "2026-03-09 10:00"),
        ("2026-03-27 17:00", 2, "2026-03-30 10:00"),  # and a change of the clocks
        ("2026-03-02 12:00", 0, "2026-03-02 12:00"),
    ],
)
def test_business_time_passes_while_the_desk_is_open(start: str, hours: int, answer: str) -> None:
    assert due(start, hours * HOUR) == local(answer)


def test_holidays_and_the_saturday_that_makes_up_for_them() -> None:
    golden_week: dict[str, Any] = {f"2026-10-{day:02d}": [] for day in range(1, 8)} | {
        "2026-10-10": [["09:00", "18:00"]]
    }
    hours = WEEK | {"dates": golden_week}
    assert due("2026-09-30 17:00", 2 * HOUR, SHANGHAI, hours) == local("2026-10-08 10:00", SHANGHAI)
    assert due("2026-10-09 17:00", 2 * HOUR, SHANGHAI, hours) == local("2026-10-10 10:00", SHANGHAI)


def test_hours_of_the_night_when_the_clocks_change() -> None:
    night = {day: [["01:30", "04:00"]] for day in DAYS}
    assert due("2026-03-29 00:00", 1.5 * HOUR, hours=night) == local("2026-03-29 04:00")  # an hour is missing
    assert due("2026-10-25 00:00", 3.5 * HOUR, hours=night) == local("2026-10-25 04:00")  # one comes twice
    half_hour = {day: [["01:00", "03:00"]] for day in DAYS}
    assert due("2026-10-04 00:00", 1.5 * HOUR, LORD_HOWE, half_hour) == local("2026-10-04 03:00", LORD_HOWE)


def test_hours_that_begin_or_end_in_a_skipped_hour_do_so_when_the_clock_jumps() -> None:
    jump = local("2026-03-29 03:00")
    assert due("2026-03-29 00:00", HOUR, hours={"sun": [["02:30", "05:00"]]}) == jump + HOUR
    assert due("2026-03-29 00:00", HOUR, hours={"sun": [["01:00", "02:30"]]}) == jump


def test_a_friday_that_an_island_skipped_had_no_hours() -> None:
    hours = {"thu": [["09:00", "18:00"]], "fri": [["09:00", "18:00"]], "mon": [["09:00", "18:00"]]}
    assert due("2011-12-29 17:00", 2 * HOUR, APIA, hours) == local("2012-01-02 10:00", APIA)


def test_calendar_time_passes_always() -> None:
    assert deadline(local("2026-03-28 12:00"), 24 * HOUR) == local("2026-03-29 13:00")
    assert elapsed(local("2026-03-28 12:00"), local("2026-03-29 12:00")) == 23 * HOUR


def test_the_clock_stands_in_pauses_which_may_overlap_and_have_no_end() -> None:
    pauses = [Pause(local("2026-03-02 11:00"), local("2026-03-02 12:00"))]
    assert due("2026-03-02 10:00", 4 * HOUR, pauses=pauses) == local("2026-03-02 15:00")
    pauses += [Pause(local("2026-03-02 11:30"), local("2026-03-02 13:00"))]
    assert due("2026-03-02 10:00", 4 * HOUR, pauses=pauses) == local("2026-03-02 16:00")
    pauses += [Pause(local("2026-03-02 15:00"))]
    assert due("2026-03-02 10:00", 4 * HOUR, pauses=pauses) is None
    assert due("2026-03-02 10:00", 3 * HOUR, pauses=pauses) == local("2026-03-02 15:00")
    assert due("2026-03-02 10:00", 4 * HOUR, pauses=pauses, most=1) == local("2026-03-02 16:00")
    assert due("2026-03-02 10:00", 4 * HOUR, pauses=[Pause(local("2026-02-01 00:00"))]) is None
    backwards = [Pause(local("2026-03-02 12:00"), local("2026-03-02 11:00"))]
    assert due("2026-03-02 10:00", 4 * HOUR, pauses=backwards) == local("2026-03-02 14:00")


def test_what_is_overdue_has_less_than_nothing_left() -> None:
    hours, start = BusinessHours.of(WEEK, BERLIN), local("2026-03-02 10:00")
    assert remaining(start, 4 * HOUR, local("2026-03-02 12:00"), hours=hours) == 2 * HOUR
    assert remaining(start, 4 * HOUR, local("2026-03-03 10:00"), hours=hours) == -5 * HOUR


def test_when_to_begin_at_the_latest() -> None:
    hours = BusinessHours.of(WEEK, BERLIN)
    assert latest_start(local("2026-03-09 10:00"), 2 * HOUR, hours=hours) == local("2026-03-06 17:00")
    assert latest_start(local("2026-03-09 03:00"), 2 * HOUR) == local("2026-03-09 01:00")
    lunch = [Pause(local("2026-03-09 09:00"), local("2026-03-09 09:30"))]
    assert latest_start(local("2026-03-09 10:00"), HOUR, hours=hours, pauses=lunch) == local("2026-03-06 17:30")


@pytest.mark.parametrize(
    ("start", "days", "zone", "ends"),
    [
        ("2026-03-02 23:59", 7, SHANGHAI, "2026-03-10 00:00"),  # seven days from the day after
        ("2026-03-02 00:00", 7, SHANGHAI, "2026-03-10 00:00"),
        ("2026-03-20 10:00", 14, BERLIN, "2026-04-04 00:00"),
        ("2011-12-29 10:00", 1, APIA, "2011-12-31 00:00"),  # the day that never was
    ],
)
def test_periods_of_days_end_at_midnight(start: str, days: int, zone: str, ends: str) -> None:
    assert end_of_day(local(start, zone), days, ZoneInfo(zone)) == local(ends, zone)


def test_a_period_that_ends_on_a_closed_day_ends_with_the_next_open_one() -> None:
    hours = BusinessHours.of(WEEK | {"dates": {"2026-03-09": []}}, BERLIN)
    saturday = end_of_day(local("2026-02-28 10:00"), 7, ZoneInfo(BERLIN), working=hours)
    assert saturday == local("2026-03-11 00:00")
    assert end_of_day(local("2026-02-28 10:00"), 6, ZoneInfo(BERLIN), working=hours) == local("2026-03-07 00:00")


def test_working_days_are_open_days_or_else_monday_to_friday() -> None:
    zone, friday = ZoneInfo(BERLIN), local("2026-03-06 10:00")
    assert end_of_working_day(friday, 7, zone) == local("2026-03-18 00:00")
    hours = BusinessHours.of(WEEK | {"dates": {"2026-03-09": []}}, BERLIN)  # a Monday
    assert end_of_working_day(friday, 1, zone, working=hours) == local("2026-03-11 00:00")
    assert end_of_working_day(friday, 0, zone) == local("2026-03-07 00:00")


START = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda: deadline(START, HOUR, hours=NEVER), "never_due"),
        (lambda: latest_start(START, HOUR, hours=NEVER), "never_due"),
        (lambda: end_of_day(START, 1, ZoneInfo("UTC"), working=NEVER), "never_due"),
        (lambda: end_of_working_day(START, 1, ZoneInfo("UTC"), working=NEVER), "never_due"),
        (lambda: end_of_working_day(START, -1, ZoneInfo("UTC")), "bad_length"),
        (lambda: deadline(START, -HOUR), "bad_length"),
        (lambda: remaining(START, -HOUR, START), "bad_length"),
    ],
)
def test_what_can_never_be_due_says_so(ask: Callable[[], object], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        ask()
    assert refused.value.code == code


times = st.integers(0, 24 * 4).map(lambda quarter: f"{quarter // 4:02d}:{quarter % 4 * 15:02d}")
shifts = st.lists(st.tuples(times.filter("24:00".__ne__), times).map(list), max_size=3)
weeks = st.dictionaries(st.sampled_from(DAYS), shifts)
closings = st.dictionaries(st.dates(date(2025, 1, 1), date(2026, 12, 31)).map(str), shifts, max_size=5)
zones = st.sampled_from([BERLIN, SHANGHAI, "America/New_York", LORD_HOWE, "Asia/Kathmandu", APIA])
calendars = st.none() | st.builds(
    lambda week, dates, zone: BusinessHours.of(week | {"dates": dates}, zone), weeks, closings, zones
)
moments = st.integers(0, 2 * 365 * 24 * 3600).map(lambda n: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=n))
lengths = st.integers(0, 5 * 24 * 3600).map(lambda n: timedelta(seconds=n))
pauses = st.lists(st.builds(lambda start, length: Pause(start, start + length), moments, lengths), max_size=4)


@settings(deadline=None)
@given(calendars, moments, lengths, pauses)
def test_when_it_is_due_as_much_time_has_passed_and_not_a_second_earlier(
    hours: BusinessHours | None, start: datetime, length: timedelta, stops: list[Pause]
) -> None:
    moment = deadline(start, length, hours=hours, pauses=stops)
    assert moment is not None
    assert elapsed(start, moment, hours=hours, pauses=stops) == length
    assert remaining(start, length, moment, hours=hours, pauses=stops) == timedelta()
    if length:
        assert elapsed(start, moment - timedelta(seconds=1), hours=hours, pauses=stops) < length


@settings(deadline=None)
@given(calendars, moments, lengths, pauses)
def test_who_begins_at_the_latest_moment_is_ready_and_who_begins_later_is_not(
    hours: BusinessHours | None, end: datetime, length: timedelta, stops: list[Pause]
) -> None:
    begin = latest_start(end, length, hours=hours, pauses=stops)
    assert elapsed(begin, end, hours=hours, pauses=stops) == length
    if length:
        ready = deadline(begin + timedelta(seconds=1), length, hours=hours, pauses=stops)
        assert ready is not None
        assert ready > end


# In each zone: days around a change of the clocks, or (Shanghai, Kathmandu) days like others.
WINDOWS = (
    (SHANGHAI, "2026-10-01"),
    (BERLIN, "2026-03-27"),
    (BERLIN, "2026-10-23"),
    ("America/New_York", "2026-03-06"),
    ("America/New_York", "2026-10-30"),
    (LORD_HOWE, "2026-04-03"),
    (LORD_HOWE, "2026-10-02"),
    ("Asia/Kathmandu", "2026-12-30"),
    (APIA, "2011-12-28"),
    (APIA, "2026-07-01"),
)
SPAN, CALENDARS, TIMELINES = 4, 20, 50  # days; calendars of a window; timelines of a calendar: 10,000 in all


def test_ten_thousand_timelines_against_a_clock_that_counts_seconds() -> None:
    dice = random.Random(20260302)
    compared = met = 0
    for zone, first in WINDOWS:
        clock = WallClock(zone, datetime.fromisoformat(first).replace(tzinfo=UTC), SPAN)
        for _ in range(CALENDARS):
            stored = a_calendar(dice, clock)
            hours, seconds = BusinessHours.of(stored, zone), clock.open_seconds(stored)
            for _ in range(TIMELINES):
                met += compare(dice, clock, hours, seconds)
                compared += 1
    assert compared == 10_000
    assert met > 3_000  # deadlines that lie within the stretch that the reference sees


def compare(dice: random.Random, clock: WallClock, hours: BusinessHours, seconds: bytearray) -> bool:
    last = len(seconds)
    start, at, length = dice.randrange(last), dice.randrange(last), dice.randrange(1, 30 * 3600)
    spans = [(begin, begin + dice.randrange(12 * 3600)) for begin in dice.sample(range(last), dice.randrange(4))]
    ends: list[int | None] = [None if dice.random() < 0.05 else end for _, end in spans]
    stood = [(begin, end) for (begin, _), end in zip(spans, ends, strict=True)]
    stops = [Pause(moment(clock, begin), None if end is None else moment(clock, end)) for begin, end in stood]
    running = stop(seconds, stood)
    passed = elapsed(moment(clock, start), moment(clock, at), hours=hours, pauses=stops)
    assert passed == timedelta(seconds=running.count(1, start, max(at, start)))
    due_at = due_second(running, start, length)
    if due_at is None and not any(end is None for end in ends):
        return False
    found = deadline(moment(clock, start), timedelta(seconds=length), hours=hours, pauses=stops)
    assert found == (None if due_at is None else moment(clock, due_at))
    return due_at is not None


def a_calendar(dice: random.Random, clock: WallClock) -> dict[str, Any]:
    week = {day: some_shifts(dice) for day in DAYS if dice.random() < 0.8}
    days = [(clock.first + timedelta(days=n)).date().isoformat() for n in range(SPAN) if dice.random() < 0.2]
    return week | {"dates": {day: some_shifts(dice) if dice.random() < 0.5 else [] for day in days}}


def some_shifts(dice: random.Random) -> list[list[str]]:
    if dice.random() < 0.1:
        return [["00:00", "24:00"]]
    starts = sorted(dice.sample(range(96), dice.randint(1, 3)))
    return [[quarter(start), quarter((start + dice.randint(1, 60)) % 96)] for start in starts]


def quarter(n: int) -> str:
    return f"{n // 4:02d}:{n % 4 * 15:02d}"
