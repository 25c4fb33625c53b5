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
    intent = heard.intent if heard.confidence >= ACT else "out_of_scope"
    assert intent == row["intent"], dict(heard.scores)
