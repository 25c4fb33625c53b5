"""Which requests the bot takes down, what each needs, and what it says when something is not possible."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from bots.answers import UNPAID, order_answer
from bots.buttons import buttons
from bots.cases import ask_for_case
from bots.decisions import CancelOrder, Handover, OpenTicket, Reply
from bots.details import (
    address,
    device,
    email,
    fault,
    invoice_title,
    is_company,
    is_faulty,
    open_lines,
    photo,
    reason,
    return_or_exchange,
    specific,
    tax_number,
)
from bots.form_parts import Detail, Form
from bots.forms import fill
from bots.phrases import listed, render
from bots.turns import Outcome, Turn, settled
from orders.snapshots import OrderSnapshot
from orders.statuses import NOT_LEFT, Headline

_GONE = frozenset({Headline.CANCELLED, Headline.EXPIRED, Headline.REFUNDED, Headline.RETURNING, Headline.RETURNED})
_ARRIVED = frozenset({Headline.DELIVERED, Headline.COMPLETED})
_MOST_ITEMS = 3
_PHOTO = Detail("photo", photo, ("no_photo",), optional=True, free=True)


def _cancellable(turn: Turn, order: OrderSnapshot) -> Outcome | None:
    if order.headline in _GONE:
        return _as_it_is(turn, order)
    if order.headline in _ARRIVED:
        return _instead(turn, order, "cancel_arrived", "return", "refund")
    return None


def _address_open(turn: Turn, order: OrderSnapshot) -> Outcome | None:
    if order.headline in _GONE:
        return _as_it_is(turn, order)
    return _instead(turn, order, "address_arrived", "where") if order.headline in _ARRIVED else None


def _contents_open(turn: Turn, order: OrderSnapshot) -> Outcome | None:
    if order.headline in _GONE:
        return _as_it_is(turn, order)
    if order.headline in _ARRIVED or order.fulfilment not in NOT_LEFT:
        return _instead(turn, order, "change_too_late", "return")
    return None


def _confirm_cancelling(turn: Turn, order: OrderSnapshot, values: Mapping[str, str]) -> Reply:
    here = "" if order.can_cancel else "_packed" if order.fulfilment in NOT_LEFT else "_moving"
    stage = "_now" if order.cancels_at_once else here
    money = "money_stays" if order.payment in UNPAID and order.paid_at is None else "money_back"
    return turn.bubble(
        f"confirm_cancel{stage}",
        number=order.number,
        items=_items(turn, order),
        total=order.total,
        money=render(money, turn.language),
    )


def _cancel_at_once(turn: Turn, order: OrderSnapshot, passed_on: Outcome) -> Outcome:
    """The rules of the desk grant the cancellation of what nobody has touched; all else is a person's work."""
    ticket = next((action for action in passed_on.actions if isinstance(action, OpenTicket)), None)
    handover = next((action for action in passed_on.actions if isinstance(action, Handover)), None)
    if not order.cancels_at_once or ticket is None or handover is None:
        return passed_on
    cancel = CancelOrder(order_id=order.order_id, ticket=ticket, handover=handover, passed_on=passed_on.replies[0])
    return replace(passed_on, replies=(turn.bubble("cancel_under_way", number=order.number),), actions=(cancel,))


def _confirm_address(turn: Turn, order: OrderSnapshot, values: Mapping[str, str]) -> Reply:
    phrase = "confirm_address" if order.can_change_address else "confirm_redirect"
    return turn.bubble(phrase, number=order.number, address=values["address"])


def _cancel_phrase(order: OrderSnapshot) -> str:
    if order.can_cancel:
        return "cancel_passed_on"
    return "cancel_being_packed" if order.fulfilment in NOT_LEFT else "cancel_on_its_way"


def _address_phrase(order: OrderSnapshot) -> str:
    return "address_passed_on" if order.can_change_address else "redirect_passed_on"


def _address_opening(order: OrderSnapshot) -> str:
    return "open_change_address" if order.can_change_address else "open_change_address_moving"


def _items(turn: Turn, order: OrderSnapshot) -> str:
    lines = open_lines(order)
    named = [line.title[:80] for line in lines[:_MOST_ITEMS]]
    more = len(lines) - len(named)
    return listed(turn.language, [*named, *([render("more_items", turn.language, {"count": more})] if more else [])])


def _as_it_is(turn: Turn, order: OrderSnapshot) -> Outcome:
    answer = order_answer(order, turn.language, turn.now)
    reply = Reply(phrase=answer.phrase, text=answer.text, order_id=order.order_id, quick_replies=answer.quick_replies)
    return Outcome(dialogue=settled(turn.dialogue, wish=turn.wish), replies=(reply,), order=order)


def _instead(turn: Turn, order: OrderSnapshot, phrase: str, *offers: str) -> Outcome:
    offered = buttons((*offers, "person"), turn.language, number=order.number)
    reply = turn.bubble(phrase, number=order.number, quick_replies=offered)
    return Outcome(dialogue=settled(turn.dialogue, wish=turn.wish), replies=(reply,), order=order)


def _broken(values: Mapping[str, str]) -> bool:
    return is_faulty(f"{values.get('reason', '')} {values.get('words', '')}")


def _for_company(values: Mapping[str, str]) -> bool:
    return is_company(values.get("title", "") + values.get("words", ""))


FORMS: dict[str, Form] = {
    form.wish: form
    for form in (
        Form(
            wish="cancel_order",
            details=(),
            kind="cancellation",
            order="proved",
            priority="high",
            check=_cancellable,
            confirm=_confirm_cancelling,
            done=_cancel_phrase,
            do=_cancel_at_once,
        ),
        Form(
            wish="change_address",
            details=(Detail("address", address),),
            kind="question",
            order="proved",
            priority="high",
            check=_address_open,
            confirm=_confirm_address,
            opening=_address_opening,
            done=_address_phrase,
        ),
        Form(
            wish="change_order",
            details=(Detail("change", specific, free=True),),
            kind="question",
            priority="high",
            check=_contents_open,
        ),
        Form(
            wish="delivery_change",
            details=(Detail("delivery", specific, free=True),),
            kind="question",
            priority="high",
            check=_address_open,
        ),
        Form(
            wish="return_exchange",
            details=(
                Detail("give_back", return_or_exchange, ("for_refund", "for_exchange")),
                Detail("reason", reason, free=True),
                Detail("photo", photo, ("no_photo",), when=_broken, optional=True, free=True),
            ),
            kind="aftersales",
            order="proved",
            item=True,
            do=ask_for_case,
        ),
        Form(
            wish="item_problem",
            details=(Detail("problem", fault, free=True), _PHOTO),
            kind="aftersales",
            item=True,
            priority="high",
            do=ask_for_case,
        ),
        Form(
            wish="refund_request",
            details=(Detail("reason", reason, free=True),),
            kind="refund",
            order="proved",
            do=ask_for_case,
        ),
        Form(
            wish="invoice",
            details=(
                Detail("title", invoice_title, ("personal",)),
                Detail("tax_number", tax_number, when=_for_company),
                Detail("email", email),
            ),
            kind="question",
        ),
        Form(
            wish="repair_install",
            details=(Detail("problem", specific, free=True),),
            kind="aftersales",
            item=True,
        ),
        Form(
            wish="payment_problem",
            details=(Detail("problem", specific, free=True),),
            kind="question",
            order="none",
            priority="high",
        ),
        Form(
            wish="site_problem",
            details=(Detail("problem", specific, free=True), Detail("device", device, free=True)),
            kind="question",
            order="none",
        ),
    )
}
WISHES: dict[str, Callable[[Turn], Outcome]] = {wish: partial(fill, form=form) for wish, form in FORMS.items()}
