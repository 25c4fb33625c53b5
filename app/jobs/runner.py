"""The worker: claims due jobs, runs a few at once, sleeps until a commit or the clock wakes it."""

import asyncio
from collections.abc import Mapping

import structlog
from prometheus_client import Counter, Histogram

from app.jobs.context import JobContext
from core import jobs
from core.clock import now
from core.errors import Invalid, NotFound
from core.jobs import Job
from core.tasks import spawn

log = structlog.get_logger(__name__)

CONCURRENT = 8
LONGEST_NAP = 1.0  # seconds; another process may have added work that nobody told us of
RENEW_AFTER = jobs.LEASE.total_seconds() / 3
_FINAL = (Invalid, NotFound)  # trying again cannot help

finished = Counter("wismo_jobs_total", "Jobs that ended, by kind and outcome", ["kind", "outcome"])
duration = Histogram("wismo_job_seconds", "Time a job took", ["kind"])


class Worker:
    """Runs jobs until it is told to stop; then finishes what it holds."""

    def __init__(self, context: JobContext, handlers: Mapping[str, object]) -> None:
        self.context = context
        self.handlers = handlers
        self._awake = asyncio.Event()
        self._stopping = False
        self._running: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """There may be work: look now."""
        self._awake.set()

    async def run(self) -> None:
        """Work until `stop`."""
        while not self._stopping:
            self._awake.clear()
            try:
                claimed = await jobs.claim(CONCURRENT - len(self._running)) if len(self._running) < CONCURRENT else []
            except Exception:
                log.exception("claim_failed")
                claimed = []
                await asyncio.sleep(1)
            for job in claimed:
                task = spawn(self._run_one(job), name=f"job {job.kind} {job.id}")
                self._running.add(task)
                task.add_done_callback(self._ended)
            if not claimed or len(self._running) >= CONCURRENT:
                await self._nap()

    async def stop(self, patience: float = 5.0) -> None:
        """Take no more jobs and wait up to `patience` seconds for those that run; leases free the rest."""
        self._stopping = True
        self.wake()
        if self._running:
            await asyncio.wait(self._running, timeout=patience)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self.wake()

    async def _nap(self) -> None:
        pause = LONGEST_NAP
        if (due := await jobs.next_due()) is not None and (wait := (due - now()).total_seconds()) > 0:
            pause = min(pause, wait)  # what is due already waits for its lane, and the end of a job wakes us
        try:
            await asyncio.wait_for(self._awake.wait(), pause)
        except TimeoutError:
            return

    async def _run_one(self, job: Job) -> None:
        handler = self.handlers.get(job.kind)
        renewing = spawn(_keep_lease(job), name=f"lease {job.id}")
        try:
            with duration.labels(job.kind).time():
                if handler is None:
                    raise Invalid(f"no handler for {job.kind}", code="unknown_job")
                if job.attempts > job.max_attempts:
                    raise Invalid("the worker ended during each try", code="worker_ended")
                await handler(job.args, self.context)  # type: ignore[operator]
        except Exception as error:
            dead = await jobs.fail(job, f"{type(error).__name__}: {error}", retry=not isinstance(error, _FINAL))
            finished.labels(job.kind, "dead" if dead else "retry").inc()
            log.warning("job_failed", kind=job.kind, job=job.id, attempt=job.attempts, dead=dead, exc_info=error)
        else:
            await jobs.finish(job)
            finished.labels(job.kind, "done").inc()
        finally:
            renewing.cancel()


async def _keep_lease(job: Job) -> None:
    """A slow job stays ours as long as this process lives."""
    while True:
        await asyncio.sleep(RENEW_AFTER)
        await Job.filter(id=job.id, lease=job.lease).update(lease_until=now() + jobs.LEASE)
