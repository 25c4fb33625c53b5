"""The bot as a filter for JSON lines: what it would understand, without an order, a database or a conversation."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from bots.engine import ACT
from bots.entities import find_entities
from bots.rulebook import Rulebook, own_rulebook


def classify(lines: Iterable[str], rulebook: Rulebook | None = None) -> Iterator[str]:
    """Read {"id", "text"} per line, write {"id", "intent", "confidence", "entities", "handover"} per line.

    `handover`: the engine would bring a person at once. A line that is no such object gives {"error": …}; empty lines
    are skipped.
    """
    rules = rulebook or own_rulebook()
    for line in lines:
        if line.strip():
            yield json.dumps(_classified(line, rules), ensure_ascii=False)


def _classified(line: str, rulebook: Rulebook) -> dict[str, Any]:
    try:
        message = json.loads(line)
        text = message["text"]
    except (ValueError, KeyError, TypeError) as error:
        return {"error": f"not a message: {error}"}
    if not isinstance(text, str):
        return {"id": message.get("id"), "error": "not a message: text is not a string"}
    entities = find_entities(text)
    heard = rulebook.understand(entities)
    return {
        "id": message.get("id"),
        "intent": heard.intent,
        "confidence": heard.confidence,
        "entities": {"order_number": list(entities.order_numbers)},
        "handover": heard.confidence >= ACT and heard.rule in _FOR_PEOPLE,
    }


_FOR_PEOPLE = frozenset(
    {"human_handover", "complaint", "item_problem", "return_exchange", "refund_request", "not_received"}
)
