"""Work that goes faster together: claiming many jobs of one kind at once, and holding them.

Such a batch holds whole lanes from their heads on, so the jobs of a lane are still done in their turn: the handler gets
them in that order. A job that was tried before is alone: whatever it broke, it shall not break for others again.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from core.clock import now
from core.jobs import CLAIMED, LEASE, Claimed, taken
from core.sql import Program, as_time, dialect, fetch, query
from core.transactions import transact

_FIRST = (
    " AND (lane IS NULL OR NOT EXISTS (SELECT 1 FROM job AS b"
    " WHERE b.lane = j.lane AND b.state IN ('ready', 'running') AND b.id < j.id)) ORDER BY run_at, id LIMIT {limit}"
)
_LOST = "SELECT id FROM job AS j WHERE kind = {kind} AND state = 'running' AND lease_until <= {now}"
_HEADS = "SELECT id, lane, attempts FROM job AS j WHERE kind = {kind} AND state = 'ready' AND run_at <= {now}"
_LANES = (
    "SELECT j.id, j.lane, j.kind, j.state, j.run_at, j.attempts FROM job AS h"
    " JOIN job AS j ON j.lane = h.lane AND j.state IN ('ready', 'running')"
    " WHERE h.id IN ({heads}) ORDER BY h.run_at, h.id, j.id LIMIT {limit}"
)
_TAKE = (
    "UPDATE job SET state = 'running', lease = {token}, lease_until = {until}, attempts = attempts + 1"
    " WHERE id IN ({ids})"
)
_KEEP = "UPDATE job SET lease_until = {until} WHERE id IN ({ids}) AND lease = {token}"


async def claim_together(kind: str, limit: int, *, lease: timedelta = LEASE) -> list[Claimed]:
    """Take up to `limit` due jobs of one kind, lane after lane, each lane in its order; or one that was tried before.

    Jobs whose lease ran out are taken first. A change of its own.
    """
    return await transact(lambda: _claimed(kind, limit, lease))


async def keep_lease(jobs: Sequence[Claimed]) -> None:
    """Go on holding jobs of one claim, those that are still ours."""
    await fetch(_KEEP, until=now() + LEASE, ids=[job.id for job in jobs], token=jobs[0].lease)


def _claimed(kind: str, limit: int, lease: timedelta) -> Program[list[Claimed]]:
    ids = yield from _due(kind, limit)
    if not ids:
        return []
    token = secrets.token_hex(16)
    rows = yield query(_TAKE + CLAIMED, token=token, until=now() + lease, ids=ids)
    place = {job_id: place for place, job_id in enumerate(ids)}
    return sorted(taken(rows, token), key=lambda job: place[job.id])


def _due(kind: str, limit: int) -> Program[list[int]]:
    first = _FIRST + (" FOR UPDATE SKIP LOCKED" if dialect() == "postgres" else "")
    lost = yield query(_LOST + first, kind=kind, now=now(), limit=1)
    if lost:
        return [lost[0]["id"]]
    heads = yield query(_HEADS + first, kind=kind, now=now(), limit=limit)
    if heads and heads[0]["attempts"]:
        return [heads[0]["id"]]
    fresh = [head for head in heads if not head["attempts"]]
    without_lane = [head["id"] for head in fresh if head["lane"] is None]
    with_lane = [head["id"] for head in fresh if head["lane"] is not None]
    rows = (yield query(_LANES, heads=with_lane, limit=limit)) if with_lane else []
    return [*without_lane, *_in_turn(kind, rows)][:limit]


def _in_turn(kind: str, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Of each lane what may be done now: everything up to the first job that is another's, or not due, or suspect."""
    moment, ended, ids = now(), set[str](), list[int]()
    for row in rows:
        due = as_time(row["run_at"])
        is_ours = row["kind"] == kind and row["state"] == "ready" and not row["attempts"]
        if not is_ours or due is None or due > moment:
            ended.add(row["lane"])
        if row["lane"] not in ended:
            ids.append(row["id"])
    return ids
