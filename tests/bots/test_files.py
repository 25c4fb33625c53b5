"""Files without words: the bot does not pretend to see them, and gets them to a person."""

import pytest

from bots.decisions import Decision, Handover
from bots.dialogue import Dialogue
from bots.engine import decide
from bots.question import Question
from bots.rulebook import own_rulebook
from bots.sample_orders import NOW

RULEBOOK = own_rulebook()


def photo(dialogue: Dialogue | None = None, *, text: str = "", ticket: int | None = None, hint: str = "en") -> Decision:
    question = Question(text, hint, 3, files=1, ticket=ticket)
    return decide(question, dialogue or Dialogue(), [], NOW, RULEBOOK)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_photo_alone_is_asked_about_once_and_then_passed_on(language: str) -> None:
    first = photo(hint=language)
    assert [reply.phrase for reply in first.replies] == ["files_about"]
    assert len(first.replies[0].quick_replies) == 3
    assert not first.actions
    second = photo(first.dialogue, hint=language)
    assert [reply.phrase for reply in second.replies] == ["files_passed_on"]
    assert [action.reason for action in second.actions if isinstance(action, Handover)] == ["files_only"]


def test_an_open_ticket_stays_as_it_is() -> None:
    decision = photo(ticket=1042)
    assert "1042" in decision.replies[0].text
    assert not decision.actions


def test_a_question_that_waits_goes_on_waiting() -> None:
    waiting = Dialogue(awaiting="code", pending="order_status", order_number="1001")
    decision = photo(waiting)
    assert (decision.replies[0].phrase, decision.replies[0].form) == ("files_kept", "code")
    assert (decision.dialogue.awaiting, decision.dialogue.pending) == ("code", "order_status")


def test_words_beside_a_photo_count() -> None:
    decision = photo(text="The lamp arrived broken")
    assert decision.receipt.intent == "item_problem"
    assert decision.dialogue.details["item_problem.photo"] == "1"
    assert [reply.phrase for reply in decision.replies] == ["ask_number"]
