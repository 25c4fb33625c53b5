"""How words get into a conversation: once per client id, numbered without gaps, by whoever may speak now.

Posts that come at the same time share one transaction (`core.batching`); `storing` is what they share. A refused post
changes nothing: a caller may catch the error and go on in its transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from conversations import attachments as files
from conversations import viewing
from conversations.access import require_access
from conversations.blanks import require_filled
from conversations.handover import require_turn, take_over_for_reply
from conversations.models import AGENT, BOT, CHAT, Attachment, Conversation, Message
from conversations.storing import Draft, post_all
from core.batching import ALONE, Batch
from core.errors import Conflict, Invalid
from core.people import Actor
from core.sql import carry_out
from core.text import clean, is_blank
from core.transactions import transaction
from orders.access import Viewer
from orders.sights import Sight, changed_since

TEXT_LIMIT = 8000  # characters
CLIENT_ID_LIMIT = 80
_EVERYTHING = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """One of several messages that belong together: what `post` takes for each."""

    text: str
    client_id: str
    order_id: int | None = None
    quick_replies: Sequence[Mapping[str, str]] = ()
    form: str | None = None


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
    attachments: Sequence[str] = (),
    seen: int | None = None,
    take_over: bool = False,
    order_versions: Mapping[str, Sight] | None = None,
    addressing: Mapping[str, Any] | None = None,
) -> Message:
    """Add a message of 1 to 8,000 characters and return it; a resend returns the first and changes nothing.

    `attachments` are the public ids of up to five files that the actor has sent; with them, words may be missing.
    An agent who answers takes the conversation over from bot and queue, and with `take_over` from a colleague. `seen`
    is the last number the agent had read when writing, `order_versions` how the agent saw orders (by public id);
    `addressing` says to whom an answer by mail goes, in the form of the mail's own room. Raises Invalid (empty_text,
    text_too_long, bad_client_id, too_many_files, attachment_gone), NotFound, Conflict (missing_value with `names`;
    not_your_turn; handled_by_other with `name`; stale with `last`; order_changed with `orders`, and with `last` when
    stale, too).
    """
    wanted = files.checked_ids(attachments)
    words = checked_text(text, actor, needed=not wanted)
    draft = Draft(
        conversation_id=conversation_id,
        actor=actor,
        text=words,
        client_id=checked_id(client_id),
        channel=channel,
        language=language,
        order_id=order_id,
        quick_replies=[dict(reply) for reply in quick_replies],
        form=form,
        attachments=None,
        seen=_EVERYTHING if seen is None else seen,
        take_over=take_over,
        addressing=dict(addressing) if addressing else None,
    )
    if order_versions and await _first(draft) is None:  # a resend passes
        await require_orders_as_seen(conversation_id, actor, order_versions, seen=draft.seen)
    if wanted:
        return await _post_with_files(draft, wanted)
    return await (_posts.do(draft) if order_id is None else _post_alone(draft))


async def post_arrived(
    conversation_id: int,
    actor: Actor,
    text: str,
    files_with_it: Sequence[files.ArrivedFile],
    *,
    client_id: str,
    channel: str,
) -> Message:
    """Add a message that came whole, with all of its files; a resend returns the first and changes nothing.

    Raises Invalid (empty_text, text_too_long, bad_client_id), NotFound.
    """
    draft = Draft(
        conversation_id=conversation_id,
        actor=actor,
        text=checked_text(text, actor, needed=not files_with_it),
        client_id=checked_id(client_id),
        channel=channel,
        language=None,
        order_id=None,
        quick_replies=[],
        form=None,
        attachments=None,
        seen=_EVERYTHING,
        take_over=False,
    )
    async with transaction():
        if (first := await _first(draft)) is not None:
            return first
        talk = await Conversation.get(id=conversation_id)
        rows = files.arrived(talk.shop_id, actor, files_with_it)
        message = await _post_alone(replace(draft, attachments=[files.described(row) for row in rows] or None))
        for row in rows:
            row.conversation_id, row.message_id = conversation_id, message.id
        await Attachment.bulk_create(rows)
    return message


async def post_together(
    conversation_id: int, actor: Actor, bubbles: Sequence[Bubble], *, language: str | None = None
) -> list[Message]:
    """Add messages in this order, in as many statements as one. What `post` says holds for each of them."""
    drafts = [
        Draft(
            conversation_id=conversation_id,
            actor=actor,
            text=checked_text(bubble.text, actor, needed=True),
            client_id=checked_id(bubble.client_id),
            channel=CHAT,
            language=language,
            order_id=bubble.order_id,
            quick_replies=[dict(reply) for reply in bubble.quick_replies],
            form=bubble.form,
            attachments=None,
            seen=_EVERYTHING,
            take_over=False,
        )
        for bubble in bubbles
    ]
    async with transaction():
        outcomes = await carry_out(post_all(drafts))
        messages = [
            await _post_alone(draft) if outcome is ALONE else outcome
            for draft, outcome in zip(drafts, outcomes, strict=True)
        ]
        for order_id in dict.fromkeys(bubble.order_id for bubble in bubbles if bubble.order_id is not None):
            await viewing.show_order(conversation_id, order_id)
    return messages


async def require_orders_as_seen(
    conversation_id: int, actor: Actor, order_versions: Mapping[str, Sight], *, seen: int
) -> None:
    """Nothing is promised on an order that has moved on. Raises NotFound, Conflict (order_changed)."""
    await require_access(actor, conversation_id)
    talk = await Conversation.get(id=conversation_id)
    changed = await changed_since(Viewer.agent(actor.id or 0, [talk.shop_id], actor.name), order_versions)
    if changed:
        stale = {"last": talk.last_number} if talk.last_customer_number > seen else {}
        raise Conflict("an order has changed", code="order_changed", orders=[o.as_data() for o in changed], **stale)


def checked_id(client_id: str) -> str:
    """A client id of our length. Raises Invalid (bad_client_id)."""
    if not 0 < len(client_id) <= CLIENT_ID_LIMIT:
        raise Invalid("a client id has 1 to 80 characters", code="bad_client_id")
    return client_id


def checked_text(text: str, actor: Actor, *, needed: bool) -> str:
    """The words without what no message may hold. Raises Invalid (empty_text, text_too_long), and Conflict
    (missing_value with `names`) when an agent has left a blank in them."""
    words = clean(text, limit=TEXT_LIMIT + 1)
    if is_blank(words):
        if needed:
            raise Invalid("a message needs words", code="empty_text")
        return ""
    if len(words) > TEXT_LIMIT:
        raise Invalid("a message has 8,000 characters at most", code="text_too_long", limit=TEXT_LIMIT)
    if actor.kind == AGENT:
        require_filled(words)
    return words


async def _post_with_files(draft: Draft, wanted: Sequence[str]) -> Message:
    """Post a draft with files. They are locked first, so that a resend at the same moment finds what was posted."""
    async with transaction():
        await require_access(draft.actor, draft.conversation_id)
        rows = await files.hold(wanted, draft.actor)
        if (first := await _first(draft)) is not None:
            return first
        await files.require_postable(rows, wanted, draft.conversation_id)
        message = await _post_alone(replace(draft, attachments=[files.described(row) for row in rows]))
        await files.bind(rows, message)
    return message


async def _post_alone(draft: Draft) -> Message:
    """Post one draft, or find what was posted under its client id before, or say why not."""
    async with transaction():
        [message] = await carry_out(post_all([draft]))
        if message is ALONE:
            first = await _first_or_way(draft)
            if first is not None:
                return first
            [message] = await carry_out(post_all([draft]))
            assert message is not ALONE  # the row is locked and nothing stands in the way
        if draft.order_id is not None:
            await viewing.show_order(draft.conversation_id, draft.order_id)
    return message


async def _first_or_way(draft: Draft) -> Message | None:
    """Nothing was drawn: find what was posted under this client id before, say why not, or clear the way."""
    actor = draft.actor
    await require_access(actor, draft.conversation_id)
    conversation = await Conversation.filter(id=draft.conversation_id).select_for_update().get()
    if (first := await _first(draft)) is not None:
        return first
    if actor.kind == "bot" and conversation.handler != BOT:
        raise Conflict("somebody else speaks", code="not_your_turn", handler=conversation.handler)
    if actor.kind == "agent":
        await require_turn(conversation, actor, take_over=draft.take_over)
        if conversation.last_customer_number > draft.seen:
            raise Conflict("the customer has written meanwhile", code="stale", last=conversation.last_number)
        await take_over_for_reply(conversation, actor)
    return None


async def _first(draft: Draft) -> Message | None:
    """What was posted under the draft's client id before."""
    return await Message.get_or_none(
        conversation_id=draft.conversation_id, author_kind=draft.actor.kind, client_id=draft.client_id
    )


_posts = Batch(post_all, _post_alone)
