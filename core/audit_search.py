"""Finding entries of the audit: by person, action, what they are about, and time."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.sql import as_time, dialect, fetch

PAGE = 50
_STREAMED = 1_000

# An order is also looked at where it is one of many: those entries list them.
_ABOUT = (
    "e.id IN (SELECT o.id FROM audit_entry AS o WHERE o.subject = {subject} UNION SELECT o.id FROM audit_entry AS o"
    " WHERE o.action IN ('orders.found', 'orders.listed') AND "
)
_NAMES = {
    "sqlite": "EXISTS (SELECT 1 FROM json_each(o.detail, '$.orders') AS j WHERE j.value = {subject}))",
    "postgres": "o.detail -> 'orders' @> to_jsonb({subject}::text))",
}
_CONDITIONS = {
    "actor_id": "e.actor_kind = 'agent' AND e.actor_id = {actor_id}",
    "action": "e.action = {action}",
    "since": "e.at >= {since}",
    "until": "e.at < {until}",
    "before": "e.id < {before}",
    "after": "e.id > {after}",
}
_COLUMNS = (
    "SELECT e.id, e.at, e.actor_kind, e.actor_id, e.action, e.subject, e.detail, s.place FROM audit_entry AS e"
    " LEFT JOIN audit_seal AS s ON s.entry_id = e.id"
)


@dataclass(frozen=True, slots=True)
class Found:
    """An entry as it is read. `place` in the chain: None while it waits to be sealed."""

    id: int
    at: datetime
    actor_kind: str
    actor_id: int | None
    action: str
    subject: str
    detail: dict[str, Any]
    place: int | None


async def find_entries(
    *,
    actor_id: int | None = None,
    action: str = "",
    subject: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    limit: int = PAGE,
) -> list[Found]:
    """Entries that fit all that is given, newest first, one query. `actor_id`: of an agent; `subject`: a public id;
    from `since` to before `until` (UTC); `before`: the id behind which a page begins."""
    asked = {"actor_id": actor_id, "action": action, "since": since, "until": until, "before": before}
    return await _found({**asked, "subject": subject}, "DESC", limit)


async def entries_about(subject: str) -> AsyncIterator[Found]:
    """Every entry about a public id, oldest first; read in pages."""
    after = 0
    while rows := await _found({"subject": subject, "after": after}, "ASC", _STREAMED):
        for row in rows:
            yield row
        after = rows[-1].id


async def _found(asked: dict[str, Any], order: str, limit: int) -> list[Found]:
    values = {name: value for name, value in asked.items() if value not in (None, "")}
    conditions = [_ABOUT + _NAMES[dialect()] if name == "subject" else _CONDITIONS[name] for name in values]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    rows = await fetch(f"{_COLUMNS}{where} ORDER BY e.id {order} LIMIT {{limit}}", limit=limit, **values)
    return [_read(row) for row in rows]


def _read(row: dict[str, Any]) -> Found:
    detail, moment = row["detail"], as_time(row["at"])
    assert moment is not None
    return Found(**{**row, "at": moment, "detail": json.loads(detail) if isinstance(detail, str) else detail})
