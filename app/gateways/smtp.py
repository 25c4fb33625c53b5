"""Mail by SMTP behind a URL: few connections, kept while there is mail, and refusals in the server's words."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from urllib.parse import unquote, urlsplit

import aiosmtplib
from aiosmtplib import SMTP

from app.gateways.mail import MailDeferred, MailRefused, Refusal
from app.gateways.outside import HostRefused, HostUnknown, endpoints
from core.errors import Invalid, WismoError
from core.tasks import spawn

CONNECT_TIMEOUT = 15.0  # seconds
TIMEOUT = 60.0  # seconds for the answer to one command
DATA_TIMEOUT = 300.0  # seconds for the answer after the last dot: to give up early there sends a mail twice
CONNECTIONS = 4  # to one server at the same time
PATIENCE = 5.0  # seconds that a mail waits for a connection while others use them all
AWAY = 10.0  # seconds without a try after nobody could be reached
IDLE = 5.0  # seconds after which a kept connection is reset before its next mail, which shows whether it is there
MAX_IDLE = 30.0  # seconds after which it is closed
MAX_MAILS = 100  # that go over one connection
DEFAULT_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
_FORBIDDEN = frozenset("\r\n\x00 \t<>")
_LOST = (aiosmtplib.SMTPException, OSError)


class SmtpMailer:
    """Sends through the server named by `smtp://`, `smtps://` or `smtp+starttls://user:password@host:port`.

    Certificates are checked, and STARTTLS is never given up. `private` says whether the server may be in a network of
    ours; None: the operator has named it, and it may be anywhere. Raises Invalid (bad_smtp_url) for a URL it cannot
    read.
    """

    def __init__(
        self, url: str, *, timeout: float = TIMEOUT, data_timeout: float = DATA_TIMEOUT, private: bool | None = None
    ) -> None:
        try:
            parts = urlsplit(url)
            self._port = parts.port or DEFAULT_PORTS[parts.scheme]
        except (ValueError, KeyError):
            raise Invalid("a mail URL looks like smtp+starttls://user:password@host:587", code="bad_smtp_url") from None
        self._host = parts.hostname or "localhost"
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password or "") if parts.username else None
        self._tls, self._start_tls = parts.scheme == "smtps", parts.scheme == "smtp+starttls"
        if _FORBIDDEN & set(self._host):
            raise Invalid("no name of a server", code="bad_smtp_url")
        self._timeout, self._data_timeout, self._private = timeout, data_timeout, private
        self._room, self._patience = asyncio.Semaphore(CONNECTIONS), PATIENCE
        self._away, self._away_until = "", 0.0
        self._idle: list[_Line] = []
        self._janitor: asyncio.Task[None] | None = None

    async def send(self, envelope_from: str, recipients: Sequence[str], content: bytes) -> Mapping[str, Refusal]:
        """Hand one mail over. Raises MailRefused or MailDeferred when nobody of them gets it."""
        for address in (envelope_from, *recipients):
            if _FORBIDDEN & set(address) or "@" not in address:
                raise MailRefused("not an address", address=address[:320])
        async with self._line() as line:
            return await line.hand_over(envelope_from, recipients, content, self._data_timeout)

    async def check(self) -> None:
        """Connect, sign in and say goodbye. Raises MailDeferred with the server's words."""
        async with self._place():
            await (await self._connected()).close()

    async def close(self) -> None:
        """Say goodbye, if somebody is there."""
        if self._janitor is not None:
            self._janitor.cancel()
        idle, self._idle = self._idle, []
        for line in idle:
            await line.close()

    @asynccontextmanager
    async def _line(self) -> AsyncIterator["_Line"]:
        """A connection for one mail; afterwards it is kept, unless the dialogue broke off."""
        async with self._place():
            line = await self._connected()
            try:
                yield line
            except BaseException as error:
                if not isinstance(error, MailRefused | MailDeferred):
                    line.client.close()  # half a dialogue is of no use to the next mail
                raise
            finally:
                line.used = time.monotonic()
                if line.client.is_connected and line.mails < MAX_MAILS:
                    self._idle.append(line)
                    self._sweep_later()
                elif line.client.is_connected:
                    await line.close()

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """One of a few places. A server that is stuck or away must not keep everybody waiting who has other work, so
        nobody waits long for a place, and after a failure nobody tries to connect for a moment."""
        if time.monotonic() < self._away_until:
            raise MailDeferred(self._away)
        try:
            async with asyncio.timeout(self._patience):
                await self._room.acquire()
        except TimeoutError:
            raise MailDeferred("SMTPTimeoutError: all connections to the mail server are busy") from None
        try:
            yield
        finally:
            self._room.release()

    async def _connected(self) -> "_Line":
        while self._idle:
            line = self._idle.pop()
            if await line.is_alive():
                return line
        sock = await self._dialed() if self._private is not None else None
        client = SMTP(
            hostname=self._host,
            port=None if sock else self._port,
            sock=sock,
            username=self._user,
            password=self._password,
            use_tls=self._tls,
            start_tls=self._start_tls,
            local_hostname="localhost",  # else a name server is asked, in a blocking call
            timeout=min(CONNECT_TIMEOUT, self._timeout),
        )
        try:
            await client.connect()
        except _LOST as error:
            client.close()
            self._stay_away(error)
            raise _meaning(error) from error
        except BaseException:
            client.close()
            raise
        client.timeout = self._timeout
        return _Line(client)

    async def _dialed(self) -> socket.socket:
        """Connected to exactly the address that was judged. Raises MailDeferred."""
        try:
            place = (await endpoints(self._host, self._port, private=bool(self._private)))[0]
        except (HostUnknown, HostRefused) as error:
            raise MailDeferred(f"SMTPConnectError: {error.detail}") from error
        sock = socket.socket(place.family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            async with asyncio.timeout(min(CONNECT_TIMEOUT, self._timeout)):
                await asyncio.get_running_loop().sock_connect(sock, place.address)
        except OSError as error:
            sock.close()
            self._stay_away(error)
            raise _meaning(error) from error
        return sock

    def _stay_away(self, error: Exception) -> None:
        self._away, self._away_until = _words(error), time.monotonic() + AWAY

    def _sweep_later(self) -> None:
        if self._janitor is None or self._janitor.done():
            self._janitor = spawn(self._sweep(), name="smtp", loose=True)

    async def _sweep(self) -> None:
        """Close what nobody has used for a while."""
        while self._idle:
            await asyncio.sleep(MAX_IDLE)
            old = [line for line in self._idle if time.monotonic() - line.used >= MAX_IDLE]
            self._idle = [line for line in self._idle if line not in old]
            for line in old:
                await line.close()


class _Line:
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
            raise MailRefused(_words(error)) from error
        except _LOST as error:
            meaning = _meaning(error)
            if isinstance(error, aiosmtplib.SMTPResponseException):
                await self._reset()
            else:
                self.client.close()
            raise meaning from error
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
                refused[recipient] = Refusal(_words(error), error.code >= 500)
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
        except _LOST:
            self.client.close()

    async def close(self) -> None:
        if self.client.is_connected:
            with contextlib.suppress(*_LOST):
                await self.client.quit(timeout=5)
        self.client.close()


def _meaning(error: Exception) -> WismoError:
    """5xx about sender or mail is final. A wrong password is ours to mend, not the mail's fault."""
    final = (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPDataError)
    if isinstance(error, final) and error.code >= 500:
        return MailRefused(_words(error))
    if isinstance(error, aiosmtplib.SMTPNotSupported) and "SMTPUTF8" in str(error):
        return MailRefused(_words(error))
    return MailDeferred(_words(error))


def _words(error: Exception) -> str:
    """`550 5.1.1 no such user`, or what kind of trouble it was."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        kind = "SMTPAuthenticationError: " if isinstance(error, aiosmtplib.SMTPAuthenticationError) else ""
        return f"{kind}{error.code} {' '.join(error.message.split())}"[:1000]
    return f"{type(error).__name__}: {error}"[:1000]
