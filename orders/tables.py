"""Rows of the order record as plain dicts, read and written many at once.

A row holds values as models do: aware UTC times, booleans, JSON as lists and dicts. What the database fills in itself
is missing from a new row until it is stored. Why: docs/decisions/0014-fold-many-deliveries-together.md.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any

from tortoise import fields
from tortoise.models import Model

from core.fields import UtcDatetimeField
from core.sql import Program, as_time, dialect, fetch, query, run_many
from orders.models import Dispute, FactSheet, Order, OrderLine, Payment, Refund, Shipment, SourceEvent, TrackingEvent
from orders.stock.models import Shortage, StockPosition

Row = dict[str, Any]

_MOST_VALUES = 10_000  # in one statement: both databases refuse more than some 32,000


class Table:
    """The rows of one model. `key` names the columns that tell two rows apart."""

    def __init__(self, model: type[Model], key: tuple[str, ...]) -> None:
        self.name = str(model._meta.db_table)
        self._model = model
        self._key = key
        self._told = ", ".join(("id", *key))

    @cached_property
    def _fields(self) -> dict[str, Any]:
        """All columns. Those of foreign keys are there only once the database is open."""
        return {name: field for name, field in self._model._meta.fields_map.items() if field.has_db_field}

    @cached_property
    def _select(self) -> str:
        return f"SELECT {', '.join(self._fields)} FROM {self.name} WHERE "  # noqa: S608 - our own names

    @cached_property
    def _json(self) -> dict[str, Any]:
        return {name: field for name, field in self._fields.items() if isinstance(field, fields.JSONField)}

    @cached_property
    def _readers(self) -> dict[str, Callable[[Any], Any]]:
        return {name: reader for name, field in self._fields.items() if (reader := _reader(field))}

    @cached_property
    def _defaults(self) -> dict[str, Any]:
        known = {name: field.default for name, field in self._fields.items() if field.null or field.default is not None}
        return {name: default for name, default in known.items() if name != "id"}

    async def fetch(self, where: str, **values: Any) -> list[Row]:
        """The rows that fit; the rest of a SELECT after its WHERE, with `{name}` places for `values`."""
        return self._read(await fetch(self._select + where, **values))

    def read(self, where: str, **values: Any) -> Program[list[Row]]:
        """The same within a change."""
        return self._read((yield query(self._select + where, **values)))

    def lock(self, where: str, **values: Any) -> Program[list[Row]]:
        """The same by id, and nobody else changes them until the commit."""
        locking = " FOR UPDATE" if dialect() == "postgres" else ""  # the one writer of SQLite has it all
        return self.read(f"({where}) ORDER BY id{locking}", **values)

    def row_of(self, instance: Model) -> Row:
        """The row behind a model's instance."""
        return {name: getattr(instance, name) for name in self._fields}

    def new(self, **values: Any) -> Row:
        """A row that is not stored yet, with the model's defaults."""
        made = {name: default() if callable(default) else default for name, default in self._defaults.items()}
        return {"id": None, **made, **values}

    def insert(self, rows: Sequence[Row]) -> Program[None]:
        """Store new rows, which have their ids afterwards."""
        names = [name for name in rows[0] if name != "id"] if rows else []
        most = _MOST_VALUES // max(len(names), 1)
        for start in range(0, len(rows), most):
            part = rows[start : start + most]
            places = ", ".join(f"({{r{number}}})" for number in range(len(part)))
            stored = yield query(
                f"INSERT INTO {self.name} ({', '.join(names)}) VALUES {places} RETURNING {self._told}",  # noqa: S608 - our own names
                **{f"r{number}": self._values(row, names) for number, row in enumerate(part)},
            )
            ids = {tuple(found[name] for name in self._key): found["id"] for found in stored}
            for row in part:
                row["id"] = ids[tuple(row[name] for name in self._key)]

    def update(self, rows: Sequence[Row], names: Iterable[str]) -> Program[None]:
        """Store these columns of rows that are stored already."""
        names = list(names)
        changes = ", ".join(f"{name} = {{{name}}}" for name in names)
        statement = f"UPDATE {self.name} SET {changes} WHERE id = {{id}}"  # noqa: S608 - our own names
        names.append("id")
        yield from run_many(statement, [dict(zip(names, self._values(row, names), strict=True)) for row in rows])

    def delete(self, ids: Sequence[int]) -> Program[None]:
        """Remove rows."""
        if ids:
            yield query(f"DELETE FROM {self.name} WHERE id IN ({{ids}})", ids=ids)  # noqa: S608 - our own names

    def _read(self, found: Iterable[Any]) -> list[Row]:
        rows = [dict(row) for row in found]
        for row in rows:
            for name, read in self._readers.items():
                if (value := row[name]) is not None:
                    row[name] = read(value)
        return rows

    def _values(self, row: Row, names: Iterable[str]) -> list[Any]:
        return [self._json[name].encoder(row[name]) if name in self._json else row[name] for name in names]


def _reader(field: Any) -> Callable[[Any], Any] | None:
    if isinstance(field, UtcDatetimeField):
        return as_time
    if isinstance(field, fields.BooleanField):
        return bool
    if isinstance(field, fields.JSONField):
        return lambda value: field.decoder(value) if isinstance(value, str | bytes) else value
    return None


EVENTS = Table(SourceEvent, ("public_id",))
SHEETS = Table(FactSheet, ("shop_id", "source", "source_id"))
ORDERS = Table(Order, ("shop_id", "source", "source_id"))
LINES = Table(OrderLine, ("order_id", "source_id"))
PAYMENTS = Table(Payment, ("order_id", "source_id"))
SHIPMENTS = Table(Shipment, ("order_id", "source_id"))
SCANS = Table(TrackingEvent, ("shipment_id", "digest"))
REFUNDS = Table(Refund, ("order_id", "source_id"))
DISPUTES = Table(Dispute, ("order_id", "source_id"))
POSITIONS = Table(StockPosition, ("shop_id", "sku"))
SHORTAGES = Table(Shortage, ("line_id",))


def assign(row: Row, values: Row) -> bool:
    """Set what differs and tell whether anything did."""
    different = {name: value for name, value in values.items() if row.get(name) != value}
    row.update(different)
    return bool(different)
