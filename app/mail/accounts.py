"""An account at another server, both ways: its access tokens, and the server that takes its mail."""

from collections.abc import Mapping

from app.gateways.imap_troubles import CANNOT_UNSEAL, ImapTrouble
from app.gateways.oauth import exchange
from app.gateways.smtp_server import SmtpServer
from app.mail.mailbox_models import OAUTH, Mailbox
from app.mail.mailboxes import Place, credentials_of, keep_credentials, place_of
from app.mail.presets import PROVIDERS, provider_of
from core.errors import Invalid


async def fresh_token(mailbox: Mailbox, secret: bytes, *, private: bool) -> str:
    """An access token; a refresh token that was renewed on the way is kept. Raises ImapTrouble (cannot_unseal,
    oauth_refused, oauth_unreachable)."""
    try:
        credentials = credentials_of(mailbox, secret)
    except Invalid:
        raise ImapTrouble(code=CANNOT_UNSEAL) from None
    tokens = await exchange(credentials, private=private)
    if tokens.refresh and tokens.refresh != credentials["refresh_token"]:
        await keep_credentials(mailbox, credentials | {"refresh_token": tokens.refresh}, secret=secret)
    return tokens.access


def sending_server(mailbox: Mailbox, secret: bytes, *, private: bool) -> SmtpServer:
    """Where the account's mail leaves, signed in as the account. Raises Invalid (cannot_unseal)."""

    async def token() -> str:
        return await fresh_token(await Mailbox.get(id=mailbox.id), secret, private=private)

    server = server_at(place_of(mailbox), credentials_of(mailbox, secret), private=private)
    if mailbox.auth != OAUTH:
        return server
    return SmtpServer(
        host=server.host, port=server.port, security=server.security, user=server.user, token=token, private=private
    )


def server_at(place: Place, credentials: Mapping[str, str], *, private: bool, access: str = "") -> SmtpServer:
    """The same of a place; with the access token `access` instead of a password, if there is one.

    For some providers (iCloud) the user is a mere name when mail is fetched, and the whole address when it is sent.
    """
    named = "@" in place.user or provider_of("", place.smtp_host) is PROVIDERS["other"]

    async def token() -> str:
        return access

    return SmtpServer(
        host=place.smtp_host,
        port=place.smtp_port,
        security=place.smtp_security,
        user=place.user if named else place.address,
        password=credentials.get("password", ""),
        token=token if access else None,
        private=private,
    )
