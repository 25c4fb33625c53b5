"""Half understood: the guess is named, or both when two are likely, and each button's words are understood."""

from dataclasses import replace

import pytest

from bots.confidence import ACT
from bots.decisions import Decision
from bots.dialogue import Dialogue
from bots.engine import decide
from bots.entities import Entities, find_entities
from bots.hearing import Understanding
from bots.phrases import wordings
from bots.question import Question
from bots.rulebook import RULES, Rulebook
from bots.rulefiles import RuleFile, read_rules
from bots.sample_orders import NOW

SOURCES = read_rules(RULES)
NAMED = [file for file in SOURCES.files if f"wish_{file.name}" in wordings() and not file.needs]


class Unsure(Rulebook):
    """Hears a message that starts with "about" or 关于 with half a certainty, and everything else by the rules."""

    likely: tuple[tuple[str, float], ...] = ()

    def understand(self, entities: Entities, contexts: frozenset[str] = frozenset()) -> Understanding:
        heard = super().understand(entities, contexts)
        if not entities.text.startswith(("about", "关于")):
            return heard
        intent = self.likely[0][0]
        return replace(heard, rule=intent, intent=intent, confidence=0.45, likely=self.likely)


def asked(text: str, *likely: tuple[str, float]) -> tuple[Unsure, Decision]:
    rulebook = Unsure(SOURCES)
    rulebook.likely = likely
    return rulebook, decide(Question(text), Dialogue(), [], NOW, rulebook)


@pytest.mark.parametrize("file", NAMED, ids=lambda file: file.name)
def test_what_a_button_posts_is_understood(file: RuleFile, rulebook: Rulebook) -> None:
    for example in (file.en.must_catch[0], file.zh.must_catch[0]):
        heard = rulebook.understand(find_entities(example))
        assert heard.rule == file.name
        assert heard.confidence >= ACT


def test_two_likely_wishes_are_both_named_and_either_can_be_chosen() -> None:
    rulebook, decision = asked("about a refund", ("refund_status", 0.53), ("refund_request", 0.45))
    (reply,) = decision.replies
    assert reply.phrase == "clarify_either"
    assert [button.label for button in reply.quick_replies][:2] == ["Where a refund is", "Getting your money back"]
    assert not decision.actions
    for button, rule in zip(reply.quick_replies, ("refund_status", "refund_request"), strict=False):
        chosen = decide(Question(button.text, number=2), decision.dialogue, [], NOW, rulebook)
        assert chosen.receipt.rule == rule


def test_a_guess_that_was_right() -> None:
    rulebook, decision = asked("关于发货", ("order_status", 0.6), ("stock", 0.1))
    assert [reply.phrase for reply in decision.replies] == ["clarify_guess"]
    assert "查询订单或物流" in decision.replies[0].text
    confirmed = decide(Question("是的", number=2), decision.dialogue, [], NOW, rulebook)
    assert [reply.phrase for reply in confirmed.replies] == ["ask_number"]


def test_a_guess_that_was_wrong() -> None:
    rulebook, decision = asked("about a refund", ("refund_request", 0.6), ("stock", 0.1))
    assert [reply.phrase for reply in decision.replies] == ["clarify_guess"]
    refused = decide(Question("No, something else", number=2), decision.dialogue, [], NOW, rulebook)
    assert [reply.phrase for reply in refused.replies] == ["ask_problem"]
