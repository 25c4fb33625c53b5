"""After the commit: frames for everybody who has the conversation, the inbox or the order on the screen."""

from collections.abc import Awaitable
from typing import Any

from app.order_cards import order_card
from app.realtime import rendering
from app.realtime.hub import Hub
from app.realtime.inbox import InboxNews
from app.realtime.requests import orders_frame
from app.realtime.topics import agent_topic, conversation_topic, desk_topic
from conversations.events import (
    ContactProved,
    ConversationRead,
    HandlerChanged,
    MessagePosted,
    MessagesReceived,
    NoteAdded,
    OrderInView,
    RatingGiven,
)
from conversations.models import Conversation, Note
from core.clock import now
from orders.events import OrderChanged, RefundIntentChanged
from orders.models import Order
from orders.snapshots import snapshot
from tickets.events import TicketChanged, TicketOpened
from tickets.models import Ticket, TicketLink


class Frames:
    """Turns events into frames and hands them to the hub."""

    def __init__(self, hub: Hub) -> None:
        self.hub, self.inbox = hub, InboxNews(hub)

    def message_posted(self, event: MessagePosted) -> Awaitable[None] | None:
        """The words appear on both sides, and the inbox moves. Only a live card needs the database."""
        if (order_id := rendering.card_of(event.message)) is not None:
            return self._posted_with_card(event, order_id)
        self._posted(event)
        return None

    async def handler_changed(self, event: HandlerChanged) -> None:
        """Both sides see who speaks now."""
        conversation = await Conversation.get(id=event.conversation_id)
        topic = conversation_topic(conversation.public_id)
        frame = await rendering.handler_frame(conversation, event.reason)
        self.hub.publish(topic, frame)
        if event.before_agent_id not in (None, event.by_agent_id):  # whoever lost it is told on every page
            self.hub.publish(agent_topic(event.before_agent_id), frame)
        if event.agent_id not in (None, event.by_agent_id):  # and whoever was given it
            self.hub.publish(agent_topic(event.agent_id), frame)
        self._inbox(conversation, "handler")

    async def note_added(self, event: NoteAdded) -> None:
        """Internal words, on the desk's topic only."""
        conversation = await Conversation.get(id=event.conversation_id)
        note = await Note.get(id=event.note_id).select_related("agent")
        frame = rendering.note_frame(conversation.public_id, note, note.agent.name if note.agent else "")
        self.hub.publish(desk_topic(conversation.public_id), frame)

    async def conversation_read(self, event: ConversationRead) -> None:
        """The other side's read mark."""
        conversation = await Conversation.get(id=event.conversation_id)
        frame = rendering.read_frame(conversation.public_id, event.reader, event.number)
        self.hub.publish(conversation_topic(conversation.public_id), frame)
        if event.reader == "desk":
            self._inbox(conversation, "read")

    async def messages_received(self, event: MessagesReceived) -> None:
        """Our words have reached the other side's device."""
        conversation = await Conversation.get(id=event.conversation_id)
        frame = rendering.received_frame(conversation.public_id, event.receiver, event.number)
        self.hub.publish(conversation_topic(conversation.public_id), frame)

    async def order_in_view(self, event: OrderInView) -> None:
        """The card beside the conversation is another one now."""
        await self._show_order(await Conversation.get(id=event.conversation_id), await Order.get(id=event.order_id))

    async def contact_proved(self, event: ContactProved) -> None:
        """What was hidden until now may be shown."""
        conversation = await Conversation.get(id=event.conversation_id)
        card = await rendering.shown_card(conversation)
        if card is not None:
            frame = rendering.order_frame(conversation.public_id, card)
            self.hub.publish(conversation_topic(conversation.public_id), frame)
        if (orders := await orders_frame(conversation)) is not None:
            self.hub.publish(conversation_topic(conversation.public_id), orders)

    async def rating_given(self, event: RatingGiven) -> None:
        """Both sides see that it was given."""
        conversation = await Conversation.get(id=event.conversation_id)
        frame = rendering.rated_frame(conversation.public_id, event.score)
        self.hub.publish(conversation_topic(conversation.public_id), frame)
        self._inbox(conversation, "rating")

    async def ticket_changed(self, event: TicketOpened | TicketChanged) -> None:
        """The ticket's state, for the lists and the desk; customers hear of what they can see, and of nothing else.

        A frame for each suggested order would tell whoever guesses numbers which of them exist.
        """
        ticket = await Ticket.get(id=event.ticket_id).select_related("conversation")
        public_id = ticket.conversation.public_id
        frame = rendering.ticket_frame(public_id, ticket.number, ticket.kind, ticket.status)
        what = "opened" if isinstance(event, TicketOpened) else event.what
        visible = what in ("opened", "status")
        self.hub.publish(conversation_topic(public_id) if visible else desk_topic(public_id), frame)
        self.inbox.tell(event.shop_id, public_id, ticket=ticket.number, what=what)

    async def order_changed(self, event: OrderChanged | RefundIntentChanged) -> None:
        """Live cards move wherever the order is on a screen; money that goes back moves them as well."""
        order = await Order.get(id=event.order_id)
        linked = await TicketLink.filter(order_id=order.id).values_list("ticket__conversation_id", flat=True)
        shown = await Conversation.filter(order_id=order.id).values_list("id", flat=True)
        for conversation in await Conversation.filter(id__in=list({*linked, *shown})):
            await self._show_order(conversation, order)
            self._inbox(conversation, "order")

    async def _posted_with_card(self, event: MessagePosted, order_id: int) -> None:
        conversation = await Conversation.get(id=event.conversation_id)
        self._posted(event, (await rendering.order_cards(conversation, {order_id})).get(order_id))

    def _posted(self, event: MessagePosted, card: dict[str, Any] | None = None) -> None:
        frame = rendering.message_frame(event.conversation, event.message, card)
        self.hub.publish(conversation_topic(event.conversation), frame)
        self.inbox.tell(event.shop_id, event.conversation)

    async def _show_order(self, conversation: Conversation, order: Order) -> None:
        """Two frames: the customer's passes the facts gate, the desk's needs no proof."""
        if conversation.order_id == order.id and (card := await rendering.shown_card(conversation)) is not None:
            frame = rendering.order_frame(conversation.public_id, card)
            self.hub.publish(conversation_topic(conversation.public_id), frame)
        picture = order_card(await snapshot(order), conversation.language, now(), for_desk=True)
        self.hub.publish(desk_topic(conversation.public_id), rendering.order_frame(conversation.public_id, picture))

    def _inbox(self, conversation: Conversation, what: str) -> None:
        self.inbox.tell(conversation.shop_id, conversation.public_id, what=what)
