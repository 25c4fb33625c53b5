"""Raw statements for the hot paths: one text for both databases, values always as parameters.

A `Program` is a generator that yields queries and is sent their rows. It reads like a function, knows no database, and
goes to the thread of SQLite in one piece, which saves the way there and back for each statement.
"""

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from pydantic_core import to_json
from tortoise import connections

from core.clock import utc
from core.engines.transactions import Rows, SafeTransaction

T = TypeVar("T")


class Query(NamedTuple):
    """A statement, whose `{name}` places stand for `values`."""

    text: str
    values: dict[str, Any]
    rows: Sequence[Mapping[str, Any]] | None = None  # run once for each of these instead


Program = Generator[Query, Any, T]  # yields queries, is sent lists of rows, returns T


class Columns:
    """The columns of rows that go into a statement as one parameter, so that its text is the same for any number.

    `Columns("id bigint, body text").of([(1, "…")])` stands behind FROM, with a name: `FROM {rows} AS r`.
    Types: bigint, text, bool, timestamptz, jsonb (as text, or as what it says), and utf8 for bytes that are text in
    UTF-8, without NUL.
    """

    def __init__(self, columns: str) -> None:
        pairs = [column.split() for column in columns.split(", ")]
        self.names = tuple(name for name, _ in pairs)
        self._times = [place for place, (_, kind) in enumerate(pairs) if kind == "timestamptz"]
        postgres = ", ".join(f"{_postgres(place, kind)} AS {name}" for place, (name, kind) in enumerate(pairs))
        sqlite = ", ".join(f"{_sqlite(place, kind)} AS {name}" for place, (name, kind) in enumerate(pairs))
        self._texts = {
            "pg": f"(SELECT {postgres} FROM jsonb_array_elements({{place}}::jsonb) AS e)",  # noqa: S608 (constants)
            "sqlite": f"(SELECT {sqlite} FROM json_each({{place}}))",  # noqa: S608
        }

    def of(self, rows: Iterable[Iterable[Any]]) -> "Table":
        """These rows, each with a value for each column."""
        return Table(self, to_json([self._row(row) for row in rows]).decode())

    def text(self, connection: str, place: str) -> str:
        """What stands in the statement."""
        return self._texts[connection].format(place=place)

    def _row(self, row: Iterable[Any]) -> list[Any]:
        values = list(row)
        for place in self._times:
            if values[place] is not None:
                values[place] = utc(values[place]).isoformat(" ")  # as the models write it: SQLite compares text
        return values


@dataclass(frozen=True, slots=True)
class Table:
    """Rows as a value of a statement."""

    columns: Columns
    rows: str


def query(statement: str, /, **values: Any) -> Query:
    """A statement for a program to yield. A list fills as many places as it has items (`IN ({ids})`), an empty one
    matches nothing; a `Table` is a source of rows."""
    return Query(statement, values)


async def fetch(statement: str, /, **values: Any) -> list[dict[str, Any]]:
    """Run `statement`, whose `{name}` places stand for `values` as in `query`, and return its rows.

    Joins a running transaction. Times come back as text from SQLite: read them with `as_time`.
    """
    name = connection_name()
    text, arguments = _bound(Query(statement, values), name)
    rows: list[dict[str, Any]] = await connections.get(name).execute_query_dict(text, arguments)
    return rows


def run_many(statement: str, rows: Iterable[Mapping[str, Any]]) -> Program[None]:
    """Run `statement` once for each of `rows`, whose values fill its `{name}` places; nothing without rows.

    All of them go to the database together.
    """
    if rows := list(rows):
        yield Query(statement, {}, rows)


async def carry_out(program: Program[T]) -> T:
    """Run the queries of `program` in the running transaction and return what it returns."""
    name = connection_name()
    client = connections.get(name)
    assert isinstance(client, SafeTransaction)
    return await client.run_steps(steps(program, name))


def steps(program: Program[T], connection: str) -> Generator[tuple[str, list[Any]], Any, T]:
    """`program` in the words of the database behind `connection` (`sqlite` or `pg`)."""
    rows = None
    try:
        while True:
            rows = yield _bound(program.send(rows), connection)
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        program.close()


def bind(queries: Iterable[Query], connection: str) -> tuple[list[str], list[Any]]:
    """The texts of several queries, to be parts of one statement, and the arguments of that statement."""
    arguments: list[Any] = []
    texts = [asked.text.format_map(_Places(asked.values, connection, arguments)) for asked in queries]
    return texts, arguments


def connection_name() -> str:
    """The name of the one connection that is configured (`sqlite` or `pg`)."""
    return next(iter(connections.db_config))


def dialect() -> str:
    """`sqlite` or `postgres`: for the few statements that must be written twice."""
    return "postgres" if connection_name() == "pg" else "sqlite"


def as_time(value: Any) -> datetime | None:
    """A time from a raw row, as aware UTC."""
    if value is None:
        return None
    return utc(value if isinstance(value, datetime) else datetime.fromisoformat(value))


def _bound(asked: Query, connection: str) -> tuple[str, list[Any]]:
    if asked.rows is not None:
        names = _Names(connection)
        text = asked.text.format_map(names)
        return text, Rows([row[name] for name in names.names] for row in asked.rows)
    [text], arguments = bind([asked], connection)
    return text, arguments


def _postgres(place: int, kind: str) -> str:
    return f"convert_to(e->>{place}, 'UTF8')" if kind == "utf8" else f"(e->>{place})::{kind}"


def _sqlite(place: int, kind: str) -> str:
    value = f"json_extract(value, '$[{place}]')"
    return f"CAST({value} AS BLOB)" if kind == "utf8" else value


class _Places(dict[str, str]):
    """Hands out the dialect's placeholders in the order in which the text asks for them."""

    def __init__(self, values: dict[str, Any], connection: str, arguments: list[Any]) -> None:
        super().__init__()
        self._values = values
        self._connection = connection
        self.arguments = arguments

    def __missing__(self, name: str) -> str:
        value = self._values[name]
        if isinstance(value, Table):
            return value.columns.text(self._connection, self._place(value.rows))
        if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            return ", ".join(self._place(item) for item in value) or "NULL"
        return self._place(value)

    def _place(self, value: Any) -> str:
        self.arguments.append(value)
        return f"${len(self.arguments)}" if self._connection == "pg" else "?"


class _Names(dict[str, str]):
    """Hands out placeholders and notes whose they are."""

    def __init__(self, connection: str) -> None:
        super().__init__()
        self._connection = connection
        self.names: list[str] = []

    def __missing__(self, name: str) -> str:
        self.names.append(name)
        return f"${len(self.names)}" if self._connection == "pg" else "?"
