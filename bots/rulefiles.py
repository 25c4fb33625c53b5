"""Reading the rule files: TOML, checked, with an error that names the file and the reason."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bots.patterns import Concepts
from bots.wording import no_spaces_between_cjk

SURE, LIKELY, HINT = 0.95, 0.8, 0.45

Changes = Mapping[str, str]  # the text of a rule file by the rule's name; an empty text removes the rule
NO_CHANGES: Changes = MappingProxyType({})

Context = Literal["order_number", "code", "order_choice", "problem", "order_known"]


class RulebookError(ValueError):
    """A rule file is wrong; the text names the file and the reason."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Weighted(_Strict):
    say: str
    weight: Annotated[float, Field(gt=0, lt=1)]


class RulePart(_Strict):
    """How a wish is said in one language: patterns by strength, what rules it out, and sentences that prove it."""

    sure: tuple[str, ...] = ()
    likely: tuple[str, ...] = ()
    hint: tuple[str, ...] = ()
    weighted: tuple[_Weighted, ...] = ()
    never: tuple[str, ...] = ()
    must_catch: tuple[str, ...] = ()
    must_miss: tuple[str, ...] = ()

    def weights(self) -> list[tuple[str, float]]:
        """Every pattern with its weight."""
        groups = ((self.sure, SURE), (self.likely, LIKELY), (self.hint, HINT))
        return [(say, weight) for says, weight in groups for say in says] + [(w.say, w.weight) for w in self.weighted]


class RuleFile(_Strict):
    """One file of rules/: what a wish means, how it is said in both languages, and how it is not."""

    name: str
    intent: str
    means: Annotated[str, Field(min_length=1, max_length=200)]
    means_zh: Annotated[str, Field(max_length=200)] = ""
    small: bool = False  # talk that gives way to any other wish in the same message
    whole: bool = False  # counts only when it is nearly all that was said
    beats: tuple[str, ...] = ()  # rules that lose when both match
    needs: tuple[Context, ...] = ()  # read only while one of these is so
    en: RulePart = RulePart()
    zh: RulePart = RulePart()

    def meaning(self, language: str) -> str:
        """What a wish means, for people, in their language if it is written down."""
        return (self.means_zh if language == "zh" else "") or self.means


@dataclass(frozen=True, slots=True)
class RuleSources:
    """All rule files of one directory. `version` is a hash of their contents."""

    files: tuple[RuleFile, ...]
    concepts_en: Concepts
    concepts_zh: Concepts
    words: Mapping[str, Any]
    version: str


def read_rules(directory: Path, changes: Changes = NO_CHANGES) -> RuleSources:
    """Read rules/*.toml and rules/shared/*.toml, with `changes` in place of some. Raises RulebookError."""
    texts = rule_texts(directory, changes)
    shared = {name: _text(directory / "shared" / f"{name}.toml") for name in ("concepts", "words")}
    digest = hashlib.sha256()
    for name, text in (*texts.items(), *shared.items()):
        digest.update(f"{name}.toml\0{text}\0".encode())
    concepts, words = (_toml(name, text) for name, text in shared.items())
    files = tuple(read_rule(name, text) for name, text in texts.items())
    _check_names(files)
    same = words["en"]["same"]
    return RuleSources(
        files=files,
        concepts_en={name: tuple(_long_form(say, same) for say in says) for name, says in concepts["en"].items()},
        concepts_zh={name: tuple(no_spaces_between_cjk(say) for say in says) for name, says in concepts["zh"].items()},
        words=words,
        version=digest.hexdigest()[:16],
    )


def rule_texts(directory: Path, changes: Changes = NO_CHANGES) -> dict[str, str]:
    """The text of every rule by name, in the order in which rules are read. Raises RulebookError."""
    texts = {path.stem: _text(path) for path in directory.glob("*.toml")} | dict(changes)
    return {name: texts[name] for name in sorted(texts) if texts[name].strip()}


def read_rule(name: str, text: str) -> RuleFile:
    """Read the text of one rule's file. Raises RulebookError."""
    try:
        file = RuleFile.model_validate(_toml(name, text))
    except ValidationError as error:
        raise RulebookError(f"{name}.toml: {_reasons(error)}") from error
    if file.name != name:
        raise RulebookError(f"{name}.toml: the name inside is {file.name!r}")
    return file


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RulebookError(f"{path.name}: {error}") from error


def _toml(name: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RulebookError(f"{name}.toml: {error}") from error


def _reasons(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}" for each in error.errors())


def _check_names(files: tuple[RuleFile, ...]) -> None:
    rules = {file.name: file for file in files}
    for file in files:
        if unknown := set(file.beats) - set(rules):
            raise RulebookError(f"{file.name}.toml beats rules that are not there: {', '.join(sorted(unknown))}")
        if both := [name for name in file.beats if file.name in rules[name].beats]:
            raise RulebookError(f"{file.name}.toml and {', '.join(both)} beat each other, so that neither is heard")


def _long_form(phrase: str, same: Mapping[str, str]) -> str:
    return " ".join(same.get(word, word) for word in phrase.split())
