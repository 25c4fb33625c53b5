"""What the program offers is described, and what is described exists."""

import importlib
import inspect
import re
from collections.abc import Iterator

import click
import pytest
from pydantic import BaseModel

from app.cli import main as program
from app.realtime import frames
from app.settings import Settings
from core.events import Event
from docs.reference.generate import PAGES
from tests.architecture.sources import ROOT, complain, files, read

FRONT_DOOR = {"test", "setup", "help"}  # commands of ./wismo itself
OTHER_VARIABLES = {"WISMO_PYTHON"}  # read by ./wismo, not by the program
DOCUMENTS = [path for path in files() if path.endswith(".md") and not path.startswith("tests/data/")]
CODE = re.compile(r"`+([^`]+)`+")


@pytest.mark.parametrize("name", PAGES)
def test_reference_pages_are_current(name: str) -> None:
    """Settings, events, jobs, commands and routes: the program describes itself."""
    assert read(f"docs/reference/{name}") == PAGES[name](), "Run `make reference` and commit what it writes."


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_listed_without_a_meaning(name: str) -> None:
    titles, _, *rows = [line.strip("| ").split(" | ") for line in PAGES[name]().splitlines() if line.startswith("|")]
    column = next(index for index, title in enumerate(titles) if title in {"Meaning", "What it does", "What it is"})
    silent = [row[0] for row in rows if len(row) <= column or re.search(r"(^|: ?)$|: ;", row[column].strip())]
    assert rows
    complain("Write a docstring (a setting: a description); the reference page shows it.", silent)


def test_events_say_what_happened() -> None:
    """A dataclass without a docstring gets its signature as one, which says nothing."""
    silent = [event.__name__ for event in events() if (event.__doc__ or "").startswith(event.__name__ + "(")]
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
    names = {
        str(model.model_fields["type"].default)
        for _, model in inspect.getmembers(frames, inspect.isclass)
        if issubclass(model, BaseModel) and "type" in model.model_fields
    }
    quoted = set(re.findall(r"[\w.]+", " ".join(CODE.findall(read("docs/chat-protocol.md")))))
    assert names
    complain("Frames that docs/chat-protocol.md leaves out:", list(names - quoted))


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


def test_commands_in_documents_exist() -> None:
    known = {name.split()[1] for name, _ in tree(program) if " " in name} | FRONT_DOOR
    unknown = [
        f"{path}: ./wismo {name}"
        for path in DOCUMENTS
        for name in re.findall(r"\./wismo ([a-z][a-z-]*)", " ".join(CODE.findall(read(path))))
        if name not in known
    ]
    complain("Commands that do not exist:", unknown)


def tree(command: click.Command, name: str = "wismo") -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for child_name, child in command.commands.items():
            yield from tree(child, f"{name} {child_name}")
    yield name, command


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


def test_every_document_can_be_found() -> None:
    """Somebody who starts at the README reaches every page by links, of a folder at least."""
    reached, waiting = set[str](), ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
    while waiting:
        path = waiting.pop()
        if path in reached or not (ROOT / path).exists():
            continue
        reached.add(path)
        for target in re.findall(r"\]\(([^)\s#]+)", read(path) if path.endswith(".md") else ""):
            document = ((ROOT / path).parent / target).resolve()
            if document.is_relative_to(ROOT):
                inside = [document, *document.glob("*.md")] if document.is_dir() else [document]
                waiting += [found.relative_to(ROOT).as_posix() for found in inside]
    lost = [path for path in DOCUMENTS if path not in reached and path.startswith("docs/") and "template" not in path]
    complain("No link leads to these pages from the README:", lost)


def headings(text: str) -> set[str]:
    """The anchors that a document's headings get."""
    titles = re.findall(
        r"^#+ +(.+?) *$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE
    )
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_a_decision_is_named_by_one_number() -> None:
    named = [name for path in DOCUMENTS if (name := path.removeprefix("docs/decisions/"))[:4].isdigit()]
    assert [name[:4] for name in named] == [f"{number:04}" for number in range(1, len(named) + 1)]
    for name in named:
        assert read(f"docs/decisions/{name}").startswith(f"# {name[:4]} ")
