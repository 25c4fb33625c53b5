"""What the tests save when they open a database: a few milliseconds, some thousand times."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tortoise.apps import Apps
from tortoise.migrations.schema_generator.state_apps import StateApps


@contextmanager
def models_built_once() -> Iterator[None]:
    """Tortoise makes filters and queries of all models anew whenever a database is opened, always the same ones."""
    build, built = Apps._build_initial_querysets, None

    def build_once(apps: Apps) -> None:
        nonlocal built
        models = [model for app in apps.apps.values() for model in app.values()]
        wanted = (models, models[0]._meta.db.executor_class) if models else None
        if wanted is None or wanted != built:
            build(apps)
            if not isinstance(apps, StateApps):  # those of a migration are soon forgotten
                built = wanted

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Apps, "_build_initial_querysets", build_once)
        yield
