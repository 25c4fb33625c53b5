"""Outgoing mail: one interface, the SMTP client behind a URL, and its twins for demos and tests."""

import asyncio
import contextlib
import time
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote, urlsplit

import aiosmtplib
from aiosmtplib import SMTP

from core.errors import Invalid, Unavailable, WismoError

TIMEOUT = 30.0  # seconds a server may take for one answer
IDLE = 5.0  # seconds after which a kept connection is asked whether it is still there
MAX_IDLE = 60.0  # seconds after which it is not even asked
_REFUSALS = (aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPDataError)
DEFAULT_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


class MailRefused(WismoError):
    """The server said no for good (5xx) to this mail or recipient; trying again cannot help."""

    code = "mail_refused"


class MailDeferred(Unavailable):
    """The mail could not be handed over now (4xx, no connection, a wrong password); it can be tried again."""

    code = "mail_deferred"


class Mailer(Protocol):
    """Hands mails to the world."""

    async def send(self, envelope_from: str, recipient: str, content: bytes) -> None:
        """Hand one mail over. Raises MailRefused when it never will be taken, MailDeferred when not now."""

    async def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True, slots=True)
class SentMail:
    """What a recording mailer was asked to send."""

    envelope_from: str
    recipient: str
    content: bytes


class SmtpMailer:
    """Sends through the server named by `smtp://`, `smtps://` or `smtp+starttls://user:password@host:port`.

    One connection is kept and used by one mail at a time. Raises Invalid (bad_smtp_url) for a URL it cannot read.
    """

    def __init__(self, url: str, *, timeout: float = TIMEOUT) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port or DEFAULT_PORTS[parts.scheme]
        except (ValueError, KeyError):
            raise Invalid("a mail URL looks like smtp+starttls://user:password@host:587", code="bad_smtp_url") from None
        self._client = SMTP(
            hostname=parts.hostname or "localhost",
            port=port,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password or "") if parts.username else None,
            use_tls=parts.scheme == "smtps",
            start_tls=parts.scheme == "smtp+starttls",
            local_hostname="localhost",  # else a name server is asked, in a blocking call
            timeout=timeout,
        )
        self._turn = asyncio.Lock()
        self._used = 0.0

    async def send(self, envelope_from: str, recipient: str, content: bytes) -> None:
        """Hand one mail over. Raises MailRefused or MailDeferred."""
        if any(character in "\r\n\x00 <>" for character in envelope_from + recipient) or "@" not in recipient:
            raise MailRefused("not an address", address=recipient)
        plain = (envelope_from + recipient).isascii()
        async with self._turn:
            try:
                await self._connect()
                options = [] if plain else ["SMTPUTF8", "BODY=8BITMIME"]
                await self._client.sendmail(envelope_from, [recipient], content, mail_options=options)
            except (aiosmtplib.SMTPException, OSError) as error:
                if not isinstance(error, _REFUSALS):
                    self._client.close()  # a refused dialogue was reset by the library; any other is lost
                raise _meaning(error) from error
            except asyncio.CancelledError:
                self._client.close()  # half a dialogue is of no use to the next mail
                raise
            finally:
                self._used = time.monotonic()

    async def close(self) -> None:
        """Say goodbye, if somebody is there."""
        async with self._turn:
            if self._client.is_connected:
                with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                    await self._client.quit()
            self._client.close()

    async def _connect(self) -> None:
        idle = time.monotonic() - self._used
        if self._client.is_connected and idle > IDLE:
            try:
                if idle > MAX_IDLE:
                    raise aiosmtplib.SMTPServerDisconnected("idle for too long")
                await self._client.noop()
            except (aiosmtplib.SMTPException, OSError):
                self._client.close()
        if not self._client.is_connected:
            await self._client.connect()


class DemoMailbox:
    """Sends nothing: the demo's mailbox page shows the outbox itself."""

    async def send(self, envelope_from: str, recipient: str, content: bytes) -> None:
        return

    async def close(self) -> None:
        return


class RecordingMailer:
    """Keeps what it was asked to send; `refuse` and `defer` hold recipients for whom it raises."""

    def __init__(self) -> None:
        self.sent: list[SentMail] = []
        self.refuse: set[str] = set()
        self.defer: set[str] = set()

    async def send(self, envelope_from: str, recipient: str, content: bytes) -> None:
        if recipient in self.refuse:
            raise MailRefused("550 5.1.1 no such address")
        if recipient in self.defer:
            raise MailDeferred("451 4.3.0 try again later")
        self.sent.append(SentMail(envelope_from, recipient, content))

    async def close(self) -> None:
        return


def _meaning(error: Exception) -> WismoError:
    """5xx about recipient, sender or mail is final. A wrong password is ours to mend, not the mail's fault."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused) and error.recipients:
        error = error.recipients[0]
    words = f"{type(error).__name__}: {error}"[:500]
    final = (aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPDataError)
    if isinstance(error, final) and error.code >= 500:
        return MailRefused(words)
    if isinstance(error, aiosmtplib.SMTPNotSupported):
        return MailRefused(words)
    return MailDeferred(words)
