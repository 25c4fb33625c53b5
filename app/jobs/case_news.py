"""Telling customers what has become of their after-sales case: each step once, where the case was asked for."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from app.case_facts import case_facts
from app.case_letters import CaseFacts, case_news, case_reminder
from app.jobs.context import JobContext
from bots.buttons import buttons
from conversations.models import CHAT, EMAIL, Conversation
from conversations.posting import post
from conversations.proofs import proven_contacts
from core import promises
from core.errors import NotFound
from core.jobs import enqueue
from core.people import SYSTEM
from core.transactions import transaction
from orders.access import Viewer, order_in_view
from orders.models import Order
from tickets.aftersales.models import AfterSale, AfterSaleTimer
from tickets.aftersales.reminding import remind
from tickets.complaints.intake import DECISION_PROMISE as DECISION
from tickets.models import COMPLAINT, Ticket

PURPOSE = "case.tell"
_OFFERS = {"rejected": ("person",), "needs_info": ("person",), "expired": ("person",), "refund_failed": ("person",)}


async def tell_of_case(args: dict[str, Any], context: JobContext) -> None:
    """Post where `case` (id) stands now, once for each step. What has been overtaken is not told."""
    case = await AfterSale.get(id=int(args["case"])).select_related("ticket__conversation")
    if case.ticket is not None:
        await tell_case(case, case.ticket.conversation)


async def tell_case(case: AfterSale, conversation: Conversation, language: str = "", *, again: str = "") -> bool:
    """Say where the case stands, unless that was said before (or `again`, a name for the question that asks for it).

    Whoever decides by a time has promised it. False when this customer may not hear of the order.
    """
    language = language or conversation.language
    order = await Order.get(id=case.order_id)
    if not await _may_hear(conversation, order):
        return False
    facts = await case_facts(case, order)
    words = case_news(facts, language)
    if not words:
        return False
    approval = ".approval" if facts.approval else ""
    async with transaction():
        await _keep_promise(case, facts)
        name = f"case:{case.public_id}:{facts.step}{approval}:{again or _turn(case, facts.step)}"
        await _say(words, name, conversation, order, language, _OFFERS.get(facts.step, ()))
    return True


async def remind_of_case(args: dict[str, Any], context: JobContext) -> None:
    """Tell the customer that their time (`timer`) is nearly over; once, not too late, and only who may hear of it."""
    timer = await AfterSaleTimer.get(id=int(args["timer"])).select_related("case__ticket__conversation")
    case = timer.case
    if case.ticket is None:
        return
    talk, order = case.ticket.conversation, await Order.get(id=case.order_id)
    if not await _may_hear(talk, order):
        return
    async with transaction():
        if (running := await remind(timer.id)) is None:
            return
        if words := case_reminder(await case_facts(running, order), talk.language):
            await _say(words, f"case:{case.public_id}:reminder:{timer.id}", talk, order, talk.language)


async def _say(
    words: str, name: str, talk: Conversation, order: Order, language: str, offered: Sequence[str] = ()
) -> None:
    """Post it, once under this name; by mail where the customer came by mail. Part of a running change."""
    offers = buttons(offered, language) if talk.channel == CHAT else ()
    message = await post(
        talk.id,
        SYSTEM,
        words,
        client_id=name,
        channel=talk.channel,
        language=language,
        order_id=order.id if talk.channel == CHAT else None,
        quick_replies=[{"label": quick.label, "text": quick.text} for quick in offers],
    )
    if talk.channel == EMAIL:
        await enqueue("mail.reply", {"message": message.id}, key=f"mail.reply:{message.id}")


async def _keep_promise(case: AfterSale, facts: CaseFacts) -> None:
    """The time by which a person decides is a promise of the ticket, until somebody has decided."""
    ticket = await Ticket.get_or_none(id=case.ticket_id)
    if ticket is None or ticket.kind == COMPLAINT:
        return  # complaints promise their own decision
    if facts.step != "under_review":
        await promises.settle(DECISION, ticket.public_id, at=case.decided_at)
    elif facts.due_at and not await promises.Promise.exists(
        kind=DECISION, subject=ticket.public_id, state=promises.OPEN
    ):
        await promises.promise(case.shop_id, DECISION, ticket.public_id, facts.due_at)


def _turn(case: AfterSale, step: str) -> int:
    """A state that a case comes to a second time is told a second time; its end is told once."""
    epoch = case.opened_at if step in ("refunded", "arrived", "expired", "closed", "cancelled") else case.since
    return int((epoch - case.opened_at) / timedelta(milliseconds=1))


async def _may_hear(conversation: Conversation, order: Order) -> bool:
    """In a chat whoever has proved the order's contact; by mail whoever the order's address belongs to."""
    if conversation.channel == CHAT:
        contacts = await proven_contacts(conversation.id)
    elif conversation.channel == EMAIL:
        await conversation.fetch_related("customer")
        contacts = (conversation.customer.email,) if conversation.customer.email else ()
    else:
        return False
    try:
        await order_in_view(Viewer.customer(conversation.shop_id, contacts), order.public_id, PURPOSE)
    except NotFound:
        return False
    return True
