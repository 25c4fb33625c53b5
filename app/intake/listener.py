"""The mail door: SMTP and LMTP on one port. It says 250 only when the bytes are committed."""

import asyncio
import logging
from typing import Any

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from app.mail.arriving.storing import shop_of, store_mail
from app.settings import Settings
from core.tasks import spawn

log = structlog.get_logger(__name__)

MAX_BYTES = 25 * 1024 * 1024
MAX_LINE = 1024 * 1024  # bytes; mailers do send lines longer than the 998 that RFC 5322 allows
MAX_RECIPIENTS = 100
MAX_CONNECTIONS = 20
PATIENCE = 60.0  # seconds without a word
STOP_PATIENCE = 5.0  # seconds that mails being stored get at the end

OK = "250 2.0.0 Stored"
TRY_AGAIN = "451 4.3.0 Cannot store it now, please try again"
REFUSED_DATA = ("552 Error: Too much mail data", "500 Line too long")  # the library's words
NO_SUCH_ADDRESS = "550 5.1.1 No such address here"


class Listener:
    """The running door."""

    def __init__(self) -> None:
        self.port = 0
        self.connections: set[MailProtocol] = set()
        self.storing: set[asyncio.Task[str]] = set()
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> None:
        """Listen. Raises OSError when the port is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: MailProtocol(self, loop), host, port)
        self.port = self._server.sockets[0].getsockname()[1]
        log.info("mail_listening", host=host, port=self.port)

    async def close(self) -> None:
        """Take no more mail, let what is being stored finish, then hang up."""
        if self._server is None:
            return
        self._server.close()
        if self.storing:
            await asyncio.wait(self.storing, timeout=STOP_PATIENCE)
            await asyncio.sleep(0)  # the answers go out
        for connection in list(self.connections):
            if connection.transport is not None:
                connection.transport.close()
        await self._server.wait_closed()


async def start_listener(settings: Settings) -> Listener:
    """Listen for mail as the settings say. Raises OSError when the port is taken."""
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # the library logs addresses and, at debug, whole mails
    listener = Listener()
    await listener.start(settings.mail_host, settings.intake_port)
    return listener


class MailProtocol(SMTP):
    """One connection. LHLO makes it LMTP (an answer per recipient), HELO and EHLO make it SMTP (one answer)."""

    line_length_limit = MAX_LINE

    def __init__(self, listener: Listener, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            MailHandler(listener),
            data_size_limit=MAX_BYTES,
            enable_SMTPUTF8=True,
            hostname="wismo",  # the default asks a name server, in a blocking call
            ident="mail",
            timeout=PATIENCE,
            loop=loop,
        )
        self.listener = listener
        self.lmtp = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.listener.connections.add(self)
        super().connection_made(transport)
        if len(self.listener.connections) > MAX_CONNECTIONS:
            self._writer.write(b"421 4.7.0 Too many connections, please try again\r\n")
            transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self.listener.connections.discard(self)
        super().connection_lost(error)

    async def push(self, status: Any) -> None:
        """Answer. LMTP wants one answer per recipient after the data, also for what the library refuses by itself."""
        recipients = len(self.envelope.rcpt_tos) if self.lmtp and self.envelope else 0
        if recipients > 1 and isinstance(status, str) and status.startswith(REFUSED_DATA):
            status = "\r\n".join([status] * recipients)
        await super().push(status)

    @syntax("LHLO hostname")
    async def smtp_LHLO(self, arg: str) -> None:  # noqa: N802 - named after the command
        """The greeting of LMTP."""
        self.lmtp = True
        await super().smtp_EHLO(arg)

    async def smtp_EHLO(self, arg: str) -> None:  # noqa: N802
        """The greeting of SMTP."""
        self.lmtp = False
        await super().smtp_EHLO(arg)

    async def smtp_HELO(self, arg: str) -> None:  # noqa: N802
        """The old greeting of SMTP."""
        self.lmtp = False
        await super().smtp_HELO(arg)


class MailHandler:
    """What the door answers."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener

    async def handle_RCPT(  # noqa: N802 - named by the library
        self, server: MailProtocol, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take addresses of our shops only: a stranger's mail through us would be a relay."""
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        if not _is_text(address) or len(address) > 320:
            return "553 5.1.3 That address cannot be read"
        try:
            if await spawn(shop_of(address), name="mail recipient") is None:
                return NO_SUCH_ADDRESS
        except Exception:
            log.exception("mail_lookup_failed")
            return TRY_AGAIN
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: MailProtocol, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Store the mail for each recipient. A sender who hangs up meanwhile must not tear the commit in half."""
        sender = (envelope.mail_from or "").removeprefix("<").removesuffix(">")
        content = envelope.original_content or b""
        answers = [await self._stored(sender, recipient, content) for recipient in envelope.rcpt_tos]
        if server.lmtp:
            return "\r\n".join(answers)
        return TRY_AGAIN if TRY_AGAIN in answers else OK

    async def handle_exception(self, error: Exception) -> str:
        """A fault of ours is never the mail's fault: the sender keeps it and tries again."""
        log.error("mail_session_failed", exc_info=error)
        return TRY_AGAIN

    async def _stored(self, sender: str, recipient: str, content: bytes) -> str:
        task = spawn(_store(sender, recipient, content), name="store mail")
        self.listener.storing.add(task)
        task.add_done_callback(self.listener.storing.discard)
        return await asyncio.shield(task)


async def _store(sender: str, recipient: str, content: bytes) -> str:
    try:
        shop = await shop_of(recipient)
        if shop is None:
            return NO_SUCH_ADDRESS
        mail = await store_mail(shop, sender if _is_text(sender) else "", recipient, content)
    except Exception:
        log.exception("mail_store_failed")
        return TRY_AGAIN
    log.info("mail_stored", mail=mail.public_id, size=len(content))
    return OK


def _is_text(address: str) -> bool:
    """Whether the bytes of a command were UTF-8; else they are surrogates, which no database takes."""
    try:
        address.encode()
    except UnicodeEncodeError:
        return False
    return not any(character in address for character in "\x00\r\n")
