"""Photos and files that show what happened: those that were posted in the case's own conversation."""

from collections.abc import Sequence
from typing import Any

from conversations.models import Attachment
from core.errors import NotFound
from core.ids import as_id

FILES_LIMIT = 20  # at a time


async def photos_of(conversation_id: int, public_ids: Sequence[str], state: str) -> list[dict[str, Any]]:
    """Files as a case keeps them, with the state in which they were shown; their bytes stay with the conversation.

    Raises NotFound for a file of another conversation, or one that was never posted.
    """
    wanted = list(dict.fromkeys(as_id(public_id) for public_id in public_ids))[:FILES_LIMIT]
    if not wanted:
        return []
    posted = Attachment.filter(conversation_id=conversation_id, message_id__not_isnull=True, state="ready")
    found = {file.public_id: file for file in await posted.filter(public_id__in=wanted)}
    if len(found) < len(wanted):
        raise NotFound("no such file in this conversation", code="attachment_gone")
    return [
        {
            "id": name,
            "name": found[name].name,
            "type": found[name].media_type,
            "digest": found[name].sha256,
            "at": state,
        }
        for name in wanted
    ]
