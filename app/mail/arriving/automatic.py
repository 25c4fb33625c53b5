"""Automatic answers to our letters: a quiet note where the letter was, because an agent wants to know who is away."""

from app.i18n import gettext
from app.mail.arriving.bouncing import sent_mail_named
from app.mail.arriving.joining import Place, place_of
from app.mail.models import IncomingMail
from app.mail.reading.parsing import ParsedMail
from conversations.models import Conversation
from conversations.noting import add_note
from core.clock import now
from core.text import is_blank

_SHOWN = 1_500  # characters


async def note_automatic(mail: IncomingMail, parsed: ParsedMail, secret: bytes) -> None:
    """Note what a machine answered in the conversation that it answers, once a day and address; nothing is reopened.

    Whoever is named by a token is believed as anywhere else; a stranger's machine leaves no trace in other people's
    talks. The caller has a transaction open.
    """
    conversation = await answered_conversation(mail, parsed, secret)
    if conversation is None:
        return
    mail.conversation_id = conversation.id
    said = parsed.reply_text if not is_blank(parsed.reply_text) else parsed.text
    words = gettext("Automatic reply from %(address)s:", conversation.language) % {"address": parsed.from_address}
    text = f"{words}\n{parsed.subject}\n\n{said.strip()[:_SHOWN]}".strip()
    day = now().date().isoformat()
    await add_note(conversation.id, None, text, f"mail:automatic:{day}:{parsed.from_address}"[:80])


async def answered_conversation(mail: IncomingMail, parsed: ParsedMail, secret: bytes) -> Conversation | None:
    """The conversation that a machine answers, if any.

    Such answers go to the envelope sender (RFC 3834 §4), which names one mail of ours, or to the reply address. What
    comes there with an empty sender is about that mail, whoever writes: it may be a bounce in words of its own.
    """
    answered = await sent_mail_named(mail, secret)
    if answered is not None and answered.conversation_id is not None:
        about_it = not mail.sender or parsed.from_address == answered.recipient.lower()
        return await Conversation.get(id=answered.conversation_id) if about_it else None
    place = await place_of(mail, parsed, secret)
    return place.conversation if isinstance(place, Place) else None
