"""Several reads in one statement: what a page shows is of one moment, and costs one way to the database.

Each part becomes a column that holds its rows as JSON. Not for columns with bytes.
"""

import json
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple, TypeVar

from tortoise import connections
from tortoise.fields import DatetimeField
from tortoise.models import Model

from core.sql import Query, as_time, bind, connection_name

M = TypeVar("M", bound=Model)
T = TypeVar("T")

Later = Callable[[], T]  # gives what a bundle has read, once it was read

_JSON = {  # an array of each row, in the order of the statement
    "sqlite": "(SELECT json_group_array(json_array({columns})) FROM ({text}) AS p) AS part{place}",
    "pg": "(SELECT json_agg(json_build_array({columns})) FROM ({text}) AS p) AS part{place}",
}


class _Part(NamedTuple):
    query: Query
    columns: tuple[str, ...]
    take: Callable[[list[Any]], None]


class Bundle:
    """Parts are added, then `read` fills the lists that adding them returned."""

    def __init__(self) -> None:
        self._parts: list[_Part] = []

    def rows(self, model: type[M], which: str, /, **values: Any) -> list[M]:
        """Rows of `model`; `which` is what follows `FROM <its table> AS t`, with places as in `core.sql.query`."""
        columns, times = _shape(model)
        found: list[M] = []

        def take(row: list[Any]) -> None:
            for place in times:
                row[place] = as_time(row[place])
            found.append(model._init_from_db(**dict(zip(columns, row, strict=True))))

        text = f"SELECT {', '.join(f't.{name}' for name in columns)} FROM {model._meta.db_table} AS t {which}"  # noqa: S608
        self._parts.append(_Part(Query(text, values), columns, take))
        return found

    def table(self, columns: str, statement: str, /, **values: Any) -> list[dict[str, Any]]:
        """Rows of a statement that gives these columns ("id name"). Times come back as text: read them with `as_time`,
        and JSON as text or as what it says."""
        names = tuple(columns.split())
        found: list[dict[str, Any]] = []
        self._parts.append(
            _Part(Query(statement, values), names, lambda row: found.append(dict(zip(names, row, strict=True))))
        )
        return found

    async def read(self) -> None:
        """Ask for all parts at once. Joins a running transaction."""
        parts, self._parts = self._parts, []
        if not parts:
            return
        connection = connection_name()
        texts, arguments = bind([part.query for part in parts], connection)
        columns = [
            _JSON[connection].format(columns=", ".join(f"p.{name}" for name in part.columns), text=text, place=place)
            for place, (part, text) in enumerate(zip(parts, texts, strict=True))
        ]
        statement = f"SELECT {', '.join(columns)}"
        [answer] = await connections.get(connection).execute_query_dict(statement, arguments)
        for place, part in enumerate(parts):
            value = answer[f"part{place}"]
            for row in json.loads(value) if isinstance(value, str) else value or ():
                part.take(row)


async def alone(add: Callable[[Bundle], Later[T]]) -> T:
    """Read what `add` adds to a bundle, when nothing else is wanted."""
    bundle = Bundle()
    found = add(bundle)
    await bundle.read()
    return found()


@cache
def _shape(model: type[Model]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The columns of a model, and which of them are times."""
    names = model._meta.fields_db_projection
    times = [place for place, name in enumerate(names) if isinstance(model._meta.fields_map[name], DatetimeField)]
    return tuple(names.values()), tuple(times)
