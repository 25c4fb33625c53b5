"""One sender, hundreds of mails: they go on in one conversation instead of opening a ticket each."""

from collections.abc import Sequence
from datetime import timedelta

from app.i18n import gettext
from app.mail.arriving.entering import continue_conversation
from app.mail.arriving.joining import Place
from app.mail.models import MACHINE, IncomingMail
from app.mail.reading.parsing import ParsedMail
from conversations.attachments import ArrivedFile
from conversations.models import EMAIL, Conversation, Message
from conversations.noting import add_note
from core.clock import now
from core.people import Actor

WITHIN = timedelta(minutes=10)
TICKETS = 5  # that one sender may open within that time
RELAYED = 50  # the same for a form or a market place, which writes for many: its mails name others to answer to
SHOWN = 50  # messages of a flood; the rest is kept as mails


async def flooded(mail: IncomingMail, parsed: ParsedMail) -> Conversation | None:
    """The conversation in which a sender who has begun too many goes on: the newest of those.

    What our mail servers say about the sender must be the same there: nobody who is forged gets others' words.
    """
    if not parsed.from_address or parsed.problem:
        return None
    elsewhere = any(box.email and box.email != parsed.from_address for box in parsed.reply_to)
    most = RELAYED if elsewhere else TICKETS
    begun = Conversation.filter(
        shop_id=mail.shop_id, channel=EMAIL, customer__email=parsed.from_address, created_at__gt=now() - WITHIN
    )
    newest = await begun.order_by("-id").limit(most).select_related("customer", "shop")
    if len(newest) < most:
        return None
    first = await IncomingMail.filter(conversation_id=newest[0].id).order_by("id").only("id", "sender_check").first()
    return newest[0] if first is not None and first.sender_check == mail.sender_check else None


async def fold_into(
    conversation: Conversation, mail: IncomingMail, parsed: ParsedMail, files: Sequence[ArrivedFile]
) -> None:
    """Post the mail there; above `SHOWN` messages it is only kept. The caller has a transaction open."""
    words = gettext(
        "%(address)s is sending a lot of email. Further messages are added here; beyond fifty in ten minutes they "
        "are kept but not shown.",
        conversation.language,
    )
    await add_note(conversation.id, None, words % {"address": parsed.from_address}, "mail:flood")
    said = await Message.filter(conversation_id=conversation.id, created_at__gt=now() - WITHIN).count()
    if said < SHOWN:
        await continue_conversation(mail, parsed, Place(conversation, Actor.of(conversation.customer)), files)
    else:
        mail.state, mail.letter, mail.error, mail.conversation_id = MACHINE, None, "flood", conversation.id
