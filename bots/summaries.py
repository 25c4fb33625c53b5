"""What a person needs to know who takes over from the bot: the wish, the order, what was said."""

import re

from bots.decisions import TicketKind
from bots.phrases import listed, render, wordings
from bots.turns import Turn
from orders.snapshots import OrderSnapshot

_QUOTED = 300  # characters of the customer's words
_UPSET = re.compile(
    r"!{3,}|！{2,}|\b(?:ridiculous|unacceptable|terrible|horrible|awful|disgust\w*|furious|angry|scam\w*"
    r"|fraud|worst|fed up"
    r"|sick of|joke|useless|lawyer|sue|damn|wtf|fuck\w*|shit\w*|bullshit)\b"
    r"|骗子|坑人|垃圾|太差|气死|生气|愤怒|无语|差评|投诉|曝光|12315|黑店|敷衍|他妈|妈的|什么玩意|忍无可忍|欺骗",
    re.IGNORECASE,
)


def subject(kind: TicketKind, language: str, number: str | None) -> str:
    """One line for the inbox."""
    return render(f"subject_{kind}_order" if number else f"subject_{kind}", language, {"number": number})


def summary(turn: Turn, order: OrderSnapshot | None, claimed: str | None) -> str:
    """A few lines in the conversation's language. Facts only of an order that was proved."""
    details = collected(turn)
    lines = [_line(turn, "summary_wish", wish=wish_words(turn, turn.wish))]
    if words := " ".join((details.pop("words", "") or turn.question.text).split())[:_QUOTED]:
        lines.append(_line(turn, "summary_words", text=words))
    lines += [_line(turn, f"detail_{name}", value=_value(turn, value)) for name, value in details.items()]
    lines.append(_order_line(turn, order, claimed))
    if others := [wish_words(turn, wish_of(waiting)) for waiting in turn.dialogue.queued]:
        lines.append(_line(turn, "summary_also", wishes=listed(turn.language, others)))
    if is_upset(turn.question.text):
        lines.append(_line(turn, "summary_upset"))
    lines.append(_line(turn, "summary_language"))
    lines.append(_line(turn, "summary_told" if turn.dialogue.told else "summary_nothing_told"))
    before = turn.dialogue.pending or turn.dialogue.last_intent
    if before and before != turn.wish:
        lines.append(_line(turn, "summary_before", wish=wish_words(turn, before)))
    if contacts := (*turn.entities.emails, *turn.entities.phones):
        lines.append(_line(turn, "summary_contacts", contacts=", ".join(contacts)))
    return "\n".join(lines)


def wish_of(waiting: str) -> str:
    """The rule of a wish that waits for its turn."""
    return waiting.partition(": ")[0]


def is_upset(text: str) -> bool:
    """Does somebody shout, swear, or say that they have had enough?"""
    return _UPSET.search(text[:2_000]) is not None


def collected(turn: Turn) -> dict[str, str]:
    """What was collected for the wish, or for the one that waited when a person was called."""
    for wish in (turn.wish, turn.dialogue.pending):
        found = {
            name.removeprefix(f"{wish}."): value
            for name, value in turn.dialogue.details.items()
            if wish and name.startswith(f"{wish}.") and name != f"{wish}.order"
        }
        if found:
            return {name: value for name, value in found.items() if f"detail_{name}" in wordings() or name == "words"}
    return {}


def _value(turn: Turn, value: str) -> str:
    named = {"-": "value_none", "all": "value_all", "return": "value_return", "exchange": "value_exchange"}.get(value)
    return render(named, turn.language) if named else value


def _order_line(turn: Turn, order: OrderSnapshot | None, claimed: str | None) -> str:
    if order is not None:
        state = render(f"state_{order.headline}", turn.language)
        return _line(
            turn,
            "summary_order",
            number=order.number,
            state=state,
            total=order.total,
            at=order.placed_at,
            timezone=order.timezone,
        )
    return _line(turn, "summary_claimed", number=claimed) if claimed else _line(turn, "summary_no_order")


def wish_words(turn: Turn, rule: str) -> str:
    """How a wish is called."""
    for name in (rule, turn.heard.intent if rule == turn.heard.rule else rule):
        if f"wish_{name}" in wordings():
            return render(f"wish_{name}", turn.language)
    return render("wish_unknown", turn.language)


def _line(turn: Turn, phrase: str, **facts: object) -> str:
    return render(phrase, turn.language, facts)
