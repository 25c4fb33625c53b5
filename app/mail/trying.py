"""Trying an account before anybody relies on it: both ways, and each says for itself what is wrong."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.gateways.imap_troubles import TIMED_OUT, ImapTrouble
from app.gateways.oauth import exchange
from app.gateways.smtp_trial import attempt
from app.gateways.smtp_troubles import SmtpTrouble
from app.mail.accounts import server_at
from app.mail.fetching.following import Sight, look
from app.mail.mailbox_models import OAUTH
from app.mail.mailboxes import Place, check_credentials
from app.mail.tagging import envelope_sender

SECONDS = 30.0  # as long as a person waits for a page


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of it. `credentials` are those to keep: a provider may have renewed the refresh token (OAuth)."""

    sight: Sight | None = None  # none: fetching fails
    fetching: ImapTrouble | None = None
    sends: bool = False  # it was tried, and works
    sending: SmtpTrouble | None = None
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def works(self) -> bool:
        """Whether everything that was tried does."""
        return self.fetching is None and self.sending is None


async def try_account(place: Place, credentials: Mapping[str, str], *, private: bool) -> Trial:
    """Sign in for fetching, and for sending if `place` has a server for it; neither changes anything there.

    Raises Invalid (bad_credentials).
    """
    check_credentials(place.auth, credentials)
    access = ""
    if place.auth == OAUTH:
        try:
            tokens = await exchange(credentials, private=private)
        except ImapTrouble as error:
            return Trial(fetching=error, credentials=credentials)
        access = tokens.access
        credentials = {**credentials, "refresh_token": tokens.refresh or credentials["refresh_token"]}
    fetched, sent = await asyncio.gather(
        _fetching(place, credentials, access, private=private), _sending(place, credentials, access, private=private)
    )
    trouble = fetched if isinstance(fetched, ImapTrouble) else None
    sight = fetched if isinstance(fetched, Sight) else None
    refused = sent if isinstance(sent, SmtpTrouble) else None
    return Trial(sight, trouble, bool(place.smtp_host) and refused is None, refused, credentials)


async def _fetching(place: Place, credentials: Mapping[str, str], access: str, *, private: bool) -> Sight | ImapTrouble:
    try:
        async with asyncio.timeout(SECONDS):
            return await look(place, credentials, private=private, access=access)
    except TimeoutError:
        return ImapTrouble(code=TIMED_OUT)
    except ImapTrouble as error:
        return error


async def _sending(place: Place, credentials: Mapping[str, str], access: str, *, private: bool) -> SmtpTrouble | None:
    if not place.smtp_host:
        return None
    server = server_at(place, credentials, private=private, access=access)
    try:
        await attempt(server, envelope_sender(server, place.address))
    except SmtpTrouble as error:
        return error
    return None
