"""A stored mail becomes words in a conversation. One chain of small questions; each mail is dealt with exactly once.

Who writes is never taken from `From` alone: a mail joins a conversation only with a token that we signed for exactly
that address. Everything else begins a new one, and order numbers in it are suggestions.
"""

import asyncio
from collections.abc import Collection

import structlog

from app.mail.arriving.bouncing import note_bounce
from app.mail.arriving.entering import begin_conversation, continue_conversation
from app.mail.arriving.joining import conversation_named
from app.mail.arriving.senders import is_ours
from app.mail.models import DUPLICATE, MACHINE, POSTED, QUARANTINED, STORED, IncomingMail
from app.mail.reading.authentication import sender_check
from app.mail.reading.parsing import ParsedMail, parse
from core.errors import WismoError
from core.transactions import transaction

log = structlog.get_logger(__name__)

# A mail that trips us must neither wait for ever nor hold up the next one of its sender: a person gets it unread.
_OUR_FAULTS = (WismoError, ValueError, TypeError, LookupError, ArithmeticError, AssertionError, AttributeError)

_FOUND_OUT = ["state", "error", "header_id", "sender_check", "conversation_id", "message_id"]


async def receive(mail_id: int, secret: bytes, trusted: Collection[str] = ()) -> None:
    """Read the stored mail and post it, begin a conversation with it, or set it aside as a machine's.

    `trusted` are the names under which our mail servers say what they found out about a sender.

    Everything happens in one transaction with the row's change of state, so that a repeated job does nothing.
    """
    mail = await IncomingMail.get_or_none(id=mail_id)
    if mail is None or mail.state != STORED:
        return
    parsed = await asyncio.to_thread(parse, mail.content)
    try:
        await _receive(mail_id, parsed, secret, trusted)
    except _OUR_FAULTS as error:
        log.exception("mail_not_understood", mail=mail.public_id)
        await _receive(mail_id, ParsedMail(problem=type(error).__name__), secret)


async def _receive(mail_id: int, parsed: ParsedMail, secret: bytes, trusted: Collection[str] = ()) -> None:
    async with transaction():
        locked = await IncomingMail.filter(id=mail_id, state=STORED).select_for_update().first()
        if locked is None:
            return
        await locked.fetch_related("shop")
        locked.header_id = parsed.message_id[:500]
        sender = parsed.from_address if parsed.senders == 1 else ""
        locked.sender_check = sender_check(parsed.authentication, trusted, sender)
        await _deal_with(locked, parsed, secret)
        await locked.save(update_fields=_FOUND_OUT)
    log.info("mail_received", mail=locked.public_id, state=locked.state, sign=parsed.automatic, problem=parsed.problem)


async def _deal_with(mail: IncomingMail, parsed: ParsedMail, secret: bytes) -> None:
    if parsed.bounce is not None:
        mail.state, mail.error = MACHINE, "bounce"
        await note_bounce(mail, parsed.bounce, secret)
    elif sign := parsed.automatic or ("" if mail.sender else "null sender") or await _own(parsed):
        mail.state, mail.error = MACHINE, sign
    elif (first := await _twin(mail)) is not None:
        mail.state, mail.conversation_id, mail.message_id = DUPLICATE, first.conversation_id, first.message_id
    elif (conversation := await conversation_named(mail, parsed, secret)) is not None:
        mail.state = POSTED
        await continue_conversation(mail, parsed, conversation)
    else:
        mail.state = POSTED if parsed.from_address and not parsed.problem else QUARANTINED
        mail.error = parsed.problem
        await begin_conversation(mail, parsed, secret)


async def _own(parsed: ParsedMail) -> str:
    return "own address" if await is_ours(parsed.from_address) else ""


async def _twin(mail: IncomingMail) -> IncomingMail | None:
    """The same letter that came before on another way or under another of our addresses, with other Received lines."""
    if not mail.header_id:
        return None
    seen = IncomingMail.filter(shop_id=mail.shop_id, header_id=mail.header_id, sender=mail.sender, id__lt=mail.id)
    earlier = await seen.filter(state__in=[POSTED, QUARANTINED]).order_by("id").limit(5)
    return next((twin for twin in earlier if _body(twin.content) == _body(mail.content)), None)


def _body(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n").partition(b"\n\n")[2]
