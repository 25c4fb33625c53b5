"""Who is at the other end: said once and together, after a grace, and the same in every process whatever is lost."""

import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.realtime import attendance as room
from app.realtime.attendance import AWAY, NEAR, OPEN, Attendance, Mark

Told = dict[str, int]


class Loop:
    """Time that the test moves, for timers and for the clock alike."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at = 100.0
        self.timers: list[tuple[float, int, Callable[..., Any], tuple[Any, ...]]] = []
        monkeypatch.setattr("app.realtime.attendance.asyncio.get_running_loop", lambda: self)
        monkeypatch.setattr("app.realtime.attendance.time.monotonic", self.time)

    def time(self) -> float:
        return self.at

    def call_later(self, seconds: float, act: Callable[..., Any], *args: Any) -> None:
        self.timers.append((self.at + seconds, len(self.timers), act, args))

    def advance(self, seconds: float) -> None:
        until = self.at + seconds
        while due := sorted(timer for timer in self.timers if timer[0] <= until):
            self.timers.remove(due[0])
            self.at = due[0][0]
            due[0][2](*due[0][3])
        self.at = until


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Loop:
    return Loop(monkeypatch)


class House:
    """One process: what it tells its listeners, and whom it has said goodbye to."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.left: list[str] = []
        self.attendance = Attendance(self._tell)
        self.attendance.on_left = self.left.extend

    def _tell(self, changes: Mapping[str, Mark]) -> None:
        self.told.append({conversation: mark.level for conversation, mark in changes.items()})


class Street:
    """Several processes whose words to each other may be lost."""

    def __init__(self, count: int) -> None:
        self.houses = [House() for _ in range(count)]
        self.words: list[tuple[House, dict[str, Any]]] = []
        for house in self.houses:
            house.attendance.share = lambda said, house=house: self.words.append((house, said))

    def carry(self, lost: Callable[[], bool] = lambda: False) -> None:
        while self.words:
            speaker, said = self.words.pop(0)
            for house in self.houses:
                if house is not speaker and not lost():
                    house.attendance.hear(speaker.attendance.name, said)

    def levels(self, conversation: str) -> list[int]:
        return [house.attendance.level(conversation) for house in self.houses]


def test_who_comes_and_goes_is_told_after_a_moment(loop: Loop) -> None:
    house, line = House(), object()
    house.attendance.enter("cnv_1", line, 1, is_open=False)
    assert (house.attendance.level("cnv_1"), house.told) == (NEAR, [])
    house.attendance.enter("cnv_1", line, 1, is_open=True)
    loop.advance(1)
    assert house.told == [{"cnv_1": OPEN}]
    house.attendance.leave(line)
    loop.advance(room.GRACE_SECONDS - 1)
    assert (house.attendance.level("cnv_1"), len(house.told), house.left) == (OPEN, 1, [])
    loop.advance(2)
    assert (house.told[-1], house.left) == ({"cnv_1": AWAY}, ["cnv_1"])


def test_a_page_that_loads_anew_has_not_left(loop: Loop) -> None:
    house = House()
    for _ in range(5):
        line = object()
        house.attendance.enter("cnv_1", line, 1, is_open=True)
        loop.advance(4)
        house.attendance.leave(line)
        loop.advance(room.GRACE_SECONDS - 1)
    assert house.told == [{"cnv_1": OPEN}]
    loop.advance(2)
    assert house.told == [{"cnv_1": OPEN}, {"cnv_1": AWAY}]


def test_the_nearest_of_several_tabs_counts(loop: Loop) -> None:
    house, tabs = House(), [object(), object()]
    house.attendance.enter("cnv_1", tabs[0], 1, is_open=False)
    house.attendance.enter("cnv_1", tabs[1], 1, is_open=True)
    assert house.attendance.level("cnv_1") == OPEN
    house.attendance.leave(tabs[1])
    assert house.attendance.level("cnv_1") == NEAR
    house.attendance.enter("cnv_2", tabs[0], 1, is_open=False)  # the shop has said who it is: another conversation
    loop.advance(room.GRACE_SECONDS + 1)
    assert (house.attendance.level("cnv_1"), house.attendance.level("cnv_2")) == (AWAY, NEAR)


def test_a_thousand_who_come_back_cause_nothing_and_a_thousand_new_ones_one_word(loop: Loop) -> None:
    street = Street(2)
    here, there = street.houses
    lines = {f"cnv_{number}": object() for number in range(1000)}
    for conversation, line in lines.items():
        here.attendance.enter(conversation, line, 1, is_open=True)
    loop.advance(1)
    assert (len(here.told), len(street.words)) == (1, 1)
    street.carry()
    loop.advance(1)
    assert len(there.told) == 1
    for line in lines.values():
        here.attendance.leave(line)
    for conversation in lines:
        there.attendance.enter(conversation, object(), 1, is_open=True)  # after the restart of their process
    loop.advance(1)
    street.carry()
    loop.advance(60)
    street.carry()
    assert (len(here.told), len(there.told), here.left) == (1, 1, [])
    assert street.levels("cnv_7") == [OPEN, OPEN]


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32))
def test_whatever_is_lost_all_agree_after_a_pulse(seed: int) -> None:
    chance = random.Random(seed)
    with pytest.MonkeyPatch.context() as monkeypatch:
        loop = Loop(monkeypatch)
        street = Street(3)
        lines: list[tuple[House, object]] = []
        for _ in range(40):
            house = chance.choice(street.houses)
            if lines and chance.random() < 0.4:
                owner, line = lines.pop(chance.randrange(len(lines)))
                owner.attendance.leave(line)
            else:
                lines.append((house, object()))
                talk = f"cnv_{chance.randrange(6)}"
                house.attendance.enter(talk, lines[-1][1], 1, is_open=chance.random() < 0.5)
            loop.advance(chance.choice([0.1, 1, 20]))
            street.carry(lambda: chance.random() < 0.3)
        for _ in range(room.ASK_SECONDS.__ceil__() + 2):
            loop.advance(room.GRACE_SECONDS)
            for house in street.houses:
                house.attendance.pulse()
            street.carry()
        loop.advance(1)
        for talk in (f"cnv_{number}" for number in range(6)):
            assert len(set(street.levels(talk))) == 1
            for house in street.houses:
                told = [changes[talk] for changes in house.told if talk in changes] or [AWAY]
                assert told[-1] == house.attendance.level(talk)


def test_a_process_that_is_silent_is_gone_unless_nobody_can_be_heard(loop: Loop) -> None:
    street = Street(2)
    here, there = street.houses
    there.attendance.enter("cnv_1", object(), 1, is_open=True)
    loop.advance(1)
    street.carry()
    for _ in range(5):
        loop.advance(2)
        here.attendance.excuse()
        here.attendance.pulse()
    assert here.attendance.level("cnv_1") == OPEN
    loop.advance(room.SILENT_SECONDS + 1)
    here.attendance.pulse()
    assert here.attendance.level("cnv_1") == AWAY


@pytest.mark.parametrize(
    "said", [{}, {"number": "x"}, {"number": 1, "marks": {"cnv_1": [1]}}, {"number": 1, "marks": 7}]
)
def test_nonsense_is_an_error_of_its_own_kind(loop: Loop, said: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        House().attendance.hear("other", said)


def test_a_large_roster_comes_in_parts(loop: Loop) -> None:
    street = Street(2)
    here, there = street.houses
    for number in range(2500):
        here.attendance.enter(f"cnv_{number}", object(), 1, is_open=True)
    loop.advance(1)
    street.words.clear()  # the other process was not there yet
    loop.advance(room.GRACE_SECONDS)
    here.attendance.pulse()
    street.carry()
    assert all(there.attendance.level(f"cnv_{number}") == OPEN for number in range(2500))
