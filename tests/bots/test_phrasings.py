"""Chinese as customers type it: short, run together, with particles and slips."""

import json
from pathlib import Path

import pytest

from bots.engine import ACT
from bots.entities import find_entities
from bots.rulebook import Rulebook

FILE = Path(__file__).parent.parent / "data" / "bot" / "zh_phrasings.jsonl"
ROWS = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["text"])
def test_is_understood(row: dict[str, str], rulebook: Rulebook) -> None:
    heard = rulebook.understand(find_entities(row["text"]))
    intent = heard.intent if heard.confidence >= ACT else "out_of_scope"
    assert intent == row["intent"], dict(heard.scores)
