"""Whose mailbox it is and where; what a server tells of a folder and of a mail; and signing in."""

from dataclasses import dataclass, field
from datetime import datetime

from imapclient.exceptions import LoginError

from app.gateways.imap_troubles import login_trouble
from app.gateways.imap_wire import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where and as whom. `token` is an access token (RFC 6750), which goes before the password."""

    host: str
    port: int
    security: str  # tls · starttls · plain
    user: str
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    private: bool = False  # this machine and its networks may be connected to


@dataclass(frozen=True, slots=True)
class Folder:
    """An open folder (RFC 9051 section 2.3.1.1). 0 where the server does not say."""

    uidvalidity: int
    uidnext: int
    exists: int


@dataclass(frozen=True, slots=True)
class Attributes:
    """What is known of a mail before it is fetched: bytes, and when it came (UTC)."""

    size: int
    arrived: datetime | None


def sign_in(client: Client, account: Account) -> None:
    """With the token if there is one, else with the password. Raises ImapTrouble."""
    try:
        if account.token and client.has_capability("AUTH=OAUTHBEARER"):
            client.oauthbearer_login(account.user, account.token)
        elif account.token:
            client.oauth2_login(account.user, account.token)
        else:
            client.sign_in(account.user, account.password)
    except LoginError as error:
        raise login_trouble(error, account.password, account.token) from None
    client.forget_capabilities()
