"""A mail of ours came back: its message has failed, the work is taken up again, and an address that is none is held.

A bounce is believed for a mail of ours that it names by a token or by its Message-ID; everything else is a suggestion.
"""

import re
from datetime import timedelta

from app.i18n import gettext
from app.mail.holding import UNREACHABLE, hold, holds_on
from app.mail.leaving.journal import BOUNCED, note_try
from app.mail.models import IncomingMail, OutgoingMail
from app.mail.reading.bounces import Bounce
from app.mail.reading.severity import is_hard_text
from app.mail.threading import BOUNCE, token_in_address, verify
from conversations.handover import hand_to_queue
from conversations.models import BOT, Conversation, Message
from conversations.noting import add_note
from core.clock import now
from core.people import SYSTEM
from tickets.models import Ticket
from tickets.undelivered import take_up_again

FAILED = "failed"
_LOOKED_AT = 5  # recipients of a bounce
_LATELY = timedelta(days=5)  # as long as mail systems try
_REFUSED = re.compile(r"(?<![\d.])5[0-5]\d(?=[ -])")  # said by a server for good, not by our network
_COLUMNS = (
    "id",
    "public_id",
    "shop_id",
    "conversation_id",
    "message_id",
    "recipient",
    "to",
    "cc",
    "kind",
    "state",
    "subject",
    "attempts",
)


async def note_bounce(mail: IncomingMail, bounce: Bounce, secret: bytes) -> None:
    """Find the mail that came back and mark it failed; a mere delay and a stranger's mail change nothing.

    The caller has a transaction open.
    """
    outgoing = await sent_mail_named(mail, secret) or await _by_message_id(mail, bounce)
    if outgoing is None:
        await _suggest(mail, bounce)
        return
    mail.conversation_id, mail.message_id = outgoing.conversation_id, outgoing.message_id
    if bounce.delayed:
        return
    words = bounce.diagnostic or "returned"
    ours = _addresses(outgoing)
    lost = [address for address in bounce.recipients if address in ours] or [outgoing.recipient]
    hard = [address for address in bounce.hard_recipients if address in ours]
    if bounce.hard and not bounce.recipients:
        hard = lost
    for address in hard:
        await hold(outgoing.shop_id, address, UNREACHABLE, words)
    for address in lost:
        await note_try(outgoing, BOUNCED, words, recipient=address)
        if address != outgoing.recipient.lower():
            await tell_of_copy(outgoing, address, words)
    if outgoing.recipient.lower() in (*lost, lost[0].lower()) and outgoing.state != FAILED:
        await mark_failed(outgoing, words)


async def mark_failed(outgoing: OutgoingMail, error: str) -> None:
    """The mail will not arrive: its message says so, a note tells the desk, and whoever has the ticket finds it open
    and unread. What was refused because there is no such address is not written to again for a time.

    The caller has a transaction open.
    """
    outgoing.state, outgoing.error = FAILED, error[:2000]
    await outgoing.save(update_fields=["state", "error"])
    await _hold_if_gone(outgoing.shop_id, outgoing.recipient, error)
    if outgoing.message_id is not None:
        await Message.filter(id=outgoing.message_id).update(state=FAILED)
    if outgoing.conversation_id is None:
        return
    conversation = await Conversation.get(id=outgoing.conversation_id)
    ticket = None
    if outgoing.message_id is not None or outgoing.kind == "forward":  # a person's words, or about an order
        ticket = await _take_up(conversation, outgoing)
    words = gettext("The email to %(address)s couldn’t be delivered: %(error)s", conversation.language)
    text = words % {"address": outgoing.recipient, "error": error[:500]}
    if ticket is not None and ticket.assignee is not None:
        text = f"@{ticket.assignee.name} {text}"
    await add_note(conversation.id, None, text, f"mail:{outgoing.public_id}:failed:{outgoing.attempts}"[:80])


async def tell_of_copy(outgoing: OutgoingMail, address: str, words: str) -> None:
    """The desk hears that somebody beside the customer did not get it; the message itself has arrived.

    The caller has a transaction open.
    """
    await _hold_if_gone(outgoing.shop_id, address, words)
    if outgoing.conversation_id is None:
        return
    conversation = await Conversation.get(id=outgoing.conversation_id)
    text = gettext("The copy to %(address)s couldn’t be delivered: %(error)s", conversation.language)
    values = {"address": address, "error": words[:500]}
    await add_note(conversation.id, None, text % values, f"mail:{outgoing.id}:{address}"[:80])


async def sent_mail_named(mail: IncomingMail, secret: bytes) -> OutgoingMail | None:
    """The mail of ours whose envelope sender `mail` was written to: only who got that one knows this address.

    Fetched mails may name it in their fields only.
    """
    written = mail.headers or {}
    to = [address for _, address in [*written.get("to", ()), *written.get("cc", ())]]
    tokens = [token_in_address(address) for address in (mail.recipient, *to[:_LOOKED_AT])]
    for token in tokens:
        if token is not None and token.kind == BOUNCE:
            named = await OutgoingMail.filter(public_id=token.public_id, shop_id=mail.shop_id).only(*_COLUMNS).first()
            if named is not None and verify(secret, token, named.recipient):
                return named
    return None


async def _by_message_id(mail: IncomingMail, bounce: Bounce) -> OutgoingMail | None:
    """By our Message-ID, which nobody can guess."""
    if not bounce.message_ids:
        return None
    named = OutgoingMail.filter(header_id__in=list(bounce.message_ids), shop_id=mail.shop_id)
    return await named.order_by("id").only(*_COLUMNS).first()


async def _suggest(mail: IncomingMail, bounce: Bounce) -> None:
    """It names none of our mails, but we wrote to that address under that subject: the desk hears of it, no more."""
    if not bounce.recipients or not bounce.subject or bounce.delayed:
        return
    lately = OutgoingMail.filter(recipient__in=list(bounce.recipients[:20]), created_at__gt=now() - _LATELY)
    lately = lately.filter(shop_id=mail.shop_id, conversation_id__isnull=False)
    wanted = " ".join(bounce.subject.split())
    for likely in await lately.order_by("-id").limit(20).only(*_COLUMNS):
        if " ".join(likely.subject.split()) == wanted and likely.conversation_id is not None:
            conversation = await Conversation.get(id=likely.conversation_id)
            words = gettext(
                "An email to %(address)s seems to have bounced, but nothing proves that it was ours: %(error)s",
                conversation.language,
            )
            text = words % {"address": likely.recipient, "error": bounce.diagnostic[:500]}
            await add_note(conversation.id, None, text, f"mail:{mail.public_id}:maybe")
            return


async def _take_up(conversation: Conversation, outgoing: OutgoingMail) -> Ticket | None:
    if conversation.handler == BOT:
        await hand_to_queue(conversation.id, SYSTEM, "mail")
    return await take_up_again(conversation.id, outgoing.recipient)


async def _hold_if_gone(shop_id: int, address: str, words: str) -> None:
    if _REFUSED.search(words) is None or not is_hard_text(words):
        return
    if not await holds_on(shop_id, [address], UNREACHABLE):  # what was not tried again proves nothing
        await hold(shop_id, address, UNREACHABLE, words)


def _addresses(outgoing: OutgoingMail) -> set[str]:
    """Everybody whom the mail was written to."""
    named = [address for _, address in [*(outgoing.to or ()), *(outgoing.cc or ())]]
    return {address.lower() for address in [outgoing.recipient, *named]}
