"""Requests that need details: asked for one by one over several turns, read back where something is to change."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from bots.buttons import buttons
from bots.decisions import QuickReply, Reply
from bots.details import LONGEST, has_several, item_of, open_lines, units_of
from bots.dialogue import Dialogue
from bots.form_parts import NO_ORDER, Detail, Form, agreed
from bots.identifying import ask_number, claimed_number, find_orders, order_in_context
from bots.person_wishes import to_person
from bots.phrases import wordings
from bots.turns import Outcome, Turn, settled
from orders.snapshots import OrderSnapshot

_MOST_LINES = 3


def fill(turn: Turn, form: Form) -> Outcome:
    """Take what the message tells, ask for what is missing, read back, and pass it on."""
    answering = turn.dialogue.pending == form.wish and turn.dialogue.awaiting in ("detail", "confirmation")
    turn = _with_first_words(turn, form)
    found = _order(turn, form, answering=answering)
    if isinstance(found, Outcome):
        values = _read(turn, form, None, answering=answering)
        return replace(found, dialogue=_keeping(found.dialogue, form, values))
    order, number = found
    if form.check and order and (instead := form.check(turn, order)):
        return instead
    before = turn.dialogue.details
    values = _read(turn, form, order, answering=answering)
    turn = _remember(turn, form, order, number, values)
    if missing := _missing(form, order, values):
        return _ask(turn, form, missing, order, answering=answering)
    if form.confirm and not (turn.dialogue.awaiting == "confirmation" and answering and agreed(turn)):
        again = answering and turn.dialogue.awaiting == "confirmation" and turn.dialogue.details == before
        opening = _opening(turn, form, order, answering=answering)
        asked = _read_back(turn, form, form.confirm(turn, order, values), order, again=again)
        return replace(asked, replies=(*opening, *asked.replies))
    return _pass_on(turn, form, order)


def without_number(turn: Turn, form: Form) -> Outcome:
    """They have no number: the request goes on without one, and a person finds the order."""
    details = {**turn.dialogue.details, f"{form.wish}.order": NO_ORDER}
    dialogue = replace(turn.dialogue, details=details, order_number=None)
    return fill(replace(turn.about(form.wish), dialogue=dialogue, question=replace(turn.question, text="")), form)


def of_another_order(turn: Turn, form: Form) -> Outcome:
    """ "No, the other one": the same request, begun anew for the order that is meant."""
    details = {name: value for name, value in turn.dialogue.details.items() if name != f"{form.wish}.order"}
    dialogue = replace(turn.dialogue, details=details, awaiting=None, asking=None, misses=0)
    return fill(replace(turn.about(form.wish), dialogue=dialogue), form)


def drop(turn: Turn) -> Outcome:
    """The request is taken back before anything happened."""
    phrase = "not_cancelled" if turn.dialogue.pending == "cancel_order" else "request_dropped"
    reply = turn.bubble(phrase, quick_replies=buttons(("person",), turn.language))
    return Outcome(dialogue=settled(turn.dialogue, wish=turn.dialogue.pending), replies=(reply,))


def _order(turn: Turn, form: Form, *, answering: bool) -> tuple[OrderSnapshot | None, str | None] | Outcome:
    """The order it is about and, if that is not proved, the number they gave; or the question that comes first."""
    stored = turn.dialogue.details.get(f"{form.wish}.order")
    for proved in turn.orders:
        if stored == proved.order_id:
            return proved, None
    if form.order == "proved":
        found = find_orders(turn if not answering else _without_numbers(turn))
        return found if isinstance(found, Outcome) else (found[0], None)
    if stored and not stored.startswith("ord_"):
        return None, None if stored == NO_ORDER else stored
    order, number = order_in_context(turn), claimed_number(turn)
    if order or number or form.order == "none":
        return order, None if order else number
    if turn.orders:
        found = find_orders(turn)
        return found if isinstance(found, Outcome) else (found[0], None)
    return ask_number(turn)


def _with_first_words(turn: Turn, form: Form) -> Turn:
    """Keep the words the request began with: they may hold details, and the person who takes over reads them."""
    name, words = f"{form.wish}.words", " ".join(turn.question.text.split())[:LONGEST]
    if name in turn.dialogue.details or not words:
        return turn
    return replace(turn, dialogue=replace(turn.dialogue, details={**turn.dialogue.details, name: words}))


def _read(turn: Turn, form: Form, order: OrderSnapshot | None, *, answering: bool) -> dict[str, str]:
    """What is known of the request after this message."""
    start = f"{form.wish}."
    known = {name.removeprefix(start): value for name, value in turn.dialogue.details.items() if name.startswith(start)}
    first = replace(turn, question=replace(turn.question, text=known.get("words", "")))
    expected = _expected(turn, form, answering=answering)
    correcting = turn.dialogue.awaiting == "confirmation" and answering
    for detail in _details(form, order):
        asked = detail.name == expected
        if (asked or correcting or detail.name not in known) and (value := detail.read(turn, asked)):
            known[detail.name] = value
        elif detail.name not in known and (told := detail.read(first, False)):
            known[detail.name] = told
    return known


def _expected(turn: Turn, form: Form, *, answering: bool) -> str | None:
    """The detail that the message answers, if it answers one; words after a guess ("is it about …?") are one, too."""
    if answering:
        return turn.dialogue.asking if turn.dialogue.awaiting == "detail" else None
    guessed = turn.dialogue.awaiting == "problem" and turn.dialogue.pending == form.wish and not agreed(turn)
    return next((detail.name for detail in form.details if detail.free), None) if guessed else None


def _details(form: Form, order: OrderSnapshot | None) -> tuple[Detail, ...]:
    """The form's details; which line is meant, and how many of it, come first if the order is proved."""
    if not form.item or order is None:
        return form.details
    item = Detail("item", lambda turn, asked: item_of(order, turn, asked))
    if form.do is None:  # a person finds out how many
        return (item, *form.details)
    units = Detail("units", units_of, ("all_units",), when=lambda values: has_several(order, values.get("item", "")))
    return (item, units, *form.details)


def _missing(form: Form, order: OrderSnapshot | None, values: Mapping[str, str]) -> Detail | None:
    for detail in _details(form, order):
        if detail.name not in values and (detail.when is None or detail.when(values)):
            return detail
    return None


def _remember(
    turn: Turn, form: Form, order: OrderSnapshot | None, number: str | None, values: Mapping[str, str]
) -> Turn:
    """The same turn with all that is known of the request in its memory, and without numbers that are details."""
    which = order.order_id if order else number or NO_ORDER
    dialogue = replace(_keeping(turn.dialogue, form, {**values, "order": which}), order_number=number)
    if order:
        dialogue = replace(dialogue, order_id=order.order_id)
    return replace(_without_numbers(turn), dialogue=dialogue, wish=form.wish)


def _keeping(dialogue: Dialogue, form: Form, values: Mapping[str, str]) -> Dialogue:
    of_form = {f"{form.wish}.{name}": value for name, value in values.items()}
    return replace(dialogue, details={**dialogue.details, **of_form})


def _ask(turn: Turn, form: Form, detail: Detail, order: OrderSnapshot | None, *, answering: bool) -> Outcome:
    again = answering and turn.dialogue.asking == detail.name and bool(turn.question.text.strip())
    if again and turn.dialogue.misses:
        return to_person(
            turn, "passed_on_partly", kind=form.kind, reason=form.wish, order=order, priority=form.priority
        )
    own = f"ask_{form.wish}_{detail.name}"
    phrase = own if own in wordings() else f"ask_{detail.name}"
    choices = _line_buttons(order) if detail.name == "item" and order else ()
    reply = turn.bubble(phrase, quick_replies=(*choices, *buttons((*detail.buttons, "person"), turn.language)))
    if again and f"again_{detail.name}" in wordings():
        reply = turn.bubble(f"again_{detail.name}", quick_replies=reply.quick_replies)
    first = (
        ()
        if again and reply.phrase != phrase
        else (turn.bubble("ask_again"),)
        if again
        else _opening(turn, form, order, answering=answering)
    )
    return Outcome(dialogue=_waiting(turn, "detail", detail.name, again=again), replies=(*first, reply), order=order)


def _opening(turn: Turn, form: Form, order: OrderSnapshot | None, *, answering: bool) -> tuple[Reply, ...]:
    """Kind words before the first question."""
    phrase = form.opening(order) if form.opening and order else f"open_{form.wish}"
    begun = f"{form.wish}.order" in turn.dialogue.details and not turn.question.text.strip()
    return (turn.bubble(phrase),) if not (answering or begun) and phrase in wordings() else ()


def _read_back(turn: Turn, form: Form, reply: Reply, order: OrderSnapshot | None, *, again: bool) -> Outcome:
    if again and turn.dialogue.misses:
        return _to_person(turn, form, order, "not_confirmed")
    asked = replace(reply, quick_replies=buttons(("confirm", "leave", "person"), turn.language))
    replies = (turn.bubble("say_yes_or_no"), asked) if again else (asked,)
    dialogue = _waiting(turn, "confirmation", None, again=again)
    told = f"{order.order_id}:{order.version}:{reply.phrase}" if order else dialogue.told
    return Outcome(dialogue=replace(dialogue, told=told), replies=replies, order=order)


def _waiting(turn: Turn, awaiting: Literal["detail", "confirmation"], asking: str | None, *, again: bool) -> Dialogue:
    return replace(
        turn.dialogue,
        awaiting=awaiting,
        asking=asking,
        pending=turn.wish,
        misses=turn.dialogue.misses + 1 if again else 0,
    )


def _pass_on(turn: Turn, form: Form, order: OrderSnapshot | None) -> Outcome:
    phrase = form.done(order) if form.done and order else f"done_{form.wish}"
    if order and f"{phrase}_order" in wordings():
        phrase = f"{phrase}_order"
    passed_on = _to_person(turn, form, order, phrase)
    return form.do(turn, order, passed_on) if form.do and order else passed_on


def _to_person(turn: Turn, form: Form, order: OrderSnapshot | None, phrase: str) -> Outcome:
    return to_person(turn, phrase, kind=form.kind, reason=form.wish, order=order, priority=form.priority)


def _line_buttons(order: OrderSnapshot) -> tuple[QuickReply, ...]:
    return tuple(QuickReply(line.title[:40], line.title[:80]) for line in open_lines(order)[:_MOST_LINES])


def _without_numbers(turn: Turn) -> Turn:
    """House numbers, postcodes and tax numbers are no order numbers."""
    spans = tuple(span for span in turn.entities.spans if span.kind not in ("order_number", "tracking"))
    return replace(turn, entities=replace(turn.entities, spans=spans))
