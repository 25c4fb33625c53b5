"""The bot as a filter: JSON lines in, JSON lines out."""

import json

from bots.filters import classify
from bots.rulebook import Rulebook


def test_classify(rulebook: Rulebook) -> None:
    lines = [
        '{"id": "a", "text": "Where is order 1001?"}\n',
        "\n",
        '{"id": "b", "text": "转人工"}',
        '{"id": "c", "text": "blorp"}',
        "not json",
        '{"id": "d"}',
        '{"id": "e", "text": 7}',
        "[]",
    ]
    first, person, unknown, *broken = [json.loads(line) for line in classify(lines, rulebook)]
    assert first["id"] == "a"
    assert first["intent"] == "order_status"
    assert first["confidence"] >= 0.6
    assert first["entities"] == {"order_number": ["1001"]}
    assert first["handover"] is False
    assert person["intent"] == "human_handover"
    assert person["handover"] is True
    assert unknown["intent"] == "out_of_scope"
    assert unknown["confidence"] == 0.0
    assert all("error" in line for line in broken)
    assert len(broken) == 4
