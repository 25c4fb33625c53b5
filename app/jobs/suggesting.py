"""An order that a customer only named: suggested to the agent of their ticket, if there is one with that number."""

from typing import Any

from app.jobs.context import JobContext
from core.people import BOT
from core.text import reference
from orders.models import Order
from tickets.linking import link_order
from tickets.models import Ticket


async def suggest_order(args: dict[str, Any], context: JobContext) -> None:
    """Link the order called `number` to `ticket`, for an agent to confirm or dismiss."""
    ticket = await Ticket.get(id=args["ticket"])
    order = await Order.filter(shop_id=ticket.shop_id, number_key=reference(args["number"])).first()
    if order is not None:
        await link_order(ticket.id, order.id, BOT, reason=args["reason"], source="bot", confirmed=False)
