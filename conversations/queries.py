"""Reading a conversation. Only `notes_of` and `thread` touch notes; they are for the desk."""

from conversations.models import Message, Note

PAGE_LIMIT = 500


async def messages_after(conversation_id: int, number: int, limit: int = 100) -> list[Message]:
    """Messages with a greater number, oldest first, at most `limit` (500 at most)."""
    later = Message.filter(conversation_id=conversation_id, number__gt=number)
    return await later.order_by("number").limit(_page(limit))


async def messages_before(conversation_id: int, number: int | None = None, limit: int = 50) -> list[Message]:
    """The newest messages, or those with a smaller number than `number`; oldest first, at most `limit`."""
    earlier = Message.filter(conversation_id=conversation_id)
    if number is not None:
        earlier = earlier.filter(number__lt=number)
    page = await earlier.order_by("-number").limit(_page(limit))
    return page[::-1]


async def notes_of(conversation_id: int, limit: int = PAGE_LIMIT) -> list[Note]:
    """The newest notes, oldest first, with their authors. For the desk."""
    notes = (
        await Note.filter(conversation_id=conversation_id).order_by("-id").limit(_page(limit)).select_related("agent")
    )
    return notes[::-1]


async def thread(conversation_id: int, limit: int = 200) -> list[Message | Note]:
    """The newest messages with the notes written since the first of them, by time. For the desk."""
    messages = await messages_before(conversation_id, limit=limit)
    notes = await notes_of(conversation_id)
    if len(messages) == limit:
        notes = [note for note in notes if note.created_at >= messages[0].created_at]
    entries: list[Message | Note] = [*messages, *notes]
    return sorted(entries, key=lambda entry: entry.created_at)  # stable: messages keep the order of their numbers


def _page(limit: int) -> int:
    return max(1, min(limit, PAGE_LIMIT))
