"""The golden dialogues: turn by turn, in both languages."""

from typing import Any

import pytest

from bots.golden import golden, play
from bots.rulebook import Rulebook

DIALOGUES = dict(golden())


@pytest.mark.parametrize("name", DIALOGUES)
def test_dialogue(name: str, rulebook: Rulebook) -> None:
    assert play(DIALOGUES[name], rulebook) == []


@pytest.mark.parametrize(
    ("turn", "complaint"),
    [
        ({"says": ["order_cancelled"]}, "says should be ['order_cancelled'], but is ['ask_number']"),
        ({"actions": ["Handover"]}, "actions should be ['Handover'], but is []"),
        ({"awaiting": "code"}, "awaiting should be 'code', but is 'order_number'"),
        ({"contains": ["pancakes"]}, "'pancakes' is missing in"),
        ({"hides": ["order"]}, "'order' must not be in"),
        ({"ticket_order": ["ord_1001"]}, "ticket_order should be ['ord_1001'], but is []"),
    ],
)
def test_a_dialogue_that_goes_wrong_says_where(turn: dict[str, Any], complaint: str, rulebook: Rulebook) -> None:
    dialogue = {"orders": {}, "turn": [{"customer": "Where is my order?", **turn}]}
    (said,) = play(dialogue, rulebook)
    assert said.startswith("after 'Where is my order?': ")
    assert complaint in said
