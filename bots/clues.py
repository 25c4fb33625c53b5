"""The patterns of all rules in one language, found by the words that a sentence must contain for them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from bots.patterns import Pattern, PatternError, compile_chinese, compile_english
from bots.rulefiles import RulebookError, RuleSources

_TAG = re.compile(r"<[a-z]+>")


@dataclass(frozen=True, slots=True)
class Clue:
    """One pattern of a rule, given by its place among the files."""

    pattern: Pattern
    rule: int
    weight: float  # 0: an excluding pattern


class Clues:
    """The clues of one language, found by the words a sentence must contain for them."""

    def __init__(self, clues: list[Clue]) -> None:
        self._clues = clues
        self._exact: dict[str, list[int]] = {}
        self._beginning: dict[str, list[int]] = {}
        for number, clue in enumerate(clues):
            for anchor in clue.pattern.anchors:
                table = self._beginning if anchor.endswith("*") else self._exact
                table.setdefault(anchor.rstrip("*"), []).append(number)

    def clues(self, keys: Iterable[str]) -> list[Clue]:
        """The clues worth trying, in the order of the files."""
        found: set[int] = set()
        for key in keys:
            found.update(self._exact.get(key, ()))
            if self._beginning:
                for end in range(2, min(len(key), 14) + 1):
                    found.update(self._beginning.get(key[:end], ()))
        return [self._clues[number] for number in sorted(found)]


def compile_clues(sources: RuleSources, language: Literal["en", "zh"]) -> list[Clue]:
    """Compile every pattern of one language. Raises RulebookError."""
    clues = []
    for number, file in enumerate(sources.files):
        part = file.en if language == "en" else file.zh
        for say, weight in [(say, 0.0) for say in part.never] + part.weights():
            try:
                clues.append(Clue(_compiled(say, sources, language), number, weight))
            except PatternError as error:
                raise RulebookError(f"{file.name}.toml, {language}: {error}") from error
    return clues


def english_keys(sentence: str) -> list[str]:
    """The words by which patterns are found."""
    return sentence.split()


def chinese_keys(sentence: str) -> set[str]:
    """The characters, pairs and tags by which patterns are found."""
    return {*sentence, *(sentence[i : i + 2] for i in range(len(sentence) - 1)), *_TAG.findall(sentence)}


def _compiled(say: str, sources: RuleSources, language: Literal["en", "zh"]) -> Pattern:
    if language == "en":
        return compile_english(say, sources.concepts_en)
    return compile_chinese(say, sources.concepts_zh)
