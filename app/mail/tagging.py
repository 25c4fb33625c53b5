"""Whether an address may be given a `+` part: some providers take `help+token@` for another account, and answer so."""

from app.mail.mailbox_models import Mailbox
from app.mail.presets import PROVIDERS, provider_of


async def takes_tags(address: str) -> bool:
    """Whether mail to `address` with a `+` part is sure to arrive.

    With a mail server of their own people were told to keep it (docs/mail.md). Of mailboxes that are fetched, only
    those at providers that are known to; threads are then found by Message-ID alone.
    """
    address = address.lower()
    fetched = await Mailbox.filter(address=address).order_by("id").only("id", "host").first()
    provider = provider_of(address, fetched.host if fetched else "")
    return provider.tags or (fetched is None and provider is PROVIDERS["other"])
