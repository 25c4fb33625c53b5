"""Putting a letter into the outbox: one row per purpose with its bytes and its Message-ID, and a job to send it."""

from collections.abc import Sequence
from typing import Any

from app.mail.leaving.composing import Envelope, compose
from app.mail.leaving.letters import write_letter
from app.mail.models import OutgoingMail
from app.mail.threading import bounce_address, message_id, reply_address
from conversations.models import Conversation, Message
from core.clock import now
from core.ids import new_id
from core.jobs import enqueue
from core.shops import Shop
from core.transactions import transaction

SEND_ATTEMPTS = 60  # with pauses of an hour at most: two days, as mail systems do


async def queue_letter(
    shop: Shop,
    recipient: str,
    template: str,
    context: dict[str, Any],
    language: str,
    *,
    secret: bytes,
    key: str,
    conversation: Conversation | None = None,
    message: Message | None = None,
    in_reply_to: str = "",
    references: Sequence[str] = (),
    to_name: str = "",
    from_name: str = "",
    automatic: bool = True,
) -> OutgoingMail:
    """Write a letter and enqueue its sending, once per `key`. With a conversation, its reply address is in the letter.

    The conversation's customer must be the recipient then: the token is made for that address.
    Raises Invalid (bad_address) when `recipient` or the shop's address is none.
    """
    async with transaction():
        first = await OutgoingMail.get_or_none(key=key)
        if first is not None:
            return first
        letter = write_letter(template, {"shop": shop.name} | context, language)
        public_id, mailbox = new_id("mlo"), shop.mail_address
        thread = conversation.public_id if conversation else ""
        header_id = message_id(secret, mailbox, key, thread, recipient)
        envelope = Envelope(
            from_address=mailbox,
            from_name=from_name or shop.name,
            to_address=recipient,
            to_name=to_name,
            reply_to=reply_address(secret, mailbox, thread, recipient) if thread else "",
            message_id=header_id,
            date=now(),
            in_reply_to=in_reply_to,
            references=references,
            automatic=automatic,
        )
        mail = await OutgoingMail.create(
            public_id=public_id,
            header_id=header_id,
            key=key,
            shop=shop,
            conversation=conversation,
            message=message,
            sender=bounce_address(secret, mailbox, public_id, recipient),
            recipient=recipient,
            subject=letter.subject[:300],
            content=compose(letter, envelope),
            created_at=now(),
        )
        await enqueue("mail.send", {"outgoing_mail": mail.id}, key=f"mail.send:{mail.id}", max_attempts=SEND_ATTEMPTS)
    return mail
