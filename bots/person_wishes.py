"""Wishes that only people can fulfil. They are never made to wait for a number or a proof."""

from collections.abc import Callable
from dataclasses import replace

from bots.decisions import Handover, OpenTicket, Priority, TicketKind
from bots.identifying import claimed_number, current_order, order_in_context
from bots.summaries import subject, summary
from bots.turns import Outcome, Turn, settled
from orders.snapshots import OrderSnapshot


def to_person(
    turn: Turn,
    phrase: str,
    *,
    kind: TicketKind,
    reason: str,
    order: OrderSnapshot | None = None,
    priority: Priority = "normal",
) -> Outcome:
    """Say `phrase`, open a ticket and hand over. An order is linked if it is proved, else its number is a hint."""
    order = order or order_in_context(turn)
    number = order.number if order else claimed_number(turn)
    told = summary(turn, order, number)
    ticket = OpenTicket(
        kind=kind,
        order_id=order.order_id if order else None,
        order_number=number,
        reason=reason,
        subject=subject(kind, turn.language, number),
        summary=told,
        priority=priority,
    )
    reply = turn.bubble(phrase, number=number)
    dialogue = settled(turn.dialogue, wish=turn.wish)
    waiting = (turn.dialogue.pending,) if turn.dialogue.pending else ()
    wishes = tuple(dict.fromkeys((*dialogue.wishes, *waiting, turn.wish)))
    dialogue = replace(dialogue, order_number=number, wishes=wishes, turns=0, asked=0)
    return Outcome(
        dialogue=dialogue, replies=(reply,), actions=(ticket, Handover(reason=reason, summary=told)), order=order
    )


def human(turn: Turn) -> Outcome:
    """A person is wanted, whatever for."""
    return to_person(turn, "human", kind=_kind_waiting(turn), reason="asked_for_person")


def complaint(turn: Turn) -> Outcome:
    """Anger or a formal complaint: first in the queue."""
    return to_person(turn, "complaint", kind="complaint", reason="complaint", priority="high")


def refund_request(turn: Turn) -> Outcome:
    """The money back, for an order that is named or not."""
    phrase = "refund_request_order" if order_in_context(turn) else "refund_request"
    return to_person(turn, phrase, kind="refund", reason="refund_request")


def return_exchange(turn: Turn) -> Outcome:
    """Goods back, or other goods for them."""
    return to_person(turn, "return_exchange", kind="aftersales", reason="return_exchange")


def item_problem(turn: Turn) -> Outcome:
    """Damaged, faulty, wrong or missing goods."""
    return to_person(turn, "item_problem", kind="aftersales", reason="item_problem", priority="high")


def give_up(turn: Turn, reason: str, phrase: str = "give_up") -> Outcome:
    """The bot is of no more use here."""
    return to_person(turn, phrase, kind=_kind_waiting(turn), reason=reason)


def pass_on(turn: Turn) -> Outcome:
    """A wish that is understood, but that the bot has no answer to."""
    return to_person(turn, "pass_on", kind="question", reason=turn.wish)


def details_for_person(turn: Turn) -> Outcome:
    """Something the customer was asked to write and that only a person can use, such as an address."""
    return to_person(turn, "noted_for_person", kind="question", reason="details_given", order=current_order(turn))


def no_number(turn: Turn) -> Outcome:
    """The order number is not at hand: a person finds the order."""
    return to_person(turn, "no_number", kind=_kind_waiting(turn), reason="no_order_number")


def no_contact(turn: Turn) -> Outcome:
    """The contact on the order is out of reach: a person has to find another proof."""
    return to_person(turn, "no_contact", kind=_kind_waiting(turn), reason="contact_out_of_reach")


def reship(turn: Turn) -> Outcome:
    """The goods again, because they were lost or came back."""
    return to_person(turn, "reship", kind="aftersales", reason="reship")


def keep_order(turn: Turn) -> Outcome:
    """Do not cancel, or not any more. Nothing is cancelled by the bot; a wish that was passed on is taken back."""
    if "cancel_order" in turn.dialogue.wishes:
        return to_person(turn, "withdrawn", kind="cancellation", reason="cancellation_withdrawn", priority="high")
    return Outcome(
        dialogue=settled(turn.dialogue, wish=turn.wish),
        replies=(turn.bubble("not_cancelled"), turn.bubble("anything_else")),
    )


def _kind_waiting(turn: Turn) -> TicketKind:
    """What the ticket is about when somebody gives up on numbers and codes: the wish that waited for them."""
    return _KINDS.get(turn.dialogue.pending or "", "question")


_KINDS: dict[str, TicketKind] = {"cancel_order": "cancellation", "not_received": "aftersales"}
WISHES: dict[str, Callable[[Turn], Outcome]] = {
    "human_handover": human,
    "complaint": complaint,
    "refund_request": refund_request,
    "return_exchange": return_exchange,
    "item_problem": item_problem,
    "hold_details": details_for_person,
    "no_number": no_number,
    "no_contact": no_contact,
    "reship": reship,
    "keep_order": keep_order,
}
