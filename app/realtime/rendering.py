"""Rows as frames. Order cards pass the facts gate with what the conversation's customer has proved."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Literal, cast

from app.order_cards import order_card
from app.realtime.attendance import AWAY, OPEN
from app.realtime.frames import (
    Attachment,
    Author,
    Handler,
    Hint,
    Hours,
    Inbox,
    Marks,
    Note,
    Order,
    Presence,
    Queue,
    Rated,
    ReadUpTo,
    ReceivedUpTo,
    Ticket,
)
from app.realtime.places import Standing
from conversations import models as talk
from conversations.proofs import proven_contacts
from core.business_hours import BusinessHours
from core.clock import now
from core.people import Agent, is_present
from core.shops import Shop
from orders.access import Viewer, orders_in_view
from orders.snapshots import snapshots
from tickets.deadlines import first_reply_due
from tickets.queue import Place

PURPOSE = "chat"


async def message_frames(conversation: talk.Conversation, messages: Sequence[talk.Message]) -> list[dict[str, Any]]:
    """Frames for messages of one conversation, with live cards; a constant number of queries."""
    cards = await order_cards(conversation, {order for message in messages if (order := card_of(message)) is not None})
    return [message_frame(conversation.public_id, message, cards.get(card_of(message) or 0)) for message in messages]


def card_of(message: talk.Message) -> int | None:
    """The order whose card stands under a message. A customer who has chosen one reads of it in the answer."""
    return None if message.author_kind == "customer" else message.order_id


async def order_cards(conversation: talk.Conversation, order_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """Cards by database id of those orders that this conversation's customer may see; constant number of queries."""
    if not order_ids:
        return {}
    contacts = await proven_contacts(conversation.id)
    if not contacts:
        return {}
    viewer = Viewer.customer(conversation.shop_id, contacts)
    orders = [order for order in await orders_in_view(viewer, PURPOSE) if order.id in order_ids]
    pictures = await snapshots(orders)
    return {
        order.id: order_card(picture, conversation.language, now())
        for order, picture in zip(orders, pictures, strict=True)
    }


async def shown_card(conversation: talk.Conversation) -> dict[str, Any] | None:
    """The card of the order that the conversation shows live, or None."""
    if conversation.order_id is None:
        return None
    return (await order_cards(conversation, {conversation.order_id})).get(conversation.order_id)


def rated_frame(conversation_public_id: str, score: int) -> dict[str, Any]:
    """The customer has rated the help."""
    return Rated(conversation=conversation_public_id, score=score).model_dump()


def hours_of(shop: Shop, online: bool) -> Hours | None:
    """When people are at the desk of `shop`, as seen now (`online`: whether somebody is); None without any hours."""
    if not shop.hours:
        return None
    moment, hours = now(), BusinessHours.of(shop.hours, shop.timezone)
    closes, opens = hours.closes_at(moment), hours.opens_at(moment)
    return Hours(
        open=hours.is_open(moment),
        closes_at=stamp(closes) if closes else None,
        opens_at=stamp(opens) if opens else None,
        answers_by=stamp(first_reply_due(shop, moment, online)),
        timezone=shop.timezone,
    )


def order_frame(conversation_public_id: str, card: dict[str, Any]) -> dict[str, Any]:
    """The order has moved: its card, anew. The card was made for this conversation's customer."""
    return Order(conversation=conversation_public_id, card=card).model_dump()


async def handler_frame(conversation: talk.Conversation, reason: str = "") -> dict[str, Any]:
    """Who speaks for the shop now."""
    kind = cast(Literal["bot", "queue", "agent"], conversation.handler)
    speaker = await speaking(conversation)
    return Handler(conversation=conversation.public_id, handler=kind, reason=reason, **speaker).model_dump()


async def speaking(conversation: talk.Conversation) -> dict[str, Any]:
    """The fields `agent` and `here` of a frame: the name of whoever has the conversation, and whether they are there.

    Of nobody else: which colleagues read along is no customer's business.
    """
    if conversation.handler != talk.AGENT or conversation.agent_id is None:
        return {"agent": None, "here": False}
    agent = await Agent.get_or_none(id=conversation.agent_id)
    return {"agent": agent.name if agent else None, "here": agent is not None and is_present(agent)}


def agent_presence(conversation_public_id: str, name: str, *, on: bool) -> dict[str, Any]:
    """Whoever answers the conversation has come to the desk or left it."""
    return Presence(conversation=conversation_public_id, who="agent", name=name, on=on).model_dump()


def customer_presence(conversation: talk.Conversation, level: int) -> dict[str, Any]:
    """Whether the customer is there, and when they last were: for the desk."""
    seen = last_seen(conversation)
    return Presence(
        conversation=conversation.public_id,
        who="customer",
        on=level > AWAY,
        open=level == OPEN,
        seen=stamp(seen) if seen else None,
    ).model_dump()


def last_seen(conversation: talk.Conversation) -> datetime | None:
    """When the customer was last there, as far as is known: their last line ended, or they said something later."""
    moments = (conversation.customer_seen_at, conversation.last_customer_at)
    return max((moment for moment in moments if moment is not None), default=None)


def ticket_frame(conversation_public_id: str, number: int, kind: str, status: str) -> dict[str, Any]:
    """A ticket was opened or changed; safe for the customer."""
    return Ticket(conversation=conversation_public_id, number=number, kind=kind, status=status).model_dump()


def queue_frame(
    conversation_public_id: str, *, online: bool, by: datetime | None, place: Place | None = None
) -> dict[str, Any]:
    """When the waiting customer can expect a person, and how many come before."""
    wait = round(place.wait.total_seconds()) if place is not None and place.wait is not None else None
    number = place.number if place is not None else None
    due = stamp(by) if by else None
    return Queue(conversation=conversation_public_id, online=online, by=due, place=number, wait=wait).model_dump()


def place_frame(conversation: talk.Conversation, standing: Standing) -> dict[str, Any]:
    """Where the conversation, which waits for a person, stands now."""
    place, online = standing.places.get(conversation.id), standing.online
    return queue_frame(conversation.public_id, online=online, by=place.due if place else None, place=place)


def read_frame(conversation_public_id: str, reader: str, number: int) -> dict[str, Any]:
    """One side has read up to `number`."""
    side = cast(Literal["customer", "desk"], reader)
    return ReadUpTo(conversation=conversation_public_id, reader=side, number=number).model_dump()


def received_frame(conversation_public_id: str, receiver: str, number: int) -> dict[str, Any]:
    """Words up to `number` are on a device of one side."""
    side = cast(Literal["customer", "desk"], receiver)
    return ReceivedUpTo(conversation=conversation_public_id, receiver=side, number=number).model_dump()


def marks(conversation: talk.Conversation) -> Marks:
    """How far each side has got."""
    return Marks(
        customer_received=conversation.customer_received,
        customer_read=conversation.customer_read,
        desk_received=conversation.desk_received,
        desk_read=conversation.desk_read,
    )


def note_frame(conversation_public_id: str, note: talk.Note, author_name: str) -> dict[str, Any]:
    """Internal words: for desk topics only. A note without an agent is the bot's."""
    author = Author(kind="agent" if note.agent_id else "bot", name=author_name)
    return Note(
        conversation=conversation_public_id,
        id=note.public_id,
        author=author,
        text=note.text,
        at=stamp(note.created_at),
    ).model_dump()


def inbox_frame(conversation_public_id: str, *, ticket: int | None = None, what: str = "message") -> dict[str, Any]:
    """A row of the inbox has changed."""
    return Inbox(conversation=conversation_public_id, ticket=ticket, what=what).model_dump()


def hint_frame(conversation: talk.Conversation, *, changed: bool = False) -> dict[str, Any]:
    """The conversation has got as far as this."""
    return Hint(conversation=conversation.public_id, number=conversation.last_number, changed=changed).model_dump()


def stamp(moment: datetime) -> str:
    """RFC 3339 with `Z` and milliseconds."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def message_frame(
    conversation_public_id: str, message: talk.Message, card: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The frame `Message`, with the live card that `order_cards` allows. Written by hand, like `ack_frame`: they are
    made for each message, and checking what was checked on its way in takes longer than all else."""
    return {
        "type": "message",
        "conversation": conversation_public_id,
        "number": message.number,
        "client_id": message.client_id,
        "author": {"kind": message.author_kind, "name": message.author_name},
        "text": message.text,
        "language": message.language,
        "channel": message.channel,
        "at": stamp(message.created_at),
        "order": card,
        "quick_replies": [{"label": reply["label"], "text": reply["text"]} for reply in message.quick_replies],
        "form": message.form,
        "state": message.state,
        "attachments": [Attachment(**file).model_dump() for file in message.attachments or ()],
    }


def ack_frame(conversation_public_id: str, message: talk.Message) -> dict[str, Any]:
    """The frame `Ack`."""
    return {
        "type": "ack",
        "conversation": conversation_public_id,
        "client_id": message.client_id,
        "number": message.number,
        "at": stamp(message.created_at),
    }
