"""Reading the chain of the audit: is it whole, and what does it say? Page by page, so that millions of rows fit."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.audit import AuditHead
from core.audit_chain import START, chain_end, digest_of, record, same_digest
from core.sql import as_time, fetch

PAGE = 2_000
# What may be wrong with a place.
CHANGED, REMOVED, INSERTED, CUT, GAP, BEYOND, ANOTHER = (
    "changed",
    "removed",
    "inserted",
    "cut",
    "gap",
    "beyond",
    "another",
)

_SEALED = (
    "SELECT s.place, s.entry_id, s.sealed_at, s.digest, e.id, e.at, e.actor_kind, e.actor_id, e.action, e.subject,"
    " e.detail FROM audit_seal AS s LEFT JOIN audit_entry AS e ON e.id = s.entry_id"
    " WHERE s.place > {after} AND s.place <= {last} ORDER BY s.place LIMIT {limit}"
)
_BEYOND = "SELECT s.place, s.entry_id FROM audit_seal AS s WHERE s.place > (SELECT MAX(place) FROM audit_head) LIMIT 1"
_INSERTED = (
    "SELECT e.id FROM audit_entry AS e WHERE NOT EXISTS (SELECT 1 FROM audit_seal AS s WHERE s.entry_id = e.id)"
    " AND NOT EXISTS (SELECT 1 FROM audit_waiting AS w WHERE w.entry_id = e.id) ORDER BY e.id LIMIT 1"
)
_LOST = (
    "SELECT w.entry_id AS id FROM audit_waiting AS w LEFT JOIN audit_entry AS e ON e.id = w.entry_id"
    " WHERE e.id IS NULL ORDER BY w.entry_id LIMIT 1"
)
_WAITING = "SELECT COUNT(*) AS waiting FROM audit_waiting"


@dataclass(frozen=True, slots=True)
class Break:
    """The first place at which the chain does not hold."""

    what: str  # one of the words above
    place: int | None  # in the chain; None for an entry that has none
    entry_id: int | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check has found. `waiting` entries are not sealed yet: nothing is said about them."""

    sealed: int
    head: str
    waiting: int
    broken: Break | None


@dataclass(frozen=True, slots=True)
class Sealed:
    """A place of the chain as it is stored."""

    place: int
    entry_id: int
    digest: str
    content: dict[str, Any] | None  # None: the entry is gone


async def verify(known: tuple[int, str] | None = None) -> Verdict:
    """Check every place from the first to the head, and that no entry stands beside the chain.

    `known`: a place and its digest that were written down earlier, elsewhere; a chain that was cut or written anew
    does not go through it. Others may add entries and seal them meanwhile. Stops at the first break.
    """
    place, digest, broken = 0, START, None
    while broken is None and (head := await chain_end())[0] > place:
        place, digest, broken = await _walk(place, digest, head, known)
    if broken is None:
        broken = await _broken_end(place, digest, known) or await _beside()
    waiting = (await fetch(_WAITING))[0]["waiting"]
    return Verdict(place, digest, waiting, broken)


async def sealed(after: int = 0, last: int | None = None) -> AsyncIterator[Sealed]:
    """The chain from the place behind `after` to `last` or the head, in order; read in pages."""
    end = (await chain_end())[0] if last is None else last
    while rows := await fetch(_SEALED, after=after, last=end, limit=PAGE):
        for row in rows:
            moment = as_time(row["sealed_at"])
            assert moment is not None
            content = None if row["id"] is None else record(row, row["place"], moment)
            yield Sealed(row["place"], row["entry_id"], row["digest"], content)
        after = rows[-1]["place"]


async def before_first_since(moment: datetime) -> tuple[int, str]:
    """The last place, and its digest, of what was sealed before `moment` (UTC): where an export of the rest begins."""
    rows = await fetch(
        "SELECT place, digest FROM audit_seal WHERE place < COALESCE((SELECT MIN(place) FROM audit_seal"
        " WHERE sealed_at >= {moment}), (SELECT MAX(place) + 1 FROM audit_head)) ORDER BY place DESC LIMIT 1",
        moment=moment,
    )
    return (rows[0]["place"], rows[0]["digest"]) if rows else (0, START)


async def _walk(
    place: int, digest: str, head: tuple[int, str], known: tuple[int, str] | None
) -> tuple[int, str, Break | None]:
    """From behind `place` to the head: how far it held, the digest there, and what broke."""
    async for one in sealed(place, head[0]):
        if one.place != place + 1:
            return place, digest, Break(GAP, place + 1, None)
        if one.content is None:
            return place, digest, Break(REMOVED, one.place, one.entry_id)
        if not same_digest(digest_of(digest, one.content), one.digest):
            return place, digest, Break(CHANGED, one.place, one.entry_id)
        place, digest = one.place, one.digest
        if known is not None and known[0] == place and not same_digest(known[1], digest):
            return place, digest, Break(ANOTHER, place, one.entry_id)
    if place < head[0]:
        return place, digest, Break(CUT, place + 1, None)
    return place, digest, None if same_digest(digest, head[1]) else Break(CHANGED, place, None)


async def _broken_end(place: int, digest: str, known: tuple[int, str] | None) -> Break | None:
    if known is not None and known[0] > place:
        return Break(CUT, place + 1, None)
    if rows := await fetch(_BEYOND):
        return Break(BEYOND, rows[0]["place"], rows[0]["entry_id"])
    return None if await AuditHead.exists(id=1) else Break(CUT, place + 1, None)


async def _beside() -> Break | None:
    """An entry that is neither sealed nor noted as waiting, or one that went before it was sealed."""
    if rows := await fetch(_INSERTED):
        return Break(INSERTED, None, rows[0]["id"])
    if rows := await fetch(_LOST):
        return Break(REMOVED, None, rows[0]["id"])
    return None
