"""A conversation as a letter: everything that was said in public, in the shop's time, with the names of files."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any

import structlog

from app.i18n import clock_time, day, gettext
from app.mail.leaving.composing import GENERATED, Mailbox, is_address
from app.mail.leaving.writing import Dispatch, queue_letter
from app.mail.models import OutgoingMail
from conversations.models import Conversation, Message
from conversations.queries import messages_before
from core.clock import now
from core.ids import new_id
from core.shops import Shop
from core.transactions import transaction

MOST = 500  # messages of one letter: the newest
ONCE = timedelta(minutes=1)  # a wish that is repeated within it was one wish

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message as the letter shows it."""

    speaker: str
    at: str
    text: str
    language: str
    files: tuple[str, ...]


async def write_transcript(conversation_id: int, recipient: str, secret: bytes) -> OutgoingMail | None:
    """Queue the letter, in the language of the conversation; within a minute of the last one, that one is enough.

    None when nobody could be written to, or nothing was said.
    """
    async with transaction():
        conversation = await Conversation.filter(id=conversation_id).select_for_update().get()
        await conversation.fetch_related("shop")
        shop = conversation.shop
        # The address is part of the key, hashed: the one before is found through the index.
        prefix = f"transcript:{conversation.id}:{hashlib.sha256(recipient.encode()).hexdigest()[:16]}:"
        before = OutgoingMail.filter(key__startswith=prefix, created_at__gt=now() - ONCE)
        if (first := await before.first()) is not None:
            return first
        messages = await messages_before(conversation.id, limit=MOST)
        if not messages or not is_address(recipient):
            log.warning("transcript_not_sent", conversation=conversation.public_id)
            return None
        context: dict[str, Any] = {
            "days": list(_days(messages, shop, conversation.language)),
            "omitted": messages[0].number > 1,
            "timezone": shop.timezone,
        }
        letter = Dispatch(
            shop=shop,
            to=(Mailbox("", recipient),),
            template="transcript",
            context=context,
            language=conversation.language,
            key=prefix + new_id("trs"),
            automatic=GENERATED,
        )
        return await queue_letter(letter, secret=secret)


def _days(messages: Sequence[Message], shop: Shop, language: str) -> Iterator[tuple[str, list[Line]]]:
    """The messages by day, as the shop's calendar has it."""

    def date(message: Message) -> str:
        return day(message.created_at, shop.timezone, language)

    for name, group in groupby(messages, key=date):
        yield name, [_line(message, shop, language) for message in group]


def _line(message: Message, shop: Shop, language: str) -> Line:
    names = {"customer": gettext(_("You"), language), "bot": gettext(_("Assistant"), language)}
    named = message.author_name if message.author_kind == "agent" else ""
    return Line(
        speaker=names.get(message.author_kind) or named or shop.name,
        at=clock_time(message.created_at, shop.timezone, language),
        text=message.text,
        language="zh-Hans" if message.language == "zh" else message.language,
        files=tuple(file["name"] for file in message.attachments or ()),
    )


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message
