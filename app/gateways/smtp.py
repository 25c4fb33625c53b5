"""Mail by SMTP: few connections, kept while there is mail, and refusals in the server's words."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from aiosmtplib import SMTPAuthenticationError

from app.gateways.imap_troubles import ImapTrouble
from app.gateways.mail import MailDeferred, MailRefused, Refusal
from app.gateways.outside import HostRefused, HostUnknown
from app.gateways.smtp_line import CONNECT_TIMEOUT, LOST, Line, connect, meaning, words_of
from app.gateways.smtp_server import FORBIDDEN, SmtpServer, read_url
from core.tasks import spawn

TIMEOUT = 60.0  # seconds for the answer to one command
DATA_TIMEOUT = 300.0  # seconds for the answer after the last dot: to give up early there sends a mail twice
CONNECTIONS = 4  # to one server at the same time
PATIENCE = 5.0  # seconds that a mail waits for a connection while others use them all
AWAY = 10.0  # seconds without a try after nobody could be reached
REFUSED = 60.0  # after a refused sign-in: more of them would lock the account
MAX_IDLE = 30.0  # seconds after which it is closed
MAX_MAILS = 100  # that go over one connection


class SmtpMailer:
    """Sends through a server, or the one that a URL names (see `read_url`).

    Certificates are checked, and STARTTLS is never given up. Raises Invalid (bad_smtp_url) for a URL it cannot read.
    """

    def __init__(self, url: str | SmtpServer, *, timeout: float = TIMEOUT, data_timeout: float = DATA_TIMEOUT) -> None:
        self.server = read_url(url) if isinstance(url, str) else url
        self._timeout, self._data_timeout = timeout, data_timeout
        self._room, self._patience = asyncio.Semaphore(CONNECTIONS), PATIENCE
        self._away, self._away_until = "", 0.0
        self._idle: list[Line] = []
        self._janitor: asyncio.Task[None] | None = None

    async def send(self, envelope_from: str, recipients: Sequence[str], content: bytes) -> Mapping[str, Refusal]:
        """Hand one mail over. Raises MailRefused or MailDeferred when nobody of them gets it."""
        for address in (envelope_from, *recipients):
            if FORBIDDEN & set(address) or "@" not in address:
                raise MailRefused("not an address", address=address[:320])
        async with self._line() as line:
            return await line.hand_over(envelope_from, recipients, content, self._data_timeout)

    async def close(self) -> None:
        """Say goodbye, if somebody is there."""
        if self._janitor is not None:
            self._janitor.cancel()
        idle, self._idle = self._idle, []
        for line in idle:
            await line.close()

    @asynccontextmanager
    async def _line(self) -> AsyncIterator[Line]:
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

    async def _connected(self) -> Line:
        while self._idle:
            line = self._idle.pop()
            if await line.is_alive():
                return line
        try:
            client = await connect(self.server, min(CONNECT_TIMEOUT, self._timeout))
        except (HostUnknown, HostRefused) as error:
            raise MailDeferred(f"SMTPConnectError: {error.detail}") from error
        except ImapTrouble as error:  # no token
            self._stay_away(f"{error.code}: {error.detail}", REFUSED if error.refused else AWAY)
            raise MailDeferred(f"{error.code}: {error.detail}") from error
        except LOST as error:
            refused = isinstance(error, SMTPAuthenticationError)
            self._stay_away(words_of(error), REFUSED if refused else AWAY)
            raise meaning(error) from error
        client.timeout = self._timeout
        return Line(client)

    def _stay_away(self, words: str, seconds: float) -> None:
        self._away, self._away_until = words, time.monotonic() + seconds

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
