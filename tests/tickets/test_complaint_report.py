"""Figures about complaints: each is the length of the list that it opens."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tickets.complaints.causes import CAUSES
from tickets.complaints.report import VIEWS, Row, chosen, figures
from tickets.complaints.steps import OUTCOMES, Step

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SINCE = NOW - timedelta(days=30)
DAY = timedelta(days=1)
USUAL = Row(
    number=1,
    subject="Late",
    shop="Lumen",
    assignee="Omar",
    severity="P3",
    step="informed",
    cause="CAR.LATE",
    outcome="upheld",
    remedy="apology",
    repeat=False,
    escalated=False,
    received_at=NOW - 5 * DAY,
    decided_at=NOW - 3 * DAY,
    due_at=None,
    follow_up_due_at=NOW + DAY,
    cost={"USD": 5_00},
)


def test_a_month_in_figures() -> None:
    rows = [
        *(replace(USUAL, number=number, decided_at=USUAL.received_at + number * DAY / 4) for number in range(1, 11)),
        replace(USUAL, cause="WH.SHORT", outcome="rejected", repeat=True, decided_at=USUAL.received_at + DAY, cost={}),
        replace(USUAL, step="investigating", decided_at=None, cause="", outcome="", due_at=NOW - DAY, escalated=True),
        replace(USUAL, step="investigating", decided_at=None, cause="", outcome="", received_at=SINCE - DAY, cost={}),
        replace(USUAL, step="dismissed", decided_at=None, cause="", cost={"USD": 1}),
        replace(USUAL, received_at=SINCE - DAY, follow_up_due_at=NOW - DAY),
    ]
    told = figures(rows, SINCE, NOW, 500)
    assert (told.open, told.overdue, told.escalated, told.to_follow_up) == (2, 1, 1, 1)
    assert (told.received, told.per_thousand, told.decided) == (12, 24.0, 11)
    assert (told.median, told.ninth) == (1.25 * DAY, 2.25 * DAY)
    assert (round(told.repeat_share or 0), round(told.upheld_share or 0)) == (8, 91)
    assert told.cost == {"USD": 55_00}
    assert [(bar.code, bar.count, round(bar.running)) for bar in told.causes] == [
        ("CAR.LATE", 10, 91),
        ("WH.SHORT", 1, 100),
    ]
    assert [bar.code for bar in told.areas] == ["carrier", "warehouse"]


def test_nothing_is_told_of_nothing() -> None:
    told = figures([], SINCE, NOW, 0)
    assert (told.per_thousand, told.repeat_share, told.median, told.upheld_share) == (None, None, None, None)
    assert not told.causes


moments = st.integers(0, 60).map(lambda days: NOW - days * DAY)
any_row = st.builds(
    replace,
    st.just(USUAL),
    step=st.sampled_from([step.value for step in Step]),
    cause=st.sampled_from(["", *CAUSES]),
    outcome=st.sampled_from(["", *OUTCOMES]),
    repeat=st.booleans(),
    escalated=st.booleans(),
    received_at=moments,
    decided_at=st.none() | st.just(NOW),
    due_at=st.none() | moments,
)


@given(st.lists(any_row, max_size=30))
def test_every_figure_is_the_length_of_its_list(rows: Sequence[Row]) -> None:
    told = figures(rows, SINCE, NOW, 100)
    lists = {view: chosen(rows, view, SINCE, NOW) for view in VIEWS}
    assert (told.open, told.overdue, told.received) == tuple(
        map(len, (lists["open"], lists["overdue"], lists["received"]))
    )
    assert told.decided == len(lists["decided"])
    for bar in told.causes:
        assert bar.count == len(chosen(rows, "decided", SINCE, NOW, cause=bar.code))
    for bar in told.areas:
        assert bar.count == len(chosen(rows, "decided", SINCE, NOW, area=bar.code))
    for step, count in told.by_step.items():
        assert count == len(chosen(rows, "open", SINCE, NOW, step=step))
    assert sum(told.by_step.values()) == told.open
    if told.causes:
        assert abs(told.causes[-1].running - 100) < 1e-6
