"""Putting a letter into the outbox: one row per purpose with its bytes and its Message-ID, and a job to send it."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from app.mail.identities import sender_of
from app.mail.leaving.composing import REPLIED, Enclosure, Envelope, Mailbox, compose
from app.mail.leaving.letters import write_letter
from app.mail.models import OutgoingMail
from app.mail.stopping import stop_path
from app.mail.tagging import takes_tags
from app.mail.threading import bounce_address, message_id, reply_address
from conversations.models import Conversation, Message
from core.clock import now
from core.ids import new_id
from core.jobs import enqueue
from core.shops import Shop
from core.transactions import transaction

SEND_ATTEMPTS = 60  # with pauses of an hour at most: two days, as mail systems do
PACE = timedelta(seconds=1)  # between automatic letters to one mail domain, after
BURST = timedelta(seconds=30)  # so many of them at once


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
    also_to: Sequence[Mailbox] = (),
    cc: Sequence[Mailbox] = (),
    from_name: str = "",
    automatic: str = REPLIED,
    enclosures: Sequence[Enclosure] = (),
    identity: str = "",
    stop_at: str = "",
) -> OutgoingMail:
    """Write a letter and enqueue its sending, once per `key`. With a conversation, its reply address is in the letter:
    its token is made for `recipient`, so whoever else answers is not taken for them. Where a provider would refuse such
    an address, it has none. `from_name` is who wrote it, `automatic` is empty for what a person wrote, `identity`
    is the public id of the address that was chosen; with `stop_at` (the address of the desk) the letter says how such
    letters are stopped.

    Raises Invalid (bad_address) when `recipient` or our own address is none.
    """
    first = await OutgoingMail.get_or_none(key=key)
    if first is not None:
        return first
    sender = await sender_of(shop, language, conversation, identity)
    public_id, mailbox, tagged = new_id("mlo"), sender.address, await takes_tags(sender.address)
    stop_url = stop_at + stop_path(secret, public_id, recipient) if stop_at else ""
    ours = {"shop": shop.name, "signature": sender.signature, "stop_url": stop_url}
    letter = write_letter(template, ours | context, language)
    thread = conversation.public_id if conversation else ""
    header_id = message_id(secret, mailbox, key, thread, recipient)
    to = (Mailbox(to_name, recipient), *also_to)
    domain = recipient.rpartition("@")[2].lower()[:255]
    envelope = Envelope(
        from_address=mailbox,
        from_name=f"{from_name} ({sender.name})" if from_name else sender.name,
        to=to,
        cc=cc,
        reply_to=reply_address(secret, mailbox, thread, recipient) if thread and tagged else "",
        message_id=header_id,
        date=now(),
        in_reply_to=in_reply_to,
        references=references,
        automatic=automatic,
        unsubscribe=stop_url,
    )
    if enclosures:  # megabytes: not between other people's messages
        content = await asyncio.to_thread(compose, letter, envelope, enclosures)
    else:
        content = compose(letter, envelope)
    async with transaction():
        mail, created = await OutgoingMail.get_or_create(
            key=key,
            defaults={
                "public_id": public_id,
                "header_id": header_id,
                "shop": shop,
                "identity_id": sender.identity_id,
                "conversation": conversation,
                "message": message,
                "sender": bounce_address(secret, mailbox, public_id, recipient) if tagged else mailbox,
                "recipient": recipient,
                "to": [[box.name, box.address] for box in to],
                "cc": [[box.name, box.address] for box in cc],
                "kind": template,
                "subject": letter.subject[:300],
                "content": content,
                "created_at": now(),
                "domain": domain,
                "paced_at": await _place_in_row(domain) if automatic else None,
            },
        )
        if created:
            await enqueue(
                "mail.send",
                {"outgoing_mail": mail.id},
                key=f"mail.send:{mail.id}",
                max_attempts=SEND_ATTEMPTS,
                run_at=max(now(), mail.paced_at) if mail.paced_at else None,
            )
    return mail


async def _place_in_row(domain: str) -> datetime:
    """When an automatic letter to this domain may leave: large providers take many at once for an attack.

    What people write does not stand in this row. The rule is the generic cell rate algorithm (ITU-T I.371).
    """
    last = (
        await OutgoingMail.filter(domain=domain, paced_at__isnull=False)
        .order_by("-paced_at")
        .only("id", "paced_at")
        .first()
    )
    earliest = now() - BURST
    return max(earliest, last.paced_at or earliest) + PACE if last else earliest + PACE
