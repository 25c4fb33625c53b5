"""Migrated SQLite, migrated PostgreSQL and the models describe the same tables."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import TortoiseContext
from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.indexes import Index
from tortoise.models import Model

from app.database import open_database, sqlite_url
from tests.servers import PostgresServer

# Dialects call types differently; these belong together.
FAMILIES = {
    "number": ("bigint", "int", "integer", "smallint", "bigserial"),
    "text": ("varchar", "character varying", "text", "char"),
    "json": ("json", "jsonb"),
    "time": ("timestamp", "timestamptz", "timestamp with time zone"),
    "truth": ("bool", "boolean"),
    "real": ("real", "double precision", "double"),
    "bytes": ("blob", "bytea"),
    "date": ("date",),
}
FAMILY = {name: family for family, names in FAMILIES.items() for name in names}
ON_SQLITE = {"truth": "number"}
OUR_OWN = ("message_search", "order_search", "tortoise_", "sqlite_")  # not models: search differs by design
OF_SEARCH = ("idx_shop_order_phone_end", "idx_shop_order_email_begin")  # no model can say them


@dataclass
class Table:
    """What both databases and the models can say about a table, in the same words."""

    columns: dict[str, tuple[str, bool]] = field(default_factory=dict)  # name → family, nullable
    key: tuple[str, ...] = ()
    uniques: set[tuple[str, ...]] = field(default_factory=set)
    indexes: set[tuple[str, ...]] = field(default_factory=set)
    parents: set[tuple[str, str, str, str]] = field(default_factory=set)  # column, table, its column, on delete


Schema = dict[str, Table]


@dataclass(frozen=True)
class Schemas:
    models: Schema
    sqlite: Schema
    postgres: Schema


@pytest.fixture(scope="module")
def schemas(sqlite_template: Path, postgres: PostgresServer, postgres_template: str) -> Schemas:
    async def read() -> Schemas:
        async with open_database(sqlite_url(sqlite_template)) as context:
            models = schema_of_models(context)
            sqlite = await schema_of_sqlite(context.db())
        async with open_database(postgres.url(postgres_template)) as context:
            return Schemas(models, sqlite, await schema_of_postgres(context.db()))

    return asyncio.run(read())


pytestmark = pytest.mark.pg


def test_the_tables_are_the_same(schemas: Schemas) -> None:
    assert set(schemas.sqlite) == set(schemas.postgres) == set(schemas.models)
    assert len(schemas.models) > 20


@pytest.mark.parametrize("aspect", ["columns", "key", "uniques", "indexes", "parents"])
def test_the_tables_look_the_same(schemas: Schemas, aspect: str) -> None:
    for name, model in schemas.models.items():
        expected = getattr(model, aspect)
        on_sqlite = expected
        if aspect == "columns":
            on_sqlite = {column: (ON_SQLITE.get(kind, kind), null) for column, (kind, null) in expected.items()}
        assert getattr(schemas.sqlite[name], aspect) == on_sqlite, f"{name} on SQLite"
        assert getattr(schemas.postgres[name], aspect) == expected, f"{name} on PostgreSQL"


def test_every_foreign_key_has_an_index(schemas: Schemas) -> None:
    """Neither database makes one by itself; without it, deleting a parent reads all the children."""
    bare = [
        f"{name}.{column}"
        for name, table in schemas.sqlite.items()
        for column, *_ in table.parents
        if not any(index[0] == column for index in table.indexes | table.uniques | {table.key})
    ]
    assert bare == []


def test_no_index_repeats_the_beginning_of_another(schemas: Schemas) -> None:
    """It would only cost: each write keeps both up to date."""
    repeated = [
        f"{name}{index}"
        for name, table in schemas.sqlite.items()
        for index in table.indexes
        for other in table.indexes | table.uniques | {table.key}
        if (index != other and other[: len(index)] == index) or index in table.uniques
    ]
    assert repeated == []


def test_foreign_keys_form_no_circle(schemas: Schemas) -> None:
    """The first migration would leave out a column, without an error."""
    left = {
        name: {parent for _, parent, *_ in table.parents if parent != name} for name, table in schemas.sqlite.items()
    }
    while roots := [name for name, parents in left.items() if not parents & set(left)]:
        for name in roots:
            del left[name]
    assert left == {}


def schema_of_models(context: TortoiseContext) -> Schema:
    assert context.apps is not None
    return {model._meta.db_table: table_of_model(model) for model in context.apps["wismo"].values()}


def table_of_model(model: type[Model]) -> Table:
    table, meta = Table(), model._meta
    table.key = (meta.db_pk_column,)
    column_of = meta.fields_db_projection
    for name, column in column_of.items():
        described = meta.fields_map[name]
        kind = family(str(described.get_for_dialect("postgres", "SQL_TYPE")))
        table.columns[column] = (kind, described.null)
        if described.unique and not described.pk:
            table.uniques.add((column,))
    for names in meta.unique_together:
        table.uniques.add(tuple(column_of[name] for name in names))
    for index in meta.indexes:
        fields = index.fields if isinstance(index, Index) else index
        table.indexes.add(tuple(column_of[name] for name in fields))
    for relation in meta.fields_map.values():
        if isinstance(relation, ForeignKeyFieldInstance):
            other = relation.related_model._meta
            column = str(relation.source_field)
            table.parents.add((column, other.db_table, other.db_pk_column, str(relation.on_delete.value)))
    return table


async def schema_of_sqlite(connection: BaseDBAsyncClient) -> Schema:
    async def ask(question: str) -> list[dict[str, Any]]:
        return await connection.execute_query_dict(question)

    schema: Schema = {}
    for name in own_tables(await ask("SELECT name FROM sqlite_master WHERE type = 'table'")):
        table = schema[name] = Table()
        columns = await ask(f'PRAGMA table_info("{name}")')
        table.columns = {c["name"]: (family(c["type"]), not c["notnull"] and not c["pk"]) for c in columns}
        table.key = tuple(c["name"] for c in sorted(columns, key=lambda c: c["pk"]) if c["pk"])
        for index in await ask(f'PRAGMA index_list("{name}")'):
            fields = tuple(c["name"] for c in await ask(f'PRAGMA index_info("{index["name"]}")'))
            if index["origin"] != "pk" and index["name"] not in OF_SEARCH:
                (table.uniques if index["unique"] else table.indexes).add(fields)
        for parent in await ask(f'PRAGMA foreign_key_list("{name}")'):
            table.parents.add((parent["from"], parent["table"], parent["to"], parent["on_delete"]))
    return schema


POSTGRES_INDEXES = """
SELECT t.relname AS table, x.relname AS name, i.indisunique AS is_unique, i.indisprimary AS is_primary,
       array_agg(a.attname::text ORDER BY k.position) AS columns
FROM pg_index i
JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_class x ON x.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = 'public'
CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (number, position)
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number
GROUP BY t.relname, x.relname, i.indexrelid, i.indisunique, i.indisprimary
"""
POSTGRES_PARENTS = """
SELECT t.relname AS table, a.attname AS column, p.relname AS parent, b.attname AS parent_column,
       CASE c.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'r' THEN 'RESTRICT'
            WHEN 'd' THEN 'SET DEFAULT' ELSE 'NO ACTION' END AS on_delete
FROM pg_constraint c
JOIN pg_class t ON t.oid = c.conrelid
JOIN pg_class p ON p.oid = c.confrelid
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.conkey[1]
JOIN pg_attribute b ON b.attrelid = p.oid AND b.attnum = c.confkey[1]
WHERE c.contype = 'f'
"""


async def schema_of_postgres(connection: BaseDBAsyncClient) -> Schema:
    tables = await connection.execute_query_dict("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
    schema = {name: Table() for name in own_tables(tables)}
    for column in await connection.execute_query_dict(
        "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
        " WHERE table_schema = 'public'"
    ):
        if column["table_name"] in schema:
            described = (family(column["data_type"]), column["is_nullable"] == "YES")
            schema[column["table_name"]].columns[column["column_name"]] = described
    for index in await connection.execute_query_dict(POSTGRES_INDEXES):
        if index["name"] not in OF_SEARCH and (table := schema.get(index["table"])):
            columns = tuple(index["columns"])
            if index["is_primary"]:
                table.key = columns
            else:
                (table.uniques if index["is_unique"] else table.indexes).add(columns)
    for parent in await connection.execute_query_dict(POSTGRES_PARENTS):
        if table := schema.get(parent["table"]):
            table.parents.add((parent["column"], parent["parent"], parent["parent_column"], parent["on_delete"]))
    return schema


def own_tables(rows: list[dict[str, Any]]) -> Iterator[str]:
    yield from (row["name"] for row in rows if not row["name"].startswith(OUR_OWN))


def family(kind: str) -> str:
    return FAMILY[kind.lower().split("(")[0].strip()]
