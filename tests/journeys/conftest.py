"""One demo desk for reading, fresh copies of its data for everybody who changes something, and one Chromium."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.journeys.running import ROOT, Desk


@pytest.fixture(scope="session")
def demo_data(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """The data folder of a freshly filled demo."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    folder.mkdir()
    shutil.copy(sqlite_template, folder / "wismo.db")
    environment = {"WISMO_DATA_DIR": str(folder), "PATH": "/usr/bin:/bin"}
    subprocess.run(
        [sys.executable, "-m", "app.cli", "demo"], cwd=ROOT, env=environment, check=True, capture_output=True
    )
    with closing(sqlite3.connect(folder / "wismo.db")) as database, database:
        database.execute("UPDATE agent SET undo_seconds = 20")  # ten are short for a browser on a busy machine
    return folder


@pytest.fixture
def desk(demo_data: Path, tmp_path: Path) -> Iterator[Desk]:
    """A running desk with the demo in it, for this test alone."""
    shutil.copytree(demo_data, tmp_path / "data")
    desk = Desk(tmp_path / "data")
    desk.start()
    try:
        yield desk
    finally:
        desk.stop()


@pytest.fixture
def pictures(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where screenshots go: with `--pictures` into the documentation, else nowhere that lasts."""
    return ROOT / "docs" / "pictures" if request.config.getoption("--pictures") else tmp_path


@pytest.fixture
def browser(chromium: Browser) -> Browser:
    """Chromium."""
    return chromium
