"""What a migration must not lose by accident. SQLite only: there, a column is changed by making its table anew."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.migrations.migration import Migration
from tortoise.utils import get_schema_sql

from core.errors import WismoError


class MigrationFailed(WismoError):
    """A migration could not be applied or would have lost something. The database is as it was before."""

    code = "migration_failed"


@dataclass(frozen=True)
class Inventory:
    """The rows of each table, what hangs on it, and what is broken already."""

    rows: dict[str, int]
    attached: dict[str, str]  # index or trigger → its table
    orphans: frozenset[tuple[Any, ...]]  # rows whose parent is missing


async def inventory(client: BaseDBAsyncClient) -> Inventory | None:
    """Take stock; None on PostgreSQL, which changes tables in place."""
    if client.capabilities.dialect != "sqlite":
        return None
    objects = await client.execute_query_dict(
        "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL"
    )
    virtual = tuple(entry["name"] for entry in objects if entry["sql"].upper().startswith("CREATE VIRTUAL"))
    tables = [entry["name"] for entry in objects if entry["type"] == "table"]
    own = [name for name in tables if not name.startswith((*virtual, "sqlite_", "tortoise_"))]
    orphans = await client.execute_query_dict("PRAGMA foreign_key_check")
    return Inventory(
        {name: (await client.execute_query_dict(f'SELECT COUNT(*) AS n FROM "{name}"'))[0]["n"] for name in own},  # noqa: S608
        {entry["name"]: entry["tbl_name"] for entry in objects if entry["type"] in ("index", "trigger")},
        frozenset(tuple(entry.values()) for entry in orphans),
    )


async def keep_promises(client: BaseDBAsyncClient, plan: list[Migration], before: Inventory | None) -> None:
    """Make indexes that a rebuilt table lost once more, then raise MigrationFailed if anything is missing.

    A migration that means to lose rows, indexes or triggers says so: `loses = ("table, index or trigger", …)`.
    """
    if before is None:
        return
    for statement in _index_statements(get_schema_sql(client, safe=True)):
        await client.execute_query(statement)
    after = await inventory(client)
    assert after is not None
    meant = {name for migration in plan for name in getattr(migration, "loses", ())}
    losses = [
        f"table {table} had {count} rows and would have {after.rows[table]}"
        for table, count in before.rows.items()
        if table in after.rows and after.rows[table] != count and table not in meant
    ]
    losses += [
        f"{name} on {table} would be gone"
        for name, table in before.attached.items()
        if name not in after.attached and table in after.rows and name not in meant
    ]
    losses += [f"{orphan[0]} {orphan[1]} would lose its {orphan[2]}" for orphan in after.orphans - before.orphans]
    if losses:
        raise MigrationFailed(f"nothing was changed, because {'; '.join(sorted(losses)[:10])}")


def _index_statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            if statement.lstrip().upper().startswith(("CREATE INDEX", "CREATE UNIQUE INDEX")):
                yield statement
            statement = ""
