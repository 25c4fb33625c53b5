"""Background tasks end when they are told to, also where a library has swallowed the first cancellation."""

import asyncio

import pytest

from core.tasks import end, spawn

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
