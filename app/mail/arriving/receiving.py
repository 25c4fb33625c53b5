"""A stored mail becomes words in a conversation. One chain of small questions; each mail is dealt with exactly once.

Who writes is never taken from `From` alone: a mail joins a conversation only with a token that we signed for exactly
that address. Everything else begins a new one, and order numbers in it are suggestions.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace

import structlog
from tortoise.exceptions import IntegrityError
from tortoise.expressions import F

from app.files.intake import Intake
from app.mail.arriving.bouncing import note_bounce
from app.mail.arriving.entering import begin_conversation, continue_conversation
from app.mail.arriving.filing import forget_files, keep_files
from app.mail.arriving.forwarding import forwarded_by, hold_forwarded
from app.mail.arriving.joining import Place, place_of
from app.mail.arriving.noting import letter_of, note_what_was_read
from app.mail.arriving.senders import is_ours
from app.mail.models import DUPLICATE, MACHINE, POSTED, QUARANTINED, STORED, IncomingMail
from app.mail.reading.authentication import sender_check
from app.mail.reading.parsing import ParsedMail, parse
from conversations.attachments import ArrivedFile
from core.errors import Unavailable, WismoError
from core.transactions import transaction

log = structlog.get_logger(__name__)

# A mail that trips us must neither wait for ever nor hold up the next one of its sender: a person gets it unread.
_OUR_FAULTS = (WismoError, ValueError, TypeError, LookupError, ArithmeticError, AssertionError, AttributeError)
PATIENT_TRIES = 3  # as often a mail waits for room for its files; then its words go on without them
_FOUND_OUT = [
    "header_id",
    "headers",
    "text",
    "html",
    "sender_check",
    "state",
    "error",
    "letter",
    "conversation_id",
    "message_id",
]


async def receive(mail_id: int, secret: bytes, trusted: Collection[str] = (), *, files: Intake | None = None) -> None:
    """Read the stored mail and post it, begin a conversation with it, or set it aside as a machine's.

    `trusted` are the names under which our mail servers say what they found out about a sender. Files are kept in
    `files`; without it they stay in the raw mail only.

    Everything happens in one transaction with the row's change of state, so that a repeated job does nothing. Raises
    Unavailable when files cannot be kept now.
    """
    mail = await IncomingMail.get_or_none(id=mail_id)
    if mail is None or mail.state != STORED:
        return
    await IncomingMail.filter(id=mail_id).update(tries=F("tries") + 1)
    parsed = await asyncio.to_thread(parse, mail.content)
    if mail.error:  # it only stands for a mail that could not be fetched
        parsed = replace(parsed, problem=mail.error)
    kept: list[ArrivedFile] = []
    if files is not None and mail.sender and not parsed.machine:
        kept = await keep_files(parsed, files, patient=mail.tries < PATIENT_TRIES)
    try:
        posted = await _receive_once(mail_id, parsed, secret, trusted, kept)
    except Unavailable:
        raise
    except _OUR_FAULTS as error:
        log.exception("mail_not_understood", mail=mail.public_id)
        posted = await _receive_once(mail_id, ParsedMail(problem=type(error).__name__), secret, trusted, kept)
    if files is not None and not posted:  # a crash leaves contents without a row, which housekeeping finds
        await forget_files(kept, files)


async def _receive_once(
    mail_id: int, parsed: ParsedMail, secret: bytes, trusted: Collection[str], files: Sequence[ArrivedFile]
) -> bool:
    """Whether the mail became a message. If its twin is posted at the same time, it is looked at again."""
    try:
        return await _receive(mail_id, parsed, secret, trusted, files)
    except IntegrityError:
        return await _receive(mail_id, parsed, secret, trusted, files)


async def _receive(
    mail_id: int, parsed: ParsedMail, secret: bytes, trusted: Collection[str], files: Sequence[ArrivedFile]
) -> bool:
    async with transaction():
        locked = await IncomingMail.filter(id=mail_id, state=STORED).select_for_update().first()
        if locked is None:
            return True  # somebody else has done it, and we do not know with which files
        await locked.fetch_related("shop")
        note_what_was_read(locked, parsed)
        sender = parsed.from_address if parsed.senders == 1 else ""
        locked.sender_check = sender_check(parsed.authentication, trusted, sender)
        await _deal_with(locked, parsed, secret, files)
        await locked.save(update_fields=_FOUND_OUT)
    log.info("mail_received", mail=locked.public_id, state=locked.state, sign=parsed.automatic, problem=parsed.problem)
    return locked.state in (POSTED, QUARANTINED)


async def _deal_with(mail: IncomingMail, parsed: ParsedMail, secret: bytes, files: Sequence[ArrivedFile]) -> None:
    letter = letter_of(mail.shop_id, parsed)
    if parsed.bounce is not None:
        mail.state, mail.error = MACHINE, "bounce"
        await note_bounce(mail, parsed.bounce, secret)
    elif sign := parsed.automatic or ("" if mail.sender else "null sender") or await _own(parsed):
        mail.state, mail.error = MACHINE, sign
    elif (first := await _twin(letter)) is not None:
        mail.state, mail.conversation_id, mail.message_id = DUPLICATE, first.conversation_id, first.message_id
    elif isinstance(place := await place_of(mail, parsed, secret), Place):
        mail.state, mail.letter = POSTED, letter
        await continue_conversation(mail, parsed, place, files)
    elif (passed_on := await forwarded_by(mail, parsed)) is not None:
        mail.state, mail.letter = POSTED, letter
        await hold_forwarded(mail, parsed, *passed_on, files)
    else:
        mail.state = POSTED if parsed.from_address and not parsed.problem else QUARANTINED
        mail.error, mail.letter = parsed.problem, letter
        await begin_conversation(mail, parsed, secret, files, place.conversation if place else None)


async def _own(parsed: ParsedMail) -> str:
    return "own address" if await is_ours(parsed.from_address) else ""


async def _twin(letter: str | None) -> IncomingMail | None:
    """The same letter that came before on another way or under another of our addresses."""
    if letter is None:
        return None
    return await IncomingMail.filter(letter=letter).only("id", "conversation_id", "message_id").first()
