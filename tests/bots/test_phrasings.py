"""Messages as customers type them: short, run together, with slips; English and Chinese."""

import json
from pathlib import Path

import pytest

from bots.confidence import ACT
from bots.entities import find_entities
from bots.rulebook import Rulebook

FILES = sorted((Path(__file__).parent.parent / "data" / "bot").glob("*_phrasings.jsonl"))
ROWS = [json.loads(line) for path in FILES for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["text"])
def test_is_understood(row: dict[str, str], rulebook: Rulebook) -> None:
    heard = rulebook.understand(find_entities(row["text"]))
    assert heard.intent == row["intent"], (heard.likely, dict(heard.scores))


def test_most_are_certain(rulebook: Rulebook) -> None:
    heard = [rulebook.understand(find_entities(row["text"])) for row in ROWS if row["intent"] != "out_of_scope"]
    assert sum(each.confidence >= ACT for each in heard) >= 0.9 * len(heard)
