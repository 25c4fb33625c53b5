"""Who gets what waits: the rules one by one, properties of any desk, and weeks of simulated work."""

import heapq
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tickets.routing import (
    LANGUAGE_WAIT,
    SKILL_WAIT,
    Assignment,
    Seat,
    Waiting,
    assign,
    in_turn,
    may_take,
    turn,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def item(number: int = 1, **values: object) -> Waiting:
    return Waiting(**({"id": number, "shop_id": 1, "since": NOW - minutes(1)} | values))  # type: ignore[arg-type]


def seat(number: int = 1, **values: object) -> Seat:
    return Seat(**({"id": number, "available": True, "capacity": 4} | values))  # type: ignore[arg-type]


def given_to(items: list[Waiting], seats: list[Seat]) -> dict[int, int]:
    return {assignment.waiting_id: assignment.agent_id for assignment in assign(items, seats, NOW)}


def test_nobody_who_is_away_full_or_of_another_shop_gets_work() -> None:
    seats = [seat(1, available=False), seat(2, load=4), seat(3, shops=frozenset({2})), seat(4, load=3)]
    assert given_to([item(1), item(2)], seats) == {1: 4}
    assert given_to([item(1)], seats[:3]) == {}


def test_the_oldest_promise_comes_first() -> None:
    items = [item(1, due=NOW + minutes(30)), item(2, due=NOW + minutes(5)), item(3, due=NOW - minutes(2))]
    assert [one.id for one in in_turn(items)] == [3, 2, 1]
    assert given_to(items, [seat(capacity=1)]) == {3: 1}


def test_what_presses_has_a_head_start_and_no_more() -> None:
    due = NOW + minutes(60)
    waiting = [
        item(1, due=due),
        item(2, due=due, priority="high"),
        item(3, due=due, stage="processing"),
        item(4, due=due, valuable=True),
        item(5, due=due, priority="low"),
        item(6, due=due, priority="urgent"),
        item(7, due=due - minutes(61)),  # an hour older than the high one
    ]
    assert [one.id for one in in_turn(waiting)] == [6, 7, 2, 3, 4, 1, 5]


def test_languages_and_skills_are_matched_and_given_up_after_a_while() -> None:
    chinese, refunds = seat(1, languages=frozenset({"zh"})), seat(2, skills=frozenset({"refund"}))
    assert given_to([item(1, language="zh", kind="refund")], [chinese, refunds]) == {1: 1}  # equal fit: by number
    assert given_to([item(1, kind="complaint")], [chinese, refunds]) == {}
    assert given_to([item(1, kind="complaint", since=NOW - LANGUAGE_WAIT)], [chinese, refunds]) == {1: 1}
    assert given_to([item(1, kind="complaint", since=NOW - SKILL_WAIT)], [refunds]) == {1: 2}
    best = seat(3, languages=frozenset({"en", "zh"}), skills=frozenset({"complaint"}), load=3)
    assert given_to([item(1, kind="complaint", since=NOW - SKILL_WAIT)], [chinese, refunds, best]) == {1: 3}


def test_whoever_knows_the_customer_is_preferred_then_least_loaded_then_longest_idle() -> None:
    known = [seat(1), seat(2, load=3), seat(3)]
    assert given_to([item(previous_id=2)], known) == {1: 2}
    assert given_to([item()], [seat(1, load=1), seat(2, load=2, capacity=16), seat(3, load=3)]) == {1: 2}
    idle = [seat(1, idle_since=NOW - minutes(5)), seat(2, idle_since=NOW - minutes(9)), seat(3, idle_since=NOW)]
    assert given_to([item()], idle) == {1: 2}
    assert given_to([item()], [*idle, seat(4)]) == {1: 4}


def test_the_owner_of_the_ticket_gets_the_turn_even_when_full() -> None:
    assert given_to([item(owner_id=2, cost=2)], [seat(1), seat(2, load=4)]) == {1: 2}


def test_a_team_serves_its_own_and_a_refusal_is_respected() -> None:
    assert given_to([item(team_id=7)], [seat(1), seat(2, teams=frozenset({7}), load=3)]) == {1: 2}
    assert given_to([item(team_id=7)], [seat(1)]) == {}
    assert given_to([item(passed=frozenset({1}))], [seat(1), seat(2, load=3)]) == {1: 2}
    assert given_to([item(passed=frozenset({1}))], [seat(1)]) == {}


def test_small_work_does_not_pass_a_chat_for_ever() -> None:
    busy = [seat(1, load=3), seat(2, load=3)]
    items = [item(1, cost=2, since=NOW - minutes(5)), item(2), item(3)]
    assert given_to(items, busy) == {2: 2}  # one point is kept free for the chat that came first
    assert given_to(items, [seat(1, load=2), seat(2, load=3)]) == {1: 1, 2: 2}


MOMENTS = st.integers(-120, 120).map(lambda number: NOW + minutes(number))
IDS = st.integers(1, 4)
ITEMS = st.lists(
    st.builds(
        Waiting,
        id=st.integers(1, 10**6),
        shop_id=st.integers(1, 2),
        since=st.integers(0, 60).map(lambda number: NOW - minutes(number)),
        due=st.none() | MOMENTS,
        priority=st.sampled_from(["low", "normal", "high", "urgent"]),
        kind=st.sampled_from(["question", "refund"]),
        language=st.sampled_from(["en", "zh"]),
        cost=st.integers(1, 3),
        stage=st.sampled_from(["", "processing", "delivered"]),
        valuable=st.booleans(),
        team_id=st.none() | IDS,
        previous_id=st.none() | IDS,
        passed=st.frozensets(IDS, max_size=2),
    ),
    max_size=15,
    unique_by=lambda one: one.id,
)
SEATS = st.lists(
    st.builds(
        Seat,
        id=IDS,
        available=st.booleans(),
        capacity=st.integers(0, 6),
        load=st.integers(0, 7),
        shops=st.none() | st.frozensets(st.integers(1, 2)),
        teams=st.frozensets(IDS),
        languages=st.none() | st.frozensets(st.sampled_from(["en", "zh"])),
        skills=st.none() | st.frozensets(st.sampled_from(["question", "refund"])),
        idle_since=st.none() | MOMENTS,
    ),
    max_size=4,
    unique_by=lambda one: one.id,
)


@settings(max_examples=300, deadline=None)
@given(ITEMS, SEATS, st.randoms(use_true_random=False))
def test_any_desk_is_served_by_the_rules(items: list[Waiting], seats: list[Seat], shuffle: random.Random) -> None:
    found = assign(items, seats, NOW)
    by_id, by_seat = {one.id: one for one in items}, {one.id: one for one in seats}
    given_out = [assignment.waiting_id for assignment in found]
    assert len(set(given_out)) == len(given_out)
    loads = {one.id: one.load for one in seats}
    for assignment in found:
        one, who = by_id[assignment.waiting_id], by_seat[assignment.agent_id]
        assert may_take(one, who, NOW)
        assert who.available
        loads[who.id] += one.cost
        assert loads[who.id] <= who.capacity
    # Whoever came later and needs no more than this one did not get what this one could have had.
    for left in (one for one in items if one.id not in given_out):
        for assignment in found:
            later, who = by_id[assignment.waiting_id], by_seat[assignment.agent_id]
            could = may_take(left, who, NOW) and left.cost <= later.cost
            assert not (could and (turn(left), left.since, left.id) < (turn(later), later.since, later.id))
    mixed, seated = list(items), list(seats)
    shuffle.shuffle(mixed)
    shuffle.shuffle(seated)
    assert assign(mixed, seated, NOW) == found


@dataclass
class Desk:
    """Weeks of a simulated desk: people come and go, customers arrive, work takes its time; drained on every change."""

    chance: random.Random
    seats: dict[int, Seat]
    arrivals: int
    clock: datetime = NOW

    def __post_init__(self) -> None:
        self.queue: dict[int, Waiting] = {}
        self.events: list[tuple[datetime, int, str, int]] = []
        self.waits: dict[int, timedelta] = {}
        self.number = 0
        self.work: dict[int, tuple[int, int]] = {}

    def plan(self, after: timedelta, what: str, number: int) -> None:
        self.number += 1
        heapq.heappush(self.events, (self.clock + after, self.number, what, number))

    def run(self) -> None:
        self.plan(minutes(0), "arrives", 1)
        for number in self.seats:
            self.plan(minutes(self.chance.expovariate(1 / 240)), "toggles", number)
        while self.events and (self.queue or self.work or any(e[2] == "arrives" for e in self.events)):
            self.clock, _, what, number = heapq.heappop(self.events)
            getattr(self, what)(number)
            self.drain()

    def arrives(self, number: int) -> None:
        draw = self.chance.random
        promised = self.clock + minutes(10 if draw() < 0.7 else 60)
        self.queue[number] = Waiting(
            id=number,
            shop_id=1 + (draw() < 0.3),
            since=self.clock,
            due=promised,
            priority=self.chance.choices(["low", "normal", "high", "urgent"], [2, 12, 3, 1])[0],
            kind="refund" if draw() < 0.3 else "question",
            language="zh" if draw() < 0.4 else "en",
            cost=2 if draw() < 0.6 else 1,
        )
        self.plan(LANGUAGE_WAIT, "wakes", number)
        self.plan(SKILL_WAIT, "wakes", number)
        if number < self.arrivals:
            rush = 0.7 if number % 2500 > 2000 else 1.9  # minutes between customers: at times more than the desk can do
            self.plan(minutes(self.chance.expovariate(1 / rush)), "arrives", number + 1)

    def wakes(self, number: int) -> None:
        """Time alone may open the way."""

    def toggles(self, number: int) -> None:
        there = not self.seats[number].available
        self.seats[number] = replace(self.seats[number], available=there)
        self.plan(minutes(self.chance.expovariate(1 / (240 if there else 45))), "toggles", number)

    def finishes(self, number: int) -> None:
        agent_id, cost = self.work.pop(number)
        self.seats[agent_id] = replace(self.seats[agent_id], load=self.seats[agent_id].load - cost)

    def drain(self) -> None:
        found = assign(self.queue.values(), list(self.seats.values()), self.clock)
        self.check_order(found)
        for assignment in found:
            one, who = self.queue.pop(assignment.waiting_id), self.seats[assignment.agent_id]
            assert who.available, "work for somebody who is away"
            assert who.load + one.cost <= who.capacity, "work for somebody who is full"
            assert one.shop_id in (who.shops or {1, 2})
            self.seats[who.id] = replace(who, load=who.load + one.cost, idle_since=self.clock)
            self.work[one.id] = (who.id, one.cost)
            self.waits[one.id] = self.clock - one.since
            self.plan(minutes(self.chance.expovariate(1 / 9)), "finishes", one.id)
        assert not assign(self.queue.values(), list(self.seats.values()), self.clock), "a second look found more"

    def check_order(self, found: list[Assignment]) -> None:
        """Of two with the same needs the older promise went first."""
        taken = {assignment.waiting_id for assignment in found}
        needs: dict[tuple[object, ...], list[bool]] = {}
        for one in in_turn(self.queue.values()):
            mature = (self.clock - one.since >= LANGUAGE_WAIT, self.clock - one.since >= SKILL_WAIT)
            key = (one.shop_id, one.language, one.kind, one.cost, mature)
            needs.setdefault(key, []).append(one.id in taken)
        for served in needs.values():
            assert served == sorted(served, reverse=True)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_weeks_of_work_leave_nobody_behind(seed: int) -> None:
    everybody = [
        seat(1, languages=frozenset({"en"}), capacity=6),
        seat(2, languages=frozenset({"zh"}), capacity=6),
        seat(3, capacity=4, shops=frozenset({1})),
        seat(4, capacity=5, skills=frozenset({"refund"})),
        seat(5, capacity=3, languages=frozenset({"en", "zh"}), skills=frozenset({"question"})),
        seat(6, capacity=1),
    ]
    desk = Desk(random.Random(seed), {one.id: one for one in everybody}, arrivals=4000)
    desk.run()
    assert len(desk.waits) == 4000
    assert not desk.queue
    assert not desk.work
    assert all(one.load == 0 for one in desk.seats.values())
    assert max(desk.waits.values()) < timedelta(hours=12)
    assert sorted(desk.waits.values())[2000] < minutes(2)
