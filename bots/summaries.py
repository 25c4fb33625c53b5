"""What a person needs to know who takes over from the bot: the wish, the order, what was said."""

from bots.decisions import TicketKind
from bots.phrases import render, wordings
from bots.turns import Turn
from orders.snapshots import OrderSnapshot

_QUOTED = 300  # characters of the customer's words


def subject(kind: TicketKind, language: str, number: str | None) -> str:
    """One line for the inbox."""
    return render(f"subject_{kind}_order" if number else f"subject_{kind}", language, {"number": number})


def summary(turn: Turn, order: OrderSnapshot | None, claimed: str | None) -> str:
    """A few lines in the conversation's language. Facts only of an order that was proved."""
    lines = [_line(turn, "summary_wish", wish=_wish(turn, turn.wish))]
    if words := " ".join(turn.question.text.split())[:_QUOTED]:
        lines.append(_line(turn, "summary_words", text=words))
    lines.append(_order_line(turn, order, claimed))
    lines.append(_line(turn, "summary_told" if turn.dialogue.told else "summary_nothing_told"))
    before = turn.dialogue.pending or turn.dialogue.last_intent
    if before and before != turn.wish:
        lines.append(_line(turn, "summary_before", wish=_wish(turn, before)))
    if contacts := (*turn.entities.emails, *turn.entities.phones):
        lines.append(_line(turn, "summary_contacts", contacts=", ".join(contacts)))
    return "\n".join(lines)


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


def _wish(turn: Turn, rule: str) -> str:
    for name in (rule, turn.heard.intent if rule == turn.heard.rule else rule):
        if f"wish_{name}" in wordings():
            return render(f"wish_{name}", turn.language)
    return render("wish_unknown", turn.language)


def _line(turn: Turn, phrase: str, **facts: object) -> str:
    return render(phrase, turn.language, facts)
