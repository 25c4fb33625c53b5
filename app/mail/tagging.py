"""Whether an address may be given a `+` part: some providers take `help+token@` for another account, and answer so."""

from urllib.parse import urlsplit

from app.gateways.smtp_server import SmtpServer
from app.mail.identity_models import MailIdentity
from app.mail.leaving.composing import is_address, wire_address
from app.mail.mailbox_models import Mailbox
from app.mail.presets import PROVIDERS, provider_of, takes_own_sender_only
from app.mail.threading import mailbox_of


async def takes_tags(address: str) -> bool:
    """Whether mail to `address` with a `+` part is sure to arrive.

    With a mail server of their own people were told to keep it (docs/mail.md). Of mailboxes that are fetched, only
    those at providers that are known to; threads are then found by Message-ID alone.
    """
    address = address.lower()
    fetched = await Mailbox.filter(address=address).order_by("id").only("id", "host").first()
    host = fetched.host if fetched else await _sends_at(address)
    provider = provider_of(address, host)
    return provider.tags or (fetched is None and provider is PROVIDERS["other"])


def envelope_sender(server: SmtpServer, sender: str) -> str:
    """`sender` as `server` takes it (MAIL FROM): some providers answer 501 to everything but the account itself."""
    if not takes_own_sender_only(server.host):
        return wire_address(sender)
    return wire_address(server.user if is_address(server.user) else mailbox_of(sender))


async def _sends_at(address: str) -> str:
    """The server of the account, or of its own, through which the mail of a sender leaves."""
    identity = await MailIdentity.filter(address=address).select_related("mailbox").first()
    if identity is None:
        return ""
    return identity.mailbox.host if identity.mailbox else urlsplit(identity.server_name).hostname or ""
