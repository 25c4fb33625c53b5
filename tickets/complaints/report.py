"""Complaints in figures: each is the length of a list that `chosen` gives for the same rows. Pure."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tickets.complaints.causes import CAUSES
from tickets.complaints.steps import PARTLY, SETTLED, UNDECIDED, UPHELD, WAY, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A complaint as lists and figures need it. Times in UTC; `cost` in minor units by currency: what was issued."""

    number: int  # of the ticket
    subject: str
    shop: str
    assignee: str
    severity: str
    step: str
    cause: str
    outcome: str
    remedy: str
    repeat: bool
    escalated: bool
    received_at: datetime
    decided_at: datetime | None
    due_at: datetime | None  # of the clock that is to stop first, or the answer that an outside body wants
    follow_up_due_at: datetime | None
    cost: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Bar:
    """One cause or stage: how many, their share and that of all up to here, in percent."""

    code: str
    count: int
    share: float
    running: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the supervisors' page says about a window of time. Shares are percent; None: nothing to tell it from."""

    open: int
    overdue: int
    escalated: int
    to_follow_up: int
    by_step: Mapping[str, int]
    received: int
    per_thousand: float | None  # orders of the same time
    repeat_share: float | None
    decided: int
    median: timedelta | None
    ninth: timedelta | None  # nine of ten were decided within
    upheld_share: float | None
    cost: Mapping[str, int]
    causes: Sequence[Bar]
    areas: Sequence[Bar]


# What a figure counts; `chosen` with the same name gives the list. Open ones count whenever they came.
VIEWS: Mapping[str, Callable[[Row, datetime, datetime], bool]] = {
    "open": lambda row, since, at: row.step not in SETTLED,
    "overdue": lambda row, since, at: row.step not in SETTLED and row.due_at is not None and row.due_at <= at,
    "escalated": lambda row, since, at: row.step not in SETTLED and row.escalated,
    "follow_up": lambda row, since, at: row.step == Step.INFORMED and (row.follow_up_due_at or at) <= at,
    "received": lambda row, since, at: row.step != Step.DISMISSED and row.received_at >= since,
    "repeat": lambda row, since, at: row.step != Step.DISMISSED and row.received_at >= since and row.repeat,
    "decided": lambda row, since, at: row.received_at >= since and _is_decided(row),
    "upheld": lambda row, since, at: row.received_at >= since and _is_decided(row) and row.outcome in (UPHELD, PARTLY),
}


def chosen(
    rows: Sequence[Row], view: str, since: datetime, at: datetime, *, cause: str = "", area: str = "", step: str = ""
) -> list[Row]:
    """The rows behind a figure: of a view, and with a cause, an area of causes or a step when one is given."""
    fits = VIEWS[view]
    return [
        row
        for row in rows
        if fits(row, since, at)
        and (not cause or row.cause == cause)
        and (not area or _area(row) == area)
        and (not step or row.step == step)
    ]


def figures(rows: Sequence[Row], since: datetime, at: datetime, orders: int) -> Figures:
    """Everything that the page says of these rows; `orders`: how many were placed since."""
    lists = {name: chosen(rows, name, since, at) for name in VIEWS}
    received, decided = lists["received"], lists["decided"]
    took = sorted(row.decided_at - row.received_at for row in decided if row.decided_at is not None)
    cost: Counter[str] = Counter()
    for row in received:
        cost.update(row.cost)
    return Figures(
        open=len(lists["open"]),
        overdue=len(lists["overdue"]),
        escalated=len(lists["escalated"]),
        to_follow_up=len(lists["follow_up"]),
        by_step={step.value: sum(row.step == step for row in lists["open"]) for step in WAY[:5]},
        received=len(received),
        per_thousand=1000 * len(received) / orders if orders else None,
        repeat_share=_share(len(lists["repeat"]), len(received)),
        decided=len(decided),
        median=_rank(took, 50),
        ninth=_rank(took, 90),
        upheld_share=_share(len(lists["upheld"]), len(decided)),
        cost=dict(cost),
        causes=_bars(Counter(row.cause for row in decided if row.cause)),
        areas=_bars(Counter(_area(row) for row in decided if row.cause)),
    )


def _is_decided(row: Row) -> bool:
    return row.decided_at is not None and row.step not in UNDECIDED and row.step != Step.DISMISSED


def _area(row: Row) -> str:
    return CAUSES[row.cause].stage if row.cause in CAUSES else ""


def _share(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None


def _rank(sorted_lengths: Sequence[timedelta], percent: int) -> timedelta | None:
    """The nearest rank: the smallest length that so many percent do not exceed."""
    if not sorted_lengths:
        return None
    return sorted_lengths[max(0, -(-len(sorted_lengths) * percent // 100) - 1)]


def _bars(counts: Counter[str]) -> list[Bar]:
    """Pareto: the most frequent first, with the running share."""
    whole, running, bars = counts.total(), 0, []
    for code, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        running += count
        bars.append(Bar(code, count, 100 * count / whole, 100 * running / whole))
    return bars
