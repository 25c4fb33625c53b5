"""Durable work: claimed once, in order within a lane, tried again with pauses, never lost, never done twice at once."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest

from core import jobs
from core.clock import FrozenClock
from core.jobs import (
    DEAD,
    DONE,
    LEASE,
    READY,
    RUNNING,
    Claimed,
    Job,
    claim,
    enqueue,
    fail,
    finish,
    forget_done,
    next_due,
)
from core.transactions import transaction
from tests.heard import counted

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]


@pytest.fixture
def wakes() -> Iterator[list[int]]:
    """Grows whenever the worker is woken."""
    calls: list[int] = []
    jobs.use_waker(lambda: calls.append(1))
    yield calls
    jobs.use_waker(lambda: None)


async def claimed(limit: int = 10) -> list[str]:
    return [job.kind for job in await claim(limit)]


async def claim_one() -> Claimed:
    [job] = await claim()
    return job


async def test_a_job_goes_through_its_life(clock: FrozenClock) -> None:
    await enqueue("mail.send", {"outgoing_mail": 7, "words": "订单 'quoted' {braces}"})
    job = await claim_one()
    words = {"outgoing_mail": 7, "words": "订单 'quoted' {braces}"}
    assert (job.kind, job.args, job.attempts) == ("mail.send", words, 1)
    running = await Job.get()
    assert (running.state, running.lease, running.lease_until) == (RUNNING, job.lease, clock.now() + LEASE)
    assert await claim() == []
    await finish(job)
    done = await Job.get()
    assert (done.state, done.finished_at) == (DONE, clock.now())
    assert done.lease is None
    assert done.lease_until is None
    assert await claim() == []


async def test_what_is_planned_for_later_waits(clock: FrozenClock) -> None:
    await enqueue("later", run_at=clock.now() + timedelta(hours=1))
    assert await claim() == []
    assert await next_due() == clock.now() + timedelta(hours=1)
    clock.advance(timedelta(hours=1))
    assert await claimed() == ["later"]


async def test_what_is_due_first_comes_first(clock: FrozenClock) -> None:
    for kind, minutes in [("b", 2), ("a", 1), ("c", 3)]:
        await enqueue(kind, run_at=clock.now() + timedelta(minutes=minutes))
    clock.advance(timedelta(minutes=5))
    assert await claimed(limit=2) == ["a", "b"]
    assert await claimed(limit=2) == ["c"]


async def test_a_job_belongs_to_the_change_that_needs_it(wakes: list[int]) -> None:
    async def change() -> None:
        async with transaction():
            await enqueue("never")
            raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError, match="changed my mind"):
        await change()
    assert wakes == []
    assert not await Job.exists()
    async with transaction():
        for _ in range(3):
            await enqueue("thrice")
        assert wakes == []
    assert len(wakes) == 1
    assert await claimed() == ["thrice"] * 3


async def test_a_key_is_taken_once() -> None:
    for kind in ("first", "second"):
        await enqueue(kind, key="mail.send:7")
    await enqueue("other", key="mail.send:8")
    mine = await claim(10)
    assert [job.kind for job in mine] == ["first", "other"]
    await finish(*mine)
    await enqueue("third", key="mail.send:7")
    assert await claim() == []


async def test_a_key_taken_at_once_by_many() -> None:
    async def change(number: int) -> None:
        async with transaction():
            await enqueue("own", {"number": number})
            await enqueue("shared", key="daily:2026-03-02")

    await asyncio.gather(*(change(number) for number in range(12)))
    assert await Job.filter(kind="shared").count() == 1
    assert await Job.filter(kind="own").count() == 12  # nobody's change was lost to the other's key


async def test_enqueueing_costs_one_statement() -> None:
    with counted() as statements:
        await enqueue("x", {"a": 1}, key="k", lane="l")
    assert len(statements) == 1


async def test_many_workers_share_the_work_and_none_is_done_twice() -> None:
    for number in range(60):
        await enqueue("work", {"number": number})

    async def work() -> list[int]:
        mine = []
        while batch := await claim(3):
            mine += [job.args["number"] for job in batch]
            await asyncio.gather(*map(finish, batch))
        return mine

    shares = await asyncio.gather(*(work() for _ in range(6)))
    assert sorted(number for share in shares for number in share) == list(range(60))
    assert await Job.filter(state=DONE, attempts=1).count() == 60


async def test_a_lane_is_one_after_the_other(clock: FrozenClock) -> None:
    for number in (1, 2, 3):
        await enqueue(f"a{number}", lane="conversation:1")
    await enqueue("b1", lane="conversation:2")
    await enqueue("free")
    heads = {job.kind: job for job in await claim(10)}
    assert sorted(heads) == ["a1", "b1", "free"]
    assert await claim() == []
    await finish(heads["a1"])
    assert await claimed() == ["a2"]
    assert await next_due() == clock.now() + LEASE  # the leases, not a3 that waits for its turn


async def test_workers_keep_the_order_of_a_lane() -> None:
    for number in range(20):
        await enqueue("step", {"number": number}, lane="order:1")
    done: list[int] = []
    running = 0

    async def work() -> None:
        nonlocal running
        while len(done) < 20:
            for job in await claim(5):
                running += 1
                assert running == 1
                await asyncio.sleep(0)
                done.append(job.args["number"])
                running -= 1
                await finish(job)

    await asyncio.gather(*(work() for _ in range(4)))
    assert done == list(range(20))


async def test_a_failed_job_holds_its_lane_until_it_is_done_or_dead(clock: FrozenClock) -> None:
    await enqueue("first", lane="l", max_attempts=2)
    await enqueue("second", lane="l")
    assert not await fail(await claim_one(), "try again")
    assert await claim() == []
    clock.advance(timedelta(hours=1))
    assert await fail(await claim_one(), "and again")
    assert await claimed() == ["second"]


async def test_failures_are_tried_again_later_and_in_the_end_not_at_all(clock: FrozenClock) -> None:
    await enqueue("flaky", max_attempts=3)
    pauses = []
    for attempt in (1, 2, 3):
        job = await claim_one()
        assert job.attempts == attempt
        dead = await fail(job, f"failure {attempt}\x00 \ud83d" + "x" * 5000)
        assert dead == (attempt == 3)
        row = await Job.get()
        assert (row.error or "").startswith(f"failure {attempt}")
        assert len(row.error or "") <= 2000
        assert await claim() == []
        pauses.append(row.run_at - clock.now())
        clock.advance(timedelta(hours=2))
    row = await Job.get()
    assert (row.state, row.attempts, row.lease) == (DEAD, 3, None)
    assert row.finished_at is not None
    assert timedelta(seconds=2) <= pauses[0] <= timedelta(seconds=2.5)
    assert timedelta(seconds=4) <= pauses[1] <= timedelta(seconds=5)
    assert await next_due() is None


async def test_some_failures_are_final() -> None:
    await enqueue("hopeless")
    assert await fail(await claim_one(), "no such order", retry=False)
    assert (await Job.get()).state == DEAD


async def test_a_lease_that_runs_out_frees_the_job(clock: FrozenClock) -> None:
    await enqueue("slow")
    first = await claim_one()
    assert await next_due() == clock.now() + LEASE
    clock.advance(LEASE - timedelta(seconds=1))
    assert await claim() == []
    clock.advance(timedelta(seconds=1))
    second = await claim_one()
    assert (second.id, second.attempts) == (first.id, 2)
    assert second.lease != first.lease
    await finish(first)  # the slow worker comes back: the job is not its own any more
    assert not await fail(first, "late", retry=False)
    assert (await Job.get()).state == RUNNING
    await finish(second)
    assert (await Job.get()).state == DONE


async def test_a_running_job_with_a_lapsed_lease_keeps_its_place_in_the_lane(clock: FrozenClock) -> None:
    for kind in ("first", "second"):
        await enqueue(kind, lane="l")
    await claim()
    clock.advance(LEASE)
    assert await claimed() == ["first"]


async def test_the_worker_sleeps_until_time_brings_work(clock: FrozenClock) -> None:
    assert await next_due() is None
    await enqueue("due")
    assert await next_due() is None  # claimable now: time adds nothing
    await enqueue("soon", run_at=clock.now() + timedelta(milliseconds=300))
    running = await claim_one()
    assert await next_due() == clock.now() + timedelta(milliseconds=300)  # although one is running
    await finish(running)
    assert await next_due() == clock.now() + timedelta(milliseconds=300)


async def test_the_end_of_a_job_wakes_the_worker(wakes: list[int]) -> None:
    for _ in range(2):
        await enqueue("x")
    wakes.clear()
    first, second = await claim(2)
    await finish(first)
    await fail(second, "no", retry=False)
    assert len(wakes) == 2


async def test_done_jobs_are_forgotten_and_dead_ones_are_not(clock: FrozenClock) -> None:
    for _ in range(3):
        await enqueue("x")
    done, dead, _ = await claim(3)
    await finish(done)
    await fail(dead, "no", retry=False)
    clock.advance(timedelta(days=1))
    assert await forget_done(timedelta(days=2)) == 0
    assert await forget_done(timedelta(hours=23)) == 1
    assert sorted([job.state for job in await Job.all()]) == [DEAD, RUNNING]


async def test_nothing_is_claimed_by_nobody() -> None:
    await enqueue("x")
    assert await claim(0) == []
    assert (await Job.get()).state == READY
