"""Is a rulebook fit to speak to customers? Every example of every rule, then every golden dialogue."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bots.confidence import ACT
from bots.entities import find_entities
from bots.golden import golden, play
from bots.rulebook import Rulebook
from bots.rulefiles import RuleFile


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rulebook got wrong: in which rule or dialogue, and how."""

    kind: Literal["example", "dialogue"]
    where: str
    text: str


def rehearse(rulebook: Rulebook) -> list[Finding]:
    """Play everything that is written down about how customers are understood. An empty list is a pass."""
    return [*_examples(rulebook), *_dialogues(rulebook)]


def count_rehearsed(rulebook: Rulebook) -> tuple[int, int]:
    """How many examples and golden dialogues a rehearsal of `rulebook` plays."""
    parts = [part for file in rulebook.rules.values() for part in (file.en, file.zh)]
    return sum(len(part.must_catch) + len(part.must_miss) for part in parts), sum(1 for _ in golden())


def _examples(rulebook: Rulebook) -> Iterator[Finding]:
    for file in rulebook.rules.values():
        for part in (file.en, file.zh):
            yield from (Finding("example", file.name, fault) for fault in _uncaught(rulebook, file, part.must_catch))
            yield from (Finding("example", file.name, fault) for fault in _caught(rulebook, file, part.must_miss))


def _uncaught(rulebook: Rulebook, file: RuleFile, texts: tuple[str, ...]) -> Iterator[str]:
    for text in texts:
        heard = rulebook.by_rules(find_entities(text), frozenset(file.needs))
        if heard.rule != file.name or heard.confidence < ACT:
            yield f"{text!r} must be caught, but is heard as {heard.rule} ({heard.confidence:.2f})"


def _caught(rulebook: Rulebook, file: RuleFile, texts: tuple[str, ...]) -> Iterator[str]:
    for text in texts:
        heard = rulebook.by_rules(find_entities(text), frozenset(file.needs))
        if heard.rule == file.name and heard.confidence >= ACT:
            yield f"{text!r} must be left to others, but is caught ({heard.confidence:.2f})"


def _dialogues(rulebook: Rulebook) -> Iterator[Finding]:
    for name, dialogue in golden():
        yield from (Finding("dialogue", name, complaint) for complaint in play(dialogue, rulebook))
