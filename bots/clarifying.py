"""Two wishes that are equally likely: one question that names both, with a button for each."""

from dataclasses import replace

from bots.buttons import buttons
from bots.decisions import QuickReply
from bots.dialogue import Language
from bots.phrases import render, wordings
from bots.rulebook import Rulebook
from bots.turns import Outcome, Turn

_CLOSE = 0.2  # joint probability from which a second wish is worth naming


def either(turn: Turn, rulebook: Rulebook) -> Outcome | None:
    """Ask which of two wishes is meant; None when no second one is close. A yes means the first."""
    other = _other(turn, rulebook)
    choices = [_choice(wish, turn.language, rulebook) for wish in (turn.wish, other) if wish]
    if other is None or None in choices:
        return None
    first, second = (render(f"wish_{wish}", turn.language) for wish in (turn.wish, other))
    replies = (*(choice for choice in choices if choice), *buttons(("person",), turn.language))
    reply = turn.bubble("clarify_either", wish=first, other=second, quick_replies=replies)
    return Outcome(dialogue=replace(turn.dialogue, awaiting="problem", pending=turn.wish, misses=1), replies=(reply,))


def _other(turn: Turn, rulebook: Rulebook) -> str | None:
    """The next likely wish that has a name for customers."""
    meant = rulebook.intent_of(turn.wish)
    for intent, chance in turn.heard.likely:
        if intent != meant and chance >= _CLOSE and intent in rulebook.rules and f"wish_{intent}" in wordings():
            return intent
    return None


def _choice(wish: str, language: Language, rulebook: Rulebook) -> QuickReply | None:
    """A button that posts the rule's own first example, which is always understood as that rule."""
    rule = rulebook.rules[wish]
    examples = rule.en.must_catch if language == "en" else rule.zh.must_catch
    label = render(f"wish_{wish}", language)
    return QuickReply(label[0].upper() + label[1:], examples[0]) if examples else None
