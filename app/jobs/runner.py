"""The worker: claims due jobs, runs a few at once, sleeps until a commit or the clock wakes it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from typing import Any

import structlog
from prometheus_client import Counter, Histogram

from app.jobs.context import JobContext
from core import jobs, lanes
from core.clock import now
from core.engines.transactions import uninterrupted
from core.errors import Invalid, NotFound
from core.jobs import Claimed
from core.tasks import end, spawn

log = structlog.get_logger(__name__)

Handler = Callable[[dict[str, Any], JobContext], Awaitable[None]]
# Does jobs of one kind together; what is returned stands for each of them, in their order: None, or why it failed.
Together = Callable[[Sequence[dict[str, Any]], JobContext], Awaitable[Sequence[Exception | None]]]

CONCURRENT = 8
MOST_BULK = 4  # of those; a thousand mails must not keep a chat's answer waiting
LEAST_TOGETHER, MOST_TOGETHER = 64, 128  # jobs of a batch, as many as are done in this time:
BATCH_SECONDS = 0.05  # its transaction keeps whoever else writes waiting meanwhile
LONGEST_NAP = 1.0  # seconds; another process may have added work that nobody told us of
PATIENCE = 5.0  # seconds for jobs that run when the worker is told to stop
RENEW_AFTER = jobs.LEASE.total_seconds() / 3
_FINAL = (Invalid, NotFound)  # trying again cannot help

finished = Counter("wismo_jobs_total", "Jobs that ended, by kind and outcome", ["kind", "outcome"])
duration = Histogram("wismo_job_seconds", "Time a job took", ["kind"])


class Worker:
    """Runs jobs until it is told to stop; then finishes what it holds."""

    def __init__(
        self,
        context: JobContext,
        handlers: Mapping[str, Handler],
        last_resorts: Mapping[str, Handler] | None = None,
        together: Mapping[str, Together] | None = None,
        bulk: Collection[str] = (),
    ) -> None:
        self.context = context
        self.handlers = handlers
        self.last_resorts = last_resorts or {}
        self.together = together or {}
        self._bulk_kinds = frozenset(bulk)
        self._alone = handlers.keys() - self.together.keys() - self._bulk_kinds
        self._bulk: set[asyncio.Task[None]] = set()
        self._sizes = dict.fromkeys(self.together, LEAST_TOGETHER)
        self._batches: set[str] = set()  # the kinds of which a batch runs: never more than one, so that others get on
        self._awake = asyncio.Event()
        self._stopping = False
        self._patience = PATIENCE
        self._running: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """There may be work: look now."""
        self._awake.set()

    async def run(self) -> None:
        """Work until `stop`, and then finish what is running. A database that is away is asked again."""
        while not self._stopping:
            self._awake.clear()
            try:
                idle = not await self._start_due() or len(self._running) >= CONCURRENT
                if idle:
                    await self._nap()
            except Exception:
                log.exception("worker_failed")
                await self._rest(LONGEST_NAP)
        if self._running:
            await asyncio.wait(self._running, timeout=self._patience)
        await end(self._running)

    def stop(self, patience: float = PATIENCE) -> None:
        """Take no more jobs. `run` ends when those that run are done; after `patience` seconds they are handed back."""
        self._patience, self._stopping = patience, True
        self.wake()

    async def _start_due(self) -> bool:
        """Start as many due jobs as there is room for. Whether there were any.

        What comes in bulk, and what goes together, is last: however much of it waits, single jobs are not behind it.
        """
        room = CONCURRENT - len(self._running)  # below nothing while batches run beside a full house
        if room <= 0:
            return False
        claimed = await jobs.claim(room, kinds=self._alone)
        for job in claimed:
            self._start(self._run_one(job), f"job {job.kind} {job.id}")
        claimed += await self._start_bulk()
        for kind in self.together.keys() - self._batches:
            if batch := await lanes.claim_together(kind, self._sizes[kind]):
                self._batches.add(kind)
                self._start(self._run_batch(kind, batch), f"jobs {kind} {batch[0].id}")
                claimed += batch
        if not claimed and not self._running:
            claimed = await jobs.claim(room, but={*self._alone, *self.together, *self._bulk_kinds})
            for job in claimed:
                self._start(self._run_one(job), f"job {job.kind} {job.id}")
        return bool(claimed)

    async def _start_bulk(self) -> list[Claimed]:
        room = min(MOST_BULK - len(self._bulk), CONCURRENT - len(self._running))
        if room <= 0 or not self._bulk_kinds:
            return []
        claimed = await jobs.claim(room, kinds=self._bulk_kinds)
        for job in claimed:
            task = self._start(self._run_one(job), f"job {job.kind} {job.id}")
            self._bulk.add(task)
            task.add_done_callback(self._bulk.discard)
        return claimed

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = spawn(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("job_lost", task=task.get_name(), exc_info=error)  # the end of its lease brings it back
        self.wake()

    async def _nap(self) -> None:
        pause = LONGEST_NAP
        if (due := await jobs.next_due()) is not None and (wait := (due - now()).total_seconds()) > 0:
            pause = min(pause, wait)  # what is due already waits for its lane, and the end of a job wakes us
        await self._rest(pause)

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._awake.wait()
        except TimeoutError:
            return

    async def _run_batch(self, kind: str, batch: Sequence[Claimed]) -> None:
        try:
            if len(batch) == 1:
                await self._run_one(batch[0])
            else:
                await self._run_together(kind, batch)
        finally:
            self._batches.discard(kind)

    async def _run_together(self, kind: str, batch: Sequence[Claimed]) -> None:
        renewing = spawn(_keep_lease(batch), name=f"lease {batch[0].id}")
        started = time.monotonic()
        try:
            with duration.labels(kind).time():
                outcomes = await self.together[kind]([job.args for job in batch], self.context)
        except asyncio.CancelledError:
            await uninterrupted(jobs.hand_back(*batch))
            raise
        except Exception as error:  # noqa: BLE001 - told below, of each job
            outcomes = [error] * len(batch)
        finally:
            renewing.cancel()
        done = [job for job, error in zip(batch, outcomes, strict=True) if error is None]
        self._sizes[kind] = next_size(self._sizes[kind], len(batch), time.monotonic() - started)
        await jobs.finish(*done)
        finished.labels(kind, "done").inc(len(done))
        for job, failure in zip(batch, outcomes, strict=True):
            if failure is not None:
                await self._failed(job, failure)

    async def _run_one(self, job: Claimed) -> None:
        renewing = spawn(_keep_lease([job]), name=f"lease {job.id}")
        try:
            with duration.labels(job.kind).time():
                await self._handle(job)
        except asyncio.CancelledError:
            await uninterrupted(jobs.hand_back(job))
            raise
        except Exception as error:  # noqa: BLE001 - told there
            await self._failed(job, error)
        else:
            await jobs.finish(job)
            finished.labels(job.kind, "done").inc()
        finally:
            renewing.cancel()

    async def _failed(self, job: Claimed, error: Exception) -> None:
        dead = await jobs.fail(job, f"{type(error).__name__}: {error}", retry=not isinstance(error, _FINAL))
        finished.labels(job.kind, "dead" if dead else "retry").inc()
        log.warning("job_failed", kind=job.kind, job=job.id, attempt=job.attempts, dead=dead, exc_info=error)
        if dead and job.kind in self.last_resorts:
            await self.last_resorts[job.kind](job.args, self.context)

    async def _handle(self, job: Claimed) -> None:
        handler = self.handlers.get(job.kind)
        if handler is None:
            raise Invalid(f"no handler for {job.kind}", code="unknown_job")
        if job.attempts > job.max_attempts:
            raise Invalid("the worker ended during each try", code="worker_ended")
        await handler(job.args, self.context)


def next_size(size: int, done: int, seconds: float) -> int:
    """How many jobs the next batch may have at most, when the last, of at most `size`, had `done` and took `seconds`.

    It grows to twice the size, or shrinks to half of it, at once; a batch that was not full says nothing of growing.
    """
    fit = int(done * BATCH_SECONDS / max(seconds, 0.001))
    wanted = min(fit, size) if done < size else fit
    return max(LEAST_TOGETHER, size // 2, min(wanted, 2 * size, MOST_TOGETHER))


async def _keep_lease(held: Sequence[Claimed]) -> None:
    """Slow jobs stay ours as long as this process lives."""
    while True:
        await asyncio.sleep(RENEW_AFTER)
        try:
            await lanes.keep_lease(held)
        except Exception:
            log.exception("lease_not_renewed", job=held[0].id)
