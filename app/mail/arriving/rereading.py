"""Reading a mail again, after an upgrade or because somebody knows better: the same row, and no words twice."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from app.mail.arriving.entering import cut
from app.mail.arriving.filing import forget_files, keep_files
from app.mail.arriving.forwarding import read_within
from app.mail.arriving.noting import note_what_was_read
from app.mail.arriving.receiving import Means, read_mail, receive, take_in
from app.mail.models import BESIDES_CONTENT, MACHINE, POSTED, QUARANTINED, STORED, IncomingMail
from app.mail.reading.parsing import ParsedMail
from app.mail.trusting import checkers_of
from conversations.attachments import ArrivedFile
from conversations.models import EMAIL, Attachment, Message
from conversations.posting import TEXT_LIMIT, post_arrived
from core.people import Actor
from core.text import clean, is_blank
from core.transactions import transaction

_COLUMNS = ("header_id", "headers", "text", "html", "sheet", "sender_check", "state", "error", "message_id")


async def reread(mail_id: int, means: Means, *, person: bool = False) -> None:
    """Read a mail again, as the job of `quarantine.re_process`.

    One that was set aside is taken for what it seems now (`person`: for a person's); of one that was posted, words and
    files that were not there are posted in the same conversation. Raises NotRead, Unavailable.
    """
    mail = await IncomingMail.get_or_none(id=mail_id)
    if mail is None:
        return
    if mail.state == STORED:
        await receive(mail_id, means)
    elif mail.state == MACHINE:
        parsed = await read_mail(mail, means)
        if person:  # and still no automatic answer
            parsed = replace(parsed, automatic="", auto_reply=False, bounce=None, unanswerable=True)
        await take_in(mail, parsed, means, person=person)
    elif mail.message_id is not None and mail.state in (POSTED, QUARANTINED):
        await _read_posted(mail, await read_mail(mail, means), means)


async def _read_posted(mail: IncomingMail, parsed: ParsedMail, means: Means) -> None:
    """Nothing that was said is taken back: what is new follows."""
    new: list[ArrivedFile] = []
    if means.files is not None:
        kept = await keep_files(parsed, means.files)
        new = await _unknown(mail, kept)
        await forget_files([file for file in kept if file not in new], means.files)
    async with transaction():
        found = IncomingMail.filter(id=mail.id, state=mail.state).only(*BESIDES_CONTENT)
        locked = await found.select_for_update().first()
        if locked is None:
            return
        before = locked.headers
        note_what_was_read(locked, parsed, await checkers_of(locked, means.trusted))
        parsed = read_within(locked, before, parsed)
        if not parsed.problem:
            locked.state, locked.error = POSTED, None
        await _post_what_is_new(locked, parsed, new)
        await locked.save(update_fields=_COLUMNS)


async def _unknown(mail: IncomingMail, kept: Sequence[ArrivedFile]) -> list[ArrivedFile]:
    """Files that the mail's message does not have, by name: pictures are drawn anew, and may differ by a pixel."""
    known = Attachment.filter(message_id=mail.message_id, state="ready").values_list("name", flat=True)
    names = Counter(str(name) for name in await known)
    found = []
    for file in kept:
        if names[file.name] > 0:
            names[file.name] -= 1
        elif not file.refusal:
            found.append(file)
    return found


async def _post_what_is_new(mail: IncomingMail, parsed: ParsedMail, files: Sequence[ArrivedFile]) -> None:
    message = await Message.get(id=mail.message_id).select_related("conversation")
    said = (words.strip() for words in (parsed.reply_text, parsed.text) if not is_blank(words))
    words = clean(cut(next(said, "")), limit=TEXT_LIMIT)
    if words == message.text or parsed.problem:
        words = ""
    if not words and not files:
        return
    what = hashlib.sha256("\x00".join((words, *(file.name for file in files))).encode()).hexdigest()
    author = Actor("customer", message.conversation.customer_id, message.author_name)  # who took part speaks again
    key = f"mail:{mail.digest[:40]}:{what[:30]}"
    again = await post_arrived(message.conversation_id, author, words, files, client_id=key, channel=EMAIL)
    mail.message_id = again.id
