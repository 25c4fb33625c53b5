"""Every word for people exists in both languages: English is the msgid, Chinese stands in the catalogue."""

import re
import tomllib
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

from tests.architecture.sources import ROOT, complain, read

CATALOGUE = ROOT / "app/locales/zh/LC_MESSAGES/wismo.po"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}")
LESSON = "Run `make messages` and write the Chinese into app/locales/zh/LC_MESSAGES/wismo.po."


@pytest.fixture(scope="module")
def extracted() -> dict[str, str]:
    """Message → where it stands first."""
    return {message: f"{path}:{line}" for path, line, message in reversed(list(messages()))}


@pytest.fixture(scope="module")
def chinese() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="zh")


def messages() -> Iterator[tuple[str, int, str]]:
    mappings = tomllib.loads(read("pyproject.toml"))["tool"]["babel"]["mappings"]
    found = extract_from_dir(
        ROOT,
        method_map=[(mapping["pattern"], mapping["method"]) for mapping in mappings],
        options_map={mapping["pattern"]: mapping for mapping in mappings},
        keywords={**DEFAULT_KEYWORDS, "t": None},
    )
    for path, line, message, _, _ in found:
        yield path, line, message if isinstance(message, str) else message[0]


def test_every_message_is_translated(extracted: dict[str, str], chinese: Catalog) -> None:
    untranslated = [f"{place}: {message}" for message, place in extracted.items() if not is_done(chinese.get(message))]
    complain(LESSON, untranslated)


def is_done(message: Message | None) -> bool:
    if message is None or message.fuzzy:
        return False
    return all(message.string if isinstance(message.string, tuple | list) else [message.string])


def test_no_translation_is_left_over(extracted: dict[str, str], chinese: Catalog) -> None:
    left = [text_of(message) for message in chinese if message.id and text_of(message) not in extracted]
    complain("Nothing says this any more; remove it from the catalogue (`make messages`).", left)


def test_translations_keep_the_placeholders(chinese: Catalog) -> None:
    broken = [text_of(message) for message in chinese if message.id and not keeps_placeholders(message)]
    complain("A translation names other placeholders than its English:", broken)


def keeps_placeholders(message: Message) -> bool:
    english = message.id if isinstance(message.id, tuple | list) else [message.id]
    strings = message.string if isinstance(message.string, tuple | list) else [message.string]
    wanted = {name for text in english for name in PLACEHOLDER.findall(text)}
    return all(set(PLACEHOLDER.findall(text)) == wanted for text in strings if text)


def text_of(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]
