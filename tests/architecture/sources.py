"""The project's own files, parsed once, for the tests that read code instead of running it."""

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("app", "bots", "conversations", "core", "orders", "tickets")
# What is not ours or not source: made by tools, by running, or by git. Plain walking instead of `git ls-files`,
# because a fresh machine may have no git.
SKIPPED = {".git", ".venv", ".venv.lock", "data", "build", "dist", "htmlcov", "__pycache__", ".hypothesis"}
BINARY = {".png", ".jpg", ".jpeg", ".gif", ".ico", ".webp", ".woff2", ".pdf", ".eml", ".mbox"}


@dataclass(frozen=True)
class Module:
    """One Python file of ours: path relative to the checkout, text, syntax tree."""

    path: str
    text: str
    tree: ast.Module


@cache
def files() -> tuple[str, ...]:
    """All source files, as sorted paths relative to the checkout."""
    found: list[str] = []
    for folder, folders, names in os.walk(ROOT):
        here = Path(folder)
        at_top = here == ROOT
        folders[:] = [name for name in folders if not is_skipped(name, at_top)]
        found += [(here / name).relative_to(ROOT).as_posix() for name in names if not is_skipped(name, at_top)]
    return tuple(sorted(found))


def is_skipped(name: str, at_top: bool) -> bool:
    if name in {"__pycache__", ".hypothesis"} or name.endswith((".pyc", ".swp")):
        return True
    is_cache = name.endswith("_cache") or name.startswith((".coverage", ".test-report", ".venv"))
    return at_top and (name in SKIPPED or is_cache)


def texts(*suffixes: str, under: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """(path, text) of the text files with one of `suffixes`, below one of the folders `under`; none means all."""
    for path in files():
        wanted = not suffixes or path.endswith(suffixes)
        if wanted and Path(path).suffix not in BINARY and (not under or path.split("/")[0] in under):
            yield path, read(path)


@cache
def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def modules(*under: str) -> tuple[Module, ...]:
    """The Python files below the top-level folders `under`; the product's packages by default."""
    folders = under or PACKAGES
    return tuple(parsed(path) for path, _ in texts(".py", under=folders))


@cache
def parsed(path: str) -> Module:
    return Module(path, read(path), ast.parse(read(path), path))


def complain(lesson: str, places: list[str]) -> None:
    """Fail with the reason of the rule and every place that breaks it."""
    __tracebackhide__ = True
    if places:
        raise AssertionError(lesson + "\n" + "\n".join(f"  {place}" for place in sorted(places)))
