"""May these goods be given back? Policies are data; every decision names the row and version it comes from. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from orders.refund_case import Jurisdiction, Reason


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
    """Who wants to give what back. Dates are the customer's local ones; `received`: the last of the goods."""

    jurisdiction: Jurisdiction
    stage: Stage
    reason: Reason
    category: Category = Category.STANDARD
    asked: date
    received: date | None = None
    informed: bool = True  # of the right of withdrawal


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a policy. Empty sets match everything; `within` counts days from the day after the receipt.

    `uninformed_years` is added to `within` when the customer was not told of the right. `refund_within` days count from
    `refund_from`: the notice, or the return of the goods. `source` is the law or document that the row comes from.
    """

    id: str
    outcome: Outcome
    source: str
    stages: frozenset[Stage] = frozenset()
    reasons: frozenset[Reason] = frozenset()
    categories: frozenset[Category] = frozenset()
    within: int | None = None
    uninformed_years: int = 0
    goods_back: bool = False
    way_back_by: str = "nobody"  # customer · seller · nobody
    send_back_within: int | None = None
    refund_within: int | None = None
    refund_from: str = "notice"  # notice · goods_back


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnPolicy:
    """The rows of one jurisdiction or shop, the first that matches decides. A change is a new version."""

    name: str
    version: int
    jurisdictions: frozenset[Jurisdiction]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done, and the policy, version and row that say so. `open_until` is the right's last day."""

    outcome: Outcome
    policy: str
    version: int
    row: Row
    open_until: date | None


UNDECIDED = Row(id="no_row", outcome=Outcome.REVIEW, source="no row matches: a person decides")


def decide(wish: Wish, policies: Iterable[ReturnPolicy]) -> Decision:
    """The decision of the first policy of the wish's jurisdiction that has a row for it.

    Give the law first and the shop's own policy after it: a shop can add to what the law grants, never take from it.
    """
    for policy in policies:
        if wish.jurisdiction not in policy.jurisdictions:
            continue
        for row in policy.rows:
            if _matches(row, wish):
                return Decision(row.outcome, policy.name, policy.version, row, last_day(row, wish))
    return Decision(Outcome.REVIEW, "", 0, UNDECIDED, None)


def last_day(row: Row, wish: Wish) -> date | None:
    """The last day on which the row's right can be used; None without a limit or before the goods are there."""
    if row.within is None or wish.received is None:
        return None
    last = wish.received + timedelta(days=row.within)
    return last if wish.informed else _years_later(last, row.uninformed_years)


def _matches(row: Row, wish: Wish) -> bool:
    if row.stages and wish.stage not in row.stages:
        return False
    if row.reasons and wish.reason not in row.reasons:
        return False
    if row.categories and wish.category not in row.categories:
        return False
    last = last_day(row, wish)
    return last is None or wish.asked <= last


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)
