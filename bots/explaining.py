"""Why a sentence is understood as it is: what was found, which patterns fitted, who won, and what would follow."""

from dataclasses import dataclass
from typing import Literal

from bots.confidence import ACT, GUESS
from bots.dialogue import Language
from bots.entities import Entities, find_entities
from bots.hearing import Fired, Understanding
from bots.question import Question, language_of
from bots.rulebook import Rulebook

Outcome = Literal["acts", "asks_back", "asks_openly"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One sentence, seen from the inside. `standing`: every rule that was heard, the strongest first."""

    language: Language
    entities: Entities
    heard: Understanding
    fired: tuple[Fired, ...]
    standing: tuple[tuple[str, float], ...]
    outcome: Outcome


def explain(text: str, rulebook: Rulebook, contexts: frozenset[str] = frozenset()) -> Explanation:
    """Understand `text` as the engine does, outside of any conversation, and keep the reasons."""
    entities = find_entities(text)
    heard = rulebook.understand(entities, contexts)
    return Explanation(
        language=language_of(Question(text), None),
        entities=entities,
        heard=heard,
        fired=tuple(rulebook.fired(heard.wording)),
        standing=tuple(sorted(heard.scores.items(), key=lambda item: (-item[1], item[0]))),
        outcome=_outcome(heard, rulebook),
    )


def _outcome(heard: Understanding, rulebook: Rulebook) -> Outcome:
    if heard.rule not in rulebook.rules or heard.confidence < GUESS:
        return "asks_openly"
    return "acts" if heard.confidence >= ACT else "asks_back"
