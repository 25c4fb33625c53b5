"""Databases, servers and the clock for all tests.

`database` opens a fresh, migrated database: SQLite, or PostgreSQL for tests marked `pg` and for all of them with
`--database=pg`. Tests that ask for `both_databases` as well run twice, once on each.
"""

import asyncio
import math
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings
from playwright.async_api import Browser, async_playwright, expect
from tortoise.context import TortoiseContext

from app.database import open_database, sqlite_url
from app.migrating import migrate
from app.serving import collect_seldom
from core import events, jobs, tasks
from core.clock import FrozenClock, frozen
from tests.emptying import TEMPLATE, SharedDatabase
from tests.machine import chromium_path
from tests.opening import models_built_once
from tests.run import browser_files
from tests.servers import PostgresServer, ServerMissing, fast_folder, postgres_server, redis_server
from tickets.rules import listening

PATIENCE = 20_000  # milliseconds until what a browser should show is missing: its machine may be busy
WITH_BROWSER = frozenset(browser_files(Path(__file__).parent))
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday; 10:00 in Berlin, 17:00 in Shanghai


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("wismo")
    group.addoption("--database", choices=["sqlite", "pg"], default="sqlite", help="where tests keep their rows")
    group.addoption("--pictures", action="store_true", help="renew the pictures in docs/pictures")
    group.addoption("--require-services", action="store_true", help="fail where a missing server would skip a test")


def pytest_configure(config: pytest.Config) -> None:
    # How long one example takes says more about the machine's other work than about us. And whether a change is right
    # must not depend on dice: `--hypothesis-seed` looks further.
    settings.register_profile(
        "wismo",
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        derandomize=config.getoption("--hypothesis-seed", None) is None,
    )
    settings.load_profile("wismo")
    if "WISMO_DATABASE_URL" in os.environ:
        raise pytest.UsageError("WISMO_DATABASE_URL is set: tests never touch a database that somebody uses")
    if not config.option.basetemp:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(fast_folder()))
    # Nobody here speaks TLS, and reading all authorities costs each HTTP client 40 ms.
    os.environ.pop("SSL_CERT_FILE", None)
    os.environ["SSL_CERT_DIR"] = os.devnull
    # Unconfigured, structlog writes into what commands say.
    structlog.configure(logger_factory=structlog.stdlib.LoggerFactory())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what keeps rows wherever it is told to, so that `./wismo test services` can repeat it on PostgreSQL.

    Slow files come first: at the end, all but one worker would wait for them.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
    for item in items:
        if item.get_closest_marker("browser") and str(item.path) not in WITH_BROWSER:
            raise pytest.UsageError(f"{item.path}: without the words mark.browser, `./wismo test` does not find it")
        names = set(getattr(item, "fixturenames", ()))
        settled = "both_databases" in names or item.get_closest_marker("sqlite")
        if names & {"database_url", "empty_database_url"} and not settled:
            item.add_marker(pytest.mark.database)


def pytest_collection_finish() -> None:
    """Thousands of tests are many objects: looking at all of them now and then took a tenth of the whole time."""
    collect_seldom()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def _models_once() -> Iterator[None]:
    with models_built_once():
        yield


@pytest.fixture(autouse=True)
def _process_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a running desk sets for its process ends with the test: bus, waker, where tasks start from, who listens."""
    monkeypatch.setattr(events, "_bus", events.Bus())
    monkeypatch.setattr(jobs, "_wake", jobs._nobody_waits)
    monkeypatch.setattr(tasks, "_base", None)
    # No rule is on, and that is known: asking costs a message one statement every two seconds.
    monkeypatch.setattr(listening, "_known", {"at": math.inf, "to": frozenset()})


@pytest.fixture
def clock() -> Iterator[FrozenClock]:
    """A clock that stands at `START` until the test moves it."""
    with frozen(START) as clock:
        yield clock


@pytest.fixture(params=["sqlite", pytest.param("pg", marks=pytest.mark.pg)])
def both_databases(request: pytest.FixtureRequest) -> str:
    """Ask for this to run a test on SQLite and on PostgreSQL."""
    return str(request.param)


@pytest.fixture
def database_kind(request: pytest.FixtureRequest) -> str:
    """`sqlite` or `pg`: what this test runs on."""
    if "both_databases" in request.fixturenames:
        return str(request.getfixturevalue("both_databases"))
    for kind in ("sqlite", "pg"):
        if request.node.get_closest_marker(kind):
            return kind
    return str(request.config.getoption("--database"))


@pytest.fixture
def database_url(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a migrated database without rows, for this test alone."""
    if database_kind == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        yield sqlite_url(Path(shutil.copy(template, tmp_path / "wismo.db")))
        return
    shared: SharedDatabase = request.getfixturevalue("shared_database")
    yield shared.empty()


@pytest.fixture
def data_folder(tmp_path: Path, sqlite_template: Path) -> Path:
    """A data folder with a migrated database, as a program that starts there leaves it; that would take it seconds."""
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(sqlite_template, folder / "wismo.db")
    return folder


@pytest.fixture
def empty_database_url(
    database_kind: str, tmp_path: Path, request: pytest.FixtureRequest, _fresh_names: Iterator[int]
) -> Iterator[str]:
    """The URL of a database in which nothing was ever made; for SQLite not even a file."""
    if database_kind == "sqlite":
        yield sqlite_url(tmp_path / "empty.db")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = f"empty_{next(_fresh_names)}"
    server.run(f"CREATE DATABASE {name}")
    yield server.url(name)
    server.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[TortoiseContext]:
    """An open, migrated, empty database; models and verbs work in the test from here on."""
    async with open_database(database_url) as context:
        yield context
        await tasks.cut_loose_ends()  # as a desk does before it closes its database


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """A browser without a window. Containers have no namespaces for its sandbox and little shared memory."""
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=quiet)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy. Parallel workers share it: the first migrates it, the others wait for that."""
    folder = tmp_path_factory.getbasetemp()
    path = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "template.db"
    asyncio.run(migrate(sqlite_url(path)))
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    """The name of a migrated PostgreSQL database to use as a template."""
    postgres.run(f"CREATE DATABASE {TEMPLATE}")
    asyncio.run(migrate(postgres.url(TEMPLATE)))
    return TEMPLATE


@pytest.fixture(scope="session")
def shared_database(postgres: PostgresServer, postgres_template: str) -> Iterator[SharedDatabase]:
    """What tests on PostgreSQL have their rows in, one after the other."""
    with closing(SharedDatabase(postgres)) as shared:
        yield shared


@pytest.fixture(scope="session")
def postgres(_services: Callable[[Any], Any]) -> PostgresServer:
    """A private PostgreSQL server for this run."""
    server: PostgresServer = _services(postgres_server())
    return server


@pytest.fixture(scope="session")
def redis_url(_services: Callable[[Any], Any]) -> str:
    """The URL of a private Redis server for this run."""
    return str(_services(redis_server()))


@pytest.fixture(scope="session")
def _services(request: pytest.FixtureRequest) -> Iterator[Callable[[Any], Any]]:
    """Starts servers and stops them at the end of the run."""
    with ExitStack() as stack:

        def start(server: Any) -> Any:
            try:
                return stack.enter_context(server)
            except ServerMissing as error:
                (pytest.fail if request.config.getoption("--require-services") else pytest.skip)(str(error))

        yield start


@pytest.fixture(scope="session")
def _fresh_names() -> Iterator[int]:
    return count(1)
