"""Raw statements for the hot paths: one text for both databases, values always as parameters."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tortoise import connections

from core.clock import utc
from core.transactions import connection_name


async def fetch(statement: str, /, **values: Any) -> list[dict[str, Any]]:
    """Run `statement`, whose `{name}` places stand for `values`, and return its rows.

    A list fills as many places as it has items (`IN ({ids})`); an empty one matches nothing. Joins a running
    transaction. Times come back as text from SQLite: read them with `as_time`.
    """
    places = _Places(values)
    text = statement.format_map(places)
    rows: list[dict[str, Any]] = await connections.get(connection_name()).execute_query_dict(text, places.arguments)
    return rows


def as_time(value: Any) -> datetime | None:
    """A time from a raw row, as aware UTC."""
    if value is None:
        return None
    return utc(value if isinstance(value, datetime) else datetime.fromisoformat(value))


class _Places(dict[str, str]):
    """Hands out the dialect's placeholders in the order in which the text asks for them."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__()
        self._values = values
        self._numbered = connection_name() == "pg"
        self.arguments: list[Any] = []

    def __missing__(self, name: str) -> str:
        value = self._values[name]
        if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            return ", ".join(self._place(item) for item in value) or "NULL"
        return self._place(value)

    def _place(self, value: Any) -> str:
        self.arguments.append(value)
        return f"${len(self.arguments)}" if self._numbered else "?"
