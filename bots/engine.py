"""One message in, one decision out. Pure: the same question, memory, orders and rules always give the same answer."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from bots import order_wishes, person_wishes, small_talk
from bots.clarifying import either
from bots.confidence import ACT, GUESS
from bots.decisions import CheckCode, Decision, Receipt
from bots.dialogue import Dialogue
from bots.entities import NOTHING_ASKED, find_code, find_entities
from bots.identifying import chosen_order, code_again
from bots.phrases import wordings
from bots.pointing import by_description
from bots.question import Question, language_of
from bots.rulebook import Rulebook
from bots.slots import ask_right_number, takes_number_back
from bots.turns import Outcome, Turn
from orders.snapshots import OrderSnapshot

MOST_TURNS = 40  # answers to one customer without a person; a bot on the other side never tires

_WISHES: dict[str, Callable[[Turn], Outcome]] = {
    **order_wishes.WISHES,
    **person_wishes.WISHES,
    **small_talk.WISHES,
    "resend_code": code_again,
}
_SHORT, _CERTAIN = 40, 0.8  # characters of an answer, and the confidence from which it is a new wish
_FORMS = ("order_number", "code", "order_choice")  # questions that only a value answers
_WHERE = re.compile(r"\b(?:where|when)\b|到哪|在哪|哪儿|什么时候|啥时候", re.IGNORECASE)  # "where is my lamp?"
_ORDER_ASKED = frozenset({"order_number"})
_ABOUT_ORDERS = frozenset(order_wishes.WISHES)


def decide(
    question: Question, dialogue: Dialogue, orders: Sequence[OrderSnapshot], now: datetime, rulebook: Rulebook
) -> Decision:
    """Decide what to say and do about one message.

    `orders` are only those that the person has proved to be theirs. An empty text resumes the wish that waited for a
    proof. Never raises on any text.
    """
    dialogue = dialogue.rested(now)
    language = language_of(question, dialogue.language)
    entities = find_entities(question.text, _asked(dialogue))
    heard = rulebook.understand(entities, _contexts(dialogue, orders))
    turn = Turn(
        question=question,
        dialogue=replace(dialogue, language=language),
        orders=tuple(orders),
        now=now,
        language=language,
        entities=entities,
        heard=heard,
        wish="unknown",
    )
    outcome = _respond(turn, rulebook)
    return Decision(
        replies=outcome.replies,
        actions=outcome.actions,
        dialogue=replace(outcome.dialogue, turns=outcome.dialogue.turns + 1, at=now.isoformat()),
        receipt=_receipt(turn, outcome, rulebook),
    )


def _asked(dialogue: Dialogue) -> frozenset[str]:
    """What the bot's open question asks for."""
    return _ORDER_ASKED if dialogue.awaiting in ("order_number", "order_choice") else NOTHING_ASKED


def _contexts(dialogue: Dialogue, orders: Sequence[OrderSnapshot]) -> frozenset[str]:
    open_question = {dialogue.awaiting} if dialogue.awaiting else set()
    return frozenset({*open_question, *({"order_known"} if orders or dialogue.order_number else ())})


def _respond(turn: Turn, rulebook: Rulebook) -> Outcome:
    if turn.dialogue.awaiting == "code" and not chosen_order(turn) and (code := find_code(turn.question.text)):
        return _check_code(turn, code)
    if turn.dialogue.turns >= MOST_TURNS:
        return person_wishes.give_up(turn, "too_many_turns", "too_many_turns")
    if turn.question.files and not turn.question.text.strip():
        return small_talk.files_came(turn)
    if takes_number_back(turn):
        return ask_right_number(turn)
    picked = chosen_order(turn) is not None or _answers_which(turn)
    wish, certain = (_chosen_wish(turn), True) if picked else _wish(turn, rulebook)
    turn = turn.about(wish)
    if not certain and f"wish_{wish}" in wordings():
        if turn.dialogue.misses:
            return person_wishes.give_up(turn, "not_understood")
        return either(turn, rulebook) or small_talk.guess(turn)
    return _handler(wish, rulebook)(turn)


def _wish(turn: Turn, rulebook: Rulebook) -> tuple[str, bool]:
    """The rule to act on, and whether that is certain enough to act."""
    dialogue, heard = turn.dialogue, turn.heard
    if not turn.question.text.strip():
        return dialogue.pending or "help_general", True
    clear = heard.confidence >= ACT and heard.rule in rulebook.rules
    serious = clear and not rulebook.rules[heard.rule].small
    if serious:
        return (heard.rule if not _stuck(turn, heard.rule) else "unknown"), True
    if _points_at_order(turn) and dialogue.pending != "hold_details":
        return _order_wish(dialogue), True
    if dialogue.awaiting == "problem" and dialogue.pending:
        if heard.rule == "affirm" and clear and dialogue.pending != "hold_details":
            return dialogue.pending, True
        if not clear and dialogue.pending == "hold_details":
            return "hold_details", True
    open_form = dialogue.awaiting in _FORMS and dialogue.pending is not None
    if open_form and (heard.rule == "provide_info" or heard.confidence < GUESS):
        return ((dialogue.pending or "unknown") if not dialogue.misses else "unknown"), True
    if clear:
        return heard.rule, True
    asked_openly = dialogue.awaiting == "problem" and dialogue.pending is None
    guessed = heard.confidence >= GUESS and heard.rule in rulebook.rules
    return (heard.rule, asked_openly) if guessed else ("unknown", True)


def _stuck(turn: Turn, rule: str) -> bool:
    """Has the same wish been met by the same question before, and is again no answer to it?"""
    dialogue = turn.dialogue
    asked_again = dialogue.awaiting in _FORMS and dialogue.pending == rule and dialogue.misses > 0
    return asked_again and not _points_at_order(turn)


def _answers_which(turn: Turn) -> bool:
    """ "The kettle", after "which order is it?"."""
    short = len(turn.question.text) <= _SHORT and turn.heard.confidence < _CERTAIN
    return turn.dialogue.awaiting == "order_choice" and short and bool(by_description(turn))


def _points_at_order(turn: Turn) -> bool:
    picks = any(
        turn.mentions(rule) for rule in ("pick_other", "pick_latest", "pick_first", "pick_second", "pick_third")
    )
    picks = picks or (_WHERE.search(turn.question.text[:200]) is not None and bool(by_description(turn)))
    return bool(turn.entities.meant_numbers or picks or (turn.entities.tracking_numbers and turn.orders))


def _order_wish(dialogue: Dialogue) -> str:
    """A bare number continues the wish that waits for one, else the last one about an order."""
    for wish in (dialogue.pending, dialogue.last_intent):
        if wish in _ABOUT_ORDERS and wish:
            return wish
    return "order_status"


def _chosen_wish(turn: Turn) -> str:
    """An order was picked: for the wish that waits for one, whatever words came with it."""
    dialogue = turn.dialogue
    return (dialogue.awaiting in _FORMS and dialogue.pending) or _order_wish(dialogue)


def _handler(wish: str, rulebook: Rulebook) -> Callable[[Turn], Outcome]:
    fallback = person_wishes.pass_on if wish in rulebook.rules else small_talk.unknown
    return _WISHES.get(wish) or _WISHES.get(rulebook.intent_of(wish)) or fallback


def _check_code(turn: Turn, code: str) -> Outcome:
    reply = turn.bubble("code_checking")
    return Outcome(dialogue=replace(turn.dialogue, misses=0), replies=(reply,), actions=(CheckCode(code),))


def _receipt(turn: Turn, outcome: Outcome, rulebook: Rulebook) -> Receipt:
    order = outcome.order
    return Receipt(
        rule=turn.heard.rule,
        rulebook=rulebook.version,
        intent=turn.heard.intent,
        confidence=turn.heard.confidence,
        as_of=order.as_of if order else turn.now,
        facts=dict(outcome.facts),
        order_id=order.order_id if order else None,
        order_version=order.version if order else None,
    )
