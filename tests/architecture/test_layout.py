"""The shape of the checkout: its top folders, its locks, its tests beside its packages."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.sources import PACKAGES, ROOT, complain, files, read

TOP = {*PACKAGES, "templates", "static", "tests", "bench", "docs", "deploy", ".ci"}
TOP_FILES = {
    ".editorconfig",
    ".gitignore",
    ".gitattributes",
    ".dockerignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Dockerfile",
    "LICENSE",
    "Makefile",
    "NOTICE",
    "README.md",
    "SECURITY.md",
    "pyproject.toml",
    "requirements-dev.lock",
    "requirements.lock",
    "wismo",
}
PROJECT = tomllib.loads(read("pyproject.toml"))


def pins(lock: str) -> dict[str, str]:
    """Name → version of a lock file; its markers do not matter here."""
    return {
        canonicalize_name(name): version
        for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", read(lock), re.MULTILINE)
    }


def test_nothing_else_grows_at_the_top() -> None:
    strangers = {path.split("/")[0] for path in files()} - TOP - TOP_FILES
    complain(
        "A new thing at the top of the tree needs a decision in docs/decisions and a line in this test.",
        list(strangers),
    )


def test_locks_hold_what_the_project_asks_for() -> None:
    runtime, everything = pins("requirements.lock"), pins("requirements-dev.lock")
    wrong = [
        f"{lock}: {wish}"
        for lock, locked, wishes in (
            ("requirements.lock", runtime, PROJECT["project"]["dependencies"]),
            ("requirements-dev.lock", everything, PROJECT["dependency-groups"]["dev"]),
        )
        for wish in map(Requirement, wishes)
        if not wish.specifier.contains(locked.get(canonicalize_name(wish.name), "0"))
    ]
    complain("Run `make locks`: pyproject.toml and the locks disagree.", wrong)
    apart = [f"{name} {version}" for name, version in runtime.items() if everything.get(name) != version]
    complain("Run `make locks`: the tests would run with other versions than the desk.", apart)


def test_every_pin_has_a_hash() -> None:
    for lock in ("requirements.lock", "requirements-dev.lock"):
        unhashed = [
            block.split("\n")[0]
            for block in re.split(r"\n(?=[A-Za-z0-9])", read(lock))
            if "--hash=sha256:" not in block
        ]
        complain(f"{lock}: not pinned to its content:", unhashed)


def test_every_package_is_shipped_and_checked() -> None:
    assert set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == set(PACKAGES)
    assert set(PROJECT["tool"]["importlinter"]["root_packages"]) == set(PACKAGES)
    assert set(PACKAGES) <= set(PROJECT["tool"]["mypy"]["files"])
    assert set(PACKAGES) == set(PROJECT["tool"]["coverage"]["run"]["source"])


def test_every_folder_of_code_is_a_package() -> None:
    folders = {Path(path).parent for path in files() if path.endswith(".py") and path.split("/")[0] in PACKAGES}
    bare = [str(folder) for folder in folders if not (ROOT / folder / "__init__.py").is_file()]
    complain("Folders without __init__.py are left out of the wheel and of the layer check.", bare)


def test_programs_may_be_run() -> None:
    not_executable = [path for path in ("wismo", ".ci/run") if not (ROOT / path).stat().st_mode & 0o100]
    complain("chmod +x:", not_executable)
