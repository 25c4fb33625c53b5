"""The worker does every job, in the order of its lane, whatever fails in between: a handler, the database, itself."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from tortoise.exceptions import DBConnectionError

from app.gateways.mail import RecordingMailer
from app.jobs import runner
from app.jobs.context import JobContext
from app.jobs.runner import Worker
from app.rulebook_shelf import Shelf
from app.settings import Settings
from bots.rulebook import own_rulebook
from core import jobs
from core.clock import now
from core.errors import NotFound
from core.jobs import DEAD, DONE, READY, RUNNING, Job, enqueue, use_waker
from core.tasks import remember_base_context
from core.transactions import transaction

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]

PAST = timedelta(seconds=-1)


class Desk:
    """A worker whose jobs only note that they ran, wait for a sign, or fail."""

    def __init__(self, folder: Path) -> None:
        handlers = {"note": self.note, "wait": self.wait, "fail": self.fail, "refuse": self.refuse}
        context = JobContext(Settings(data_dir=folder), RecordingMailer(), Shelf(own_rulebook()))
        handlers["fold"] = self.note
        handlers["mail"] = self.wait
        self.worker = Worker(context, handlers, {"note": self.rescue}, {"fold": self.fold}, {"mail"})
        self.log: list[str] = []
        self.release = asyncio.Event()

    async def note(self, args: dict[str, Any], context: JobContext) -> None:
        self.log.append(args["word"])

    async def rescue(self, args: dict[str, Any], context: JobContext) -> None:
        self.log.append(f"rescued {args['word']}")

    async def wait(self, args: dict[str, Any], context: JobContext) -> None:
        self.log.append(f"{args['word']} begins")
        await self.release.wait()
        self.log.append(f"{args['word']} ends")

    async def fail(self, args: dict[str, Any], context: JobContext) -> None:
        self.log.append("tries")
        raise OSError("no route")

    async def refuse(self, args: dict[str, Any], context: JobContext) -> None:
        raise NotFound("no such order")

    async def fold(self, batch: Sequence[dict[str, Any]], context: JobContext) -> list[Exception | None]:
        words = [args["word"] for args in batch]
        self.log.append(" ".join(words))
        if "wait" in words:
            await self.release.wait()
        if "crash" in words:
            raise OSError("disk full")
        return [NotFound("no such order") if word == "bad" else None for word in words]

    @asynccontextmanager
    async def working(self) -> AsyncIterator[asyncio.Task[None]]:
        remember_base_context()
        use_waker(self.worker.wake)
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            running = group.create_task(self.worker.run())
            try:
                yield running
            finally:
                self.release.set()
                self.worker.stop()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await holds():
            await asyncio.sleep(0.005)


async def heard(desk: Desk, *words: str) -> None:
    async def holds() -> bool:
        return set(words) <= set(desk.log)

    await until(holds)


async def over(kind: str, state: str) -> Job:
    """The job of this kind, as soon as it has come to this."""
    await until(lambda: Job.exists(kind=kind, state=state))
    return await Job.get(kind=kind)


async def test_a_lane_is_done_in_order_and_holds_up_nobody_else(desk: Desk) -> None:
    async with transaction():
        await enqueue("wait", {"word": "first"}, lane="a")
        for word in ("second", "third"):
            await enqueue("note", {"word": word}, lane="a")
        await enqueue("note", {"word": "other"}, lane="b")
        await enqueue("note", {"word": "free"})
    async with desk.working():
        await heard(desk, "first begins", "other", "free")
        assert "second" not in desk.log
        desk.release.set()
        await heard(desk, "third")
    assert [word for word in desk.log if word not in ("other", "free")] == [
        "first begins",
        "first ends",
        "second",
        "third",
    ]


async def test_what_comes_in_bulk_leaves_places_to_others(desk: Desk) -> None:
    for number in range(20):
        await enqueue("mail", {"word": f"mail {number}"})
    async with desk.working():
        await heard(desk, *(f"mail {number} begins" for number in range(runner.MOST_BULK)))
        await enqueue("note", {"word": "a chat's answer"})
        await heard(desk, "a chat's answer")
        assert len([word for word in desk.log if word.endswith("begins")]) == runner.MOST_BULK
        desk.release.set()
        await heard(desk, "mail 19 ends")


async def test_a_commit_wakes_the_worker_at_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "LONGEST_NAP", 3600.0)
    async with desk.working():
        await enqueue("note", {"word": "warm"})
        await heard(desk, "warm")
        seconds = []
        for number in range(10):
            started = asyncio.get_running_loop().time()
            await enqueue("note", {"word": f"{number}"})
            await heard(desk, f"{number}")
            seconds.append(asyncio.get_running_loop().time() - started)
    assert sorted(seconds)[5] < 0.25


async def test_a_job_for_later_is_done_when_its_time_comes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "LONGEST_NAP", 3600.0)
    due = now() + timedelta(seconds=0.3)
    await enqueue("note", {"word": "later"}, run_at=due)
    async with desk.working():
        await heard(desk, "later")
        assert now() >= due


async def test_a_failure_is_tried_again_later_and_named(desk: Desk) -> None:
    await enqueue("fail", {})
    async with desk.working():
        await until(lambda: Job.exists(kind="fail", attempts=1, state=READY))
        job = await Job.get(kind="fail")
    assert (job.error, job.lease) == ("OSError: no route", None)
    assert job.run_at > now()
    assert desk.log == ["tries"]


@pytest.mark.parametrize("kind", ["refuse", "of no kind that we know"])
async def test_what_cannot_get_better_is_given_up_at_once(desk: Desk, kind: str) -> None:
    await enqueue(kind, {}, lane="a")
    await enqueue("note", {"word": "next"}, lane="a")
    async with desk.working():
        job = await over(kind, DEAD)
        await heard(desk, "next")
    assert job.attempts == 1
    assert job.error


async def test_the_work_of_a_process_that_died_is_done_by_another(desk: Desk) -> None:
    await enqueue("note", {"word": "orphan"})
    assert len(await jobs.claim(lease=PAST)) == 1
    async with desk.working():
        job = await over("note", DONE)
    assert (desk.log, job.attempts) == (["orphan"], 2)


async def test_a_job_that_kills_its_worker_each_time_is_given_up(desk: Desk) -> None:
    await enqueue("note", {"word": "poison"}, max_attempts=3)
    for _ in range(3):
        assert len(await jobs.claim(lease=PAST)) == 1
    async with desk.working():
        job = await over("note", DEAD)
        await heard(desk, "rescued poison")
    assert desk.log == ["rescued poison"]
    assert job.error is not None
    assert "the worker ended" in job.error


async def test_a_lease_is_renewed_while_the_job_runs(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "RENEW_AFTER", 0.02)
    await enqueue("wait", {"word": "slow"})
    async with desk.working():
        await heard(desk, "slow begins")
        before = (await Job.get()).lease_until
        assert before is not None
        await until(lambda: Job.exists(lease_until__gt=before + timedelta(milliseconds=50)))


async def test_who_has_lost_the_lease_changes_nothing(desk: Desk) -> None:
    await enqueue("wait", {"word": "slow"})
    async with desk.working():
        await heard(desk, "slow begins")
        await Job.all().update(lease="another worker's", lease_until=now() + timedelta(minutes=1))
        desk.release.set()
        await heard(desk, "slow ends")
    job = await Job.get()
    assert (job.state, job.lease) == (RUNNING, "another worker's")


async def test_stop_lets_running_jobs_finish_and_takes_no_more(desk: Desk) -> None:
    async with desk.working() as running:
        await enqueue("wait", {"word": "slow"})
        await heard(desk, "slow begins")
        desk.worker.stop()
        await enqueue("note", {"word": "too late"})
        await asyncio.sleep(0.05)
        assert not running.done()
        desk.release.set()
        await running
    assert desk.log == ["slow begins", "slow ends"]
    assert {job.kind: job.state for job in await Job.all()} == {"wait": DONE, "note": READY}


async def test_what_does_not_finish_in_time_is_handed_back(desk: Desk) -> None:
    async with desk.working() as running:
        await enqueue("wait", {"word": "endless"})
        await heard(desk, "endless begins")
        desk.worker.stop(patience=0.05)
        await running
    job = await Job.get()
    assert (job.state, job.attempts, job.lease) == (READY, 0, None)
    assert job.run_at <= now()
    assert desk.log == ["endless begins"]


async def test_a_database_that_is_away_for_a_moment_does_not_end_the_worker(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "LONGEST_NAP", 0.02)
    away, calls = True, 0

    def while_away(verb: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def ask(*arguments: Any, **more: Any) -> Any:
            nonlocal calls
            calls += 1
            if away and calls % 2:
                raise DBConnectionError("refused")
            return await verb(*arguments, **more)

        return ask

    for name in ("claim", "next_due"):
        monkeypatch.setattr(jobs, name, while_away(getattr(jobs, name)))
    with capture_logs() as lines:
        async with desk.working():
            while calls < 6:
                await asyncio.sleep(0.005)
            away = False
            await enqueue("note", {"word": "back"})
            await heard(desk, "back")
    assert sum(line["event"] == "worker_failed" for line in lines) >= 2


async def plan_together(*words: str) -> None:
    async with transaction():
        for word in words:
            await enqueue("fold", {"word": word}, lane="a")


async def test_what_goes_together_is_done_together_and_one_may_fail_alone(desk: Desk) -> None:
    await plan_together("one", "bad", "two")
    async with desk.working():
        await until(lambda: Job.exists(kind="fold", state=DEAD))
    assert desk.log == ["one bad two"]
    found = {job.args["word"]: (job.state, job.error) for job in await Job.all()}
    assert found == {"one": (DONE, None), "bad": (DEAD, "NotFound: no such order"), "two": (DONE, None)}


async def test_a_batch_that_fails_as_a_whole_is_tried_again_one_by_one(desk: Desk) -> None:
    await plan_together("one", "crash")
    async with desk.working():
        await until(lambda: _tried(2))
        await Job.all().update(run_at=now())
        desk.worker.wake()
        await heard(desk, "one", "crash")
        await until(lambda: _done(2))
    assert desk.log == ["one crash", "one", "crash"]


async def test_single_jobs_do_not_stand_behind_a_batch(desk: Desk) -> None:
    await plan_together("wait", "one")
    async with desk.working():
        await heard(desk, "wait one")
        await plan_together("later")
        await enqueue("note", {"word": "answer"})
        await heard(desk, "answer")
        assert "later" not in desk.log  # one batch at a time
        desk.release.set()
        await until(lambda: _done(4))


async def test_a_full_house_with_a_batch_beside_it_takes_no_more(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "CONCURRENT", 2)
    for word in ("a", "b"):
        await enqueue("wait", {"word": word})
    await plan_together("wait", "one")
    async with desk.working():
        await heard(desk, "a begins", "b begins", "wait one")
        for _ in range(20):
            await enqueue("note", {"word": "later"})
        await asyncio.sleep(0.1)
        assert "later" not in desk.log
        desk.release.set()
        await heard(desk, "later")


async def test_a_batch_that_does_not_finish_in_time_is_handed_back(desk: Desk) -> None:
    async with desk.working() as running:
        await plan_together("wait", "one")
        await heard(desk, "wait one")
        desk.worker.stop(patience=0.05)
        await running
    assert {(job.state, job.attempts, job.lease) for job in await Job.all()} == {(READY, 0, None)}


async def _tried(number: int) -> bool:
    return await Job.filter(kind="fold", state=READY, attempts=1).count() == number


async def _done(number: int) -> bool:
    return await Job.filter(state=DONE).count() == number


@pytest.mark.parametrize(
    ("size", "done", "seconds", "expected"),
    [
        (64, 64, 0.01, 128),  # fast: at most twice as many
        (100, 100, 0.04, 125),  # as many as are done in time
        (128, 128, 0.01, 128),
        (64, 10, 0.001, 64),  # not full: that says nothing of more
        (128, 128, 0.0666, 96),
        (128, 128, 5.0, 64),  # once very slow: half as many
        (64, 64, 5.0, 64),
    ],
)
async def test_the_next_batch_is_as_large_as_is_done_in_time(
    size: int, done: int, seconds: float, expected: int
) -> None:
    assert runner.next_size(size, done, seconds) == expected
