"""Files of the desk travel with its letters, as far as mail servers take them; pictures are shown under the words."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.files.storage import Storage
from app.mail.leaving.composing import Enclosure
from conversations.attachments import checked_ids
from conversations.models import Attachment
from core.errors import Invalid, NotFound

MAX_TOGETHER = 10 * 1024 * 1024  # bytes before encoding; a third more on the way, and many servers stop at 20 MB

SHOWN = ("image/jpeg", "image/png", "image/gif")  # what every mail program shows; Outlook shows no WebP
WIDEST, HIGHEST = 552, 720  # pixels: the sheet without its margins, and what a screen shows at once


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as the HTML of a letter shows it: `width` in pixels, its height follows."""

    content_id: str
    name: str
    width: int


async def require_mailable(public_ids: Sequence[str]) -> None:
    """Raises Invalid (files_too_large_for_mail) when these files do not fit into one mail."""
    sizes: Any = await Attachment.filter(public_id__in=checked_ids(public_ids)).values_list("size", flat=True)
    if sum(sizes) > MAX_TOGETHER:
        raise Invalid("too large for one mail", code="files_too_large_for_mail", limit=MAX_TOGETHER)


async def enclosures_of(
    message_ids: Sequence[int], storage: Storage | None, *, shown: bool = False
) -> tuple[list[Enclosure], list[Picture], list[str]]:
    """The files of these messages in their order; which of them the HTML shows, if any is to be `shown`; and the names
    of those that have no room or are not there."""
    if not message_ids:
        return [], [], []
    rows = await Attachment.filter(message_id__in=list(message_ids), state="ready").order_by("message_id", "id")
    found: list[Enclosure] = []
    pictures: list[Picture] = []
    missing: list[str] = []
    room = MAX_TOGETHER
    for row in rows:
        content = await _content(row, storage) if storage is not None and row.size <= room else None
        if content is None:
            missing.append(row.name)
            continue
        room -= len(content)
        picture = _picture(row) if shown else None
        if picture is not None:
            pictures.append(picture)
        content_id = picture.content_id if picture else ""
        found.append(Enclosure(name=row.name, media_type=row.media_type, content=content, content_id=content_id))
    return found, pictures, missing


def _picture(row: Attachment) -> Picture | None:
    if row.media_type not in SHOWN or not row.width or not row.height:
        return None
    width = round(row.width * min(1.0, WIDEST / row.width, HIGHEST / row.height))
    name = hashlib.sha256(row.public_id.encode()).hexdigest()[:32]  # the file's own id opens doors at the desk
    return Picture(content_id=f"{name}@wismo.invalid", name=row.name, width=max(1, width))


async def _content(row: Attachment, storage: Storage) -> bytes | None:
    try:
        with await storage.open(row.public_id) as file:
            return file.read(MAX_TOGETHER + 1)
    except NotFound:
        return None
