"""A mailbox that is answered from: its address becomes a sender of the shop, whose mail leaves as the same account."""

from app.mail.identities import Words, add_identity
from app.mail.identity_models import MailIdentity
from app.mail.mailbox_models import Mailbox
from app.mail.outlets import set_server, use_account
from core.errors import Conflict
from core.people import Actor
from core.shops import Shop
from core.transactions import transaction


async def answer_from(mailbox: Mailbox, actor: Actor) -> MailIdentity:
    """Let answers leave from the mailbox's address through its account, whatever they left through before.

    Raises Conflict (address_taken) when another shop has the address, Invalid (mailbox_cannot_send).
    """
    async with transaction():
        identity = await MailIdentity.filter(address=mailbox.address).first()
        if identity is not None and identity.shop_id != mailbox.shop_id:
            raise Conflict("another shop answers from this address", code="address_taken")
        if identity is None:
            identity = await add_identity(await Shop.get(id=mailbox.shop_id), mailbox.address, Words(), actor)
        await MailIdentity.filter(id=identity.id).update(retired_at=None)
        await use_account(identity, mailbox, actor)
    return identity


async def stop_answering(mailbox: Mailbox, actor: Actor) -> None:
    """Nothing leaves through the mailbox's account any more: senders that used it leave through the desk's server."""
    async with transaction():
        for identity in await MailIdentity.filter(mailbox_id=mailbox.id).order_by("id"):
            await set_server(identity, None, actor, secret=b"")


async def answered_through(mailbox: Mailbox) -> list[str]:
    """The addresses whose mail leaves through the mailbox's account."""
    rows = await MailIdentity.filter(mailbox_id=mailbox.id).order_by("address").only("id", "address")
    return [row.address for row in rows]
