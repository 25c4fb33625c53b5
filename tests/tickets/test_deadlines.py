"""By when a person answers: opening hours, time zones, clocks that change."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.business_hours import BusinessHours
from core.shops import Shop
from tickets.deadlines import REPLY_AWAY, REPLY_ONLINE, first_reply_due

WEEK: dict[str, Any] = {day: [["09:00", "12:00"], ["13:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
BERLIN, SHANGHAI = "Europe/Berlin", "Asia/Shanghai"


def shop(hours: dict[str, Any], timezone: str = BERLIN) -> Shop:
    return Shop(hours=hours, timezone=timezone)


def local(text: str, timezone: str = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("asked", "online", "due"),
    [
        ("2026-03-02 10:00", True, "2026-03-02 10:10"),
        ("2026-03-02 10:00", False, "2026-03-02 11:00"),
        ("2026-03-02 11:55", True, "2026-03-02 13:05"),  # over lunch
        ("2026-03-02 17:55", True, "2026-03-03 09:05"),
        ("2026-03-02 17:30", False, "2026-03-03 09:30"),
        ("2026-03-02 03:00", False, "2026-03-02 10:00"),
        ("2026-03-02 03:00", True, "2026-03-02 10:00"),  # a console left open at night promises nothing
        ("2026-03-06 18:00", False, "2026-03-09 10:00"),  # over the weekend
        ("2026-03-02 09:00", True, "2026-03-02 09:10"),
        ("2026-03-27 17:30", False, "2026-03-30 09:30"),  # the clocks go forward in between
        ("2026-10-23 17:30", False, "2026-10-26 09:30"),  # and back
    ],
)
def test_by_the_hours_of_a_shop(asked: str, online: bool, due: str) -> None:
    assert first_reply_due(shop(WEEK), local(asked), online) == local(due)


def test_the_shops_own_zone_counts() -> None:
    asked = local("2026-03-02 10:00", SHANGHAI)
    assert first_reply_due(shop(WEEK, SHANGHAI), asked, True) == asked + REPLY_ONLINE
    assert first_reply_due(shop(WEEK, BERLIN), asked, True) == local("2026-03-02 10:00", BERLIN)


@pytest.mark.parametrize("hours", [{}, {"mon": []}, {"holiday": [["09:00", "10:00"]]}])
def test_without_hours_the_desk_is_always_open(hours: dict[str, Any]) -> None:
    asked = local("2026-03-01 03:00")
    assert first_reply_due(shop(hours), asked, True) == asked + REPLY_ONLINE
    assert first_reply_due(shop(hours), asked, False) == asked + REPLY_AWAY


@pytest.mark.parametrize(
    ("hours", "asked", "due"),
    [
        ({"fri": [["22:00", "02:00"]]}, "2026-03-07 01:30", "2026-03-13 22:30"),  # a night shift ends on Saturday
        ({"mon": [["22:00", "24:00"]], "tue": [["00:00", "02:00"]]}, "2026-03-02 23:30", "2026-03-03 00:30"),
        ({"mon": [["00:00", "00:00"]]}, "2026-03-02 23:30", "2026-03-09 00:30"),
        ({"sun": [["02:00", "03:00"]]}, "2026-03-28 12:00", "2026-04-05 03:00"),  # an hour that is skipped
        ({"mon": [["09:00", "12:00"], ["11:00", "13:00"]]}, "2026-03-02 11:30", "2026-03-02 12:30"),  # overlapping
    ],
)
def test_unusual_hours(hours: dict[str, Any], asked: str, due: str) -> None:
    assert first_reply_due(shop(hours), local(asked), False) == local(due)


def test_a_desk_that_hardly_opens_promises_the_end_of_what_it_can_see() -> None:
    hours = {"mon": [["09:00", "09:05"]]}
    assert first_reply_due(shop(hours), local("2026-03-02 10:00"), False) == local("2026-03-17 00:00")


times = st.integers(0, 24 * 4).map(lambda quarter: f"{quarter // 4:02d}:{quarter % 4 * 15:02d}")
stretches = st.tuples(times.filter("24:00".__ne__), times).map(list)
weeks = st.dictionaries(
    st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), st.lists(stretches, max_size=3)
)
zones = st.sampled_from([BERLIN, SHANGHAI, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])
moments = st.integers(0, 2 * 365 * 24 * 60).map(
    lambda minute: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
)


@given(weeks, zones, moments, st.booleans())
def test_the_promise_is_made_of_open_time(week: dict[str, Any], zone: str, at: datetime, online: bool) -> None:
    desk = shop(week, zone)
    due = first_reply_due(desk, at, online)
    stretches = list(BusinessHours.of(week, zone).stretches(at, 15))
    worked = sum((min(closes, due) - max(opens, at) for opens, closes in stretches if opens < due), timedelta())
    opens_now = any(opens <= at < closes for opens, closes in stretches)
    needed = REPLY_ONLINE if online and opens_now else REPLY_AWAY
    if sum((closes - max(opens, at) for opens, closes in stretches), timedelta()) < needed:
        assert timedelta(days=14) <= due - at <= timedelta(days=15, hours=1)
        return
    assert worked == needed
    assert any(opens < due <= closes for opens, closes in stretches)
    assert first_reply_due(desk, at, False) >= due


@given(weeks, zones, moments, st.timedeltas(timedelta(), timedelta(days=9)))
def test_whoever_asks_later_is_never_promised_an_earlier_time(
    week: dict[str, Any], zone: str, at: datetime, later: timedelta
) -> None:
    desk = shop(week, zone)
    assert first_reply_due(desk, at, False) <= first_reply_due(desk, at + later, False)
