"""What a shop should know of its policy before it publishes it: rows that never decide, and where the law is better."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import product
from typing import TypeVar

from orders.policies.deciding import Category, Outcome, ReturnPolicy, Row, Stage, Wish, decide, last_day, matches
from orders.policies.presets import LAW
from orders.policies.timers import LAW_TIMES, Timer, TimerKind
from orders.refunds.case import Jurisdiction, Reason

RECEIVED = date(2026, 3, 2)  # a Monday: any other day gives the same findings
Value = TypeVar("Value", bound=StrEnum)


class FindingKind(StrEnum):
    """What there is to say of a row, a timer or the whole."""

    NEVER_REACHED = "never_reached"  # rows before it take everything
    LAW_GRANTS = "law_grants"  # it refuses or reviews what the law grants: the law holds
    LAW_IS_SHORTER = "law_is_shorter"  # a timer is longer than the law lets it be
    NOT_COVERED = "not_covered"  # no row says anything about a reason: a person decides


@dataclass(frozen=True, slots=True)
class Finding:
    """`about` is the row's id, the timer's kind or the reason; `by` the rows or the law that it is because of."""

    kind: FindingKind
    about: str
    by: tuple[str, ...] = ()


def check(rows: Sequence[Row], timers: Iterable[Timer] = ()) -> tuple[Finding, ...]:
    """What should be known of a shop's rows and timers, in their order. Nothing of it forbids publishing them."""
    return (*_of_rows(rows), *_of_timers(timers))


def _of_rows(rows: Sequence[Row]) -> Iterator[Finding]:
    shop = ReturnPolicy(name="shop", version=0, jurisdictions=frozenset(Jurisdiction), rows=tuple(rows))
    takers: dict[str, dict[str, None]] = {row.id: {} for row in rows}
    overruled: dict[str, dict[str, None]] = {row.id: {} for row in rows}
    reached, covered = set(), set()
    for wish in _kinds_of_wishes(rows):
        fitting = [row for row in rows if matches(row, wish)]
        by_law = decide(wish, LAW)
        if by_law.policy or fitting:
            covered.add(wish.reason)
        for later in fitting[1:]:
            takers[later.id][fitting[0].id] = None
        if fitting:
            reached.add(fitting[0].id)
            together = decide(wish, [*LAW, shop])
            if fitting[0].outcome is not Outcome.GRANT and together.outcome is Outcome.GRANT:
                overruled[fitting[0].id][f"{together.policy}/{together.row.id}"] = None
    for row in rows:
        if row.id not in reached:
            yield Finding(FindingKind.NEVER_REACHED, row.id, tuple(takers[row.id]))
        if overruled[row.id]:
            yield Finding(FindingKind.LAW_GRANTS, row.id, tuple(overruled[row.id]))
    for reason in _classes(Reason, _sets(rows)):
        if reason not in covered:
            yield from (Finding(FindingKind.NOT_COVERED, each.value) for each in _same(reason, rows))


def _of_timers(timers: Iterable[Timer]) -> Iterator[Finding]:
    for timer in timers:
        longest = timer.lasts or timedelta(days=timer.working_days)  # at least
        if timer.kind not in (TimerKind.PAY_REFUND, TimerKind.SHIP):
            continue
        shorter = [law for law, times in LAW_TIMES.items() if any(_shorter(each, timer, longest) for each in times)]
        if shorter:
            yield Finding(FindingKind.LAW_IS_SHORTER, timer.kind.value, tuple(shorter))


def _shorter(law: Timer, timer: Timer, longest: timedelta) -> bool:
    return law.kind is timer.kind and bool(law.lasts) and law.lasts < longest


def _kinds_of_wishes(rows: Sequence[Row]) -> Iterator[Wish]:
    """One wish of each kind that the rows and the law tell apart: all values that no row separates are as one."""
    told_apart = [*rows, *(row for policy in LAW for row in policy.rows)]
    laws = [*(row.jurisdictions for row in rows), *(policy.jurisdictions for policy in LAW)]
    jurisdictions, reasons = _classes(Jurisdiction, laws), _classes(Reason, _sets(rows))
    categories = _classes(Category, [row.categories for row in told_apart])
    stages = _classes(Stage, [*(row.stages for row in told_apart), frozenset({Stage.DELIVERED})])
    for law, stage, reason, category, informed in product(jurisdictions, stages, reasons, categories, (True, False)):
        wish = Wish(jurisdiction=law, stage=stage, reason=reason, category=category, asked=RECEIVED, informed=informed)
        if stage is Stage.DELIVERED:
            yield from _on_each_day(replace(wish, received=RECEIVED), told_apart)
        else:
            yield wish


def _on_each_day(wish: Wish, rows: Sequence[Row]) -> Iterator[Wish]:
    """On the day of the receipt, and on the first day on which each row's time is over."""
    days = {last + timedelta(days=1) for row in rows if (last := last_day(row, wish)) is not None}
    return (replace(wish, asked=day) for day in sorted({RECEIVED, *days}))


def _sets(rows: Sequence[Row]) -> list[frozenset[Reason]]:
    return [row.reasons for row in (*rows, *(row for policy in LAW for row in policy.rows))]


def _classes(values: type[Value], sets: Iterable[frozenset[Value]]) -> list[Value]:
    """One value for all that no set tells apart; an empty set tells nothing."""
    separators = {each for each in sets if each}
    return list({tuple(value in each for each in separators): value for value in reversed(list(values))}.values())


def _same(reason: Reason, rows: Sequence[Row]) -> list[Reason]:
    """The reasons that nothing tells apart from this one."""
    return [each for each in Reason if all((each in one) == (reason in one) for one in _sets(rows) if one)]
