"""Durable work: rows that are enqueued with the change that needs them, claimed under a lease and tried until done.

Handlers must be idempotent: a lease can run out under a slow worker and the job then runs a second time.
Jobs of one `lane` run one after the other, in the order in which they were enqueued.
"""

import json
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.clock import now
from core.fields import UtcDatetimeField, code_field
from core.sql import Columns, Program, as_time, carry_out, dialect, fetch, query
from core.text import clean
from core.transactions import on_commit, transact, transaction

READY, RUNNING, DONE, DEAD = "ready", "running", "done", "dead"
MAX_ATTEMPTS = 12
LEASE = timedelta(seconds=60)
_BACKOFF_FIRST, _BACKOFF_LONGEST = timedelta(seconds=2), timedelta(hours=1)


class Job(Model):
    """One piece of work: what (`kind`, `args`), when (`run_at`), in which order (`lane`), and how it goes."""

    id = fields.BigIntField(primary_key=True)
    kind = code_field()
    args: Any = fields.JSONField(default=dict)
    key = fields.CharField(max_length=190, null=True, unique=True)
    lane = fields.CharField(max_length=120, null=True)
    state = code_field(default=READY)
    run_at = UtcDatetimeField()
    attempts = fields.IntField(default=0)
    max_attempts = fields.IntField(default=MAX_ATTEMPTS)
    lease = fields.CharField(max_length=32, null=True)
    lease_until = UtcDatetimeField(null=True)
    error = fields.TextField(null=True)
    created_at = UtcDatetimeField()
    finished_at = UtcDatetimeField(null=True)

    class Meta:
        app = "wismo"
        table = "job"
        indexes = (
            Index(fields=("state", "run_at")),  # when the next one is due
            Index(fields=("kind", "state", "run_at")),  # the claim
            Index(fields=("lane", "state", "id")),  # is something before me in my lane?
            Index(fields=("state", "finished_at")),  # housekeeping
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A job to be added. With a `key`, only the first of its name is ever added."""

    kind: str
    args: dict[str, Any] = field(default_factory=dict)
    run_at: datetime | None = None  # now
    key: str | None = None
    lane: str | None = None
    max_attempts: int = MAX_ATTEMPTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A job that is ours until `lease` runs out, as much of it as doing it needs."""

    id: int
    kind: str
    args: dict[str, Any]
    lane: str | None
    attempts: int
    max_attempts: int
    lease: str


CLAIMED = " RETURNING id, kind, args, lane, attempts, max_attempts, run_at"
_PLANS = Columns("kind text, args jsonb, key text, lane text, run_at timestamptz, most bigint, created_at timestamptz")
_ADD = (
    "INSERT INTO job (kind, args, key, lane, state, run_at, attempts, max_attempts, created_at)"
    " SELECT kind, args, key, lane, 'ready', run_at, 0, most, created_at FROM {plans} AS p WHERE 1 = 1"
    " ON CONFLICT (key) DO NOTHING"
)
_DUE = (
    "SELECT id FROM job AS j WHERE"
    " ((state = 'ready' AND run_at <= {now}) OR (state = 'running' AND lease_until <= {now}))"
    " AND (lane IS NULL OR NOT EXISTS (SELECT 1 FROM job AS b"
    " WHERE b.lane = j.lane AND b.state IN ('ready', 'running') AND b.id < j.id))"
)
_FIRST = " ORDER BY run_at, id LIMIT {limit}"
_TAKE = "UPDATE job SET state = 'running', lease = {token}, lease_until = {until}, attempts = attempts + 1 WHERE id IN "
_CHANGE = "UPDATE job SET {changes}, lease = NULL, lease_until = NULL WHERE id IN ({{ids}}) AND lease = {{lease}}"
_DONE = _CHANGE.format(changes="state = 'done', finished_at = {now}, error = NULL")
_DEAD = _CHANGE.format(changes="state = 'dead', finished_at = {now}, error = {error}") + " RETURNING id"
_AGAIN = _CHANGE.format(changes="state = 'ready', run_at = {run_at}, error = {error}")
_BACK = _CHANGE.format(changes="state = 'ready', run_at = {now}, attempts = attempts - 1")
_NEXT = (
    "SELECT MIN(due) AS due FROM (SELECT MIN(run_at) AS due FROM job WHERE state = 'ready' AND run_at > {now}"
    " UNION ALL SELECT MIN(lease_until) AS due FROM job WHERE state = 'running') AS times"
)

_BURY = {
    "sqlite": (
        "UPDATE job SET state = 'done', finished_at = {now} WHERE state = 'dead' AND kind = {kind} AND args = {args}"
        " RETURNING id"
    ),
    "postgres": (
        "UPDATE job SET state = 'done', finished_at = {now} WHERE state = 'dead' AND kind = {kind}"
        " AND args = {args}::jsonb RETURNING id"
    ),
}


def _nobody_waits() -> None:
    """The waker of a process without a worker."""


_wake: Callable[[], None] = _nobody_waits


def use_waker(wake: Callable[[], None]) -> None:
    """Call `wake` whenever a commit has added work, so that a waiting worker need not poll."""
    global _wake
    _wake = wake


async def enqueue(
    kind: str,
    args: dict[str, Any] | None = None,
    *,
    run_at: datetime | None = None,
    key: str | None = None,
    lane: str | None = None,
    max_attempts: int = MAX_ATTEMPTS,
) -> None:
    """Add a job to the running change (or by itself). With a `key`, only the first of its name is ever added."""
    plan = Plan(kind=kind, args=args or {}, run_at=run_at, key=key, lane=lane, max_attempts=max_attempts)
    async with transaction():
        await carry_out(enqueued([plan]))


def enqueued(plans: Sequence[Plan]) -> Program[None]:
    """Add jobs to the running change, in this order."""
    if plans:
        moment = now()
        rows = [
            (plan.kind, json.dumps(plan.args), plan.key, plan.lane, plan.run_at or moment, plan.max_attempts, moment)
            for plan in plans
        ]
        yield query(_ADD, plans=_PLANS.of(rows))
        on_commit("jobs", wake)


def wake() -> None:
    """There may be work for this process's worker."""
    _wake()


async def claim(
    limit: int = 1,
    *,
    lease: timedelta = LEASE,
    kinds: Collection[str] | None = None,
    but: Collection[str] | None = None,
) -> list[Claimed]:
    """Take up to `limit` due jobs for this worker: of any kind, of `kinds` only, or of all `but` these.

    Jobs whose lease ran out are taken again. A change of its own.
    """
    return await transact(lambda: _claimed(limit, lease, kinds, but))


def taken(rows: Sequence[Mapping[str, Any]], lease: str) -> list[Claimed]:
    """Jobs of what `CLAIMED` returns, the first to be due first."""
    return [
        Claimed(
            id=row["id"],
            kind=row["kind"],
            args=json.loads(row["args"]) if isinstance(row["args"], str) else row["args"],
            lane=row["lane"],
            attempts=row["attempts"],
            max_attempts=row["max_attempts"],
            lease=lease,
        )
        for row in sorted(rows, key=lambda row: (row["run_at"], row["id"]))
    ]


async def finish(*jobs: Claimed) -> None:
    """Mark jobs of one claim done, those that are still ours."""
    if jobs:
        await fetch(_DONE, ids=[job.id for job in jobs], lease=jobs[0].lease, now=now())
        _wake()


async def fail(job: Claimed, error: str, *, retry: bool = True) -> bool:
    """Note the failure and plan the next try, or give up, if it is still ours. True when the job is dead by that."""
    held: dict[str, Any] = {"ids": [job.id], "lease": job.lease, "error": clean(error, limit=2000)}
    dead = not retry or job.attempts >= job.max_attempts
    if dead:
        dead = bool(await fetch(_DEAD, now=now(), **held))
    else:
        await fetch(_AGAIN, run_at=now() + backoff(job.attempts), **held)
    _wake()  # what waited behind a dead job in its lane may run now
    return dead


async def hand_back(*jobs: Claimed) -> None:
    """Free jobs that were interrupted through no fault of their own: others may take them at once, if still ours."""
    if jobs:
        await fetch(_BACK, ids=[job.id for job in jobs], lease=jobs[0].lease, now=now())
        _wake()


async def bury(kind: str, args: dict[str, Any]) -> int:
    """Close dead jobs whose work was done in another way, so that nobody looks for them. Returns how many."""
    return len(await fetch(_BURY[dialect()], kind=kind, args=json.dumps(args), now=now()))


async def next_due() -> datetime | None:
    """When time alone makes the next job claimable (UTC): it is due, or its lease runs out. None when none will be.

    What is due already is not counted: `claim` has just left it because something before it in its lane still runs.
    """
    return as_time((await fetch(_NEXT, now=now()))[0]["due"])


async def forget_done(older_than: timedelta) -> int:
    """Delete finished jobs; dead ones stay until a person has looked at them. Returns how many went."""
    return await Job.filter(state=DONE, finished_at__lt=now() - older_than).delete()


def backoff(attempts: int) -> timedelta:
    """Doubling pauses with up to a quarter of jitter, an hour at most."""
    pause = min(_BACKOFF_FIRST * (1 << min(attempts - 1, 20)), _BACKOFF_LONGEST)
    return pause + pause * secrets.randbelow(256) / 1024


def _claimed(
    limit: int, lease: timedelta, kinds: Collection[str] | None, but: Collection[str] | None
) -> Program[list[Claimed]]:
    moment, token = now(), secrets.token_hex(16)
    values: dict[str, Any] = {"token": token, "until": moment + lease, "now": moment, "limit": limit}
    due = _DUE + _FIRST
    if kinds is not None:
        due, values["kinds"] = f"{_DUE} AND kind IN ({{kinds}}){_FIRST}", sorted(kinds)
    elif but is not None:
        due, values["kinds"] = f"{_DUE} AND kind NOT IN ({{kinds}}){_FIRST}", sorted(but)
    locked = " FOR UPDATE SKIP LOCKED" if dialect() == "postgres" else ""
    rows = yield query(f"{_TAKE}({due}{locked}){CLAIMED}", **values)
    return taken(rows, token)
