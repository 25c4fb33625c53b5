"""The files of a mail go into the file storage before a transaction tells of them; what is refused keeps its name."""

import hashlib
from collections.abc import AsyncIterator, Iterable

import structlog

from app.files.intake import Intake, contents_of
from app.files.naming import shown_name
from app.mail.reading.attachments import Attachment
from app.mail.reading.parsing import ParsedMail
from conversations.attachments import ArrivedFile
from core.errors import Invalid, TooLarge, Unavailable
from core.ids import new_unguessable_id

log = structlog.get_logger(__name__)

MOST_FILES = 50  # of one mail; whoever sends more is a bomb or a backup
MAX_FILE = 36_700_160  # bytes: whatever fits into a mail that was taken
_PIECE = 262_144


async def keep_files(parsed: ParsedMail, intake: Intake, *, patient: bool = True) -> list[ArrivedFile]:
    """Keep the files and return what to tell of each, in their order; nothing of a mail is lost by a refusal.

    Raises Unavailable when there is no room or pictures cannot be drawn now; if not `patient`, that refuses the file.
    """
    kept: list[ArrivedFile] = []
    try:
        for position, file in enumerate(parsed.attachments):
            if position < MOST_FILES:
                kept.append(await _keep(file, parsed, intake, patient))
            else:
                kept.append(_refused(file, "too_many_files"))
                if position == 2 * MOST_FILES:
                    break
    except Unavailable:
        await forget_files(kept, intake)
        raise
    return kept


async def forget_files(files: Iterable[ArrivedFile], intake: Intake) -> None:
    """Remove contents of which no row tells."""
    await intake.storage.remove([key for file in files if not file.refusal for key in contents_of(file.public_id)])


async def _keep(file: Attachment, parsed: ParsedMail, intake: Intake, patient: bool) -> ArrivedFile:
    try:
        kept = await intake.take(_pieces(file.content), file.suggested_name)
    except (Invalid, TooLarge) as error:
        log.info("mail_file_refused", why=error.code, size=file.size)
        return _refused(file, error.code)
    except Unavailable as error:
        if patient:
            raise
        return _refused(file, error.code)
    return ArrivedFile(
        public_id=kept.public_id,
        name=kept.name,
        media_type=kept.media_type,
        size=kept.size,
        sha256=kept.sha256,
        width=kept.width,
        height=kept.height,
        content_id=_place_in(parsed.clean.html, file.content_id),
    )


def _refused(file: Attachment, why: str) -> ArrivedFile:
    return ArrivedFile(
        public_id=new_unguessable_id("att"),
        name=shown_name(file.suggested_name),
        media_type="application/octet-stream",
        size=file.size,
        sha256=hashlib.sha256(file.content).hexdigest(),
        refusal=why,
    )


def _place_in(html: str, content_id: str) -> str | None:
    """The content id, if the HTML shows the file in its place; many programs give one to every file."""
    wanted = content_id[:255]
    return wanted if wanted and f"cid:{wanted}".lower() in html.lower() else None


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), _PIECE):
        yield content[start : start + _PIECE]
