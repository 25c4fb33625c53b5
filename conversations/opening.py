"""How conversations begin."""

from conversations.events import ConversationOpened
from conversations.models import CHAT, Conversation
from core.clock import now
from core.errors import NotFound
from core.ids import new_id
from core.people import Customer
from core.shops import Shop
from core.text import clean
from core.transactions import record, transaction

SUBJECT_LIMIT = 300


async def open_conversation(
    shop: Shop, customer: Customer, *, channel: str, language: str, subject: str = ""
) -> Conversation:
    """Begin a thread, handled by the bot. Raises NotFound when the customer belongs to another shop."""
    if customer.shop_id != shop.id:
        raise NotFound("no such customer")
    async with transaction():
        conversation = await Conversation.create(
            public_id=new_id("cnv"),
            shop_id=shop.id,
            customer_id=customer.id,
            channel=channel,
            language=language,
            subject=clean(subject, limit=SUBJECT_LIMIT),
            created_at=now(),
        )
        record(ConversationOpened(conversation_id=conversation.id, shop_id=shop.id, channel=channel))
    return conversation


async def chat_with(shop: Shop, customer: Customer, *, language: str) -> Conversation:
    """The customer's chat: the newest one, or a new one.

    Two tabs that say hello at once get the same: the customer's row is locked meanwhile.
    """
    chats = Conversation.filter(customer_id=customer.id, channel=CHAT).order_by("-id")
    newest = await chats.first()
    if newest is not None:  # thousands may come back at once after a restart: no lock for those
        return newest
    async with transaction():
        await Customer.filter(id=customer.id).select_for_update().first()
        return await chats.first() or await open_conversation(shop, customer, channel=CHAT, language=language)
