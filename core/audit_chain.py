"""Sealing the audit: each entry that is committed gets the next place in one chain of digests, a little later.

Writers never wait for each other, because none of them needs the digest of the entry before. What waits is known
exactly, in whatever order transactions commit: a trigger notes each entry in the transaction that adds it.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.clock import now
from core.sql import Columns, as_time, dialect, fetch
from core.transactions import transaction

START = "0" * 64  # the digest before the first
BATCH = 200  # entries of one transaction: some 20 ms, for which others who write to SQLite wait

_TURN = "SELECT place, digest FROM audit_head WHERE id = 1"
_FIRST_WAITING = (
    "SELECT e.id, e.at, e.actor_kind, e.actor_id, e.action, e.subject, e.detail FROM audit_waiting AS w"
    " JOIN audit_entry AS e ON e.id = w.entry_id LEFT JOIN audit_seal AS s ON s.entry_id = w.entry_id"
    " WHERE s.place IS NULL ORDER BY w.entry_id LIMIT {limit}"
)
_SEALS = Columns("place bigint, entry_id bigint, sealed_at timestamptz, digest text")
_SEAL = (
    "INSERT INTO audit_seal (place, entry_id, sealed_at, digest)"
    " SELECT place, entry_id, sealed_at, digest FROM {seals} AS s WHERE 1 = 1"
)
_WAITS_NO_MORE = "DELETE FROM audit_waiting WHERE entry_id IN ({ids})"
_MOVE_HEAD = (
    "UPDATE audit_head SET place = {place}, digest = {digest} WHERE id = 1 AND place = {before} RETURNING place"
)


async def seal(limit: int = BATCH) -> int:
    """Give up to `limit` waiting entries their places, in one transaction; how many there were.

    Nothing while another process is at it: one at a time, and a crash in between leaves all or nothing.
    """
    async with transaction():
        turn = await fetch(_TURN + (" FOR UPDATE SKIP LOCKED" if dialect() == "postgres" else ""))
        rows = await fetch(_FIRST_WAITING, limit=limit) if turn else []
        if not rows:
            return 0
        place, digest, moment = turn[0]["place"], turn[0]["digest"], now()
        seals = []
        for row in rows:
            place += 1
            digest = digest_of(digest, record(row, place, moment))
            seals.append((place, row["id"], moment, digest))
        await fetch(_MOVE_HEAD, place=place, digest=digest, before=turn[0]["place"])
        await fetch(_SEAL, seals=_SEALS.of(seals))
        await fetch(_WAITS_NO_MORE, ids=[row["id"] for row in rows])
    return len(rows)


async def chain_end() -> tuple[int, str]:
    """The last place and its digest: what is worth writing down elsewhere. (0, START) without any."""
    rows = await fetch(_TURN)
    return (rows[0]["place"], rows[0]["digest"]) if rows else (0, START)


def record(row: Mapping[str, Any], place: int, sealed_at: datetime) -> dict[str, Any]:
    """What the chain vouches for: an entry as the database gives it, its place, and when it got that (UTC)."""
    detail = row["detail"]
    return {
        "place": place,
        "id": row["id"],
        "at": record_time(row["at"]),
        "actor_kind": row["actor_kind"],
        "actor_id": row["actor_id"],
        "action": row["action"],
        "subject": row["subject"],
        "detail": json.loads(detail) if isinstance(detail, str) else detail,
        "sealed_at": record_time(sealed_at),
    }


def digest_of(before: str, content: Mapping[str, Any]) -> str:
    """SHA-256 over the digest before (64 hexadecimal digits) and the content as JSON: ASCII, keys sorted, no blanks."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256((before + text).encode("ascii")).hexdigest()


def same_digest(one: str, other: str) -> bool:
    """Whether two digests are the same; what somebody has put into the database may be any text."""
    return hmac.compare_digest(one.encode(), other.encode())


def record_time(value: Any) -> str:
    """A time of a raw row as records have it: UTC, to the microsecond."""
    moment = as_time(value)
    assert moment is not None
    return moment.isoformat(timespec="microseconds")
