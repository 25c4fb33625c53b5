"""What the program offers is described, and what is described exists."""

import importlib
import inspect
import re
from collections.abc import Iterable, Iterator

import click
import pytest
from pydantic import BaseModel
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from app import cli, jobs, main
from app.realtime import frames
from app.settings import Settings
from core.events import Event
from tests.architecture.sources import ROOT, complain, files, read

FRONT_DOOR = {"test", "setup", "help"}  # commands of ./wismo itself
OTHER_VARIABLES = {"WISMO_PYTHON"}  # read by ./wismo, not by the program
DOCUMENTS = [path for path in files() if path.endswith(".md")]


def described(*documents: str) -> str:
    paths = documents or tuple(path for path in DOCUMENTS if path.startswith("docs/"))
    return "\n".join(read(path) for path in paths)


def undescribed(names: Iterable[str], text: str) -> list[str]:
    """Those of `names` that never stand in code quotes or in a code block."""
    quoted = " ".join(re.findall(r"`+([^`]+)`+", text))
    return [name for name in names if not re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", quoted)]


def test_settings_are_described() -> None:
    names = [f"WISMO_{name.upper()}" for name in Settings.model_fields]
    complain(
        "Settings that docs/reference/settings.md leaves out:",
        undescribed(names, described("docs/reference/settings.md")),
    )


def test_settings_in_documents_exist() -> None:
    known = {f"WISMO_{name.upper()}" for name in Settings.model_fields} | OTHER_VARIABLES
    unknown = [
        f"{path}: {name}"
        for path in files()
        if path.endswith((".md", ".yml", ".yaml", ".service", ".conf", ".env")) and not path.startswith("tests/")
        for name in re.findall(r"\bWISMO_[A-Z_]*[A-Z]\b", read(path))
        if name not in known
    ]
    complain("Settings that do not exist:", unknown)


def test_events_are_described() -> None:
    names = [event.__name__ for event in events()]
    assert names
    complain(
        "Events that docs/reference/events.md leaves out:", undescribed(names, described("docs/reference/events.md"))
    )


def test_events_say_when_they_are_recorded() -> None:
    silent = [
        event.__name__ for event in events() if event.__doc__ is None or event.__doc__.startswith(event.__name__ + "(")
    ]
    complain("An event's docstring says what happened and when it is recorded.", silent)


def events() -> list[type[Event]]:
    for path in files():
        if path.endswith("/events.py") and not path.startswith("tests/"):
            importlib.import_module(path.removesuffix(".py").replace("/", "."))
    return [event for event in subclasses(Event) if not event.__module__.startswith("tests.")]


def subclasses(cls: type[Event]) -> Iterator[type[Event]]:
    for subclass in cls.__subclasses__():
        yield subclass
        yield from subclasses(subclass)


def test_frames_are_described() -> None:
    names = [
        str(model.model_fields["type"].default)
        for _, model in inspect.getmembers(frames, inspect.isclass)
        if issubclass(model, BaseModel) and "type" in model.model_fields
    ]
    assert names
    complain("Frames that docs/chat-protocol.md leaves out:", undescribed(names, described("docs/chat-protocol.md")))


def test_jobs_are_described() -> None:
    assert jobs.HANDLERS
    complain(
        "Job kinds that docs/reference/jobs.md leaves out:",
        undescribed(jobs.HANDLERS, described("docs/reference/jobs.md")),
    )


def test_commands_are_described() -> None:
    names = list(commands(cli.main))
    assert names
    complain(
        "Commands that docs/reference/commands.md leaves out:",
        undescribed(names, described("docs/reference/commands.md")),
    )


def test_commands_help_themselves() -> None:
    silent = [name for name, command in tree(cli.main) if not (command.help or "").strip()]
    complain("`wismo COMMAND --help` says nothing:", silent)


def test_commands_in_documents_exist() -> None:
    known = {name.split()[1] for name in commands(cli.main)} | FRONT_DOOR
    unknown = [
        f"{path}: ./wismo {name}"
        for path in DOCUMENTS
        for name in re.findall(r"\./wismo ([a-z][a-z-]*)", " ".join(re.findall(r"`+([^`]+)`+", read(path))))
        if name not in known
    ]
    complain("Commands that do not exist:", unknown)


def commands(group: click.Command) -> Iterator[str]:
    for name, command in tree(group):
        if not isinstance(command, click.Group):
            yield name


def tree(command: click.Command, name: str = "wismo") -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for child_name, child in command.commands.items():
            yield from tree(child, f"{name} {child_name}")
    yield name, command


def test_routes_are_described() -> None:
    paths = sorted(set(routes(main.ROUTES)))
    assert paths
    complain(
        "Addresses that docs/reference/routes.md leaves out:", undescribed(paths, described("docs/reference/routes.md"))
    )


def routes(table: Iterable[BaseRoute], prefix: str = "") -> Iterator[str]:
    for route in table:
        if isinstance(route, Mount):
            yield from routes(route.routes or [], prefix + route.path) if route.routes else [prefix + route.path]
        elif isinstance(route, Route | WebSocketRoute):
            yield prefix + route.path


@pytest.mark.parametrize("path", DOCUMENTS)
def test_links_lead_somewhere(path: str) -> None:
    lost = []
    for target in re.findall(r"\]\(([^)\s]+)\)", read(path)):
        name, _, heading = target.partition("#")
        document = ((ROOT / path).parent / name).resolve() if name else ROOT / path
        if re.match(r"[a-z]+:", target):
            continue
        if not document.exists() or (heading and heading not in headings(document.read_text(encoding="utf-8"))):
            lost.append(target)
    complain(f"{path} links to nothing:", lost)


def headings(text: str) -> set[str]:
    """The anchors that a document's headings get."""
    titles = re.findall(
        r"^#+ +(.+?) *$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE
    )
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
