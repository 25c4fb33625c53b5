"""Whether an address may be given a `+` part: some providers take `help+token@` for another account, and answer so."""

from app.gateways.smtp_server import SmtpServer
from app.mail.leaving.composing import is_address, wire_address
from app.mail.mailbox_models import Mailbox
from app.mail.presets import PROVIDERS, provider_of, takes_own_sender_only
from app.mail.threading import mailbox_of


async def takes_tags(address: str, host: str = "", *, account: bool = False) -> bool:
    """Whether mail to `address` with a `+` part is sure to arrive. `host`: the server that its answers leave through,
    if that is known; `account`: as the account of a mailbox.

    With a mail server of their own people were told to keep it (docs/mail.md). Of mailboxes that are fetched, and of
    other addresses of their accounts, only those at providers that are known to; threads are found by Message-ID then.
    """
    address = address.lower()
    fetched = await Mailbox.filter(address=address).order_by("id").only("id", "host").first()
    provider = provider_of(address, fetched.host if fetched else host)
    return provider.tags or (fetched is None and not account and provider is PROVIDERS["other"])


def envelope_sender(server: SmtpServer, sender: str) -> str:
    """`sender` as `server` takes it (MAIL FROM): some providers answer 501 to everything but the account itself."""
    if not takes_own_sender_only(server.host):
        return wire_address(sender)
    return wire_address(server.user if is_address(server.user) else mailbox_of(sender))
