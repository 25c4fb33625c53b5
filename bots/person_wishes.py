"""Wishes that only people can fulfil. They are never made to wait for a number or a proof."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from bots.decisions import Handover, OpenTicket, Priority, TicketKind
from bots.faults import lines_meant, link_reason
from bots.identifying import claimed_number, current_order, order_in_context
from bots.phrases import render, wordings
from bots.summaries import collected, is_upset, subject, summary
from bots.turns import Outcome, Turn, settled
from orders.snapshots import OrderSnapshot

_BAD = re.compile(
    r"\b(?:bad|poor|not (?:happy|good|satisfied)|unhappy|disappoint\w*|rude|slow|negative)\b|不好|不满|差劲"
    r"|失望|太慢|态度差|很差",
    re.IGNORECASE,
)
_GOOD = re.compile(
    r"\b(?:love|great|excellent|happy|satisfied|good|amazing|perfect|awesome|wonderful|pleased|thank\w*)\b"
    r"|好评|五星|满意|喜欢|不错|很好|真好|挺好|很快|赞|棒|回购|推荐",
    re.IGNORECASE,
)
NO_FACTS: Mapping[str, str] = {}


def to_person(
    turn: Turn,
    phrase: str,
    *,
    kind: TicketKind,
    reason: str,
    order: OrderSnapshot | None = None,
    priority: Priority = "normal",
    facts: Mapping[str, str] = NO_FACTS,
) -> Outcome:
    """Say `phrase`, open a ticket and hand over. An order is linked if it is proved, else its number is a hint."""
    order = order or order_in_context(turn)
    number = order.number if order else claimed_number(turn)
    told, details = summary(turn, order, number), collected(turn)
    ticket = OpenTicket(
        kind=kind,
        order_id=order.order_id if order else None,
        order_number=number,
        line_ids=lines_meant(order, details) if order else (),
        reason=link_reason(reason, details),
        subject=subject(kind, turn.language, number),
        summary=told,
        priority=priority,
    )
    reply = turn.bubble(phrase, quick_replies=(), **{"number": number, **facts})
    dialogue = replace(settled(turn.dialogue, wish=turn.wish), details={}, queued=())
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


def feedback(turn: Turn) -> Outcome:
    """Praise is thanked for; what sounds bad is treated as a complaint, and what may be either goes to a person."""
    text = turn.question.text
    if is_upset(text) or _BAD.search(text):
        return complaint(turn)
    if _GOOD.search(text):
        return Outcome(dialogue=settled(turn.dialogue, wish=turn.wish), replies=(turn.bubble("thanks_for_praise"),))
    return to_person(turn, "feedback_passed_on", kind="question", reason="feedback", priority="low")


def give_up(turn: Turn, reason: str, phrase: str = "give_up") -> Outcome:
    """The bot is of no more use here."""
    return to_person(turn, phrase, kind=_kind_waiting(turn), reason=reason)


def pass_on(turn: Turn) -> Outcome:
    """A wish that is understood, but that the bot has no answer to."""
    if f"wish_{turn.wish}" not in wordings():
        return to_person(turn, "pass_on", kind="question", reason=turn.wish)
    wish = render(f"wish_{turn.wish}", turn.language)
    return to_person(turn, "pass_on_wish", kind="question", reason=turn.wish, facts={"wish": wish})


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


_KINDS: dict[str, TicketKind] = {
    "cancel_order": "cancellation",
    "not_received": "aftersales",
    "return_exchange": "aftersales",
    "item_problem": "aftersales",
    "repair_install": "aftersales",
    "refund_request": "refund",
}
WISHES: dict[str, Callable[[Turn], Outcome]] = {
    "human_handover": human,
    "complaint": complaint,
    "feedback": feedback,
    "hold_details": details_for_person,
    "no_number": no_number,
    "no_contact": no_contact,
    "reship": reship,
    "keep_order": keep_order,
}
