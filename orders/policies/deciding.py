"""May these goods be given back? Policies are data; every decision names the row and version it comes from. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from orders.policies.terms import Terms, better
from orders.policies.timers import Timer
from orders.refunds.case import Jurisdiction, Reason


class Stage(StrEnum):
    """How far the goods have come."""

    UNSHIPPED = "unshipped"
    SHIPPED = "shipped"
    DELIVERED = "delivered"


class Category(StrEnum):
    """What kind of goods they are, as far as rights depend on it."""

    STANDARD = "standard"
    MADE_TO_ORDER = "made_to_order"
    FRESH = "fresh"
    UNSEALED_MEDIA = "unsealed_media"  # audio, video, software
    UNSEALED_HYGIENE = "unsealed_hygiene"
    NEWSPAPERS = "newspapers"
    DIGITAL = "digital"  # delivery has begun with the customer's consent
    MARKED = "marked"  # marked as not returnable, and confirmed as that at the purchase


class Outcome(StrEnum):
    """What is to be done with the wish."""

    GRANT = "grant"
    REFUSE = "refuse"
    REVIEW = "review"  # a person decides


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Who wants to give what back. Dates are the customer's local ones; `received`: the last of the goods.

    `informed`: of the right of withdrawal, with the purchase; `informed_later`: on that day, if it was not so.
    """

    jurisdiction: Jurisdiction
    stage: Stage
    reason: Reason
    category: Category = Category.STANDARD
    asked: date
    received: date | None = None
    informed: bool = True
    informed_later: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a policy. Empty sets match everything; `within` counts days from the day after the receipt.

    `uninformed_years` is added to `within` when the customer was not told of the right; `to_working_day` moves a last
    day on a weekend to the Monday. `refund_within` days count from `refund_from`. `counts_as` is the reason that the
    money is computed with, if not the one that was given. `source` is the law or document that the row comes from.
    """

    id: str
    outcome: Outcome
    source: str
    jurisdictions: frozenset[Jurisdiction] = frozenset()
    stages: frozenset[Stage] = frozenset()
    reasons: frozenset[Reason] = frozenset()
    categories: frozenset[Category] = frozenset()
    informed: bool | None = None  # only for those who were told of the right, or were not
    within: int | None = None
    uninformed_years: int = 0
    to_working_day: bool = False
    goods_back: bool = False
    way_back_by: str = "nobody"  # customer · seller · nobody
    send_back_within: int | None = None
    refund_within: int | None = None
    refund_from: str = "notice"  # notice · goods_back
    counts_as: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnPolicy:
    """The rows of one jurisdiction or shop, the first that matches speaks for it. A change is a new version."""

    name: str
    version: int
    jurisdictions: frozenset[Jurisdiction]
    rows: tuple[Row, ...]
    timers: tuple[Timer, ...] = ()


@dataclass(frozen=True, slots=True)
class Cited:
    """A row, and the policy and version that it stands in."""

    policy: str
    version: int
    row: Row


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done, and the policy, version and row that say so. `open_until` is the right's last day.

    `added` are other rows that grant the same and make a term better for the customer.
    """

    outcome: Outcome
    policy: str
    version: int
    row: Row
    open_until: date | None
    added: tuple[Cited, ...] = ()

    @property
    def terms(self) -> Terms:
        """What holds for the goods and the money."""
        terms = terms_of(self.row)
        for each in self.added:
            terms = better(terms, terms_of(each.row))
        return terms


SATURDAY = 5  # of `date.weekday()`
UNDECIDED = Row(id="no_row", outcome=Outcome.REVIEW, source="no row matches: a person decides")
_FAVOUR = {Outcome.GRANT: 2, Outcome.REVIEW: 1, Outcome.REFUSE: 0}


def decide(wish: Wish, policies: Iterable[ReturnPolicy]) -> Decision:
    """What the policies say to the wish; the first row that matches speaks for each of them.

    What is best for the customer holds, and among equals the first policy. Give the law first: then a shop adds to
    what the law grants and can never take from it. Where no row matches, or a time has begun to run and nobody knows
    when, a person decides.
    """
    spoken = [each for each in (_speaker(policy, wish) for policy in policies) if each is not None]
    if not spoken:
        return Decision(Outcome.REVIEW, "", 0, UNDECIDED, None)
    best = max(spoken, key=lambda each: _FAVOUR[_outcome(each.row, wish)])  # max takes the first of equals
    outcome = _outcome(best.row, wish)
    if outcome is not Outcome.GRANT:
        return Decision(outcome, best.policy, best.version, best.row, last_day(best.row, wish))
    granted, added = terms_of(best.row), []
    until = last_day(best.row, wish)
    for other in spoken:
        if other is best or _outcome(other.row, wish) is not Outcome.GRANT:
            continue
        last, terms = last_day(other.row, wish), better(granted, terms_of(other.row))
        if terms != granted or (until is not None and (last is None or last > until)):
            granted, until = terms, None if last is None or until is None else max(until, last)
            added.append(other)
    return Decision(outcome, best.policy, best.version, best.row, until, tuple(added))


def terms_of(row: Row) -> Terms:
    """What a row grants when it stands alone."""
    return Terms(row.goods_back, row.way_back_by, row.send_back_within, row.refund_within, row.refund_from)


def last_day(row: Row, wish: Wish) -> date | None:
    """The last day on which the row's right can be used; None without a limit or before the goods are there.

    Who is told within the added years has the row's days from then on (Directive 2011/83/EU, art. 10 (2)).
    """
    if row.within is None or wish.received is None:
        return None
    last = wish.received + timedelta(days=row.within)
    if not wish.informed and row.uninformed_years:
        latest, told = _years_later(last, row.uninformed_years), wish.informed_later
        last = latest if told is None else min(latest, max(last, told + timedelta(days=row.within)))
    return _working_day(last) if row.to_working_day else last


def _speaker(policy: ReturnPolicy, wish: Wish) -> Cited | None:
    if wish.jurisdiction not in policy.jurisdictions:
        return None
    row = next((row for row in policy.rows if matches(row, wish)), None)
    return Cited(policy.name, policy.version, row) if row else None


def matches(row: Row, wish: Wish) -> bool:
    """Whether the row is about this wish, and its time is not over."""
    asked = (
        (row.jurisdictions, wish.jurisdiction),
        (row.stages, wish.stage),
        (row.reasons, wish.reason),
        (row.categories, wish.category),
    )
    if any(wanted and value not in wanted for wanted, value in asked) or row.informed not in (None, wish.informed):
        return False
    last = last_day(row, wish)
    return last is None or wish.asked <= last


def _outcome(row: Row, wish: Wish) -> Outcome:
    unknown = row.within is not None and wish.stage is Stage.DELIVERED and wish.received is None
    return Outcome.REVIEW if unknown else row.outcome


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)


def _working_day(day: date) -> date:
    return day + timedelta(days=7 - day.weekday()) if day.weekday() >= SATURDAY else day
