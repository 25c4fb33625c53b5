"""Databases with the demo shops in them: filled once, copied for each test."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.database import open_database
from app.demo import fill_demo
from app.settings import Settings
from core.clock import now
from tests.servers import PostgresServer


@pytest.fixture(scope="session")
def demo_template(postgres: PostgresServer, postgres_template: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a PostgreSQL database with the demo shops, to use as a template."""
    postgres.run(f"CREATE DATABASE wismo_demo TEMPLATE {postgres_template}")
    asyncio.run(_fill(postgres.url("wismo_demo"), tmp_path_factory.mktemp("filling")))
    return "wismo_demo"


@pytest.fixture
def demo_url(demo_databases: Callable[[], str]) -> str:
    """A database with the demo shops for one test."""
    return demo_databases()


@pytest.fixture(scope="session")
def demo_databases(
    postgres: PostgresServer, demo_template: str, _fresh_names: Iterator[int]
) -> Iterator[Callable[[], str]]:
    """Makes databases with the demo shops; gives their addresses."""
    names = []

    def make() -> str:
        names.append(f"demo_{next(_fresh_names)}")
        postgres.run(f"CREATE DATABASE {names[-1]} TEMPLATE {demo_template}")
        return postgres.url(names[-1])

    yield make
    for name in names:
        postgres.run(f"DROP DATABASE {name} WITH (FORCE)")


async def _fill(url: str, folder: Path) -> None:
    async with open_database(url):
        await fill_demo(Settings(data_dir=folder), now())
