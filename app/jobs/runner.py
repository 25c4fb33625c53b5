"""The worker: claims due jobs, runs a few at once, sleeps until a commit or the clock wakes it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from prometheus_client import Counter, Histogram

from app.jobs.context import JobContext
from core import jobs
from core.clock import now
from core.engines.transactions import uninterrupted
from core.errors import Invalid, NotFound
from core.jobs import Job
from core.tasks import end, spawn

log = structlog.get_logger(__name__)

Handler = Callable[[dict[str, Any], JobContext], Awaitable[None]]

CONCURRENT = 8
LONGEST_NAP = 1.0  # seconds; another process may have added work that nobody told us of
PATIENCE = 5.0  # seconds for jobs that run when the worker is told to stop
RENEW_AFTER = jobs.LEASE.total_seconds() / 3
_FINAL = (Invalid, NotFound)  # trying again cannot help

finished = Counter("wismo_jobs_total", "Jobs that ended, by kind and outcome", ["kind", "outcome"])
duration = Histogram("wismo_job_seconds", "Time a job took", ["kind"])


class Worker:
    """Runs jobs until it is told to stop; then finishes what it holds."""

    def __init__(
        self, context: JobContext, handlers: Mapping[str, Handler], last_resorts: Mapping[str, Handler] | None = None
    ) -> None:
        self.context = context
        self.handlers = handlers
        self.last_resorts = last_resorts or {}
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
        """Start as many due jobs as there is room for. Whether there were any."""
        room = CONCURRENT - len(self._running)
        claimed = await jobs.claim(room) if room else []
        for job in claimed:
            task = spawn(self._run_one(job), name=f"job {job.kind} {job.id}")
            self._running.add(task)
            task.add_done_callback(self._ended)
        return bool(claimed)

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

    async def _run_one(self, job: Job) -> None:
        renewing = spawn(_keep_lease(job), name=f"lease {job.id}")
        try:
            with duration.labels(job.kind).time():
                await self._handle(job)
        except asyncio.CancelledError:
            await uninterrupted(jobs.hand_back(job))
            raise
        except Exception as error:
            dead = await jobs.fail(job, f"{type(error).__name__}: {error}", retry=not isinstance(error, _FINAL))
            finished.labels(job.kind, "dead" if dead else "retry").inc()
            log.warning("job_failed", kind=job.kind, job=job.id, attempt=job.attempts, dead=dead, exc_info=error)
            if dead and job.kind in self.last_resorts:
                await self.last_resorts[job.kind](job.args, self.context)
        else:
            await jobs.finish(job)
            finished.labels(job.kind, "done").inc()
        finally:
            renewing.cancel()

    async def _handle(self, job: Job) -> None:
        handler = self.handlers.get(job.kind)
        if handler is None:
            raise Invalid(f"no handler for {job.kind}", code="unknown_job")
        if job.attempts > job.max_attempts:
            raise Invalid("the worker ended during each try", code="worker_ended")
        await handler(job.args, self.context)


async def _keep_lease(job: Job) -> None:
    """A slow job stays ours as long as this process lives."""
    while True:
        await asyncio.sleep(RENEW_AFTER)
        try:
            await Job.filter(id=job.id, lease=job.lease).update(lease_until=now() + jobs.LEASE)
        except Exception:
            log.exception("lease_not_renewed", job=job.id)
