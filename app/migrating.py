"""Bringing a database to the shape of the models: one at a time, all or nothing, and checked before it is kept."""

import asyncio
import fcntl
import os
import pkgutil
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.transactions import in_transaction

from app.database import APP_LABEL, DatabaseUnavailable, open_configured, sqlite_path, tortoise_config
from app.migration_checks import MigrationFailed, inventory, keep_promises
from app.migration_state import Executor
from core.clock import now
from core.errors import Unavailable, WismoError

COMMAND = "./wismo migrate"
LOCK_SECONDS = 120.0
ADVISORY_LOCK = 0x7769736D6F  # "wismo"

Progress = Callable[[str], None]


class PendingMigrations(Unavailable):
    """The database is older than the program."""

    code = "pending_migrations"


class DatabaseTooNew(Unavailable):
    """The database was migrated by a newer program; the older one would not understand it."""

    code = "database_too_new"


@dataclass(frozen=True)
class MigrationReport:
    """What was applied, in order, and where the copy of the SQLite file from before is."""

    applied: tuple[str, ...]
    backup: Path | None = None

    def __str__(self) -> str:
        if not self.applied:
            return "The database is up to date."
        copy = f" The file as it was before: {self.backup}" if self.backup else ""
        return f"Applied {', '.join(self.applied)}.{copy}"


async def migrate(
    url: str,
    *,
    backup_dir: Path | None = None,
    progress: Progress | None = None,
    config: dict[str, Any] | None = None,
) -> MigrationReport:
    """Apply all pending migrations in one transaction; `progress` hears the name of each before it begins.

    A second run at the same time waits for the first. A SQLite file with something in it is copied first, into
    `backup_dir` or beside it. Raises MigrationFailed, DatabaseTooNew and what `open_database` raises.
    """
    config = config or tortoise_config(url)
    path = sqlite_path(url)
    if path is None:
        _credentials(config)["command_timeout"] = None  # building an index may take its time
        return MigrationReport(await _apply(config, progress))
    async with _alone_with(path):
        waiting = await pending(url, config=config)
        if not waiting:
            return MigrationReport(())
        backup = await asyncio.to_thread(_copy, path, backup_dir or path.parent, waiting[0])
        # SQLite changes a column by making the table anew; with foreign keys on, that deletes the rows below it.
        _credentials(config)["foreign_keys"] = "OFF"
        return MigrationReport(await _apply(config, progress), backup)


async def pending(url: str, *, config: dict[str, Any] | None = None) -> list[str]:
    """The names of the migrations that the database has not seen, in order. Raises DatabaseTooNew."""
    config = config or tortoise_config(url)
    path = sqlite_path(url)
    if path is not None and not path.exists():
        return known_migrations(config)
    async with open_configured(config) as context:
        return await _pending_on(context.db(), config)


async def require_migrated(url: str) -> None:
    """Raise PendingMigrations, which names the command, unless the database is up to date."""
    if waiting := await pending(url):
        raise PendingMigrations(f"the database is not up to date ({', '.join(waiting)} to apply): run {COMMAND}")


def known_migrations(config: dict[str, Any]) -> list[str]:
    """The names of the migrations that this version has, in order: they are numbered."""
    package = import_module(config["apps"][APP_LABEL]["migrations"])
    return sorted(name for _, name, _ in pkgutil.iter_modules(package.__path__) if name[0].isdigit())


async def _apply(config: dict[str, Any], progress: Progress | None) -> tuple[str, ...]:
    current = "the first migration"

    def tell(event: str, _app: str, name: str) -> None:
        nonlocal current
        if event == "apply_start":
            current = name
            if progress is not None:
                progress(name)

    async with open_configured(config) as context:
        try:
            async with in_transaction(context.default_connection) as client:
                await _wait_for_turn(client)
                # On the transaction's own connection: so the record of what was applied is part of it, too.
                executor = Executor(client, config["apps"])
                await _pending_on(client, config)  # refuses a database that is too new
                await executor.recorder.ensure_schema(executor._schema_editor(atomic=False))
                plan = [step.migration for step in await executor.plan()]
                if plan:
                    before = await inventory(client)
                    await executor.migrate(direction="forward", progress=tell)
                    current = "the check of the result"
                    await keep_promises(client, plan, before)
                return tuple(migration.name for migration in plan)
        except WismoError:
            raise
        except Exception as error:
            raise MigrationFailed(f"{current} failed and nothing was changed: {error}") from error


async def _wait_for_turn(client: BaseDBAsyncClient) -> None:
    if client.capabilities.dialect != "postgres":
        return
    await client.execute_query("SELECT pg_advisory_xact_lock($1)", [ADVISORY_LOCK])
    # A table lock that we wait for makes everybody behind us wait: rather give up and be run again.
    await client.execute_query("SET LOCAL lock_timeout = '15s'")


async def _pending_on(connection: BaseDBAsyncClient, config: dict[str, Any]) -> list[str]:
    known, applied = known_migrations(config), await _applied(connection)
    if unknown := sorted(applied - set(known)):
        raise DatabaseTooNew(f"the database has seen {', '.join(unknown)}, which this version does not know")
    return [name for name in known if name not in applied]


async def _applied(connection: BaseDBAsyncClient) -> set[str]:
    if connection.capabilities.dialect == "postgres":
        question = "SELECT to_regclass('tortoise_migrations') IS NOT NULL AS there"
    else:
        question = "SELECT COUNT(*) AS there FROM sqlite_master WHERE name = 'tortoise_migrations'"
    if not (await connection.execute_query_dict(question))[0]["there"]:
        return set()
    rows = await connection.execute_query_dict(f"SELECT name FROM tortoise_migrations WHERE app = '{APP_LABEL}'")  # noqa: S608
    return {row["name"] for row in rows}


def _credentials(config: dict[str, Any]) -> dict[str, Any]:
    credentials: dict[str, Any] = next(iter(config["connections"].values()))["credentials"]
    return credentials


@asynccontextmanager
async def _alone_with(path: Path) -> AsyncIterator[None]:
    """Hold the lock beside the SQLite file, so that only one process migrates it."""
    if not path.parent.is_dir():
        raise DatabaseUnavailable(f"there is no folder {path.parent} for the database")
    with _lock_file(path.with_name(f"{path.name}.migrating")) as try_lock:
        deadline = asyncio.get_running_loop().time() + LOCK_SECONDS
        while not try_lock():
            if asyncio.get_running_loop().time() > deadline:
                raise MigrationFailed("another migration of this database does not end")
            await asyncio.sleep(0.05)
        yield


@contextmanager
def _lock_file(path: Path) -> Iterator[Callable[[], bool]]:
    """Yield what tries to lock `path`. The file stays: removing it would let two processes lock two files."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def try_lock() -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    try:
        yield try_lock
    finally:
        os.close(descriptor)


def _copy(path: Path, folder: Path, first: str) -> Path | None:
    """Copy the database as it is now, other writers or not; None when there is nothing to copy yet."""
    if not path.exists() or path.stat().st_size == 0:
        path.touch(mode=0o600)
        return None
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free < 2 * path.stat().st_size:
        raise MigrationFailed(f"no room in {folder} for a copy of the database; nothing was changed")
    copy = folder / f"{path.stem}.before-{first}.{now():%Y%m%dT%H%M%S%fZ}.db"
    copy.touch(mode=0o600, exist_ok=False)
    with _closing_connection(path) as source, _closing_connection(copy) as target:
        source.backup(target)
    return copy


@contextmanager
def _closing_connection(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path)
    try:
        yield connection
    finally:
        connection.close()
