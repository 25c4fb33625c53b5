"""Sharing out stock among open lines, in an order that anybody can check. Pure.

The rule: who has paid or was confirmed comes before who has not; then who ordered earlier. A line takes what is left
when its turn comes, and nobody is passed over for somebody later (docs/decisions has the reasons).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orders.stock.facts import ItemFacts, Level

OWN_FEEDS = frozenset({"stock", "desk"})  # what the shop tells us itself outranks what its platform shows


@dataclass(frozen=True, slots=True)
class Claim:
    """Open units of one line. `rank`: 0 money certain or confirmed, 1 half-way or under review, 2 not paid."""

    line: int
    order: int
    units: int
    rank: int
    placed_at: Any  # times of one database compare with one another

    @property
    def turn(self) -> tuple[int, Any, int, int]:
        return self.rank, self.placed_at, self.order, self.line


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What one source knows of a SKU; `discontinued_at` is when it last spoke of that."""

    name: str
    item: ItemFacts
    gone: bool
    levels: Sequence[Level]
    discontinued_at: datetime | None = None
    restock_at: datetime | None = None
    backorderable_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One SKU over all of its sources and places."""

    on_hand: int | None = None
    available: int | None = None
    backorderable: bool = False
    gone: bool = False
    restock_eta: datetime | None = None
    title: str = ""
    as_of: datetime | None = None

    @property
    def is_counted(self) -> bool:
        return self.on_hand is not None or self.available is not None


def figures_of(sources: Sequence[Source]) -> Figures:
    """Put together what sources say of one SKU.

    The same goods told by a warehouse and by the platform would count twice: the shop's own feed, if it has figures,
    counts alone. Its explicit word on `discontinued` and `backorderable` outranks the platform's, too.
    """
    own = [source for source in sources if source.name in OWN_FEEDS]
    counting = [source for source in own if source.levels] or [source for source in sources if source.levels]
    levels = [level for source in counting for level in source.levels]
    told = max((s for s in own if s.discontinued_at), key=_discontinued, default=None)
    theirs = [source for source in sources if source.name not in OWN_FEEDS]
    gone = bool(told.item.discontinued) if told else bool(theirs) and all(source.gone for source in theirs)
    beyond = max((s for s in own if s.backorderable_at), key=_beyond, default=None)
    eta = max((s for s in sources if s.restock_at), key=lambda s: (s.restock_at, s.name), default=None)
    nothing = gone and (not levels or bool(told and told.item.none_left))
    on_hand = _sum(level.quantity for level in levels if level.counts == "on_hand")
    available = _sum(level.quantity for level in levels if level.counts == "available")
    return Figures(
        on_hand=0 if nothing else on_hand,
        available=None if nothing else available,
        backorderable=bool(beyond.item.backorderable) if beyond else any(s.item.backorderable for s in theirs),
        gone=gone,
        restock_eta=eta.item.restock_eta if eta and not gone else None,
        title=next((s.item.title for s in [*own, *theirs] if s.item.title), ""),
        as_of=max((level.at for level in levels), default=None),
    )


def reach(figures: Figures, demand: int) -> int:
    """How many of `demand` open units stock covers; all of them when nobody counts.

    `on_hand` covers as many as it says. `available` is what is left after the open orders, so it covers all of them,
    less what it lies below zero.
    """
    if not figures.is_counted:
        return demand
    covered = figures.on_hand or 0
    if figures.available is not None:
        covered += demand + figures.available
    return max(0, min(covered, demand))


def allocate(claims: Iterable[Claim], units: int) -> dict[int, int]:
    """Share out `units`: line → units that it does not get; covered lines are left out."""
    short: dict[int, int] = {}
    for claim in sorted(claims, key=lambda claim: claim.turn):
        given = max(0, min(claim.units, units))
        units -= given
        if given < claim.units:
            short[claim.line] = claim.units - given
    return short


def foreseen(figures: Figures, demand: int, units: int) -> int:
    """Units of a new order that stock will not reach, before it is shared out anew: the newest comes last."""
    if figures.available is not None:
        return min(units, max(0, -(figures.available + (figures.on_hand or 0))))
    return min(units, max(0, demand + units - reach(figures, demand + units)))


def _discontinued(source: Source) -> tuple[Any, str]:
    return source.discontinued_at, source.name


def _beyond(source: Source) -> tuple[Any, str]:
    return source.backorderable_at, source.name


def _sum(quantities: Iterable[int]) -> int | None:
    found = list(quantities)
    return sum(found) if found else None
