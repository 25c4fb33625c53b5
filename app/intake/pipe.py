"""The mail door for a pipe: what a mail server or procmail hands in on standard input, answered by an exit status."""

import os

import structlog

from app.intake.listener import MAX_BYTES
from app.mail.arriving.storing import shop_of, store_mail
from app.mail.fetching.envelopes import envelope_of
from app.mail.threading import mailbox_of
from core.shops import Shop

log = structlog.get_logger(__name__)

STORED, NO_SUCH_ADDRESS, UNREADABLE, TRY_AGAIN = os.EX_OK, os.EX_NOUSER, os.EX_DATAERR, os.EX_TEMPFAIL
NULL_SENDERS = ("", "<>", "mailer-daemon")  # the last is how Postfix's pipe writes it


async def take_piped(content: bytes, recipient: str | None, sender: str | None) -> int:
    """Keep the mail and return the exit status (sysexits.h): 0 when it is committed; 67 when no shop has the address;
    65 when it is empty or has more than 25 MiB; 75 when it cannot be kept now, and the mail server tries again.

    `recipient` and `sender` are the envelope's; without them they are looked for in what mail servers note in the head.
    """
    if not content.strip() or len(content) > MAX_BYTES:
        return UNREADABLE
    try:
        ours = [str(address).lower() for address in await Shop.all().values_list("mail_address", flat=True)]
        written_by, written_to = envelope_of(content, [mailbox_of(address) for address in ours], "")
        address = _plain(recipient) if recipient else written_to
        shop = await shop_of(address)
        if shop is None:
            return NO_SUCH_ADDRESS
        mail = await store_mail(shop, _sender(sender, written_by), address, content)
    except Exception as error:  # noqa: BLE001 - whatever it is; mail servers quote what we say to strangers
        log.error("mail_store_failed", error=type(error).__name__)
        return TRY_AGAIN
    log.info("mail_stored", mail=mail.public_id, size=len(content))
    return STORED


def _sender(given: str | None, written_by: str) -> str:
    if given is None:
        return written_by
    return "" if given.strip().lower() in NULL_SENDERS else _plain(given)


def _plain(address: str) -> str:
    """What a database takes: arguments of programs may be no text."""
    return address.strip().removeprefix("<").removesuffix(">").encode("utf-8", "replace").decode()
