"""The mail door: SMTP and LMTP on one port. It says 250 only when the bytes are committed."""

import asyncio
import logging

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from app.intake.data import Endless, read_data
from app.mail.arriving.storing import shop_of, store_mail
from app.settings import Settings
from core.tasks import spawn

log = structlog.get_logger(__name__)

MAX_BYTES = 25 * 1024 * 1024
PIECE = 64 * 1024  # bytes that are read at once
MAX_RECIPIENTS = 100
MAX_WRONG = 20  # recipients that nobody has, of one connection
MAX_CONNECTIONS, MAX_OF_ADDRESS = 20, 10  # the latter of another machine: on ours is the mail server
MAX_CALLS = {"*": 1000, "RCPT": 20_000, "NOOP": 20, "VRFY": 20, "EXPN": 20, "HELP": 20}  # of one connection
PATIENCE = 60.0  # seconds without a command, or without another piece of a mail
SLOWEST = 600.0  # seconds for a mail
STOP_PATIENCE = 5.0  # seconds that mails being stored get at the end

OK = "250 2.0.0 Stored"
TRY_AGAIN = "451 4.3.0 Cannot store it now, please try again"
TOO_MUCH = "552 5.3.4 Too much mail data"
LOOPBACK = ("127.0.0.1", "::1", "")
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

    line_length_limit = PIECE

    def __init__(self, listener: Listener, loop: asyncio.AbstractEventLoop) -> None:
        self.handler = MailHandler(listener)
        super().__init__(
            self.handler,
            data_size_limit=MAX_BYTES,
            enable_SMTPUTF8=True,
            hostname="wismo",  # the default asks a name server, in a blocking call
            ident="mail",
            timeout=PATIENCE,
            command_call_limit=MAX_CALLS,
            loop=loop,
        )
        self.listener = listener
        self.lmtp = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.listener.connections.add(self)
        super().connection_made(transport)
        if len(self.listener.connections) > MAX_CONNECTIONS or self._of_address() > MAX_OF_ADDRESS:
            self._hang_up("421 4.7.0 Too many connections, please try again")

    def connection_lost(self, error: Exception | None) -> None:
        self.listener.connections.discard(self)
        super().connection_lost(error)

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802 - named after the command
        """The mail itself. LMTP wants one answer for each recipient."""
        if await self.check_helo_needed():
            return
        envelope = self.envelope
        if envelope is None or not envelope.rcpt_tos or arg:
            await self.push("501 5.5.4 Syntax: DATA" if arg else "503 5.5.1 Error: need RCPT command")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        try:
            async with asyncio.timeout(SLOWEST):
                content = await read_data(self._reader, MAX_BYTES, self._reset_timeout)
        except (TimeoutError, Endless, asyncio.IncompleteReadError):
            self._hang_up("421 4.4.2 Too slow or too much, please try again")
            return
        self._reset_timeout()
        if content is None:
            answers = [TOO_MUCH] * len(envelope.rcpt_tos)
        else:
            answers = await self.handler.take(envelope, content)
        self._set_post_data_state()  # type: ignore[no-untyped-call]
        await self.push("\r\n".join(answers) if self.lmtp else one_answer(answers))

    def _of_address(self) -> int:
        """How many connections another machine has."""
        address = _address_of(self)
        if address in LOOPBACK:
            return 0
        return sum(_address_of(connection) == address for connection in self.listener.connections)

    def too_many_wrong(self) -> str:
        """Somebody tries out addresses: the answer, behind which we hang up."""
        asyncio.get_running_loop().call_soon(self._hang_up, "")
        return "421 4.7.0 Too many wrong addresses"

    def _hang_up(self, words: str) -> None:
        if self.transport is not None:
            self._writer.write(words.encode() + b"\r\n")
            self.transport.close()

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
        self.wrong = 0

    async def handle_EHLO(  # noqa: N802 - named by the library
        self, server: MailProtocol, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Say what else we can: commands may come together (RFC 2920; RFC 2033 wants it of LMTP)."""
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

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
                self.wrong += 1
                return NO_SUCH_ADDRESS if self.wrong < MAX_WRONG else server.too_many_wrong()
        except Exception:
            log.exception("mail_lookup_failed")
            return TRY_AGAIN
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def take(self, envelope: Envelope, content: bytes) -> list[str]:
        """Store the mail for each recipient. A sender who hangs up meanwhile must not tear the commit in half."""
        sender = (envelope.mail_from or "").removeprefix("<").removesuffix(">")
        return [await self._stored(sender, recipient, content) for recipient in envelope.rcpt_tos]

    async def handle_exception(self, error: Exception) -> str:
        """A fault of ours is never the mail's fault: the sender keeps it and tries again."""
        log.error("mail_session_failed", exc_info=error)
        return TRY_AGAIN

    async def _stored(self, sender: str, recipient: str, content: bytes) -> str:
        task = spawn(_store(sender, recipient, content), name="store mail")
        self.listener.storing.add(task)
        task.add_done_callback(self.listener.storing.discard)
        return await asyncio.shield(task)


def one_answer(answers: list[str]) -> str:
    """What SMTP says for all recipients: yes only if it is yes for each, and the sender forgets the mail."""
    return next((answer for answer in (TRY_AGAIN, TOO_MUCH) if answer in answers), OK)


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


def _address_of(connection: MailProtocol) -> str:
    peer = connection.session.peer if connection.session is not None else None
    return str(peer[0]) if peer else ""


def _is_text(address: str) -> bool:
    """Whether the bytes of a command were UTF-8; else they are surrogates, which no database takes."""
    try:
        address.encode()
    except UnicodeEncodeError:
        return False
    return not any(character in address for character in "\x00\r\n")
