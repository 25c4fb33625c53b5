"""One transaction per change: all or nothing, inside listeners are part of it, after listeners are not."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from structlog.testing import capture_logs
from tortoise.exceptions import IntegrityError

from core import transactions
from core.events import Bus, Event, current_bus, use_bus
from core.numbering import Sequence
from core.tasks import remember_base_context, spawn
from core.transactions import on_commit, record, transaction

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened(Event):
    """Something."""

    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed(Event):
    """Something that an inside listener did."""

    what: str


@pytest.fixture
def bus() -> Iterator[Bus]:
    previous = current_bus()
    use_bus(Bus())
    yield current_bus()
    use_bus(previous)


def told(log: list[str], word: str = "") -> Callable[[Any], Awaitable[None]]:
    async def listener(event: Any) -> None:
        log.append(word + event.what)

    return listener


async def names() -> list[str]:
    return [row.name for row in await Sequence.all().order_by("id")]


async def write(name: str) -> None:
    async with transaction():
        await Sequence.create(name=name)
        record(Happened(what=name))


async def test_rows_and_events_come_together(bus: Bus) -> None:
    log: list[str] = []

    async def look(event: Happened) -> None:
        log.append(f"inside {await names()}")

    bus.inside[Happened] = (look,)
    bus.after[Happened] = (told(log, "after "), told(log, "again "))
    async with transaction():
        await write("a")
        await write("b")
        assert log == []
    assert log == ["inside ['a', 'b']", "inside ['a', 'b']", "after a", "again a", "after b", "again b"]


async def test_what_rolls_back_was_never_said(bus: Bus) -> None:
    log: list[str] = []
    bus.inside[Happened] = bus.after[Happened] = (told(log),)

    async def change() -> None:
        async with transaction():
            await write("a")
            on_commit("wake", partial(log.append, "hook"))
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        await change()
    assert (log, await names()) == ([], [])
    await write("b")
    assert log == ["b", "b"]


async def test_an_inside_listener_can_fail_the_change(bus: Bus) -> None:
    log: list[str] = []

    async def veto(event: Happened) -> None:
        raise ValueError("not on a Sunday")

    bus.inside[Happened], bus.after[Happened] = (veto,), (told(log),)
    with pytest.raises(ValueError, match="Sunday"):
        await write("a")
    assert (log, await names()) == ([], [])


async def test_inside_listeners_may_write_and_record_more(bus: Bus) -> None:
    log: list[str] = []

    async def follow(event: Happened) -> None:
        async with transaction():
            await Sequence.create(name=f"after {event.what}")
            record(Followed(what=event.what))

    bus.inside = {Happened: (follow,), Followed: (told(log, "inside "),)}
    bus.after = {Happened: (told(log, "1 "),), Followed: (told(log, "2 "),)}
    await write("a")
    assert log == ["inside a", "1 a", "2 a"]
    assert await names() == ["a", "after a"]


async def test_after_listeners_fail_alone(bus: Bus) -> None:
    log: list[str] = []

    async def broken(word: str, event: Happened) -> None:
        raise OSError(word)

    bus.after[Happened] = (partial(broken, "no network"), told(log))
    with capture_logs() as lines:
        await write("a")
        await write("b")
    assert log == ["a", "b"]
    assert await names() == ["a", "b"]
    assert [line["event"] for line in lines if line["log_level"] == "error"] == ["after_listener_failed"] * 2


async def test_after_listeners_work_outside_of_the_transaction(bus: Bus) -> None:
    log: list[str] = []

    async def follow(event: Happened) -> None:
        with pytest.raises(RuntimeError, match="no transaction"):
            record(Followed(what="lost"))
        with pytest.raises(IntegrityError):
            await write(event.what)  # breaks its own transaction, not the one it heard of
        async with transaction():
            record(Followed(what="own"))

    bus.after = {Happened: (follow,), Followed: (told(log),)}
    await write("a")
    assert (log, await names()) == (["own"], ["a"])


async def test_hooks_run_once_per_key_after_the_commit(bus: Bus) -> None:
    log: list[str] = []

    def broken() -> None:
        raise OSError("no")

    bus.after[Happened] = (told(log),)
    with capture_logs() as lines:
        async with transaction():
            on_commit("broken", broken)
            for word in ("first", "second"):
                on_commit("wake", partial(log.append, word))
            async with transaction():
                on_commit("other", partial(log.append, "other"))
            await write("a")
            assert log == []
    assert log == ["second", "other", "a"]
    assert [line["hook"] for line in lines if line["event"] == "hook_failed"] == ["broken"]


async def test_joined_transactions_are_one(bus: Bus) -> None:
    async def change() -> None:
        async with transaction() as outer:
            async with transaction() as inner:
                assert inner is outer
                await Sequence.create(name="a")
            raise RuntimeError("late")

    with pytest.raises(RuntimeError, match="late"):
        await change()
    assert await names() == []


async def test_a_caught_failure_of_a_part_leaves_the_whole(bus: Bus) -> None:
    async def refuse() -> None:
        async with transaction():
            raise ValueError("refused before anything was changed")

    async with transaction():
        await Sequence.create(name="a")
        with pytest.raises(ValueError, match="refused"):
            await refuse()
        await Sequence.create(name="b")
    assert await names() == ["a", "b"]


async def test_nothing_is_recorded_outside(bus: Bus) -> None:
    calls: list[Callable[[], None]] = [
        lambda: record(Happened(what="x")),
        lambda: on_commit("x", lambda: None),
    ]
    for call in calls:
        with pytest.raises(RuntimeError, match="no transaction"):
            call()


async def test_transactions_of_tasks_are_their_own(bus: Bus) -> None:
    async def change(name: str, *, good: bool) -> None:
        async with transaction():
            await Sequence.create(name=name)
            await asyncio.sleep(0)
            if not good:
                raise RuntimeError(name)

    outcome = await asyncio.gather(
        *(change(f"{number}", good=number % 2 == 0) for number in range(10)), return_exceptions=True
    )
    assert sum(isinstance(result, RuntimeError) for result in outcome) == 5
    assert set(await names()) == {"0", "2", "4", "6", "8"}


async def test_a_task_that_outlives_its_transaction_is_refused(bus: Bus) -> None:
    release = asyncio.Event()

    async def late() -> None:
        await release.wait()
        async with transaction():
            await Sequence.create(name="late")

    async def later_record() -> None:
        await release.wait()
        record(Happened(what="lost"))

    async with transaction():
        tasks = [asyncio.ensure_future(late()), asyncio.ensure_future(later_record())]
        await asyncio.sleep(0)
    release.set()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        assert isinstance(result, RuntimeError)
        assert "has ended" in str(result)
    assert await names() == []


async def test_a_spawned_task_has_a_transaction_of_its_own(bus: Bus) -> None:
    remember_base_context()
    async with transaction():
        await Sequence.create(name="mine")
        task = spawn(write("its"), name="test")
    await task
    assert await names() == ["mine", "its"]


async def test_a_cancelled_change_leaves_nothing(bus: Bus) -> None:
    started = asyncio.Event()

    async def change() -> None:
        async with transaction():
            await Sequence.create(name="half")
            started.set()
            await asyncio.Event().wait()

    task = asyncio.ensure_future(change())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await names() == []
    await write("whole")
    assert await names() == ["whole"]


async def test_a_change_that_is_cancelled_while_it_commits_is_kept_and_told(bus: Bus) -> None:
    log: list[str] = []

    async def cancel(event: Happened) -> None:
        """The next wait of this task is the one for the commit."""
        task = asyncio.current_task()
        assert task is not None
        task.cancel()

    async def change() -> None:
        async with transaction():
            on_commit("wake", partial(log.append, "hook"))
            await write("a")

    bus.inside[Happened], bus.after[Happened] = (cancel,), (told(log, "after "), told(log, "again "))
    task = asyncio.ensure_future(change())
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await names() == ["a"]
    assert log == ["hook", "after a", "again a"]


async def test_a_cancellation_waits_until_everybody_has_been_told(bus: Bus) -> None:
    log: list[str] = []
    started, release = asyncio.Event(), asyncio.Event()

    async def slow(event: Happened) -> None:
        started.set()
        await release.wait()

    bus.after[Happened] = (slow, told(log, "after "))
    task = asyncio.ensure_future(write("a"))
    await started.wait()
    task.cancel()
    await asyncio.sleep(0)
    release.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (log, await names()) == (["after a"], ["a"])


async def test_slow_transactions_are_named(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "SLOW_SECONDS", 0.25)  # a busy disk may need the usual limit
    with capture_logs() as lines:
        async with transaction():
            record(Happened(what="x"))
            await asyncio.sleep(0.26)
        await write("quick")
    [line] = [line for line in lines if line["event"] == "slow_transaction"]
    assert line["events"] == ["Happened"]
    assert line["seconds"] >= 0.25


async def test_who_need_not_wait_is_told_in_the_same_order_as_who_must(bus: Bus) -> None:
    log: list[str] = []

    def at_once(event: Any) -> None:
        log.append("at once " + event.what)
        if event.what == "b":
            raise ValueError("once")

    bus.after[Happened] = (at_once, told(log, "later "), at_once)
    async with transaction():
        for what in ("a", "b", "c"):
            record(Happened(what=what))
    assert log == [f"{when} {what}" for what in ("a", "b", "c") for when in ("at once", "later", "at once")]


async def test_what_must_be_known_of_a_failed_change_is_done_after_it() -> None:
    done: list[str] = []

    async def act() -> None:
        await Sequence.create(name="left", value=7)
        done.append("left")

    async def fail() -> None:
        async with transaction():
            await Sequence.create(name="undone", value=1)
            transactions.if_undone(act)
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await fail()
    assert (done, await Sequence.exists(name="undone"), await Sequence.exists(name="left")) == (["left"], False, True)
    async with transaction():
        transactions.if_undone(act)
    assert done == ["left"]
