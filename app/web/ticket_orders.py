"""The orders that work on a ticket may be about."""

from core.errors import NotFound
from core.ids import as_id
from orders.models import Order
from tickets.models import Ticket, TicketLink


async def order_of(ticket: Ticket, name: str) -> Order:
    """An order that the ticket is about, for certain: suggestions are not. Raises NotFound."""
    links = TicketLink.filter(ticket_id=ticket.id, confirmed=True).values_list("order_id", flat=True)
    near = [*await links, ticket.conversation.order_id]
    order = await Order.get_or_none(public_id=as_id(name), shop_id=ticket.shop_id)
    if order is None or order.id not in near:
        raise NotFound("no such order of this ticket")
    return order
