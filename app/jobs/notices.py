"""Telling customers what has changed on their order, in every open chat that may know of it."""

from datetime import timedelta
from typing import Any

from app.jobs.context import JobContext
from app.reactions.notices import PARCEL_NOTICES, REFUND_NOTICES
from bots.dialogue import Dialogue
from bots.notices import notice, still_open
from conversations.models import CHAT, Conversation, Proof
from conversations.posting import post
from core.clock import now
from core.people import SYSTEM
from orders.models import Order, Refund, Shipment
from orders.refunds.matching import our_part
from orders.refunds.models import RefundPart
from orders.snapshots import snapshot
from tickets.cancelling import conversations_answered, is_claimed

RECENT = timedelta(days=7)  # nobody still waits in a chat that has been quiet for longer


async def send_notice(args: dict[str, Any], context: JobContext) -> None:
    """Post the notice `kind` about `order` once in each conversation whose customer has proved the order's contact."""
    order = await Order.get(id=args["order"])
    picture = await snapshot(order)
    facts = await _facts(args["kind"], args["subject"])
    client_id = f"notice:{order.id}:{args['kind']}:{args['subject']}"
    if args["kind"] == "on_hold" and await is_claimed(order.id):
        return  # stopped by the desk itself for a moment; the answer follows
    if args["kind"] in REFUND_NOTICES.values() and await is_of_a_case(int(args["subject"])):
        return  # the case tells of its own money
    answered = await conversations_answered(order.id) if args["kind"] == "cancelled" else set()
    for conversation in await _who_may_know(order):
        if conversation.id in answered:
            continue  # whoever asked for it is told by the answer
        reply = notice(args["kind"], picture, conversation.language, now(), **facts)
        if reply is not None:
            question = still_open(picture.order_id, Dialogue.from_json(conversation.dialogue), conversation.language)
            await post(
                conversation.id,
                SYSTEM,
                "\n".join(part for part in (reply.text, question) if part),
                client_id=client_id,
                order_id=order.id,
                quick_replies=[{"label": quick.label, "text": quick.text} for quick in reply.quick_replies],
            )


async def is_of_a_case(refund_id: int) -> bool:
    """Whether a refund (database id) is one that an after-sales case has asked for."""
    refund = await Refund.get(id=refund_id)
    parts = await RefundPart.filter(order_id=refund.order_id).select_related("intent")
    part = our_part(refund, parts)
    return part is not None and part.intent.case_id.startswith("afs_")


async def _facts(kind: str, subject: str) -> dict[str, object]:
    """Which parcel or refund of the order the notice is about."""
    if kind in PARCEL_NOTICES.values():
        return {"parcel_id": (await Shipment.get(id=int(subject))).public_id}
    if kind in REFUND_NOTICES.values():
        return {"refund_id": (await Refund.get(id=int(subject))).public_id}
    return {}


async def _who_may_know(order: Order) -> list[Conversation]:
    contacts = [contact for contact in (order.email, order.phone) if contact]
    proved = Proof.filter(contact__in=contacts, expires_at__gt=now())
    ids = await proved.filter(conversation__shop_id=order.shop_id).distinct().values_list("conversation_id", flat=True)
    recent = Conversation.filter(id__in=list(ids), channel=CHAT, last_message_at__gt=now() - RECENT)
    return await recent.order_by("id")
