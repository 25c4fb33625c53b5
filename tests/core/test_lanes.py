"""Jobs that are claimed together: whole lanes in their order, never two workers in one lane, suspects alone."""

import asyncio
from datetime import timedelta

import pytest

from core import jobs
from core.clock import FrozenClock
from core.jobs import DONE, LEASE, READY, RUNNING, Job, claim, enqueue
from core.lanes import claim_together, keep_lease
from tests.heard import counted

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]

PAST = timedelta(seconds=-1)


async def plan(*lanes: str | None, kind: str = "fold") -> None:
    """One job each, numbered from the first of the test."""
    for lane in lanes:
        await enqueue(kind, {"number": await Job.all().count()}, lane=lane)


async def claimed(limit: int = 10, lease: timedelta = LEASE) -> list[int]:
    return [job.args["number"] for job in await claim_together("fold", limit, lease=lease)]


async def test_a_lane_is_taken_whole_and_in_its_order(clock: FrozenClock) -> None:
    await plan("a", "b", "a", None, "b", "a")
    assert sorted(await claimed()) == [0, 1, 2, 3, 4, 5]
    assert (await claimed(), await claim()) == ([], [])
    ours = await Job.all()
    assert {(job.state, job.attempts, job.lease_until) for job in ours} == {(RUNNING, 1, clock.now() + LEASE)}


async def test_what_does_not_fit_waits_for_its_turn() -> None:
    await plan("a", "b", "a", "a")
    batch = await claim_together("fold", 2)
    assert [job.args["number"] for job in batch] == [0, 2]
    assert await claimed() == [1]  # the rest of lane a waits for its head
    await jobs.finish(*batch)
    assert await claimed() == [3]


async def test_a_lane_ends_before_what_is_not_due_or_of_another_kind(clock: FrozenClock) -> None:
    await plan("a", "b")
    await enqueue("fold", {"number": 2}, lane="a", run_at=clock.now() + timedelta(hours=1))
    await plan("a")
    await enqueue("other", {"number": 4}, lane="b")
    await plan("b")
    assert await claimed() == [0, 1]


async def test_only_jobs_of_the_kind_are_taken() -> None:
    await plan("a", kind="other")
    await plan("b")
    assert await claimed() == [1]
    assert [job.kind for job in await claim(kinds=["fold", "third"])] == []
    assert [job.kind for job in await claim(but=["fold"])] == ["other"]


async def test_what_was_tried_before_is_alone() -> None:
    await plan("a", "b")
    [first, *_] = await claim_together("fold", 1)
    await jobs.fail(first, "oops")
    await Job.filter(id=first.id).update(run_at=(await Job.get(id=first.id)).created_at)
    assert await claimed() == [0]
    assert await claimed() == [1]


async def test_what_a_dead_process_held_is_taken_one_by_one() -> None:
    await plan("a", "a", "b")
    assert len(await claimed(lease=PAST)) == 3
    assert [await claimed(), await claimed()] == [[0], [2]]  # the second of lane a waits for the first
    assert await claimed() == []


async def test_two_workers_never_share_a_lane(both_databases: str) -> None:
    await plan(*(f"lane {number % 5}" for number in range(40)))
    batches = await asyncio.gather(*(claim_together("fold", 10) for _ in range(6)))
    taken = [job.id for batch in batches for job in batch]
    assert len(taken) == len(set(taken))
    lanes = [{job.lane for job in batch} for batch in batches if batch]
    assert sum(map(len, lanes)) == len(set().union(*lanes))


async def test_a_batch_is_kept_and_ended_with_one_statement_and_only_while_it_is_ours(clock: FrozenClock) -> None:
    await plan("a", "a", "b")
    batch = await claim_together("fold", 10)
    await Job.filter(lane="b").update(lease="another worker's")
    clock.advance(timedelta(seconds=20))
    with counted() as statements:
        await keep_lease(batch)
        await jobs.finish(*batch)
    assert len(statements) == 2
    done = {job.lane: (job.state, job.lease) for job in await Job.all()}
    assert done == {"a": (DONE, None), "b": (RUNNING, "another worker's")}


async def test_a_claim_costs_the_same_however_much_waits() -> None:
    async def cost() -> int:
        with counted() as statements:
            await jobs.finish(*await claim_together("fold", 4))
        return len(statements)

    await plan("a", "b")
    few = await cost()
    await plan(*(f"lane {number % 7}" for number in range(30)))
    assert await cost() == few
    assert await Job.filter(state=READY).count() == 26
