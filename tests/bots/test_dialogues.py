"""The golden dialogues: turn by turn, in both languages."""

from typing import Any

import pytest

from bots.decisions import Decision, OpenTicket
from bots.rulebook import Rulebook
from tests.bots.talking import Talk, described, golden, owned

DIALOGUES = dict(golden())


@pytest.mark.parametrize("name", DIALOGUES)
def test_dialogue(name: str, rulebook: Rulebook) -> None:
    dialogue = DIALOGUES[name]
    talk = Talk(rulebook, owned(dialogue["orders"]), proved=dialogue.get("proved", False))
    for turn in dialogue["turn"]:
        decision = talk.enter_right_code() if turn.get("code_is_right") else talk.say(turn["customer"])
        check(turn, decision)


def check(turn: dict[str, Any], decision: Decision) -> None:
    text = "\n".join(reply.text for reply in decision.replies)
    if "says" in turn:
        assert [reply.phrase for reply in decision.replies] == turn["says"], text
    if "actions" in turn:
        assert [described(action) for action in decision.actions] == turn["actions"]
    for words in turn.get("contains", ()):
        assert words in text
    for words in turn.get("hides", ()):
        assert words not in text
    if "awaiting" in turn:
        assert (decision.dialogue.awaiting or "") == turn["awaiting"]
    if "form" in turn:
        assert decision.replies[-1].form == turn["form"]
    if "card" in turn:
        assert decision.replies[-1].order_id == turn["card"]
    if "buttons" in turn:
        assert [each.label for each in decision.replies[-1].quick_replies] == turn["buttons"]
    check_ticket(turn, decision)


def check_ticket(turn: dict[str, Any], decision: Decision) -> None:
    tickets = [action for action in decision.actions if isinstance(action, OpenTicket)]
    if "ticket_order" in turn:
        assert [ticket.order_id or "" for ticket in tickets] == [turn["ticket_order"]]
    if "ticket_number" in turn:
        assert [ticket.order_number for ticket in tickets] == [turn["ticket_number"]]
    for ticket in tickets:
        assert ticket.subject
        assert ticket.summary
