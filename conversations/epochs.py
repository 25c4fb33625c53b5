"""Which history the numbers of a conversation belong to: an old backup brings numbers back that others know already."""

from conversations.models import Conversation
from core.clock import now
from core.sql import fetch
from core.transactions import transaction

_BEGIN = "UPDATE conversation SET epoch = {epoch}, version = version + 1 WHERE epoch < {epoch} RETURNING id"


async def begin_epoch(conversation: Conversation | None = None) -> int:
    """Make every client forget the messages that it holds, of one conversation or of all. Returns of how many.

    An epoch is the second in which it begins: no restored database has seen a later one.
    """
    epoch = int(now().timestamp())
    text = _BEGIN if conversation is None else _BEGIN.replace("WHERE", "WHERE id = {id} AND")
    values = {"epoch": epoch} if conversation is None else {"epoch": epoch, "id": conversation.id}
    async with transaction():
        return len(await fetch(text, **values))
