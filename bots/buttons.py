"""Quick replies: a label, and words the rules are sure to understand."""

from collections.abc import Sequence

from bots.decisions import QuickReply
from bots.phrases import render
from orders.snapshots import OrderSnapshot


def button(name: str, language: str, *, number: str = "") -> QuickReply:
    """The button `button_<name>`, which posts `say_<name>`."""
    facts = {"number": number}
    return QuickReply(render(f"button_{name}", language, facts), render(f"say_{name}", language, facts))


def buttons(names: Sequence[str], language: str, *, number: str = "") -> tuple[QuickReply, ...]:
    """Several buttons, without doubles, in order."""
    return tuple(button(name, language, number=number) for name in dict.fromkeys(names))


def order_button(order: OrderSnapshot, language: str) -> QuickReply:
    """Pick this order: its number and short state."""
    state = render(f"state_{order.headline}", language)
    return QuickReply(render("button_order", language, {"number": order.number, "state": state}), order.number)
