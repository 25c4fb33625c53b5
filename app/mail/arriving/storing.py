"""Mail is kept before anybody tries to understand it: the raw bytes in one row, and a job to read them."""

import hashlib

from tortoise.exceptions import IntegrityError

from app.mail.identity_models import MailIdentity
from app.mail.mailbox_models import Mailbox
from app.mail.models import IncomingMail
from app.mail.threading import mailbox_of
from core.clock import now
from core.ids import new_id
from core.jobs import enqueue
from core.shops import Shop
from core.transactions import transaction

NAMED = ("id", "public_id", "state", "shop_id", "conversation_id", "message_id")  # of a mail that is there already


async def shop_of(recipient: str) -> Shop | None:
    """The shop whose address (with any `+` part) `recipient` is: its first one, one that it answers from or fetches."""
    mailbox = mailbox_of(recipient)
    shop = await Shop.filter(mail_address__iexact=mailbox).order_by("id").first()
    if shop is None:
        identity = await MailIdentity.filter(address=mailbox).select_related("shop").first()
        shop = identity.shop if identity else await Shop.filter(mailboxes__address=mailbox).order_by("id").first()
    return shop


async def store_mail(
    shop: Shop,
    sender: str,
    recipient: str,
    content: bytes,
    *,
    problem: str = "",
    way: str = "",
    mailbox: Mailbox | None = None,
) -> IncomingMail:
    """Keep one mail (raw bytes) for one recipient and enqueue its reading. The same mail again gives the first row.

    `sender` is the envelope's, empty for bounces; `problem` says why `content` only stands for the mail; `way`
    and `mailbox` say by which door it came, where that matters. Mails of one sender are read one after the other.
    """
    digest = digest_of(recipient, content)
    try:
        async with transaction():
            first = await IncomingMail.filter(digest=digest).only(*NAMED).first()
            if first is not None:
                return first
            mail = await IncomingMail.create(
                public_id=new_id("mli"),
                digest=digest,
                sender=sender[:320],
                recipient=recipient[:320],
                content=content,
                error=problem or None,
                received_at=now(),
                shop=shop,
                way=way,
                mailbox_id=mailbox.id if mailbox else None,
            )
            await enqueue(
                "mail.receive", {"incoming_mail": mail.id}, key=f"mail.receive:{mail.id}", lane=_lane(shop, sender)
            )
            return mail
    except IntegrityError:  # the same mail at the same time
        return await IncomingMail.filter(digest=digest).only(*NAMED).get()


def digest_of(recipient: str, content: bytes) -> str:
    """SHA-256 over the recipient and the raw bytes, hex."""
    return hashlib.sha256(recipient.lower().encode() + b"\x00" + content).hexdigest()


def _lane(shop: Shop, sender: str) -> str:
    return f"mail:{shop.id}:{hashlib.sha256(sender.lower().encode()).hexdigest()[:24]}"
