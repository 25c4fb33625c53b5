"""Background tasks end when they are told to, also where a library has swallowed the first cancellation."""

import asyncio

import pytest

from core.tasks import as_far_as_it_goes, cut_loose_ends, end, spawn

pytestmark = pytest.mark.anyio


async def test_a_task_that_missed_its_cancellation_is_cancelled_again() -> None:
    missed: list[str] = []

    async def deaf() -> None:
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if missed:
                    raise
                missed.append("the first time")

    async def forever() -> None:
        await asyncio.Event().wait()

    tasks = [spawn(deaf(), name="deaf"), spawn(forever(), name="forever")]
    await asyncio.sleep(0)
    await end(tasks)
    assert all(task.cancelled() for task in tasks)
    assert missed == ["the first time"]


async def test_what_has_ended_is_left_alone() -> None:
    async def fail() -> None:
        raise RuntimeError("long ago")

    task = spawn(fail(), name="fails")
    await asyncio.wait([task])
    await end([task])
    assert isinstance(task.exception(), RuntimeError)


async def test_loose_ends_are_cut_and_nothing_else() -> None:
    kept, news = asyncio.Event(), asyncio.Event()
    loose, firm = spawn(news.wait(), name="news", loose=True), spawn(kept.wait(), name="work")
    await cut_loose_ends()
    assert loose.cancelled()
    assert not firm.done()
    kept.set()
    await firm


async def test_what_need_not_wait_needs_no_task() -> None:
    log: list[str] = []

    async def write(*gates: asyncio.Event) -> None:
        for number, gate in enumerate(gates):
            await gate.wait()
            log.append(f"part {number}")

    first, second = asyncio.Event(), asyncio.Event()
    first.set()
    assert as_far_as_it_goes(write(first)) is None
    assert log == ["part 0"]
    log.clear()
    rest = as_far_as_it_goes(write(first, second, first))
    assert (log, rest is None) == (["part 0"], False)
    assert rest is not None
    task = asyncio.ensure_future(rest)
    await asyncio.sleep(0)
    second.set()
    await task
    assert log == ["part 0", "part 1", "part 2"]


async def test_the_rest_can_fail_and_be_cancelled() -> None:
    log: list[str] = []

    async def write(gate: asyncio.Event) -> None:
        try:
            await gate.wait()
        except asyncio.CancelledError:
            log.append("cancelled")
            raise
        raise OSError("gone")

    open_, closed = asyncio.Event(), asyncio.Event()
    open_.set()
    with pytest.raises(OSError, match="gone"):
        as_far_as_it_goes(write(open_))
    failing, cancelled = as_far_as_it_goes(write(closed)), as_far_as_it_goes(write(asyncio.Event()))
    assert failing is not None
    assert cancelled is not None
    closed.set()  # between its beginning and its rest
    with pytest.raises(OSError, match="gone"):
        await failing
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await cancelled
    assert log == ["cancelled"]
