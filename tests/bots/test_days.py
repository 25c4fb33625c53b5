"""Days of the past in messages, seen from Tuesday 24 November 2026."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.days import days_mentioned

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("I ordered it yesterday", "11-23", "11-23"),
        ("this morning", "11-24", "11-24"),
        ("the day before yesterday", "11-22", "11-22"),
        ("ordered 9 days ago", "11-15", "11-15"),
        ("2 weeks ago", "11-06", "11-14"),
        ("a few days ago", "11-19", "11-21"),
        ("last Friday", "11-20", "11-20"),
        ("last Tuesday", "11-17", "11-17"),
        ("on Monday", "11-23", "11-23"),
        ("last week", "11-16", "11-22"),
        ("this month", "11-01", "11-24"),
        ("Nov 3rd", "11-03", "11-03"),
        ("3 November", "11-03", "11-03"),
        ("13/11/2026", "11-13", "11-13"),
        ("11/13/2026", "11-13", "11-13"),
        ("on 2026-11-02", "11-02", "11-02"),
        ("昨天下的单", "11-23", "11-23"),
        ("前天买的", "11-22", "11-22"),
        ("大前天", "11-21", "11-21"),
        ("3天前", "11-21", "11-21"),
        ("上周五拍的", "11-20", "11-20"),
        ("上上周五", "11-13", "11-13"),
        ("周三", "11-18", "11-18"),
        ("上个月", "10-01", "10-31"),
        ("双十一买的", "11-08", "11-14"),
        ("618买的", "06-15", "06-21"),
        ("11月2号", "11-02", "11-02"),
        ("2026年11月2日", "11-02", "11-02"),
    ],
)
def test_days(text: str, first: str, last: str) -> None:
    (days,) = days_mentioned(text, TODAY)
    assert (days.first.isoformat(), days.last.isoformat()) == (f"2026-{first}", f"2026-{last}")


def test_a_day_without_a_year_has_passed() -> None:
    assert days_mentioned("12月24日", TODAY)[0].first == date(2025, 12, 24)
    assert days_mentioned("Dec 24", TODAY)[0].first == date(2025, 12, 24)
    assert days_mentioned("29 February", TODAY)[0].first == date(2024, 2, 29)


@pytest.mark.parametrize("text", ["", "where is my order 1001", "2月30日", "31/31", "order 6181"])
def test_no_day(text: str) -> None:
    assert days_mentioned(text, TODAY) == ()


PIECES = st.sampled_from(["上", "周", "五", "3", "11", "月", "/", "ago", " day", "last ", "日", "999 months ago"])


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(max_size=80) | st.lists(PIECES).map("".join), st.dates(date(1970, 1, 1), date(2100, 1, 1)))
def test_any_text(text: str, today: date) -> None:
    for days in days_mentioned(text, today):
        assert days.first <= days.last
