"""How words get into a conversation: once per client id, numbered without gaps, by whoever may speak now.

One guarded UPDATE draws the number and holds the row until the commit, so that posts to a conversation happen one after
the other. It changes nothing when the post is refused: a caller may catch the error and go on in its transaction.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from conversations import search, viewing
from conversations.access import AGENT_SEES_SHOP, require_access
from conversations.events import MessagePosted
from conversations.handover import require_turn, take_over_for_reply
from conversations.models import BOT, CHAT, Conversation, Message
from core.clock import now
from core.errors import Conflict, Invalid
from core.people import Actor
from core.sql import fetch
from core.text import clean, is_blank
from core.transactions import record, transaction

TEXT_LIMIT = 8000  # characters
CLIENT_ID_LIMIT = 80
PREVIEW_LIMIT = 200

_GUARDS = {
    "customer": "customer_id = {actor}",
    "agent": "handler = 'agent' AND agent_id = {actor} AND last_customer_number <= {seen} AND " + AGENT_SEES_SHOP,
    "bot": "handler = 'bot'",
    "system": "1 = 1",
}
_SPOKEN = "last_number = last_number + 1, last_message_at = {at}, last_text = {preview}, version = version + 1"
_BY_CUSTOMER = ", last_customer_number = last_number + 1, last_customer_at = {at}"
_DRAW = (
    "UPDATE conversation SET {spoken} WHERE id = {{conversation}} AND {guard}"
    " AND NOT EXISTS (SELECT 1 FROM message AS m WHERE m.conversation_id = conversation.id"
    " AND m.author_kind = {{kind}} AND m.client_id = {{client_id}})"
    " RETURNING last_number AS number, shop_id, language, handler"
)
_DRAWS = {
    kind: _DRAW.format(spoken=_SPOKEN + (_BY_CUSTOMER if kind == "customer" else ""), guard=guard)
    for kind, guard in _GUARDS.items()
}
_INSERT = (
    "INSERT INTO message (conversation_id, number, client_id, author_kind, author_id, author_name, channel, language,"
    " text, order_id, quick_replies, form, state, created_at) VALUES ({conversation_id}, {number}, {client_id},"
    " {author_kind}, {author_id}, {author_name}, {channel}, {language}, {text}, {order_id}, {quick_replies}, {form},"
    " {state}, {created_at}) ON CONFLICT (conversation_id, author_kind, client_id) DO NOTHING RETURNING id"
)
_EVERYTHING = 2**62


async def post(
    conversation_id: int,
    actor: Actor,
    text: str,
    *,
    client_id: str,
    channel: str = CHAT,
    language: str | None = None,
    order_id: int | None = None,
    quick_replies: Sequence[Mapping[str, str]] = (),
    form: str | None = None,
    seen: int | None = None,
    take_over: bool = False,
) -> Message:
    """Add a message of 1 to 8,000 characters and return it; a resend returns the first and changes nothing.

    An agent who answers takes the conversation over from bot and queue, and with `take_over` from a colleague. `seen`
    is the last number the agent had read when writing. Raises Invalid (empty_text, text_too_long, bad_client_id),
    NotFound, Conflict (not_your_turn; handled_by_other with `name`; stale with `last`).
    """
    words = _checked_text(text)
    if not 0 < len(client_id) <= CLIENT_ID_LIMIT:
        raise Invalid("a client id has 1 to 80 characters", code="bad_client_id")
    async with transaction():
        at = now()
        drawn = await _draw(conversation_id, actor, client_id, words, at, seen)
        if drawn is None:
            first = await _first_or_way(conversation_id, actor, client_id, seen, take_over=take_over)
            if first is not None:
                return first
            drawn = await _draw(conversation_id, actor, client_id, words, at, seen)
            assert drawn is not None  # the row is locked and nothing stands in the way
        message = Message(
            conversation_id=conversation_id,
            number=drawn["number"],
            client_id=client_id,
            author_kind=actor.kind,
            author_id=actor.id,
            author_name=actor.name,
            channel=channel,
            language=language or drawn["language"],
            text=words,
            order_id=order_id,
            quick_replies=[dict(reply) for reply in quick_replies],
            form=form,
            created_at=at,
        )
        if not await _insert(message):
            await _give_back(conversation_id)
            first = await _first(conversation_id, actor, client_id)
            assert first is not None
            return first
        await search.add(message.id, words)
        if order_id is not None:
            await viewing.show_order(conversation_id, order_id)
        record(
            MessagePosted(
                conversation_id=conversation_id,
                shop_id=drawn["shop_id"],
                message_id=message.id,
                number=message.number,
                author_kind=actor.kind,
                channel=channel,
                handler=drawn["handler"],
            )
        )
    return message


def preview(text: str) -> str:
    """The one line that lists show."""
    return " ".join(text.split())[:PREVIEW_LIMIT]


def _checked_text(text: str) -> str:
    words = clean(text, limit=TEXT_LIMIT + 1)
    if is_blank(words):
        raise Invalid("a message needs words", code="empty_text")
    if len(words) > TEXT_LIMIT:
        raise Invalid("a message has 8,000 characters at most", code="text_too_long", limit=TEXT_LIMIT)
    return words


async def _draw(
    conversation_id: int, actor: Actor, client_id: str, words: str, at: datetime, seen: int | None
) -> dict[str, Any] | None:
    rows = await fetch(
        _DRAWS[actor.kind],
        conversation=conversation_id,
        actor=actor.id,
        agent=actor.id,
        kind=actor.kind,
        client_id=client_id,
        at=at,
        preview=preview(words),
        seen=_EVERYTHING if seen is None else seen,
    )
    return rows[0] if rows else None


async def _first_or_way(
    conversation_id: int, actor: Actor, client_id: str, seen: int | None, *, take_over: bool
) -> Message | None:
    """Nothing was drawn: find what was posted under this client id before, say why not, or clear the way."""
    await require_access(actor, conversation_id)
    conversation = await Conversation.filter(id=conversation_id).select_for_update().get()
    first = await _first(conversation_id, actor, client_id)
    if first is not None:
        return first
    if actor.kind == "bot" and conversation.handler != BOT:
        raise Conflict("somebody else speaks", code="not_your_turn", handler=conversation.handler)
    if actor.kind == "agent":
        await require_turn(conversation, actor, take_over=take_over)
        if seen is not None and conversation.last_customer_number > seen:
            raise Conflict("the customer has written meanwhile", code="stale", last=conversation.last_number)
        await take_over_for_reply(conversation, actor)
    return None


async def _first(conversation_id: int, actor: Actor, client_id: str) -> Message | None:
    return await Message.get_or_none(conversation_id=conversation_id, author_kind=actor.kind, client_id=client_id)


async def _insert(message: Message) -> bool:
    values = {name: getattr(message, name) for name in Message._meta.db_fields if name != "id"}
    rows = await fetch(_INSERT, **(values | {"quick_replies": json.dumps(message.quick_replies)}))
    if not rows:
        return False
    message.id = rows[0]["id"]
    message._saved_in_db = True
    return True


async def _give_back(conversation_id: int) -> None:
    """Undo a draw: PostgreSQL lets the loser of two simultaneous resends come this far, while it holds the row."""
    newest = await Message.filter(conversation_id=conversation_id).order_by("-number").first()
    asked = await Message.filter(conversation_id=conversation_id, author_kind="customer").order_by("-number").first()
    assert newest is not None
    await Conversation.filter(id=conversation_id).update(
        last_number=newest.number,
        last_message_at=newest.created_at,
        last_text=preview(newest.text),
        last_customer_number=asked.number if asked else 0,
        last_customer_at=asked.created_at if asked else None,
    )
