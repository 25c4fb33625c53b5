"""The house rules that a tool cannot know: how to find a breach in a syntax tree, why, and who may do it."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from tests.architecture.sources import PACKAGES

LOOKED_AT = (ast.Call, ast.Attribute, ast.Import, ast.ImportFrom, ast.Compare, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Rule:
    """`find` yields offending nodes, `lesson` says what to do instead, `escapes` maps files to why they may."""

    name: str
    lesson: str
    find: Callable[[ast.Module], Iterator[ast.AST]]
    escapes: dict[str, str]
    bad: tuple[str, ...]
    good: tuple[str, ...]


def dotted(node: ast.AST) -> str:
    """`a.b.c` for a chain of names, with `()` for calls in between; empty for anything else."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            return f"{dotted(value)}.{attr}"
        case ast.Call(func=func):
            return f"{dotted(func)}()"
    return ""


@cache
def nodes(tree: ast.Module) -> tuple[ast.AST, ...]:
    """Whatever a rule may look at: many rules look at the same trees."""
    return tuple(node for node in ast.walk(tree) if isinstance(node, LOOKED_AT))


def calls_of(*suffixes: str) -> Callable[[ast.Module], Iterator[ast.AST]]:
    """Calls of these dotted names, whatever module they were reached through."""

    def find(tree: ast.Module) -> Iterator[ast.AST]:
        for node in nodes(tree):
            if isinstance(node, ast.Call):
                name = "." + dotted(node.func)
                if any(name.endswith("." + suffix) for suffix in suffixes):
                    yield node

    return find


def wall_clock(tree: ast.Module) -> Iterator[ast.AST]:
    yield from calls_of("datetime.now", "datetime.today", "date.today", "utcnow", "utcfromtimestamp", "time.time")(tree)
    yield from imported(tree, "time", {"time", "localtime", "gmtime"})


def environment(tree: ast.Module) -> Iterator[ast.AST]:
    for node in nodes(tree):
        if isinstance(node, ast.Attribute) and dotted(node) in {"os.environ", "os.getenv", "os.putenv"}:
            yield node
    yield from imported(tree, "os", {"environ", "getenv"})


def imported(tree: ast.Module, module: str, names: set[str]) -> Iterator[ast.AST]:
    for node in nodes(tree):
        if isinstance(node, ast.ImportFrom) and node.module == module and names & {alias.name for alias in node.names}:
            yield node


def local_imports(tree: ast.Module) -> Iterator[ast.AST]:
    if not any(isinstance(node, ast.Import | ast.ImportFrom) and node.col_offset for node in nodes(tree)):
        return
    for function in nodes(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if PACKAGES_SET & roots(node):
                    yield node


def roots(node: ast.AST) -> set[str]:
    match node:
        case ast.Import(names=names):
            return {alias.name.split(".")[0] for alias in names}
        case ast.ImportFrom(module=str(module)):
            return {module.split(".")[0]}
    return set()


def loose_hashes(tree: ast.Module) -> Iterator[ast.AST]:
    """Comparisons by == or != where one side is called signature, digest, hmac or the like."""
    for node in nodes(tree):
        if isinstance(node, ast.Compare) and any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
            names = {dotted(side).rsplit(".", 1)[-1].removesuffix("()") for side in (node.left, *node.comparators)}
            if names & {"signature", "digest", "hexdigest", "hmac", "token_hash", "code_hash", "form_token"}:
                yield node


PACKAGES_SET = set(PACKAGES)

RULES = (
    Rule(
        "one clock",
        "Ask core.clock.now(): it is always aware UTC, and tests can freeze it. (Durations: time.monotonic().)",
        wall_clock,
        {
            "core/clock.py": "it is the clock",
            "app/limits.py": "the library behind it counts by the wall clock",
        },
        bad=(
            "datetime.now(UTC)",
            "datetime.datetime.utcnow()",
            "t = time.time()",
            "from time import time",
            "date.today()",
        ),
        good=("now()", "clock.now()", "time.monotonic()", "from datetime import datetime"),
    ),
    Rule(
        "no bare tasks",
        "Use core.tasks.spawn(): a bare task keeps the connection of a transaction and may write into somebody else's."
        " (Inside one function asyncio.TaskGroup is fine.)",
        calls_of("asyncio.create_task", "asyncio.ensure_future", "get_running_loop().create_task", "loop.create_task"),
        {
            "core/tasks.py": "it is spawn()",
            "core/engines/transactions.py": "waits for its task in the same call, within the same transaction",
        },
        bad=("asyncio.create_task(f())", "asyncio.get_running_loop().create_task(f())", "self.loop.create_task(f())"),
        good=("spawn(f(), name='x')", "group.create_task(f())"),
    ),
    Rule(
        "imports at the top",
        "Import our packages at the top of the file: an import in a function hides a circle. Turn the dependency round"
        " (an event and a reaction, a value passed in) instead.",
        local_imports,
        {},
        bad=("def f():\n    from orders import access", "async def f():\n    import core.jobs"),
        good=("from orders import access", "def f():\n    from PIL import Image"),
    ),
    Rule(
        "one place for settings",
        "Read a field of app.settings.Settings: settings are read once, checked, documented and passed in.",
        environment,
        {},
        bad=("os.environ['HOME']", "x = os.getenv('A')", "from os import environ"),
        good=("settings.data_dir", "os.path.join(a, b)"),
    ),
    Rule(
        "secrets in constant time",
        "Compare secrets by hmac.compare_digest(): == tells an attacker how many characters were right.",
        loose_hashes,
        {},
        bad=("if given == signature: pass", "row.token_hash != digest", "mac.hexdigest() == theirs"),
        good=("hmac.compare_digest(given, signature)", "signature is None", "kind == 'signature'"),
    ),
)
