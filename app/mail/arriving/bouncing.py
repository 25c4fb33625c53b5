"""A mail of ours came back: the outbox row and the message it carried are marked, and the agent is told."""

from app.i18n import gettext
from app.mail.models import IncomingMail, OutgoingMail
from app.mail.reading.bounces import Bounce
from app.mail.threading import BOUNCE, token_in_address, verify
from conversations.models import Conversation, Message
from conversations.noting import add_note

FAILED = "failed"


async def note_bounce(mail: IncomingMail, bounce: Bounce, secret: bytes) -> None:
    """Find the mail that came back and mark it failed; a mere delay and a stranger's mail change nothing.

    The caller has a transaction open.
    """
    outgoing = await _returned(mail, bounce, secret)
    if outgoing is None:
        return
    mail.conversation_id, mail.message_id = outgoing.conversation_id, outgoing.message_id
    if not bounce.delayed and outgoing.state != FAILED:
        await mark_failed(outgoing, bounce.diagnostic or "returned")


async def mark_failed(outgoing: OutgoingMail, error: str) -> None:
    """The mail will not arrive. Its message says so, and a note tells the desk. The caller has a transaction open."""
    outgoing.state, outgoing.error = FAILED, error[:2000]
    await outgoing.save(update_fields=["state", "error"])
    if outgoing.message_id is not None:
        await Message.filter(id=outgoing.message_id).update(state=FAILED)
    if outgoing.conversation_id is not None:
        conversation = await Conversation.get(id=outgoing.conversation_id)
        words = gettext("The mail to %(address)s could not be delivered: %(error)s", conversation.language)
        text = words % {"address": outgoing.recipient, "error": error[:500]}
        await add_note(conversation.id, None, text, f"mail:{outgoing.public_id}:failed")


async def _returned(mail: IncomingMail, bounce: Bounce, secret: bytes) -> OutgoingMail | None:
    """By the token in the address it was returned to, else by our Message-ID, which nobody can guess."""
    token = token_in_address(mail.recipient)
    if token is not None and token.kind == BOUNCE:
        named = await OutgoingMail.filter(public_id=token.public_id, shop_id=mail.shop_id).first()
        if named is not None and verify(secret, token, named.recipient):
            return named
    if not bounce.message_ids:
        return None
    return (
        await OutgoingMail.filter(header_id__in=list(bounce.message_ids), shop_id=mail.shop_id).order_by("id").first()
    )
