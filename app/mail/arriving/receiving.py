"""A stored mail becomes words in a conversation. One chain of small questions; each mail is dealt with exactly once.

Who writes is never taken from `From` alone: a mail joins a conversation only with a token that we signed for exactly
that address. Everything else begins a new one, and order numbers in it are suggestions.
"""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from prometheus_client import Counter
from tortoise.exceptions import IntegrityError
from tortoise.expressions import F

from app.files.intake import Intake
from app.mail.arriving.automatic import answered_conversation, note_automatic
from app.mail.arriving.bouncing import note_bounce
from app.mail.arriving.entering import begin_conversation, continue_conversation
from app.mail.arriving.filing import forget_files, keep_files
from app.mail.arriving.flooding import flooded, fold_into
from app.mail.arriving.forwarding import forwarded_by, hold_forwarded
from app.mail.arriving.joining import Place, place_of
from app.mail.arriving.noting import letter_of, note_what_was_read
from app.mail.arriving.reader import NotRead, Reader
from app.mail.arriving.senders import is_ours
from app.mail.holding import hear_from
from app.mail.models import BESIDES_CONTENT, DUPLICATE, MACHINE, POSTED, QUARANTINED, STORED, IncomingMail, OutgoingMail
from app.mail.reading.child import read_whole
from app.mail.reading.machine import GUESSED
from app.mail.reading.parsing import ParsedMail
from app.mail.trusting import checkers_of
from conversations.attachments import ArrivedFile, known
from core.clock import now
from core.errors import Unavailable, WismoError
from core.transactions import transaction

log = structlog.get_logger(__name__)

received = Counter("wismo_mails_received_total", "Mails that were read, by what became of them", ["state"])

# A mail that trips us must neither wait for ever nor hold up the next one of its sender: a person gets it unread.
_OUR_FAULTS = (WismoError, ValueError, TypeError, LookupError, ArithmeticError, AssertionError, AttributeError)
MOST_TRIES = 3  # of reading a mail that takes too long or ends its reader; then a person gets it unread
PATIENCE = timedelta(minutes=10)  # for room for its files; then its words go on without them
_FOUND_OUT = (
    *("header_id", "headers", "text", "html", "sheet", "sender_check"),
    *("state", "error", "letter", "conversation_id", "message_id"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What reading a mail takes: the secret of our tokens; the names under which the servers before our own doors say
    what they found out about a sender; where files are kept (else they stay in the raw mail only); who reads (else this
    process does).
    """

    secret: bytes
    trusted: Collection[str] = ()
    files: Intake | None = None
    reader: Reader | None = None


async def receive(mail_id: int, means: Means, *, given_up: bool = False) -> None:
    """Read the stored mail and post it, begin a conversation with it, or set it aside as a machine's.

    Everything happens in one transaction with the row's change of state, so that a repeated job does nothing.
    `given_up`: the job is; now a person gets the mail unread. Raises NotRead and Unavailable: try again later.
    """
    mail = await IncomingMail.get_or_none(id=mail_id)
    if mail is None or mail.state != STORED:
        return
    parsed = await _headers_of(mail, means, "given up") if given_up else await read_mail(mail, means)
    if mail.error:  # it only stands for a mail that could not be fetched
        parsed = replace(parsed, problem=mail.error)
    await take_in(mail, parsed, means)


async def read_mail(mail: IncomingMail, means: Means) -> ParsedMail:
    """What can be read of it; what cannot be read three times is the header only. Raises NotRead, Unavailable."""
    if means.reader is None:
        return await asyncio.to_thread(read_whole, mail.content)
    if mail.tries < MOST_TRIES:
        try:
            return await means.reader.read(mail.content)
        except NotRead:
            await IncomingMail.filter(id=mail.id).update(tries=F("tries") + 1)
            if mail.tries + 1 < MOST_TRIES:
                raise
    log.warning("mail_given_up", mail=mail.public_id, tries=MOST_TRIES)
    return await _headers_of(mail, means, "too much work")


async def take_in(mail: IncomingMail, parsed: ParsedMail, means: Means, *, person: bool = False) -> None:
    """Find the place of a mail that was not posted yet. `person`: somebody says that no machine wrote it."""
    files: list[ArrivedFile] = []
    human = not parsed.machine or parsed.automatic in GUESSED
    if means.files is not None and (person or (mail.sender and human)):
        files = await keep_files(parsed, means.files, patient=now() - mail.received_at < PATIENCE)
    try:
        await _place_once(mail, parsed, files, means, person=person)
    except Unavailable:
        raise
    except _OUR_FAULTS as error:
        log.exception("mail_not_understood", mail=mail.public_id)
        unread = ParsedMail(problem=type(error).__name__)
        await _place_once(mail, unread, files, means, person=person)
    if files and means.files is not None:  # what a crash leaves without a row, housekeeping finds
        told_of = await known([file.public_id for file in files])
        await forget_files([file for file in files if file.public_id not in told_of], means.files)


async def _headers_of(mail: IncomingMail, means: Means, problem: str) -> ParsedMail:
    if means.reader is not None:
        with suppress(NotRead):
            return replace(await means.reader.read_headers(mail.content), problem=problem)
    return ParsedMail(problem=problem)


async def _place_once(
    mail: IncomingMail, parsed: ParsedMail, files: Sequence[ArrivedFile], means: Means, *, person: bool
) -> None:
    """Find its place. If its twin is posted at the same time, it is looked at again."""
    try:
        await _place(mail, parsed, files, means, person=person)
    except IntegrityError:
        await _place(mail, parsed, files, means, person=person)


async def _place(
    mail: IncomingMail, parsed: ParsedMail, files: Sequence[ArrivedFile], means: Means, *, person: bool
) -> None:
    async with transaction():
        found = IncomingMail.filter(id=mail.id, state=mail.state).only(*BESIDES_CONTENT)
        locked = await found.select_for_update().first()
        if locked is None:
            return  # somebody else has done it
        await locked.fetch_related("shop")
        note_what_was_read(locked, parsed, await checkers_of(locked, means.trusted))
        await _deal_with(locked, parsed, means.secret, files, person=person)
        await locked.save(update_fields=_FOUND_OUT)
    received.labels(locked.state).inc()
    log.info("mail_received", mail=locked.public_id, state=locked.state, sign=parsed.automatic, problem=parsed.problem)


async def _deal_with(
    mail: IncomingMail, parsed: ParsedMail, secret: bytes, files: Sequence[ArrivedFile], *, person: bool
) -> None:
    letter = letter_of(mail.shop_id, parsed)
    sign = "" if person else parsed.automatic or ("" if mail.sender else "null sender") or await _own(mail, parsed)
    if sign in GUESSED and mail.sender and await answered_conversation(mail, parsed, secret) is None:
        sign = await _own(mail, parsed)  # words alone never hide what may be somebody's first mail
    if parsed.bounce is not None and not person:
        mail.state, mail.error = MACHINE, "bounce"
        await note_bounce(mail, parsed.bounce, secret)
    elif sign:
        mail.state, mail.error = MACHINE, sign
        if not await _own(mail, parsed):
            await note_automatic(mail, parsed, secret)
    elif (first := await _twin(letter)) is not None:
        mail.state, mail.conversation_id, mail.message_id = DUPLICATE, first.conversation_id, first.message_id
    elif isinstance(place := await place_of(mail, parsed, secret), Place):
        mail.state, mail.letter = POSTED, letter
        await continue_conversation(mail, parsed, place, files)
        await hear_from(mail.shop_id, parsed.from_address)
    elif (passed_on := await forwarded_by(mail, parsed)) is not None:
        mail.state, mail.letter = POSTED, letter
        await hold_forwarded(mail, parsed, *passed_on, files)
    elif (flood := await flooded(mail, parsed)) is not None:
        mail.state, mail.letter = POSTED, letter
        await fold_into(flood, mail, parsed, files)
    else:
        mail.state = POSTED if parsed.from_address and not parsed.problem else QUARANTINED
        mail.error, mail.letter = parsed.problem or None, letter
        await begin_conversation(mail, parsed, secret, files, place.conversation if place else None)
        await hear_from(mail.shop_id, parsed.from_address)


async def _own(mail: IncomingMail, parsed: ParsedMail) -> str:
    """A mail from our own address, or a letter of ours that comes back by a forward, whatever its From says now."""
    if await is_ours(parsed.from_address):
        return "own address"
    came_back = mail.header_id and await OutgoingMail.exists(header_id=mail.header_id[:300], shop_id=mail.shop_id)
    return "own letter" if came_back else ""


async def _twin(letter: str | None) -> IncomingMail | None:
    """The same letter that came before on another way or under another of our addresses."""
    if letter is None:
        return None
    return await IncomingMail.filter(letter=letter).only("id", "conversation_id", "message_id").first()
