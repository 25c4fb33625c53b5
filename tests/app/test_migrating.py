"""Migrating: one at a time, all or nothing, nothing lost by accident. On both databases, with two small tables."""

import asyncio
import importlib
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tortoise.migrations.migration import Migration
from tortoise.migrations.operations import AddConstraint, AddField, AddIndex, CreateModel, RunPython

from app.database import DatabaseUnavailable, WrongLocale, open_configured, open_database, sqlite_path, tortoise_config
from app.migrating import (
    DatabaseTooNew,
    PendingMigrations,
    known_migrations,
    migrate,
    pending,
    require_migrated,
)
from app.migration_checks import MigrationFailed
from app.migration_writing import missing_operations, write_migration
from core.clock import FrozenClock
from tests.servers import PostgresServer

MODELS = """
from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

class Parent(Model):
    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=40)
    {extra}

    class Meta:
        app = "wismo"
        table = "parent"
        indexes = (Index(fields=("name",)),)

class Child(Model):
    id = fields.BigIntField(primary_key=True)
    parent = fields.ForeignKeyField("wismo.Parent", related_name="children")

    class Meta:
        app = "wismo"
        table = "child"
        indexes = (Index(fields=("parent_id",)),)
"""
NICKNAME = "nickname = fields.CharField(max_length=40, null=True)"
STEP = """
from tortoise import fields, migrations
from tortoise.migrations import operations as ops

async def run(apps, editor):
    {code}

class Migration(migrations.Migration):
    dependencies = [("wismo", "{before}")]
    {marks}
    operations = [{operations}]
"""


class House:
    """A package with two tables and their migrations, to be changed by the test."""

    def __init__(self, name: str, folder: Path, url: str) -> None:
        self.name, self.folder, self.url = name, folder / name, url
        (self.folder / "migrations").mkdir(parents=True)
        for package in (self.folder, self.folder / "migrations"):
            (package / "__init__.py").touch()
        self.models("")

    def models(self, extra: str) -> None:
        (self.folder / "models.py").write_text(MODELS.format(extra=extra))
        for name in [name for name in sys.modules if name.startswith(self.name)]:
            del sys.modules[name]
        importlib.invalidate_caches()

    def step(self, name: str, *, before: str, operations: str = "", code: str = "pass", marks: str = "") -> None:
        text = STEP.format(before=before, operations=operations or "ops.RunPython(run)", code=code, marks=marks)
        (self.folder / "migrations" / f"{name}.py").write_text(text)
        importlib.invalidate_caches()

    @property
    def config(self) -> dict[str, Any]:
        config = tortoise_config(self.url)
        config["apps"]["wismo"] |= {"models": [f"{self.name}.models"], "migrations": f"{self.name}.migrations"}
        return config

    async def migrate(self, **options: Any) -> Any:
        return await migrate(self.url, config=self.config, **options)

    async def run(self, *statements: str) -> list[dict[str, Any]]:
        """Run statements and return the rows of the last one."""
        rows: list[dict[str, Any]] = []
        async with open_configured(self.config) as context:
            for statement in statements:
                rows = await context.db().execute_query_dict(statement)
        return rows

    async def count(self, table: str) -> int:
        return int((await self.run(f"SELECT COUNT(*) AS n FROM {table}"))[0]["n"])


@pytest.fixture
async def house(
    empty_database_url: str, both_databases: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: Any
) -> House:
    """A house with its first migration applied, two parents and three children."""
    monkeypatch.syspath_prepend(str(tmp_path))
    house = House(f"house_{abs(hash(request.node.name))}", tmp_path, empty_database_url)
    await write_migration("start", config=house.config)
    await house.migrate()
    await house.run(
        "INSERT INTO parent (id, name) VALUES (1, 'Ines'), (2, 'Lin')",
        "INSERT INTO child (id, parent_id) VALUES (1, 1), (2, 1), (3, 2)",
    )
    return house


async def test_migrating_an_empty_database_and_doing_it_again(empty_database_url: str, both_databases: str) -> None:
    heard: list[str] = []
    assert await pending(empty_database_url) == known_migrations(tortoise_config(empty_database_url))
    report = await migrate(empty_database_url, progress=heard.append)
    assert list(report.applied) == heard == known_migrations(tortoise_config(empty_database_url))
    assert report.backup is None
    assert await pending(empty_database_url) == []
    again = await migrate(empty_database_url)
    assert again.applied == ()
    assert str(again) == "The database is up to date."
    await require_migrated(empty_database_url)


async def test_starting_without_migrating_is_refused_by_name_of_the_command(
    empty_database_url: str, both_databases: str
) -> None:
    with pytest.raises(PendingMigrations, match=r"0001_initial.*wismo migrate"):
        await require_migrated(empty_database_url)


async def test_a_database_of_a_newer_version_is_refused(database_url: str, both_databases: str) -> None:
    async with open_database(database_url) as context:
        await context.db().execute_query(
            "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('wismo', '9999_future', '2030-01-01')"
        )
    for refused in (pending, require_migrated, migrate):
        with pytest.raises(DatabaseTooNew, match="9999_future"):
            await refused(database_url)


async def test_a_new_column_keeps_the_rows(house: House) -> None:
    house.models(NICKNAME)
    path = await write_migration("Nicknames of parents", config=house.config)
    assert path is not None
    assert path.name == "0002_nicknames_of_parents.py"
    assert (await house.migrate()).applied == ("0002_nicknames_of_parents",)
    assert await house.run("SELECT name, nickname FROM parent ORDER BY id") == [
        {"name": "Ines", "nickname": None},
        {"name": "Lin", "nickname": None},
    ]
    assert await house.count("child") == 3
    assert await write_migration("nothing", config=house.config) is None


async def test_making_a_table_anew_keeps_its_children_and_its_indexes(house: House, both_databases: str) -> None:
    """SQLite drops the table for this: with foreign keys on, the children would go with it."""
    house.models(NICKNAME)
    await write_migration("nicknames", config=house.config)
    house.models("")
    await write_migration("no nicknames", config=house.config)
    await house.migrate()
    assert (await house.count("parent"), await house.count("child")) == (2, 3)
    if both_databases == "sqlite":
        rows = await house.run("SELECT name FROM sqlite_master WHERE tbl_name = 'parent' AND type = 'index'")
    else:
        rows = await house.run("SELECT indexname AS name FROM pg_indexes WHERE tablename = 'parent'")
    assert any(row["name"].startswith("idx_parent_name") for row in rows)
    await house.run("DELETE FROM parent WHERE id = 1")
    assert await house.count("child") == 1  # and foreign keys work as before


async def test_a_migration_that_fails_changes_nothing(house: House) -> None:
    house.models(NICKNAME)
    await write_migration("nicknames", config=house.config)
    house.step("0003_broken", before="0002_nicknames", code="await editor.client.execute_query('SELECT * FROM gone')")
    with pytest.raises(MigrationFailed, match="0003_broken failed and nothing was changed"):
        await house.migrate()
    assert await pending(house.url, config=house.config) == ["0002_nicknames", "0003_broken"]
    (row,) = await house.run("SELECT * FROM parent WHERE id = 1")
    assert "nickname" not in row


async def test_a_mistake_in_a_migration_changes_nothing(house: House) -> None:
    house.models(NICKNAME)
    await write_migration("nicknames", config=house.config)
    house.step("0003_mistaken", before="0002_nicknames", code="1 / 0")
    with pytest.raises(MigrationFailed, match="0003_mistaken failed and nothing was changed: division by zero"):
        await house.migrate()
    assert await pending(house.url, config=house.config) == ["0002_nicknames", "0003_mistaken"]


@pytest.mark.slow
async def test_three_at_once_all_succeed(house: House) -> None:
    house.models(NICKNAME)
    await write_migration("nicknames", config=house.config)
    script = (
        "import asyncio, json, sys; from app.migrating import migrate; url, config = sys.argv[1:];"
        " print(json.dumps(asyncio.run(migrate(url, config=json.loads(config))).applied))"
    )
    environment = os.environ | {"PYTHONPATH": f"{house.folder.parent}{os.pathsep}{Path(__file__).parents[2]}"}
    command = [sys.executable, "-c", script, house.url, json.dumps(house.config)]
    processes = [
        await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, env=environment) for _ in range(3)
    ]
    answers = [json.loads((await process.communicate())[0]) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert sorted(answers) == [[], [], ["0002_nicknames"]]


class TestSqlite:
    """What only a file can lose."""

    @pytest.fixture
    def both_databases(self) -> str:
        return "sqlite"

    async def test_the_file_is_copied_first(self, house: House, tmp_path: Path, clock: FrozenClock) -> None:
        house.step("0002_more", before="0001_start", code="await editor.client.execute_query('SELECT 1')")
        report = await house.migrate(backup_dir=tmp_path / "copies")
        assert report.backup == tmp_path / "copies" / "empty.before-0002_more.20260302T090000000000Z.db"
        assert stat.S_IMODE(report.backup.stat().st_mode) == 0o600
        assert str(report) == f"Applied 0002_more. The file as it was before: {report.backup}"
        copy = sqlite3.connect(report.backup)
        assert copy.execute("SELECT COUNT(*) FROM child").fetchone() == (3,)
        copy.close()

    async def test_a_new_file_is_for_its_owner_only(self, house: House) -> None:
        path = sqlite_path(house.url)
        assert path is not None
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    async def test_losing_rows_by_accident_is_refused(self, house: House) -> None:
        delete = "await editor.client.execute_query('DELETE FROM child WHERE id = 1')"
        house.step("0002_tidy", before="0001_start", code=delete)
        with pytest.raises(MigrationFailed, match="table child had 3 rows and would have 2"):
            await house.migrate()
        assert await house.count("child") == 3
        house.step("0002_tidy", before="0001_start", code=delete, marks="loses = ('child',)")
        sys.modules.pop(f"{house.name}.migrations.0002_tidy")
        await house.migrate()
        assert await house.count("child") == 2

    async def test_leaving_orphans_is_refused(self, house: House) -> None:
        house.step(
            "0002_tidy",
            before="0001_start",
            code="await editor.client.execute_query('DELETE FROM parent WHERE id = 2')",
            marks="loses = ('parent',)",
        )
        with pytest.raises(MigrationFailed, match="child 3 would lose its parent"):
            await house.migrate()
        assert await house.count("parent") == 2

    async def test_losing_a_trigger_is_refused(self, house: House) -> None:
        await house.run("CREATE TRIGGER watch AFTER DELETE ON parent BEGIN SELECT 1; END")
        house.models(NICKNAME)
        await write_migration("nicknames", config=house.config)
        house.models("")
        await write_migration("no nicknames", config=house.config)
        with pytest.raises(MigrationFailed, match="watch on parent would be gone"):
            await house.migrate()

    async def test_without_a_folder_there_is_a_clear_error(self, tmp_path: Path) -> None:
        with pytest.raises(DatabaseUnavailable, match="no folder"):
            await migrate(f"sqlite://{tmp_path}/nowhere/wismo.db")

    async def test_without_room_for_a_copy_nothing_is_changed(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        house.step("0002_more", before="0001_start")
        full = shutil._ntuple_diskusage(total=1, used=1, free=0)
        monkeypatch.setattr("shutil.disk_usage", lambda _folder: full)
        with pytest.raises(MigrationFailed, match="no room"):
            await house.migrate()
        assert await pending(house.url, config=house.config) == ["0002_more"]


@pytest.mark.pg
async def test_a_database_in_which_lower_case_is_ascii_only_is_refused(postgres: PostgresServer) -> None:
    postgres.run("CREATE DATABASE plain LOCALE 'C' ENCODING 'UTF8' TEMPLATE template0")
    with pytest.raises(WrongLocale, match="locale C"):
        await migrate(postgres.url("plain"))


async def test_models_and_migrations_agree() -> None:
    assert [operation.describe() for operation in await missing_operations()] == [], "write_migration() is due"


ADDITIVE = (CreateModel, AddField, AddIndex, AddConstraint, RunPython)


@pytest.mark.parametrize("name", known_migrations(tortoise_config("sqlite://unused.db")))
def test_migrations_only_add(name: str) -> None:
    """Older processes run beside newer ones during a deployment, and SQLite makes tables anew for anything else.

    Who has to change or remove something says why, in the migration: `not_additive = "…"`.
    """
    module = importlib.import_module(f"app.migrations.{name}")
    migration: type[Migration] = module.Migration
    if not getattr(migration, "not_additive", ""):
        assert [op.describe() for op in migration.operations if not isinstance(op, ADDITIVE)] == []


def test_migrations_follow_each_other() -> None:
    names = known_migrations(tortoise_config("sqlite://unused.db"))
    for before, name in zip([None, *names], names, strict=False):
        dependencies = importlib.import_module(f"app.migrations.{name}").Migration.dependencies
        assert dependencies == ([("wismo", before)] if before else [])
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
