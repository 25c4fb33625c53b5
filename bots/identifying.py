"""Which order is meant, and is it proved. Says the same whether an unproved order exists or not."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from bots.buttons import button, buttons, order_button
from bots.decisions import RequestCode
from bots.dialogue import Awaiting, Dialogue
from bots.pointing import by_description, by_place, newest_first
from bots.turns import Outcome, Turn
from core.text import reference
from orders.snapshots import OrderSnapshot

_CHOICES = 4


def find_orders(turn: Turn) -> Sequence[OrderSnapshot] | Outcome:
    """The proved orders the customer means (one, or the several they named), or the question that has to come first."""
    if chosen := chosen_order(turn):
        return [chosen]
    if named := turn.entities.meant_numbers:
        found = [order for number in named if (order := matching(turn.orders, number))]
        return _distinct(found) or _tracked(turn, named) or _prove(turn, named[0])
    if tracked := _tracked(turn, turn.entities.tracking_numbers):
        return tracked
    if pointed := _pointed(turn):
        return pointed
    return _from_context(turn)


def order_in_context(turn: Turn) -> OrderSnapshot | None:
    """The proved order that the talk is about, without asking anybody."""
    if chosen := chosen_order(turn):
        return chosen
    for number in (*turn.entities.meant_numbers, turn.dialogue.order_number):
        if number and (order := matching(turn.orders, number)):
            return order
    if turn.entities.meant_numbers or turn.dialogue.order_number:
        return None
    current = current_order(turn)
    return current or (turn.orders[0] if len(turn.orders) == 1 else None)


def chosen_order(turn: Turn) -> OrderSnapshot | None:
    """The proved order that was picked from a list with this message."""
    return next((order for order in turn.orders if order.order_id == turn.question.order_id), None)


def current_order(turn: Turn) -> OrderSnapshot | None:
    """The proved order that was told of last."""
    return next((order for order in turn.orders if order.order_id == turn.dialogue.order_id), None)


def claimed_number(turn: Turn) -> str | None:
    """An order number that was typed but is not proved."""
    return next(iter(turn.entities.meant_numbers), None) or turn.dialogue.order_number


def matching(orders: Sequence[OrderSnapshot], number: str) -> OrderSnapshot | None:
    """The one order that this number names: the whole number, or the digits of a number with letters before them."""
    key = reference(number)
    for order in orders:
        if reference(order.number) == key:
            return order
    ends = [order for order in orders if len(key) >= 4 and key.isdigit() and reference(order.number).endswith(key)]
    return ends[0] if len(ends) == 1 else None


def code_again(turn: Turn) -> Outcome:
    """Send a new code for the number that is waiting for one."""
    number = turn.dialogue.order_number
    if number is None:
        return ask_number(turn)
    reply = turn.bubble("prove_again", number=number, quick_replies=buttons(("person",), turn.language))
    dialogue = replace(turn.dialogue, awaiting="code", misses=0)
    return Outcome(dialogue=dialogue, replies=(replace(reply, form="code"),), actions=(RequestCode(number),))


def ask_number(turn: Turn) -> Outcome:
    """Which order is it?"""
    again = turn.dialogue.awaiting == "order_number"
    reply = turn.bubble(
        "ask_number_again" if again else "ask_number", quick_replies=buttons(("no_number", "person"), turn.language)
    )
    return Outcome(dialogue=_waiting(turn, "order_number"), replies=(reply,))


def _from_context(turn: Turn) -> Sequence[OrderSnapshot] | Outcome:
    if number := turn.dialogue.order_number:
        if order := matching(turn.orders, number):
            return [order]
        return _code_waiting(turn) if turn.dialogue.awaiting == "code" else _prove(turn, number)
    if current := current_order(turn):
        return [current]
    if len(turn.orders) == 1:
        return [turn.orders[0]]
    return _choose(turn, turn.orders) if turn.orders else ask_number(turn)


def _pointed(turn: Turn) -> Sequence[OrderSnapshot] | Outcome | None:
    """ "The other one", "my latest order", "the second", "the lamp", "the one from Friday"."""
    if turn.mentions("pick_other"):
        current = current_order(turn)
        others = [order for order in newest_first(turn.orders) if order is not current]
        if len(others) == 1 and current:
            return others
        return _choose(turn, others) if others else _no_other(turn)
    if placed := by_place(turn):
        return [placed]
    described = by_description(turn)
    return _choose(turn, described) if len(described) > 1 else described or None


def _tracked(turn: Turn, numbers: Sequence[str]) -> list[OrderSnapshot]:
    """The proved order with one of these parcels; people also call a tracking number an order number."""
    keys = {reference(number) for number in numbers}
    found = (
        order for order in turn.orders for parcel in order.parcels if keys & {reference(parcel.tracking_number)} - {""}
    )
    return list(islice(found, 1))


def _distinct(orders: Sequence[OrderSnapshot]) -> list[OrderSnapshot]:
    return list({order.order_id: order for order in orders}.values())


def _prove(turn: Turn, number: str) -> Outcome:
    if turn.dialogue.order_number == number and not turn.question.text:
        return _not_among_yours(turn, number)
    reply = turn.bubble("prove", number=number, quick_replies=buttons(("resend", "person"), turn.language))
    dialogue = replace(_waiting(turn, "code"), order_number=number)
    return Outcome(dialogue=dialogue, replies=(replace(reply, form="code"),), actions=(RequestCode(number),))


def _not_among_yours(turn: Turn, number: str) -> Outcome:
    """The code was right, but the number is not under that contact (it may have been corrected meanwhile)."""
    reply = turn.bubble("proved_no_match", number=number, quick_replies=buttons(("person",), turn.language))
    return Outcome(dialogue=replace(turn.dialogue, awaiting=None, pending=None, order_number=None), replies=(reply,))


def _code_waiting(turn: Turn) -> Outcome:
    reply = turn.bubble("code_waiting", quick_replies=buttons(("resend", "person"), turn.language))
    return Outcome(
        dialogue=replace(_waiting(turn, "code"), order_number=turn.dialogue.order_number),
        replies=(replace(reply, form="code"),),
    )


def _choose(turn: Turn, orders: Sequence[OrderSnapshot]) -> Outcome:
    shown = tuple(order_button(order, turn.language) for order in newest_first(orders)[:_CHOICES])
    reply = turn.bubble("choose_order", quick_replies=(*shown, button("person", turn.language)))
    return Outcome(dialogue=_waiting(turn, "order_choice"), replies=(replace(reply, form="order"),))


def _no_other(turn: Turn) -> Outcome:
    if not turn.orders:
        return ask_number(turn)
    reply = turn.bubble("no_other_order", quick_replies=buttons(("person",), turn.language))
    return Outcome(dialogue=_waiting(turn, "order_number"), replies=(reply,))


def _waiting(turn: Turn, awaiting: Awaiting) -> Dialogue:
    """The same question asked again is a miss: the next one brings a person."""
    again = turn.dialogue.awaiting == awaiting and not turn.entities.meant_numbers
    return replace(turn.dialogue, awaiting=awaiting, pending=turn.wish, misses=1 if again else 0)
