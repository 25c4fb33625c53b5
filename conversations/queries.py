"""Reading a conversation. Only `notes_in`, `notes_of` and `thread` touch notes; they are for the desk."""

from conversations.models import Message, Note
from core.bundles import Bundle, Later, alone
from core.people import Agent

PAGE_LIMIT = 500
_BEYOND = 2**62  # greater than every number


async def messages_after(conversation_id: int, number: int, limit: int = 100) -> list[Message]:
    """Messages with a greater number, oldest first, at most `limit` (500 at most)."""
    later = Message.filter(conversation_id=conversation_id, number__gt=number)
    return await later.order_by("number").limit(_page(limit))


async def messages_before(conversation_id: int, number: int | None = None, limit: int = 50) -> list[Message]:
    """The newest messages, or those with a smaller number than `number`; oldest first, at most `limit`."""
    return await alone(lambda bundle: messages_in(bundle, conversation_id, number, limit))


def messages_in(bundle: Bundle, conversation_id: int, number: int | None, limit: int) -> Later[list[Message]]:
    """What `messages_before` gives, as part of a bundle."""
    earlier = bundle.rows(
        Message,
        "WHERE t.conversation_id = {conversation} AND t.number < {number} ORDER BY t.number DESC LIMIT {limit}",
        conversation=conversation_id,
        number=_BEYOND if number is None else number,
        limit=_page(limit),
    )
    return lambda: earlier[::-1]


async def notes_of(conversation_id: int, limit: int = PAGE_LIMIT) -> list[Note]:
    """The newest notes, oldest first, with their authors. For the desk."""
    return await alone(lambda bundle: notes_in(bundle, conversation_id, limit))


def notes_in(bundle: Bundle, conversation_id: int, limit: int = PAGE_LIMIT) -> Later[list[Note]]:
    """What `notes_of` gives, as part of a bundle."""
    of = {"conversation": conversation_id}
    notes = bundle.rows(
        Note, "WHERE t.conversation_id = {conversation} ORDER BY t.id DESC LIMIT {limit}", limit=_page(limit), **of
    )
    agents = bundle.rows(
        Agent, "WHERE t.id IN (SELECT n.agent_id FROM note AS n WHERE n.conversation_id = {conversation})", **of
    )

    def found() -> list[Note]:
        authors = {agent.id: agent for agent in agents}
        for note in notes:
            note.agent = authors.get(note.agent_id) if note.agent_id is not None else None
        return notes[::-1]

    return found


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
