"""Everything that is not a wish about an order: hello, thanks, yes, no, and what was not understood."""

from collections.abc import Callable
from dataclasses import replace

from bots.buttons import buttons
from bots.confidence import ACT
from bots.person_wishes import give_up
from bots.phrases import render
from bots.taxonomy import OUT_OF_SCOPE
from bots.turns import Outcome, Turn, settled

_MENU = ("where", "refund_status", "return", "person")


def greeting(turn: Turn) -> Outcome:
    """Hello: say what the bot can do, and leave an open question open."""
    reply = turn.bubble("greeting", quick_replies=buttons(_MENU, turn.language))
    return Outcome(dialogue=replace(turn.dialogue, misses=0), replies=(reply,))


def thanks(turn: Turn) -> Outcome:
    """Thank you."""
    return Outcome(dialogue=replace(turn.dialogue, misses=0), replies=(turn.bubble("thanks"),))


def goodbye(turn: Turn) -> Outcome:
    """The end, until the next time."""
    return Outcome(dialogue=settled(turn.dialogue), replies=(turn.bubble("goodbye"),))


def affirm(turn: Turn) -> Outcome:
    """A yes that no open question asked for."""
    return Outcome(
        dialogue=replace(turn.dialogue, misses=0),
        replies=(turn.bubble("anything_else", quick_replies=buttons(_MENU, turn.language)),),
    )


def deny(turn: Turn) -> Outcome:
    """A no: to a guess, or to "anything else?"."""
    if turn.dialogue.awaiting == "problem" and turn.dialogue.pending:
        return _ask(turn, "ask_problem")
    return Outcome(dialogue=settled(turn.dialogue), replies=(turn.bubble("nothing_else"),))


def is_bot(turn: Turn) -> Outcome:
    """ "Are you a robot?" deserves the truth, and the way to a person."""
    reply = turn.bubble("is_bot", quick_replies=buttons(("person", "where"), turn.language))
    return Outcome(dialogue=replace(turn.dialogue, misses=0), replies=(reply,))


def provide_info(turn: Turn) -> Outcome:
    """Data that no open question asked for: what is it for?"""
    return help_general(turn)


def help_general(turn: Turn) -> Outcome:
    """Something is the matter, but what? Asked once; the second time a person asks better."""
    if turn.dialogue.misses:
        return give_up(turn, "not_understood")
    return _ask(turn, "ask_problem")


def unknown(turn: Turn) -> Outcome:
    """Not understood: one clarifying question, then a person. What is no business of a shop is declined kindly."""
    if turn.dialogue.misses:
        return give_up(turn, "not_understood")
    foreign = turn.heard.intent == OUT_OF_SCOPE and turn.heard.confidence >= ACT
    return _ask(turn, "out_of_scope" if foreign else "clarify")


def files_came(turn: Turn) -> Outcome:
    """Files without words. The bot says honestly that it does not see them, and never that they prove anything."""
    if turn.question.ticket is not None:
        return Outcome(dialogue=turn.dialogue, replies=(turn.bubble("files_added", ticket=turn.question.ticket),))
    if turn.dialogue.awaiting and turn.dialogue.pending:
        kept = turn.bubble("files_kept")
        reply = replace(kept, form="code") if turn.dialogue.awaiting == "code" else kept
        return Outcome(dialogue=turn.dialogue, replies=(reply,))
    if turn.dialogue.misses:
        return give_up(turn, "files_only", "files_passed_on")
    reply = turn.bubble("files_about", quick_replies=buttons(("item_problem", "return", "person"), turn.language))
    return Outcome(dialogue=replace(turn.dialogue, awaiting="problem", pending=None, misses=1), replies=(reply,))


def guess(turn: Turn) -> Outcome:
    """Half understood: name the guess and let the customer decide."""
    wish = render(f"wish_{turn.wish}", turn.language)
    reply = turn.bubble("clarify_guess", wish=wish, quick_replies=buttons(("yes", "no", "person"), turn.language))
    dialogue = replace(turn.dialogue, awaiting="problem", pending=turn.wish, misses=1)
    return Outcome(dialogue=dialogue, replies=(reply,))


def _ask(turn: Turn, phrase: str) -> Outcome:
    reply = turn.bubble(phrase, quick_replies=buttons(_MENU, turn.language))
    return Outcome(dialogue=replace(turn.dialogue, awaiting="problem", pending=None, misses=1), replies=(reply,))


WISHES: dict[str, Callable[[Turn], Outcome]] = {
    "greeting": greeting,
    "thanks": thanks,
    "goodbye": goodbye,
    "affirm": affirm,
    "deny": deny,
    "is_bot": is_bot,
    "provide_info": provide_info,
    "help_general": help_general,
    "unknown": unknown,
}
