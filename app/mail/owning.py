"""Which addresses are the desk's own: a mail from there is our own voice, and nothing is sent there."""

from collections.abc import Iterable
from typing import Any

from app.mail.threading import mailbox_of
from core.shops import Shop


async def ours_among(addresses: Iterable[str]) -> set[str]:
    """Those of the addresses (lower case) that are mailboxes of our shops, with or without a `+` part."""
    mailboxes = {address.lower(): mailbox_of(address) for address in addresses if address}
    rows: Any = await Shop.filter(mail_address__in=set(mailboxes.values())).values_list("mail_address", flat=True)
    own = set(rows)
    return {address for address, mailbox in mailboxes.items() if mailbox in own}
