"""A draft against cases of the past: whom it would have treated differently, by which row, and what that costs. Pure.

What was decided then is compared with what the draft would have decided. Where a person decides, the money stays.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from orders.policies.deciding import Decision, Outcome, ReturnPolicy, Wish, decide
from orders.policies.presets import LAW
from orders.policies.terms import Terms

WINDOW = timedelta(days=90)
SHOWN = 500  # changed cases that are kept one by one; all are counted
STEP = 1000  # cases between two reports of progress


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCase:
    """A case as it was: the wish, what the policy said, and the money (minor units; None: not known).

    `asked` is what a refund would have been, `paid` what went back in the end.
    """

    id: str
    number: int = 0
    ticket: int | None = None  # the number of its ticket
    at: datetime
    wish: Wish
    outcome: Outcome
    terms: Terms | None = None
    asked: int | None = None
    paid: int | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A case that would be treated differently. `cost`: more (or less) money back, minor units; None: not known."""

    case: PastCase
    decision: Decision
    cost: int | None

    @property
    def terms_only(self) -> bool:
        """The outcome is the same, and what holds for the goods is not."""
        return self.decision.outcome is self.case.outcome


@dataclass(slots=True)
class Difference:
    """All cases together. `cost` by currency, in minor units: what the draft would have paid more."""

    cases: int = 0
    too_old: int = 0
    changed: int = 0
    changes: list[Change] = field(default_factory=list)  # the first SHOWN
    moves: Counter[tuple[Outcome, Outcome]] = field(default_factory=Counter)  # from, to
    rows: Counter[str] = field(default_factory=Counter)  # policy/row that decides now → changed cases
    cost: Counter[str] = field(default_factory=Counter)
    unknown: int = 0  # changed cases whose money is not known


def replay(
    draft: ReturnPolicy, cases: Iterable[PastCase], now: datetime, progress: Callable[[int], None] | None = None
) -> Difference:
    """What the draft would have changed in the cases of the last 90 days before `now`; each is looked at once.

    `progress` hears the number of cases so far, now and then.
    """
    found, policies = Difference(), (*LAW, draft)
    for case in cases:
        if case.at < now - WINDOW:
            found.too_old += 1
            continue
        found.cases += 1
        if progress is not None and not found.cases % STEP:
            progress(found.cases)
        decision = decide(case.wish, policies)
        if _same(case, decision):
            continue
        _add(found, Change(case, decision, _cost(case, decision)))
    return found


def _same(case: PastCase, decision: Decision) -> bool:
    if decision.outcome is not case.outcome:
        return False
    return decision.outcome is not Outcome.GRANT or case.terms is None or case.terms == decision.terms


def _cost(case: PastCase, decision: Decision) -> int | None:
    """What the draft would have paid, less what was paid. A refund that is still open counts as asked."""
    if decision.outcome is case.outcome or decision.outcome is Outcome.REVIEW:
        return 0
    before = case.paid if case.paid is not None or case.outcome is not Outcome.GRANT else case.asked
    after = case.asked if decision.outcome is Outcome.GRANT else 0
    return None if before is None or after is None else after - before


def _add(found: Difference, change: Change) -> None:
    found.changed += 1
    found.moves[change.case.outcome, change.decision.outcome] += 1
    found.rows[f"{change.decision.policy}/{change.decision.row.id}" if change.decision.policy else ""] += 1
    if len(found.changes) < SHOWN:
        found.changes.append(change)
    if change.cost is None or (change.cost and not change.case.currency):
        found.unknown += 1
    elif change.cost:
        found.cost[change.case.currency] += change.cost
