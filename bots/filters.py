"""The bot as a filter for JSON lines: what it would understand, without an order, a database or a conversation."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from bots.confidence import ACT
from bots.entities import find_entities
from bots.overhearing import overhear
from bots.rulebook import Rulebook, load_rulebook

# Wishes that the bot never finishes by itself, and the one for a person.
_FOR_PEOPLE = frozenset(
    {"human_handover", "complaint", "item_problem", "repair_install", "payment_problem", "product_question"}
    | {"site_problem"}
)


def classify(lines: Iterable[str], rulebook: Rulebook | None = None) -> Iterator[str]:
    """Read {"id", "text"} per line, write {"id", "intent", "confidence", "entities", "handover"} per line.

    `handover`: this is work for a person. A line that is no such object gives {"error": …}; empty lines are skipped.
    Every line is answered before the next one is read.
    """
    return _filtered(lines, rulebook or load_rulebook(), _classified)


def follow_dialogues(lines: Iterable[str], rulebook: Rulebook | None = None) -> Iterator[str]:
    """Read {"id", "turns": [{"who": "customer" | "agent", "text"}]} per line, write {"id", "order_number", "intent"}.

    What is known at the end of the talk: the number of the order it is about or null, and the wish the customer came
    with or null. Broken lines are answered as by `classify`.
    """
    return _filtered(lines, rulebook or load_rulebook(), _followed)


def _filtered(
    lines: Iterable[str], rulebook: Rulebook, answer: Callable[[dict[str, Any], Rulebook], dict[str, Any]]
) -> Iterator[str]:
    for line in lines:
        if line.strip():
            yield json.dumps(_answered(line, rulebook, answer))


def _answered(
    line: str, rulebook: Rulebook, answer: Callable[[dict[str, Any], Rulebook], dict[str, Any]]
) -> dict[str, Any]:
    try:
        message = json.loads(line)
        if not isinstance(message, dict):
            return {"error": "not a message: no object"}
    except (ValueError, RecursionError) as error:
        return {"error": f"not a message: {error}"}
    try:
        return {"id": message.get("id"), **answer(message, rulebook)}
    except (KeyError, TypeError, AttributeError) as error:
        return {"id": message.get("id"), "error": f"not a message: {error!r}"}


def _classified(message: dict[str, Any], rulebook: Rulebook) -> dict[str, Any]:
    entities = find_entities(_text(message))
    heard = rulebook.understand(entities)
    return {
        "intent": heard.intent,
        "confidence": heard.confidence,
        "entities": {"order_number": list(entities.order_numbers)},
        "handover": heard.confidence >= ACT and heard.intent in _FOR_PEOPLE,
    }


def _followed(dialogue: dict[str, Any], rulebook: Rulebook) -> dict[str, Any]:
    talk = overhear([(str(turn["who"]), _text(turn)) for turn in dialogue["turns"]], rulebook)
    return {"order_number": talk.order_number, "intent": talk.intent()}


def _text(message: dict[str, Any]) -> str:
    text = message["text"]
    if not isinstance(text, str):
        raise TypeError("text is not a string")
    return text
