"""A mailbox from signing in to hanging up: following it while it is ours, fetching once, a look before it is added."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.gateways.imap import Imap
from app.gateways.imap_account import Account
from app.gateways.imap_troubles import CANNOT_UNSEAL, ImapTrouble
from app.mail.accounts import fresh_token
from app.mail.fetching.taking import take_new
from app.mail.fetching.turns import note_success
from app.mail.mailbox_models import OAUTH, Mailbox
from app.mail.mailboxes import Cursor, Place, credentials_of, place_of
from core.errors import Invalid

WAIT_SECONDS = (
    240.0  # RFC 2177 allows 29 minutes; routers forget quiet lines after five, and some servers forget to call
)


@dataclass(frozen=True, slots=True)
class Sight:
    """What a test of a mailbox saw: how many mails are there, and where reading would begin."""

    mails: int
    cursor: Cursor


async def follow(mailbox: Mailbox, secret: bytes, *, private: bool) -> None:
    """Fetch what is new whenever the server calls, or each minute, until cancelled. Raises ImapTrouble or TurnLost."""
    imap = await _connected(mailbox, secret, private=private)
    try:
        while True:
            await take_new(mailbox, imap)
            await note_success(mailbox)
            await imap.wait(WAIT_SECONDS)
    finally:
        await imap.close()


async def fetch_once(mailbox: Mailbox, secret: bytes, *, private: bool) -> int:
    """Fetch what is new now; returns how many mails that were. Raises ImapTrouble or TurnLost."""
    imap = await _connected(mailbox, secret, private=private)
    try:
        taken = await take_new(mailbox, imap)
        await note_success(mailbox)
    finally:
        await imap.close()
    return taken


async def look(place: Place, credentials: Mapping[str, str], *, private: bool, access: str = "") -> Sight:
    """Sign in (by OAuth with the token `access`), open the folder, change nothing. Raises ImapTrouble; for a missing
    folder with those there are."""
    imap = await Imap.connect(_account(place, credentials, access, private=private))
    try:
        folder = await imap.open(place.folder)
    finally:
        await imap.close()
    return Sight(folder.exists, Cursor(folder.uidvalidity, folder.uidnext - 1))


async def _connected(mailbox: Mailbox, secret: bytes, *, private: bool) -> Imap:
    token = await fresh_token(mailbox, secret, private=private) if mailbox.auth == OAUTH else ""
    try:
        credentials = credentials_of(mailbox, secret)
    except Invalid:
        raise ImapTrouble(code=CANNOT_UNSEAL) from None
    return await Imap.connect(_account(place_of(mailbox), credentials, token, private=private))


def _account(place: Place, credentials: Mapping[str, str], token: str, *, private: bool) -> Account:
    return Account(
        host=place.host,
        port=place.port,
        security=place.security,
        user=place.user,
        password=credentials.get("password", ""),
        token=token,
        private=private,
    )
