"""What a customer asks for beside the talk: proof of an address, a letter, orders to choose from."""

from typing import Any

from app.order_choices import choice
from app.realtime.client_frames import Prove, Transcript
from app.realtime.frames import Choice, Orders, Proof, TranscriptSent
from conversations.models import Conversation
from conversations.proofs import check_code, proven_contacts, request_address_code, tries_left
from conversations.transcripts import request_transcript
from core.errors import NotFound
from core.people import Actor
from core.shops import Shop
from orders.access import Viewer, order_in_view, orders_to_choose
from orders.models import Order

PURPOSE = "chat.choose"
_SHOWN = 2  # letters of an address before the rest is hidden


async def prove(conversation: Conversation, frame: Prove) -> dict[str, Any]:
    """Send a code, or try the one that was typed. Raises what `request_address_code` raises."""
    if frame.address:
        await request_address_code(conversation.id, frame.address)
        return Proof(client_id=frame.client_id, state="sent").model_dump()
    if await check_code(conversation.id, frame.code, by_address=True):
        return Proof(client_id=frame.client_id, state="proved").model_dump()
    left = await tries_left(conversation.id, by_address=True)
    return Proof(client_id=frame.client_id, state="wrong", left=left).model_dump()


async def transcript(conversation: Conversation, actor: Actor, frame: Transcript) -> dict[str, Any]:
    """Ask for the letter. Raises what `request_transcript` raises."""
    address = await request_transcript(conversation.id, actor, frame.address)
    return TranscriptSent(client_id=frame.client_id, address=masked(address)).model_dump()


async def orders_frame(conversation: Conversation) -> dict[str, Any] | None:
    """The newest orders of the contacts that are proved here, or None without any."""
    contacts = await proven_contacts(conversation.id)
    found = await orders_to_choose(Viewer.customer(conversation.shop_id, contacts)) if contacts else []
    if not found:
        return None
    shop = await Shop.get(id=conversation.shop_id)
    choices = [Choice(**choice(order, conversation.language, shop.timezone)) for order in found]
    return Orders(conversation=conversation.public_id, orders=choices).model_dump()


async def chosen_order(conversation: Conversation, public_id: str) -> Order | None:
    """The order, if the customer may see it; what is not there or not proved any more is no choice."""
    viewer = Viewer.customer(conversation.shop_id, await proven_contacts(conversation.id))
    try:
        return await order_in_view(viewer, public_id, PURPOSE)
    except NotFound:
        return None


def masked(address: str) -> str:
    """`in…@example.com`: enough to know one's own address by, and not enough to learn it."""
    local, _, domain = address.rpartition("@")
    return f"{local[: min(_SHOWN, len(local) - 1)]}…@{domain}"
