"""`./wismo`: from anywhere, by any name, twice at once; and it costs nothing when everything is ready."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# Stands in for the program: tells how it was called.
PROGRAM = """
import importlib.util, json, os, sys
packages = [name for name in ("app", "pip") if importlib.util.find_spec(name)]
answer = {"arguments": sys.argv[1:], "data": os.environ["WISMO_DATA_DIR"], "folder": os.getcwd(), "pid": os.getpid()}
print(json.dumps(answer | {"packages": packages}))
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the real front door, a stand-in program and a lock without packages: nothing is downloaded."""
    return make_checkout(tmp_path / "a shop's désk")


@pytest.fixture
def ready(tmp_path: Path, ready_once: Path) -> Path:
    """A checkout that was set up before; elsewhere, as checkouts may be moved."""
    return shutil.copytree(ready_once, tmp_path / "a shop's désk", symlinks=True)


@pytest.fixture(scope="module")
def ready_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = make_checkout(tmp_path_factory.mktemp("once") / "desk")
    call(home / "wismo", "version")
    return home


def make_checkout(home: Path) -> Path:
    (home / "app").mkdir(parents=True)
    (home / "app/__init__.py").touch()
    (home / "app/cli.py").write_text(PROGRAM)
    (home / "requirements.lock").write_text("# no packages\n")
    shutil.copy(ROOT / "wismo", home)
    return home


def start(program: Path | str, *arguments: str, cwd: Path | None = None, **variables: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WISMO_")}
    environment |= {"WISMO_PYTHON": sys.executable} | variables
    return subprocess.Popen(
        [program, *arguments], cwd=cwd, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def call(program: Path | str, *arguments: str, cwd: Path | None = None, **variables: str) -> dict[str, object]:
    process = start(program, *arguments, cwd=cwd, **variables)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    answer: dict[str, object] = json.loads(output)
    return answer | {"said": errors, "same process": answer["pid"] == process.pid}


def test_first_call_sets_up_and_runs(checkout: Path) -> None:
    answer = call(checkout / "wismo", cwd=checkout)
    assert answer["arguments"] == ["run"]
    assert answer["data"] == str(checkout / "data")
    assert "Setting up" in str(answer["said"])
    assert "Ready after" in str(answer["said"])
    assert answer["same process"], "exec, so that Ctrl-C and signals reach the program"
    assert answer["packages"] == ["app"]


def test_later_calls_are_silent_and_quick(ready: Path) -> None:
    seconds = []
    for _ in range(3):
        started = time.monotonic()
        assert call(ready / "wismo", "version")["said"] == ""
        seconds.append(time.monotonic() - started)
    assert min(seconds) < 1


def test_called_from_elsewhere_through_a_link(ready: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/desk").symlink_to(os.path.relpath(ready / "wismo", tmp_path / "bin"))
    (tmp_path / "bin/wismo").symlink_to("desk")
    answer = call(tmp_path / "bin/wismo", "backup", "my files.tar.gz", "--all", cwd=tmp_path, PYTHONPATH="/nowhere")
    assert answer["arguments"] == ["backup", "my files.tar.gz", "--all"]
    assert answer["folder"] == str(tmp_path), "paths of the person stay relative to where they are"
    assert answer["data"] == str(ready / "data")


def test_the_data_may_live_elsewhere(ready: Path, tmp_path: Path) -> None:
    assert call(ready / "wismo", "version", WISMO_DATA_DIR=str(tmp_path))["data"] == str(tmp_path)


def test_a_changed_lock_is_installed_once(ready: Path) -> None:
    (ready / "requirements.lock").write_text("# still no packages\n")
    assert "Setting up" in str(call(ready / "wismo", "version")["said"])
    assert call(ready / "wismo", "version")["said"] == ""


def test_two_first_calls_at_once(checkout: Path) -> None:
    both = [start(checkout / "wismo", "version"), start(checkout / "wismo", "version")]
    outputs = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert sum("Setting up" in errors for _, errors in outputs) == 1
    assert not (checkout / ".venv.lock").exists()


def test_a_set_up_that_died_is_taken_over(checkout: Path) -> None:
    (checkout / ".venv.lock").mkdir()
    gone = subprocess.Popen(["true"])
    gone.wait()
    (checkout / ".venv.lock/pid").write_text(str(gone.pid))
    assert call(checkout / "wismo", "version")["arguments"] == ["version"]


def test_packages_that_cannot_be_installed_are_reported(ready: Path) -> None:
    (ready / "requirements.lock").write_text("nonsense without a hash\n")
    process = start(ready / "wismo", "version")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "could not install the packages of requirements.lock" in errors
    assert not (ready / ".venv.lock").exists()


def test_help_needs_no_knowledge(ready: Path) -> None:
    process = start(ready / "wismo", "help")
    output, _ = process.communicate(timeout=60)
    assert output.startswith("Usage: ./wismo")
    assert json.loads(output.splitlines()[-1])["arguments"] == ["--help"]
