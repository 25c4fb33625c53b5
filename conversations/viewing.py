"""Which order is shown live beside a conversation."""

from conversations.events import OrderInView
from conversations.models import Conversation
from core.errors import NotFound
from core.transactions import record, transaction
from orders.models import Order


async def show_order(conversation_id: int, order_id: int) -> None:
    """Show this order; nothing happens when it is shown already. Raises NotFound for an order of another shop.

    Whether the customer may see it is decided before, by `orders.access`.
    """
    async with transaction():
        conversation = await Conversation.filter(id=conversation_id).select_for_update().get()
        if conversation.order_id == order_id:
            return
        if not await Order.exists(id=order_id, shop_id=conversation.shop_id):
            raise NotFound("no such order")
        await Conversation.filter(id=conversation_id).update(order_id=order_id)
        record(OrderInView(conversation_id=conversation_id, shop_id=conversation.shop_id, order_id=order_id))
