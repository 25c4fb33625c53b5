"""Which wish a message is about, given what was asked before."""

import re

from bots import order_wishes, request_wishes
from bots.confidence import ACT, GUESS
from bots.dialogue import Dialogue
from bots.pointing import by_description
from bots.rulebook import Rulebook
from bots.turns import Turn

ABOUT_ORDERS = frozenset({*order_wishes.WISHES, *request_wishes.WISHES})
_SHORT, _CERTAIN = 40, 0.8  # characters of an answer, and the confidence from which it is a new wish
_FORMS = ("order_number", "code", "order_choice")  # questions that only a value answers
# One story, the wish that asks for most first: "it came broken, I want my money back" is about what is broken.
_GIVING_BACK = ("item_problem", "return_exchange", "refund_request")
_CJK = re.compile(r"[\u4e00-\u9fff]")
_WHERE = re.compile(r"\b(?:where|when)\b|到哪|在哪|哪儿|什么时候|啥时候", re.IGNORECASE)  # "where is my lamp?"


def wanted(turn: Turn, rulebook: Rulebook) -> tuple[str, bool]:
    """The rule to act on, and whether that is certain enough to act."""
    dialogue, heard = turn.dialogue, turn.heard
    if not turn.question.text.strip():
        return dialogue.pending or "help_general", True
    clear = heard.confidence >= ACT and heard.rule in rulebook.rules
    serious = clear and not rulebook.rules[heard.rule].small
    story = _giving_back(turn) if dialogue.awaiting is None else None
    if story or serious:
        rule = story or heard.rule
        return (rule if not _stuck(turn, rule) else "unknown"), True
    if _points_at_order(turn) and dialogue.pending != "hold_details":
        return _order_wish(dialogue), True
    if dialogue.awaiting == "problem" and dialogue.pending:
        if heard.rule == "affirm" and clear and dialogue.pending != "hold_details":
            return dialogue.pending, True
        if not clear and (dialogue.pending == "hold_details" or _goes_on(turn)):
            return dialogue.pending, True
    open_form = dialogue.awaiting in _FORMS and dialogue.pending is not None
    if open_form and (heard.rule == "provide_info" or heard.confidence < GUESS):
        return ((dialogue.pending or "unknown") if not dialogue.misses else "unknown"), True
    if clear:
        return heard.rule, True
    asked_openly = dialogue.awaiting == "problem" and dialogue.pending is None
    guessed = heard.confidence >= GUESS and heard.rule in rulebook.rules
    return (heard.rule, asked_openly) if guessed else ("unknown", True)


def answers_which(turn: Turn) -> bool:
    """ "The kettle", after "which order is it?"."""
    short = len(turn.question.text) <= _SHORT and turn.heard.confidence < _CERTAIN
    return turn.dialogue.awaiting == "order_choice" and short and bool(by_description(turn))


def chosen_wish(turn: Turn) -> str:
    """An order was picked: for the wish that waits for one, whatever words came with it."""
    dialogue = turn.dialogue
    return (dialogue.awaiting in _FORMS and dialogue.pending) or _order_wish(dialogue)


def _giving_back(turn: Turn) -> str | None:
    """What goods that come back are about, when only the wishes of that one story compete."""
    chances = dict(turn.heard.likely)
    if sum(chances.get(wish, 0.0) for wish in _GIVING_BACK) < ACT:
        return None
    return next((wish for wish in _GIVING_BACK if turn.heard.scores.get(wish, 0.0) >= _CERTAIN), None)


def _goes_on(turn: Turn) -> bool:
    """ "Black instead of white", after "is it about changing the order?", is more than a yes."""
    telling = len(turn.question.text.split()) >= 3 or len(_CJK.findall(turn.question.text)) >= 5
    return turn.dialogue.pending in request_wishes.FORMS and turn.heard.confidence < GUESS and telling


def _stuck(turn: Turn, rule: str) -> bool:
    """Has the same wish been met by the same question before, and is again no answer to it?"""
    dialogue = turn.dialogue
    asked_again = dialogue.awaiting in _FORMS and dialogue.pending == rule and dialogue.misses > 0
    return asked_again and not _points_at_order(turn)


def _points_at_order(turn: Turn) -> bool:
    picks = any(
        turn.mentions(rule) for rule in ("pick_other", "pick_latest", "pick_first", "pick_second", "pick_third")
    )
    picks = picks or (_WHERE.search(turn.question.text[:200]) is not None and bool(by_description(turn)))
    return bool(turn.entities.meant_numbers or picks or (turn.entities.tracking_numbers and turn.orders))


def _order_wish(dialogue: Dialogue) -> str:
    """A bare number continues the wish that waits for one, else the last one about an order."""
    for wish in (dialogue.pending, dialogue.last_intent):
        if wish in ABOUT_ORDERS and wish:
            return wish
    return "order_status"
