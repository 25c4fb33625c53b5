"""Who gets what waits: pure and deterministic. Values in, assignments out; `draining` loads and carries them out.

The order is that of the promises, each brought forward by a head start for what presses. Every item has a fixed place
in time by that, and only finitely many can come before it: nothing starves.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

UNPROMISED = timedelta(hours=1)  # what has no promise counts as if this had been promised when it began to wait
HEAD_STARTS = {
    "urgent": timedelta(hours=4),
    "high": timedelta(hours=1),
    "normal": timedelta(),
    "low": timedelta(hours=-1),
}
CHANGEABLE_FIRST = timedelta(minutes=20)  # an order that has not left the house can still be changed
VALUABLE_FIRST = timedelta(minutes=15)
CHANGEABLE = frozenset({"awaiting_payment", "payment_failed", "awaiting_confirmation", "on_hold", "processing"})
LANGUAGE_WAIT = timedelta(minutes=10)  # after which anybody is better than nobody
SKILL_WAIT = timedelta(minutes=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A conversation in the queue and what it needs. Times are UTC."""

    id: int
    shop_id: int
    since: datetime
    due: datetime | None = None  # the promised first reply
    priority: str = "normal"
    kind: str = "question"  # of its ticket: what it takes skill for
    language: str = "en"
    cost: int = 1  # points of capacity
    stage: str = ""  # headline of the order
    valuable: bool = False
    team_id: int | None = None
    owner_id: int | None = None  # who has its ticket already: it costs them nothing
    previous_id: int | None = None  # who answered this customer last
    passed: frozenset[int] = frozenset()  # agents who gave it back a moment ago


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """An agent as routing sees them. None: everything."""

    id: int
    available: bool
    capacity: int
    load: int = 0
    shops: frozenset[int] | None = None
    teams: frozenset[int] = frozenset()
    languages: frozenset[str] | None = None
    skills: frozenset[str] | None = None
    idle_since: datetime | None = None  # None: has not been given anything yet

    @property
    def room(self) -> int:
        """Points that are left."""
        return self.capacity - self.load if self.available else 0


@dataclass(frozen=True, slots=True)
class Assignment:
    """This goes to that agent."""

    waiting_id: int
    agent_id: int


def turn(item: Waiting) -> datetime:
    """When the item would have to be answered if its head start counted: what is earliest goes first."""
    head_start = HEAD_STARTS.get(item.priority, timedelta())
    if item.stage in CHANGEABLE:
        head_start += CHANGEABLE_FIRST
    if item.valuable:
        head_start += VALUABLE_FIRST
    return (item.due or item.since + UNPROMISED) - head_start


def in_turn(items: Iterable[Waiting]) -> list[Waiting]:
    """As they will be served: by turn, then by who waits longest, then by number."""
    return sorted(items, key=lambda item: (turn(item), item.since, item.id))


def assign(items: Iterable[Waiting], seats: Sequence[Seat], now: datetime) -> list[Assignment]:
    """Give as much as possible to people who are there and have room, in the order of `in_turn`.

    What finds only people with too little room keeps the one with most room free for itself: small work that comes
    later cannot pass it for ever.
    """
    table = {seat.id: seat for seat in seats}
    kept: set[int] = set()
    assignments = []
    for item in in_turn(items):
        able = [seat for seat in table.values() if may_take(item, seat, now)]
        fits = [seat for seat in able if seat.id not in kept and (seat.room >= item.cost or seat.id == item.owner_id)]
        if fits:
            seat = min(fits, key=lambda seat: _rank(item, seat))
            cost = 0 if seat.id == item.owner_id else item.cost
            table[seat.id] = replace(seat, load=seat.load + cost, idle_since=now)
            assignments.append(Assignment(item.id, seat.id))
        else:
            kept.update(_keep_free(item, able, kept))
    return assignments


def may_take(item: Waiting, seat: Seat, now: datetime) -> bool:
    """Whether the item may go to this agent at all, however much they have to do."""
    if not seat.available or seat.id in item.passed:
        return False
    if seat.shops is not None and item.shop_id not in seat.shops:
        return False
    if item.team_id is not None and item.team_id not in seat.teams:
        return False
    waited = now - item.since
    return (_speaks(seat, item) or waited >= LANGUAGE_WAIT) and (_is_skilled(seat, item) or waited >= SKILL_WAIT)


def _rank(item: Waiting, seat: Seat) -> tuple[object, ...]:
    """The smallest is the best: owner, language, skill, who knows the customer, least loaded, longest idle, number."""
    return (
        seat.id != item.owner_id,
        not _speaks(seat, item),
        not _is_skilled(seat, item),
        seat.id != item.previous_id,
        seat.load / seat.capacity if seat.capacity else 0,
        seat.idle_since is not None,
        seat.idle_since.timestamp() if seat.idle_since else 0,
        seat.id,
    )


def _keep_free(item: Waiting, able: Sequence[Seat], kept: set[int]) -> Iterator[int]:
    roomy = [seat for seat in able if seat.capacity >= item.cost and seat.id not in kept]
    if roomy:
        yield max(roomy, key=lambda seat: (seat.room, -seat.id)).id


def _speaks(seat: Seat, item: Waiting) -> bool:
    return seat.languages is None or item.language in seat.languages


def _is_skilled(seat: Seat, item: Waiting) -> bool:
    return seat.skills is None or item.kind in seat.skills
