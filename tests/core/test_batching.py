"""Group commit: many callers share a transaction, each hears of its own part, one bad item or caller harms nobody."""

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from tortoise.exceptions import IntegrityError

from core import batching
from core.batching import ALONE, Batch, Outcome
from core.engines.transactions import NotBegun
from core.errors import Conflict
from core.events import Bus, Event, Together, current_bus, use_bus
from core.numbering import Sequence as Counter
from core.sql import Columns, Program, Table, carry_out, fetch, query
from core.transactions import on_commit, record, transaction

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database", "both_databases")]

NAMES = Columns("name text, value bigint")
ADD = "INSERT INTO sequence (name, value) SELECT name, value FROM {names} AS n RETURNING id, name"
KNOWN = "SELECT id, name FROM sequence WHERE name IN ({names})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Added(Event):
    """A name was added."""

    name: str


@dataclass
class Names:
    """A verb that adds names, each once, and refuses those that are shy, spoiled or poisoned in their own ways."""

    groups: list[int] = field(default_factory=list)
    alone: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.batch: Batch[str, int] = Batch(self._together, self._alone)

    async def add(self, name: str) -> int:
        return await self.batch.do(name)

    def _together(self, names: Sequence[str]) -> Program[list[Outcome[int]]]:
        self.groups.append(len(names))
        known = {row["name"] for row in (yield query(KNOWN, names=list(names)))}
        plain = [name for name in dict.fromkeys(names) if name not in known and not name.startswith("shy")]
        ids: dict[str, int] = {}
        if plain:
            ids = {row["name"]: row["id"] for row in (yield query(ADD, names=_rows(plain)))}
        for name in ids:
            record(Added(name=name))
        return [ids.get(name, ALONE) for name in names]

    async def _alone(self, name: str) -> int:
        self.alone.append(name)
        try:
            return await self._add_one(name)
        except IntegrityError:
            if name.startswith("poison"):
                raise
            return await self._add_one(name)  # on PostgreSQL, another one was first; it is there now

    async def _add_one(self, name: str) -> int:
        async with transaction():
            if (first := await Counter.get_or_none(name=name)) is not None:
                return int(first.id)
            if name.startswith("shy never"):
                raise Conflict("too shy", code="shy")
            ids = {row["name"]: row["id"] for row in await fetch(ADD, names=_rows([name]))}
            record(Added(name=name))
        return int(ids[name])


def _rows(names: Sequence[str]) -> Table:
    """A poisoned name breaks the rules of the table."""
    return NAMES.of([(None if name.startswith("poison") else name, 0) for name in names])


@pytest.fixture
def bus() -> Iterator[Bus]:
    previous = current_bus()
    use_bus(Bus())
    yield current_bus()
    use_bus(previous)


@pytest.fixture
def names(bus: Bus) -> Names:
    return Names()


async def stored() -> list[str]:
    return [row.name for row in await Counter.all().order_by("id")]


async def together(*calls: Any) -> list[Any]:
    return await asyncio.gather(*calls, return_exceptions=True)


async def test_a_lone_caller_is_served_at_once(names: Names) -> None:
    assert await names.add("a") == (await Counter.get(name="a")).id
    assert (names.groups, names.alone) == ([1], [])


async def test_whoever_comes_meanwhile_shares_the_next_transaction(names: Names) -> None:
    ids = await asyncio.gather(*(names.add(f"name {number}") for number in range(100)))
    assert ids == [(await Counter.get(name=f"name {number}")).id for number in range(100)]
    assert sum(names.groups) == 100
    assert len(names.groups) <= 3


async def test_a_transaction_stays_short(names: Names, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "MOST", 8)
    await asyncio.gather(*(names.add(f"name {number}") for number in range(40)))
    assert max(names.groups) == 8
    assert len(await stored()) == 40


async def test_one_bad_item_fails_alone(names: Names) -> None:
    outcomes = await together(*(names.add(name) for name in ("a", "b", "poison", "c", "shy never", "shy", "a")))
    assert isinstance(outcomes[2], IntegrityError)
    assert isinstance(outcomes[4], Conflict)
    assert sorted(await stored()) == ["a", "b", "c", "shy"]
    good = [outcome for outcome in outcomes if isinstance(outcome, int)]
    assert len(good) == 5
    assert outcomes[0] == outcomes[6], "the second of a name finds the first"


async def test_a_lone_bad_item_hears_why_from_its_own_transaction(names: Names) -> None:
    with pytest.raises(IntegrityError):
        await names.add("poison")
    assert (names.groups, names.alone, await stored()) == ([1], ["poison"], [])


async def test_what_a_caller_does_in_its_own_transaction_ends_with_that(names: Names) -> None:
    async def change() -> None:
        async with transaction():
            await names.add("a")
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        await change()
    assert (names.groups, names.alone, await stored()) == ([], ["a"], [])


async def test_a_cancelled_caller_harms_nobody(names: Names) -> None:
    tasks = [asyncio.ensure_future(names.add(f"name {number}")) for number in range(20)]
    await asyncio.sleep(0)
    for task in tasks[5:10]:
        task.cancel()  # they still wait: nothing has begun
    outcomes = await together(*tasks)
    assert [isinstance(outcome, asyncio.CancelledError) for outcome in outcomes] == [5 <= n < 10 for n in range(20)]
    assert sorted(await stored()) == sorted(f"name {number}" for number in range(20) if not 5 <= number < 10)
    assert len(await asyncio.gather(*(names.add(f"late {number}") for number in range(5)))) == 5


async def test_cancelled_on_the_way_it_waits_for_the_commit(names: Names, bus: Bus) -> None:
    log: list[str] = []
    victims: list[asyncio.Task[int]] = []

    async def cancel(event: Added) -> None:
        victims[0].cancel()

    async def told(event: Added) -> None:
        log.append(event.name)

    bus.inside[Added], bus.after[Added] = (cancel,), (told,)
    victims.append(asyncio.ensure_future(names.add("a")))
    outcomes = await together(victims[0], names.add("b"))
    assert isinstance(outcomes[0], asyncio.CancelledError)
    assert isinstance(outcomes[1], int)
    assert sorted(log) == sorted(await stored()) == ["a", "b"], "half of a transaction cannot be taken back"


async def test_programs_of_listeners_run_in_the_same_piece(names: Names, bus: Bus) -> None:
    log: list[Any] = []

    def follow(events: Sequence[Added]) -> Program[list[Added]]:
        followers = [(f"after {event.name}", 1) for event in events]
        yield query(ADD, names=NAMES.of(followers))
        on_commit("hook", lambda: log.append("hook"))
        log.append(len(events))
        return [event for event in events if event.name == "b"]

    async def rest(event: Added) -> None:
        log.append(event.name)
        await Counter.create(name="rest")

    bus.inside[Added] = (Together(follow, otherwise=rest),)
    await names.add("a")
    assert log == [1, "hook"]
    await asyncio.gather(names.add("b"), names.add("c"), names.add("d"))
    assert sorted(await stored()) == ["a", "after a", "after b", "after c", "after d", "b", "c", "d", "rest"]
    log.clear()
    async with transaction():  # in an ordinary transaction, one by one
        record(Added(name="x"))
        record(Added(name="b2"))
    assert log == [1, 1, "hook"]


async def test_a_listener_that_fails_for_one_fails_for_that_one(names: Names, bus: Bus) -> None:
    async def veto(event: Added) -> None:
        if event.name == "b":
            raise ValueError("not on a Sunday")

    bus.inside[Added] = (veto,)
    outcomes = await together(*(names.add(name) for name in "abcb"))
    assert [type(outcome) for outcome in outcomes] == [int, ValueError, int, ValueError]
    assert sorted(await stored()) == ["a", "c"]


async def test_while_the_database_cannot_be_had_everybody_hears_it_once(
    names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(begin: Callable[[], Program[Any]]) -> Any:
        begin()
        raise NotBegun("the file is locked")

    with monkeypatch.context() as patched:
        patched.setattr(batching, "transact", fail)
        outcomes = await together(*(names.add(name) for name in "abc"))
    assert [type(outcome) for outcome in outcomes] == [NotBegun] * 3
    assert names.alone == []
    await names.add("a")


async def test_a_program_joins_a_running_transaction(bus: Bus) -> None:
    def add(name: str) -> Program[int]:
        rows = yield query(ADD, names=NAMES.of([(name, 0)]))
        return int(rows[0]["id"])

    async with transaction():
        first = await carry_out(add("a"))
        assert await stored() == ["a"]

    async def change() -> None:
        async with transaction():
            await carry_out(add("b"))
            await carry_out(add("a"))

    with pytest.raises(IntegrityError):
        await change()
    assert (await Counter.get(name="a")).id == first
    assert await stored() == ["a"]


async def test_times_texts_and_numbers_pass_through_rows_unharmed(bus: Bus) -> None:
    columns = Columns("a bigint, b text, c bool, d jsonb")
    rows: list[tuple[Any, ...]] = [(2**53, "茶'\"\\{x}$1?", True, '{"k": [1]}'), (None, "", False, None)]

    def read() -> Program[list[Any]]:
        found = yield query("SELECT a, b, c FROM {rows} AS r ORDER BY a", rows=columns.of(rows))
        return [(row["a"], row["b"], bool(row["c"])) for row in found]

    async with transaction():
        found = await carry_out(read())
    assert sorted(found, key=str) == sorted([(2**53, rows[0][1], True), (None, "", False)], key=str)


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_comes_in_whatever_order(names: Names, bus: Bus, seed: int) -> None:
    """Callers of all kinds, some of whom are cancelled at any moment: each hears the truth about its own item."""
    dice, told = random.Random(seed), set[str]()

    async def tell(event: Added) -> None:
        told.add(event.name)

    bus.after[Added] = (tell,)

    async def live(name: str) -> int:
        for _ in range(dice.randrange(8)):
            await asyncio.sleep(0)
        return await names.add(name)

    for round_ in range(15):
        kinds = [dice.choice(["a", "b", "c", "shy", "shy never", "poison"]) for _ in range(dice.randrange(1, 20))]
        wishes = [f"{kind} {round_}" for kind in kinds]
        tasks = [asyncio.ensure_future(live(name)) for name in wishes]
        while not all(task.done() for task in tasks):
            if dice.random() < 0.1:
                dice.choice(tasks).cancel()
            await asyncio.sleep(0 if dice.random() < 0.7 else 0.001)
        outcomes = dict[str, set[Any]]()
        for name, outcome in zip(wishes, await together(*tasks), strict=True):
            outcomes.setdefault(name, set()).add(outcome if isinstance(outcome, int) else type(outcome))
        rows = {row.name: row.id for row in await Counter.filter(name__in=wishes)}
        for name, heard in outcomes.items():
            if name.startswith("poison"):
                assert heard <= {IntegrityError, asyncio.CancelledError}
            elif name.startswith("shy never"):
                assert heard <= {Conflict, asyncio.CancelledError}
            else:
                assert heard <= {rows.get(name), asyncio.CancelledError}
    assert told == set(await stored())
