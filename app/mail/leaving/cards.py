"""The order that a letter is about, as a card in it: only for the one address that the order belongs to."""

from collections.abc import Sequence
from typing import Any

from app.mail.leaving.composing import Mailbox
from app.order_cards import order_card
from conversations.models import Conversation, Message
from core.clock import now
from core.errors import NotFound
from orders.access import Viewer, order_in_view
from orders.models import Order
from orders.snapshots import snapshot
from tickets.models import TicketLink

PURPOSE = "mail.card"
MOST_PARCELS = 3


async def card_for(
    conversation: Conversation, message: Message, recipients: Sequence[Mailbox]
) -> dict[str, Any] | None:
    """What `order_card` says of the order that the talk is about, with its newest parcels.

    None when there is none, when somebody else reads the letter, too, or when the order has another address: the facts
    gate lets customers see what is theirs, and a sender's name alone proves nothing.
    """
    if len(recipients) != 1:
        return None
    order = await _order(conversation, message)
    if order is None:
        return None
    viewer = Viewer.customer(conversation.shop_id, (recipients[0].address,))
    try:
        seen = await order_in_view(viewer, order.public_id, PURPOSE)
    except NotFound:
        return None
    card = order_card(await snapshot(seen), message.language, now())
    return card | {"parcels": card["parcels"][:MOST_PARCELS]}


async def _order(conversation: Conversation, message: Message) -> Order | None:
    """The one that the message names, the one last talked about, or the one that the desk has tied to the ticket."""
    known = message.order_id or conversation.order_id
    if known is not None:
        return await Order.get_or_none(id=known)
    tied = TicketLink.filter(ticket__conversation_id=conversation.id, confirmed=True).order_by("-id")
    link = await tied.select_related("order").first()
    return link.order if link else None
