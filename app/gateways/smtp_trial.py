"""Trying a mail server before anybody relies on it: signing in, naming the sender, and, if wanted, one mail."""

import asyncio
import contextlib

from aiosmtplib import SMTP, SMTPException

from app.gateways.imap_troubles import LOGIN_REFUSED, NOT_SECURE, PORT_REFUSED, TIMED_OUT
from app.gateways.outside import HostRefused, HostUnknown
from app.gateways.smtp_line import connect
from app.gateways.smtp_server import FORBIDDEN, PLAIN, SmtpServer
from app.gateways.smtp_troubles import SENDER_REFUSED, SmtpTrouble, trouble
from core.errors import WismoError

PORTS = frozenset({25, 26, 465, 587, 994, 2465, 2525, 2587})  # elsewhere other things than mail listen
SECONDS = 25.0  # for all of it: somebody waits for the page


async def attempt(server: SmtpServer, envelope_from: str, recipient: str = "", content: bytes = b"") -> str:
    """Sign in and name the sender, which changes nothing; with a recipient, send `content` to them.

    Returns what the server said last. Raises SmtpTrouble. A server that the operator has named (`private` is None) may
    be on any port and without encryption.
    """
    if server.private is False and server.port not in PORTS:
        raise SmtpTrouble(code=PORT_REFUSED)
    if server.private is False and server.security == PLAIN:
        raise SmtpTrouble(code=NOT_SECURE)
    if any(FORBIDDEN & set(address) for address in (envelope_from, recipient)):
        raise SmtpTrouble(code=SENDER_REFUSED)
    if any(ord(sign) < 32 for sign in server.user + server.password):
        raise SmtpTrouble(code=LOGIN_REFUSED)
    try:
        async with asyncio.timeout(SECONDS):
            return await _dialogue(server, envelope_from, recipient, content)
    except TimeoutError:
        raise SmtpTrouble(code=TIMED_OUT) from None
    except (SMTPException, OSError, ValueError, HostRefused, HostUnknown) as error:
        raise trouble(error, server.password) from None
    except WismoError as error:  # no token
        raise trouble(error, server.password) from None


async def _dialogue(server: SmtpServer, envelope_from: str, recipient: str, content: bytes) -> str:
    client = await connect(server, SECONDS)
    try:
        if client.is_ehlo_or_helo_needed:
            await client.ehlo()
        encoding, options = "ascii", list[str]()
        if not (envelope_from + recipient).isascii():
            if not client.supports_extension("smtputf8"):
                raise SmtpTrouble("it takes no addresses beyond ASCII (SMTPUTF8)", code=SENDER_REFUSED)
            encoding, options = "utf-8", ["SMTPUTF8"]
        answer = await client.mail(envelope_from, options=options, encoding=encoding)
        if recipient:
            await client.rcpt(recipient, encoding=encoding)
            answer = await client.data(content)
        else:
            await client.rset()
        return f"{answer.code} {' '.join(answer.message.split())}"[:300]
    finally:
        await _leave(client)


async def _leave(client: SMTP) -> None:
    with contextlib.suppress(SMTPException, OSError):
        await client.quit(timeout=2)
    client.close()
