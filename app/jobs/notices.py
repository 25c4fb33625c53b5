"""Telling customers what has changed on their order, in every open chat that may know of it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.jobs.context import JobContext
from app.reactions.aftersales import CASE
from app.reactions.notices import PARCEL_NOTICES, REFUND_NOTICES
from bots.dialogue import Dialogue
from bots.notices import notice, still_open
from conversations.models import CHAT, Conversation, Proof
from conversations.posting import post
from core.clock import now
from core.money import Money
from core.people import SYSTEM
from orders.models import Order, Refund, Shipment
from orders.refunds.telling import whole_of
from orders.refunds.tenders import held_by
from orders.snapshots import snapshot
from tickets.cancelling import conversations_answered, is_claimed

RECENT = timedelta(days=7)  # nobody still waits in a chat that has been quiet for longer


async def send_notice(args: dict[str, Any], context: JobContext) -> None:
    """Post the notice `kind` about `order` once in each conversation whose customer has proved the order's contact."""
    kind, order = args["kind"], await Order.get(id=args["order"])
    if kind == "on_hold" and await is_claimed(order.id):
        return  # stopped by the desk itself for a moment; the answer follows
    subject = await _subject(kind, args["subject"])
    if subject is None:
        return
    picture = await snapshot(order)
    answered = await conversations_answered(order.id) if kind == "cancelled" else set()
    for conversation in await _who_may_know(order):
        if conversation.id in answered:
            continue  # whoever asked for it is told by the answer
        reply = notice(kind, picture, conversation.language, now(), **subject.facts)
        if reply is not None:
            question = still_open(picture.order_id, Dialogue.from_json(conversation.dialogue), conversation.language)
            await post(
                conversation.id,
                SYSTEM,
                "\n".join(part for part in (reply.text, question) if part),
                client_id=f"notice:{order.id}:{kind}:{subject.name}",
                order_id=order.id,
                quick_replies=[{"label": quick.label, "text": quick.text} for quick in reply.quick_replies],
            )


@dataclass(frozen=True, slots=True)
class _Subject:
    """What of the order a notice is about. The same `name` is told once."""

    name: str
    facts: dict[str, object]


async def _subject(kind: str, name: str) -> _Subject | None:
    if kind in PARCEL_NOTICES.values():
        return _Subject(name, {"parcel_id": (await Shipment.get(id=int(name))).public_id})
    if kind in REFUND_NOTICES.values():
        return await _refund(kind, await Refund.get(id=int(name)))
    return _Subject(name, {})


async def _refund(kind: str, refund: Refund) -> _Subject | None:
    """A refund; of our own all parts together, once none of them is on its way. None: there is nothing to say (yet)."""
    facts: dict[str, object] = {"refund_id": refund.public_id}
    whole = await whole_of(refund)
    if whole is None:
        return _Subject(str(refund.id), facts)
    if whole.intent.case_id.startswith(CASE):
        return None  # the case tells of its own money
    arrives = kind == REFUND_NOTICES["succeeded"]
    if arrives and not whole.has_ended:
        return None  # the end of the last part tells of all
    parts = whole.arrived if arrives else whole.parts
    facts["amount"] = Money(sum(held_by(part) for part in parts), whole.intent.currency)
    facts["tenders"] = tuple(part.tender for part in parts)
    return _Subject(whole.intent.public_id, facts)


async def _who_may_know(order: Order) -> list[Conversation]:
    contacts = [contact for contact in (order.email, order.phone) if contact]
    proved = Proof.filter(contact__in=contacts, expires_at__gt=now())
    ids = await proved.filter(conversation__shop_id=order.shop_id).distinct().values_list("conversation_id", flat=True)
    recent = Conversation.filter(id__in=list(ids), channel=CHAT, last_message_at__gt=now() - RECENT)
    return await recent.order_by("id")
