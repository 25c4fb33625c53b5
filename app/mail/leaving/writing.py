"""Putting a letter into the outbox: one row per purpose with its bytes and its Message-ID, and a job to send it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.mail.leaving.choosing import Sender, sender_of
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """One letter that is to leave: its words, to whom, and in which thread.

    The token of its reply address is made for the first of `to`, so whoever else answers is not taken for them.
    """

    shop: Shop
    template: str
    context: Mapping[str, Any]  # for the template
    language: str
    key: str  # what it is for: one letter per key
    to: Sequence[Mailbox]
    cc: Sequence[Mailbox] = ()
    conversation: Conversation | None = None  # its reply address is in the letter
    message: Message | None = None  # that it carries
    in_reply_to: str = ""
    references: Sequence[str] = ()
    author: str = ""  # who wrote it, beside the sender's own name
    automatic: str = REPLIED  # empty for what a person wrote
    enclosures: Sequence[Enclosure] = ()
    identity: str = ""  # public id of the address that was chosen
    stop_at: str = ""  # address of the desk: the letter says how such letters are stopped

    @property
    def recipient(self) -> str:
        return self.to[0].address

    @property
    def thread(self) -> str:
        return self.conversation.public_id if self.conversation else ""


async def queue_letter(dispatch: Dispatch, *, secret: bytes) -> OutgoingMail:
    """Write a letter and enqueue its sending, once per key. Where a provider would refuse an address with a token, it
    has none. Raises Invalid (bad_address) when a recipient or our own address is none.
    """
    first = await OutgoingMail.get_or_none(key=dispatch.key)
    if first is not None:
        return first
    sender = await sender_of(dispatch.shop, dispatch.language, dispatch.conversation, dispatch.identity)
    public_id = new_id("mlo")
    tagged = await takes_tags(sender.address, sender.host, account=sender.account)
    stop_url = dispatch.stop_at + stop_path(secret, public_id, dispatch.recipient) if dispatch.stop_at else ""
    ours = {"shop": dispatch.shop.name, "signature": sender.signature, "stop_url": stop_url}
    letter = write_letter(dispatch.template, {**ours, **dispatch.context}, dispatch.language)
    envelope = _envelope(dispatch, sender, secret, tagged=tagged, stop_url=stop_url)
    if dispatch.enclosures:  # megabytes: not between other people's messages
        content = await asyncio.to_thread(compose, letter, envelope, dispatch.enclosures)
    else:
        content = compose(letter, envelope)
    back_to = bounce_address(secret, sender.address, public_id, dispatch.recipient) if tagged else sender.address
    row = {
        "public_id": public_id,
        "header_id": envelope.message_id,
        "identity_id": sender.identity_id,
        "sender": back_to,
        "subject": letter.subject[:300],
        "content": content,
    }
    return await _queue(dispatch, row)


def _envelope(dispatch: Dispatch, sender: Sender, secret: bytes, *, tagged: bool, stop_url: str) -> Envelope:
    mailbox, thread, recipient = sender.address, dispatch.thread, dispatch.recipient
    return Envelope(
        from_address=mailbox,
        from_name=f"{dispatch.author} ({sender.name})" if dispatch.author else sender.name,
        to=dispatch.to,
        cc=dispatch.cc,
        reply_to=reply_address(secret, mailbox, thread, recipient) if thread and tagged else "",
        message_id=message_id(secret, mailbox, dispatch.key, thread, recipient),
        date=now(),
        in_reply_to=dispatch.in_reply_to,
        references=dispatch.references,
        automatic=dispatch.automatic,
        unsubscribe=stop_url,
    )


async def _queue(dispatch: Dispatch, row: Mapping[str, Any]) -> OutgoingMail:
    """The row of the outbox and its job, in one change."""
    domain = dispatch.recipient.rpartition("@")[2].lower()[:255]
    async with transaction():
        known = {
            "shop": dispatch.shop,
            "conversation": dispatch.conversation,
            "message": dispatch.message,
            "recipient": dispatch.recipient,
            "to": [[box.name, box.address] for box in dispatch.to],
            "cc": [[box.name, box.address] for box in dispatch.cc],
            "kind": dispatch.template,
            "created_at": now(),
            "domain": domain,
            "paced_at": await _place_in_row(domain) if dispatch.automatic else None,
        }
        mail, created = await OutgoingMail.get_or_create(key=dispatch.key, defaults={**known, **row})
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
