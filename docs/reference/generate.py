"""Writes the reference pages from the program itself: `.venv/bin/python docs/reference/generate.py`.

A test compares the pages with what this would write, so that they cannot fall behind.
"""

import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path

import click
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent))

from app.cli import main as program  # noqa: E402
from app.jobs import HANDLERS  # noqa: E402
from app.main import ROUTES  # noqa: E402
from app.settings import Settings  # noqa: E402
from core.events import Event  # noqa: E402

NOTE = "<!-- Written by docs/reference/generate.py; change the program, then run it. -->\n"


def settings() -> str:
    """One row a setting."""
    rows = [
        (f"`WISMO_{name.upper()}`", field.description or "", _shown(field.get_default()))
        for name, field in Settings.model_fields.items()
    ]
    return _page(
        "Settings",
        "Read once at the start. `./wismo config show` prints what is in force, secrets masked.",
        ("Variable", "Meaning", "Default"),
        rows,
    )


def events() -> str:
    """One row an event, by package."""
    for package in ("orders", "conversations", "tickets"):
        import_module(f"{package}.events")
    rows = [
        (
            f"`{event.__name__}`",
            event.__module__.partition(".")[0],
            " ".join((event.__doc__ or "").split()),
            ", ".join(f"`{name}`" for name in event.__annotations__),
        )
        for event in sorted(Event.__subclasses__(), key=lambda event: (event.__module__, event.__name__))
        if not event.__module__.startswith("tests.") and "__slots__" in vars(event)  # else: before its slots were made
    ]
    return _page(
        "Events",
        "Frozen facts in the past tense; `app/reactions/__init__.py` is the list of what follows each.",
        ("Event", "Package", "Meaning", "Carries"),
        rows,
    )


def jobs() -> str:
    """One row a job kind."""
    rows = [(f"`{kind}`", _summary(handler), f"`{handler.__module__}`") for kind, handler in sorted(HANDLERS.items())]
    return _page(
        "Jobs",
        "Durable work: leased, repeated with growing pauses, dead after 12 tries. Every handler may run twice.",
        ("Kind", "What it does", "Where"),
        rows,
    )


def commands() -> str:
    """One row a command."""
    rows = [
        (f"`{name}`", (command.help or "").splitlines()[0])
        for name, command in _tree(program, "wismo")
        if not isinstance(command, click.Group)
    ]
    return _page(
        "Commands",
        "Call them as `./wismo COMMAND`; each explains its options with `--help`.",
        ("Command", "What it does"),
        sorted(rows),
    )


def routes() -> str:
    """One row an address."""
    found: dict[str, list[str]] = {}
    for path, route in _routes(ROUTES):
        found.setdefault(path, []).append(_of(route))
    rows = [(f"`{path}`", "; ".join(dict.fromkeys(texts))) for path, texts in sorted(found.items())]
    return _page("Routes", "Every address the desk answers at.", ("Path", "What it is"), rows)


PAGES = {"settings.md": settings, "events.md": events, "jobs.md": jobs, "commands.md": commands, "routes.md": routes}


def _page(title: str, lead: str, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [NOTE, f"# {title}\n", f"{lead}\n", "| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _shown(default: object) -> str:
    text = "" if default is None else str(default)
    return "" if text in ("", "**********") else f"`{text}`"


def _summary(thing: object) -> str:
    return (inspect.getdoc(thing) or "").partition("\n\n")[0].replace("\n", " ")


_OWN_WORDS = re.compile(r"^(GET|POST)( [^ :]*)?: ")  # what a docstring repeats of its route


def _tree(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for child_name, child in command.commands.items():
            yield from _tree(child, f"{name} {child_name}")
    yield name, command


def _routes(table: Iterable[BaseRoute], prefix: str = "") -> Iterator[tuple[str, BaseRoute]]:
    for route in table:
        if isinstance(route, Mount):
            if route.routes:
                yield from _routes(route.routes, prefix + route.path)
            else:
                yield prefix + route.path, route
        elif isinstance(route, Route | WebSocketRoute):
            yield prefix + route.path, route


def _of(route: BaseRoute) -> str:
    if isinstance(route, WebSocketRoute):
        return f"socket: {_summary(route.endpoint)}"
    if isinstance(route, Route):
        methods = ", ".join(sorted((route.methods or set()) - {"HEAD"}))
        return f"{methods}: {_OWN_WORDS.sub('', _summary(route.endpoint))}"
    return "files"


if __name__ == "__main__":
    for name, write in PAGES.items():
        (HERE / name).write_text(write(), encoding="utf-8")
