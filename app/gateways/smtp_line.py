"""One connection to a mail server: made, used by one mail at a time, and what its errors mean for a mail."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Mapping, Sequence
from typing import Any

import aiosmtplib
from aiosmtplib import SMTP, SMTPResponse
from aiosmtplib.typing import Default

from app.gateways.mail import MailDeferred, MailRefused, Refusal
from app.gateways.outside import endpoints
from app.gateways.smtp_server import STARTTLS, TLS, SmtpServer
from core.errors import WismoError

CONNECT_TIMEOUT = 15.0  # seconds
IDLE = 5.0  # seconds after which a kept connection is reset before its next mail, which shows whether it is there
LOST = (aiosmtplib.SMTPException, OSError)
_NOT_THIS_WAY = frozenset({500, 501, 502, 503, 504, 538})  # of signing in (RFC 4954 section 4)


async def connect(server: SmtpServer, seconds: float = CONNECT_TIMEOUT) -> SMTP:
    """A connection that is encrypted and signed in, as `server` says.

    Raises what the library raises (LOST), HostUnknown, HostRefused, and whatever getting a token raises.
    """
    sock = await _dialed(server, seconds) if server.private is not None else None
    client = _Client(
        hostname=server.host,
        port=None if sock else server.port,
        sock=sock,
        username=server.user or None,
        password=None if server.token or not server.user else server.password,
        oauth_token_generator=server.token,
        use_tls=server.security == TLS,
        start_tls=server.security == STARTTLS,
        local_hostname="localhost",  # else a name server is asked, in a blocking call
        timeout=seconds,
    )
    try:
        await client.connect()
    except BaseException:
        client.close()
        raise
    return client


class _Client(SMTP):
    """Asks once with a password. The library asks in every way that a server offers, and wrong passwords lock accounts.
    CRAM-MD5 goes first only where the line is not encrypted, because many servers offer it in vain."""

    async def login(
        self,
        username: Any,
        password: Any,
        /,
        timeout: Any = Default.token,  # noqa: ASYNC109 - the library's own
    ) -> SMTPResponse:
        await self._ehlo_or_helo_if_needed()
        ways = {"plain": self.auth_plain, "login": self.auth_login, "cram-md5": self.auth_crammd5}
        order = list(ways) if self.get_transport_info("sslcontext") else ["cram-md5", "plain", "login"]
        offered = [name for name in order if name in self.server_auth_methods]
        for name in offered[:-1]:
            try:
                return await ways[name](username, password, timeout=timeout)
            except aiosmtplib.SMTPAuthenticationError as error:
                if error.code not in _NOT_THIS_WAY and name != "cram-md5":
                    raise
        if offered:
            return await ways[offered[-1]](username, password, timeout=timeout)
        return await super().login(username, password, timeout=timeout)


class Line:
    """One connection, used by one mail at a time."""

    def __init__(self, client: SMTP) -> None:
        self.client, self.used, self.mails = client, time.monotonic(), 0

    async def hand_over(
        self, sender: str, recipients: Sequence[str], content: bytes, patience: float
    ) -> Mapping[str, Refusal]:
        """The dialogue of one mail; `patience` is for the answer after its last dot."""
        self.mails += 1
        try:
            encoding = await self._begin(sender, recipients, content)
            refused = await self._name(recipients, encoding)
            if len(refused) < len(recipients):
                await self.client.data(content, timeout=patience)
            else:
                await self.client.rset()
        except ValueError as error:  # the library takes no such address
            raise MailRefused(words_of(error)) from error
        except LOST as error:
            refusal = meaning(error)
            if isinstance(error, aiosmtplib.SMTPResponseException):
                await self._reset()
            else:
                self.client.close()
            raise refusal from error
        return refused

    async def _begin(self, sender: str, recipients: Sequence[str], content: bytes) -> str:
        if self.client.is_ehlo_or_helo_needed:
            try:
                await self.client.ehlo()
            except aiosmtplib.SMTPHeloError:
                await self.client.helo()
        options = [f"SIZE={len(content)}"] if self.client.supports_extension("size") else []
        encoding = "ascii"
        if not all(address.isascii() for address in (sender, *recipients)):
            if not self.client.supports_extension("smtputf8"):
                raise aiosmtplib.SMTPNotSupported("the server takes no addresses beyond ASCII (SMTPUTF8)")
            options, encoding = [*options, "SMTPUTF8", "BODY=8BITMIME"], "utf-8"
        await self.client.mail(sender, options=options, encoding=encoding)
        return encoding

    async def _name(self, recipients: Sequence[str], encoding: str) -> dict[str, Refusal]:
        refused = {}
        for recipient in recipients:
            try:
                await self.client.rcpt(recipient, encoding=encoding)
            except aiosmtplib.SMTPRecipientRefused as error:
                refused[recipient] = Refusal(words_of(error), error.code >= 500)
        return refused

    async def is_alive(self) -> bool:
        """Whether the next mail can go over it; a connection that is not is closed."""
        idle = time.monotonic() - self.used
        if not self.client.is_connected or idle <= IDLE:
            return self.client.is_connected
        await self._reset()
        return self.client.is_connected

    async def _reset(self) -> None:
        try:
            await self.client.rset()
        except LOST:
            self.client.close()

    async def close(self) -> None:
        if self.client.is_connected:
            with contextlib.suppress(*LOST):
                await self.client.quit(timeout=5)
        self.client.close()


def meaning(error: Exception) -> WismoError:
    """5xx about sender or mail is final. A wrong password is ours to mend, not the mail's fault."""
    final = (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPDataError)
    if isinstance(error, final) and error.code >= 500:
        return MailRefused(words_of(error))
    if isinstance(error, aiosmtplib.SMTPNotSupported) and "SMTPUTF8" in str(error):
        return MailRefused(words_of(error))
    return MailDeferred(words_of(error))


def words_of(error: Exception) -> str:
    """`550 5.1.1 no such user`, or what kind of trouble it was."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        kind = "SMTPAuthenticationError: " if isinstance(error, aiosmtplib.SMTPAuthenticationError) else ""
        return f"{kind}{error.code} {' '.join(error.message.split())}"[:1000]
    return f"{type(error).__name__}: {error}"[:1000]


async def _dialed(server: SmtpServer, seconds: float) -> socket.socket:
    """Connected to exactly the address that was judged."""
    place = (await endpoints(server.host, server.port, private=bool(server.private)))[0]
    sock = socket.socket(place.family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        async with asyncio.timeout(seconds):
            await asyncio.get_running_loop().sock_connect(sock, place.address)
    except BaseException:
        sock.close()
        raise
    return sock
