"""For developers: writing the migration that takes the last one to the models as they are now."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tortoise.context import TortoiseContext
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.migration import Migration
from tortoise.migrations.operations import Operation
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.writer import MigrationWriter

from app.database import APP_LABEL, tortoise_config
from app.migrating import known_migrations
from app.migration_state import lazy_state

NOWHERE = "sqlite://unused.db"  # models and migrations are compared without a database


async def write_migration(name: str, *, config: dict[str, Any] | None = None) -> Path | None:
    """Write `app/migrations/NNNN_name.py` for what the models have and the migrations lack; None if they agree.

    Read it before you commit it: additive changes only. A new column is `null=True` or has a `db_default`.
    """
    config = config or tortoise_config(NOWHERE)
    writer = await _writer(config)
    if writer is None:
        return None
    writer.name = f"{len(known_migrations(config)) + 1:04d}_{re.sub(r'[^a-z0-9]+', '_', name.lower()).strip('_')}"
    path = writer.path()
    path.write_text(f'"""{name[:1].upper()}{name[1:]}."""\n\n{writer.as_string()}', encoding="utf-8")
    await asyncio.to_thread(_tidy, path)
    return path


async def missing_operations() -> list[Operation]:
    """What the models have and the migrations lack; empty when they agree."""
    writer = await _writer(tortoise_config(NOWHERE))
    return [] if writer is None else writer.operations


async def _writer(config: dict[str, Any]) -> MigrationWriter | None:
    context = TortoiseContext()
    with context:
        await context.init(config=config, init_connections=False)
        assert context.apps is not None
        writers = await _Detector(context.apps, config["apps"]).changes()
    return next((writer for writer in writers if writer.app_label == APP_LABEL), None)


def _tidy(path: Path) -> None:
    for arguments in (["check", "--select", "I", "--fix", "--quiet"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *arguments, str(path)], check=True)


class _Detector(MigrationAutodetector):
    """Leaves out the docstrings of the models: they would be comments in the database, changing with every word."""

    async def _project_state(self) -> State:
        state = lazy_state()
        for key in self._full_plan():
            migration = self.loader.graph.nodes[key]
            assert isinstance(migration, Migration)
            await migration.apply(state, dry_run=True, schema_editor=None)
        return state

    def _current_state(self) -> State:
        state = super()._current_state()
        for model in state.models.values():
            model.options.pop("table_description", None)
        return state
