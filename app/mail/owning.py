"""Which addresses are the desk's own: a mail from there is our own voice, and nothing is sent there."""

from collections.abc import Iterable
from typing import Any

from app.mail.identity_models import MailIdentity
from app.mail.mailbox_models import Mailbox
from app.mail.threading import mailbox_of
from core.shops import Shop


async def ours_among(addresses: Iterable[str]) -> set[str]:
    """Those of the addresses (lower case) that are mailboxes of our shops, with or without a `+` part."""
    written = {address.lower(): mailbox_of(address) for address in addresses if address}
    wanted = set(written.values())
    shops: Any = await Shop.filter(mail_address__in=wanted).values_list("mail_address", flat=True)
    identities: Any = await MailIdentity.filter(address__in=wanted).values_list("address", flat=True)
    fetched: Any = await Mailbox.filter(address__in=wanted).values_list("address", flat=True)
    own = {*shops, *identities, *fetched}
    return {address for address, mailbox in written.items() if mailbox in own}
