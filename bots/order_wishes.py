"""Wishes that are answered from the state of a proved order."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bots.answers import confirmation_answer, order_answer, outbound
from bots.buttons import button
from bots.decisions import Handover, OpenTicket, Reply
from bots.dialogue import Dialogue
from bots.identifying import find_orders
from bots.person_wishes import to_person
from bots.repayments import refund_answer
from bots.summaries import subject, summary
from bots.telling import Answer
from bots.turns import Outcome, Turn, settled
from orders.snapshots import OrderSnapshot
from orders.statuses import Headline, ParcelState

_ASKED_OFTEN = 2  # repetitions of a question with nothing new to say
_ARRIVED = frozenset({Headline.DELIVERED, Headline.COMPLETED})


def order_status(turn: Turn) -> Outcome:
    """Where is it?"""
    return _answer(turn, order_answer)


def order_confirmation(turn: Turn) -> Outcome:
    """Did it go through?"""
    return _answer(turn, confirmation_answer)


def refund_status(turn: Turn) -> Outcome:
    """Where is the money?"""
    return _answer(turn, refund_answer)


def not_received(turn: Turn) -> Outcome:
    """Marked as delivered, but not there: a person opens the search."""
    found = find_orders(turn)
    if isinstance(found, Outcome):
        return found
    order = found[0]
    delivered = [parcel for parcel in outbound(order) if parcel.state is ParcelState.DELIVERED]
    if not delivered and order.headline not in _ARRIVED:
        return _answer(turn, order_answer)
    return to_person(
        turn, "not_received", kind="aftersales", reason="delivered_not_received", order=order, priority="high"
    )


def _answer(turn: Turn, tell: Callable[[OrderSnapshot, str, datetime], Answer]) -> Outcome:
    found = find_orders(turn)
    if isinstance(found, Outcome):
        return found
    answers = [(order, tell(order, turn.language, turn.now)) for order in found]
    order, answer = answers[0]
    dialogue = _known(settled(turn.dialogue, wish=turn.wish), order)
    mark = f"{order.order_id}:{order.version}:{answer.phrase}"
    dialogue = replace(dialogue, told=mark, asked=turn.dialogue.asked + 1 if turn.dialogue.told == mark else 0)
    if answer.person:
        return _with_person(turn, dialogue, order, answer)
    if dialogue.asked >= _ASKED_OFTEN:
        return to_person(
            replace(turn, dialogue=dialogue), "asked_often", kind="question", reason="asked_again", order=order
        )
    if answer.wants_details:
        dialogue = replace(dialogue, awaiting="problem", pending="hold_details")
    replies = tuple(_reply(turn, order, answer, others=len(turn.orders) > len(found)) for order, answer in answers)
    if dialogue.asked:
        replies = (turn.bubble("nothing_new"), *replies)
    return Outcome(dialogue=dialogue, replies=replies, order=order, facts=_facts(order))


def _with_person(turn: Turn, dialogue: Dialogue, order: OrderSnapshot, answer: Answer) -> Outcome:
    """Tell the bad news and bring a person at once."""
    reason = answer.person or "order_problem"
    told = summary(turn, order, None)
    ticket = OpenTicket(
        kind="aftersales",
        order_id=order.order_id,
        order_number=order.number,
        reason=reason,
        subject=subject("aftersales", turn.language, order.number),
        summary=told,
        priority="high",
    )
    reply = Reply(phrase=answer.phrase, text=answer.text, order_id=order.order_id)
    return Outcome(
        dialogue=dialogue,
        replies=(reply,),
        actions=(ticket, Handover(reason=reason, summary=told)),
        order=order,
        facts=_facts(order),
    )


def _reply(turn: Turn, order: OrderSnapshot, answer: Answer, *, others: bool) -> Reply:
    more = (button("other", turn.language),) if others else ()
    return Reply(
        phrase=answer.phrase,
        text=answer.text,
        order_id=order.order_id,
        quick_replies=(*answer.quick_replies, *more)[:5],
    )


def _known(dialogue: Dialogue, order: OrderSnapshot) -> Dialogue:
    return replace(dialogue, order_id=order.order_id, order_number=None)


def _facts(order: OrderSnapshot) -> dict[str, object]:
    """What the answer rests on, for the receipt."""
    return {
        "number": order.number,
        "headline": str(order.headline),
        "holds": sorted(order.holds),
        "gates": list(order.gates),
        "parcels": {parcel.parcel_id: str(parcel.state) for parcel in order.parcels},
        "promised_to": order.promised_to and order.promised_to.isoformat(),
        "expected": {parcel.parcel_id: parcel.eta_to.isoformat() for parcel in order.parcels if parcel.eta_to},
        "refunds": {refund.refund_id: refund.state for refund in order.refunds},
    }


WISHES: dict[str, Callable[[Turn], Outcome]] = {
    "order_status": order_status,
    "order_confirmation": order_confirmation,
    "refund_status": refund_status,
    "not_received": not_received,
}
