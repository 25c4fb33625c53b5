"""The question that the bot has to answer, and what it needs to know of it: read together, held until the answer."""

from typing import NamedTuple

from conversations.models import BOT, Conversation, Message
from conversations.proofs import proven_in
from core.bundles import Bundle
from core.errors import NotFound
from core.sql import dialect, fetch

_HOLD = "SELECT id FROM conversation WHERE id = {id} FOR UPDATE"
_ANSWERED = "SELECT id FROM answer_receipt WHERE conversation_id = {id} AND question_number = {number}"


class Asked(NamedTuple):
    """A question without an answer, where it stands, and the contacts that its customer has proved."""

    conversation: Conversation
    message: Message
    contacts: tuple[str, ...]


async def open_question(conversation_id: int, number: int) -> Asked | None:
    """The question, unless it has been answered or somebody else speaks now. Part of the running change.

    Raises NotFound when there is no such message.
    """
    if dialect() == "postgres":  # SQLite has one writer, and that is us
        await fetch(_HOLD, id=conversation_id)
    bundle = Bundle()
    which = {"id": conversation_id, "number": number}
    conversations = bundle.rows(Conversation, "WHERE t.id = {id}", id=conversation_id)
    messages = bundle.rows(Message, "WHERE t.conversation_id = {id} AND t.number = {number}", **which)
    answered = bundle.table("id", _ANSWERED, **which)
    contacts = proven_in(bundle, conversation_id)
    await bundle.read()
    if not conversations or not messages:
        raise NotFound("no such question")
    if conversations[0].handler != BOT or answered:
        return None
    return Asked(conversations[0], messages[0], contacts())
