"""What the bot passes on to people: the ticket for a wish, and when somebody answers."""

from bots.decisions import OpenTicket, Reply
from bots.phrases import render
from core.clock import now
from core.jobs import enqueue
from core.people import BOT, anyone_online
from core.shops import Shop
from core.text import reference
from orders.models import Order, OrderLine
from tickets.deadlines import first_reply_due
from tickets.linking import link_order
from tickets.models import Ticket
from tickets.opening import open_ticket


async def open_wish(conversation_id: int, wish: OpenTicket, order: Order | None) -> Ticket:
    """Open the ticket that the bot wishes for, linked to the order or those of its lines that are meant; part of the
    running change. `order` is one that the customer has proved.
    """
    meant = OrderLine.filter(order_id=order.id, source_id__in=wish.line_ids) if order and wish.line_ids else None
    lines = await meant.order_by("id") if meant else []
    ticket = await open_ticket(
        conversation_id,
        wish.kind,
        BOT,
        subject=wish.subject,
        summary=wish.summary,
        priority=wish.priority,
        order_ids=[order.id] if order and not lines else (),
        reason=wish.reason,
        link_source="bot",
    )
    for line in lines:
        await link_order(ticket.id, line.order_id, BOT, reason=wish.reason, source="bot", line_id=line.id)
    if order is None and wish.order_number:
        # Whether there is such an order is found out later: who only claims it waits as long for either.
        args = {"ticket": ticket.id, "number": wish.order_number, "reason": wish.reason}
        await enqueue("ticket.suggest", args, key=f"ticket.suggest:{ticket.id}:{reference(wish.order_number)}")
    return ticket


async def when_somebody_answers(ticket: Ticket, language: str) -> Reply:
    """The ticket's number and an honest time, in the customer's words."""
    shop = await Shop.get(id=ticket.shop_id)
    online = await anyone_online(shop.id)
    facts = {"ticket": ticket.number, "by": first_reply_due(shop, now(), online), "timezone": shop.timezone}
    key = "handover_online" if online else "handover_offline"
    return Reply(phrase=key, text=render(key, language, facts))
