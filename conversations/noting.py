"""Internal words about a conversation. They live in a table of their own and never reach a customer."""

from collections.abc import Sequence

from conversations.access import require_access
from conversations.attachments import ArrivedFile, arrived, described
from conversations.events import NoteAdded
from conversations.models import Attachment, Conversation, Note
from core.clock import now
from core.errors import Invalid
from core.ids import new_id
from core.people import SYSTEM, Actor, Agent
from core.text import clean
from core.transactions import record, transaction

TEXT_LIMIT = 8000  # characters
CLIENT_ID_LIMIT = 80


async def add_note(
    conversation_id: int, agent: Agent | None, text: str, client_id: str, *, files: Sequence[ArrivedFile] = ()
) -> Note:
    """Write a note, once per client id; without an agent it is the bot's. `files` came with it from somebody else than
    the customer, who never sees them. Raises Invalid, NotFound as `post` does.
    """
    words = clean(text, limit=TEXT_LIMIT + 1)
    if not words:
        raise Invalid("a note needs words", code="empty_text")
    if len(words) > TEXT_LIMIT:
        raise Invalid("a note has 8,000 characters at most", code="text_too_long", limit=TEXT_LIMIT)
    if not 0 < len(client_id) <= CLIENT_ID_LIMIT:
        raise Invalid("a client id has 1 to 80 characters", code="bad_client_id")
    async with transaction():
        await require_access(Actor.of(agent) if agent else SYSTEM, conversation_id)
        conversation = await Conversation.filter(id=conversation_id).select_for_update().get()
        first = await Note.get_or_none(conversation_id=conversation_id, client_id=client_id).select_related("agent")
        if first is not None:
            return first
        rows = arrived(conversation.shop_id, SYSTEM, files)
        note = await Note.create(
            public_id=new_id("nte"),
            conversation_id=conversation_id,
            client_id=client_id,
            agent=agent,
            text=words,
            attachments=[described(row) for row in rows] or None,
            created_at=now(),
        )
        for row in rows:
            row.conversation_id, row.note_id = conversation_id, note.id
        await Attachment.bulk_create(rows)
        record(NoteAdded(conversation_id=conversation_id, shop_id=conversation.shop_id, note_id=note.id))
    return note
