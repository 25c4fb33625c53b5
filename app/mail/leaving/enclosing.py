"""Files of the desk travel with its letters, as far as mail servers take them."""

from collections.abc import Sequence
from typing import Any

from app.files.storage import Storage
from app.mail.leaving.composing import Enclosure
from conversations.attachments import checked_ids
from conversations.models import Attachment
from core.errors import Invalid, NotFound

MAX_TOGETHER = 10 * 1024 * 1024  # bytes before encoding; a third more on the way, and many servers stop at 20 MB


async def require_mailable(public_ids: Sequence[str]) -> None:
    """Raises Invalid (files_too_large_for_mail) when these files do not fit into one mail."""
    sizes: Any = await Attachment.filter(public_id__in=checked_ids(public_ids)).values_list("size", flat=True)
    if sum(sizes) > MAX_TOGETHER:
        raise Invalid("too large for one mail", code="files_too_large_for_mail", limit=MAX_TOGETHER)


async def enclosures_of(message_ids: Sequence[int], storage: Storage | None) -> tuple[list[Enclosure], list[str]]:
    """The files of these messages in their order, and the names of those that have no room or are not there."""
    if not message_ids:
        return [], []
    rows = await Attachment.filter(message_id__in=list(message_ids), state="ready").order_by("message_id", "id")
    found: list[Enclosure] = []
    missing: list[str] = []
    room = MAX_TOGETHER
    for row in rows:
        content = await _content(row, storage) if storage is not None and row.size <= room else None
        if content is None:
            missing.append(row.name)
            continue
        room -= len(content)
        found.append(Enclosure(name=row.name, media_type=row.media_type, content=content))
    return found, missing


async def _content(row: Attachment, storage: Storage) -> bytes | None:
    try:
        with await storage.open(row.public_id) as file:
            return file.read(MAX_TOGETHER + 1)
    except NotFound:
        return None
