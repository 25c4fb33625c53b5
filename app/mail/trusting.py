"""Whose word about a sender counts: the names (RFC 8601) of the servers that a mail came through on its way to us.

A mailbox believes the servers of its own provider alone: a name that another door trusts could be brought in by anybody
who writes to this one.
"""

from collections.abc import Collection

from app.mail.mailbox_models import Mailbox
from app.mail.models import FETCHED, IncomingMail
from app.mail.presets import provider_of
from app.mail.reading.authentication import names_in


async def checkers_of(mail: IncomingMail, desk: Collection[str]) -> Collection[str]:
    """The names that are believed about `mail`; `desk` are those of the listener, the pipe and the HTTP door."""
    if mail.mailbox_id is None:
        return () if mail.way == FETCHED else desk  # its mailbox was removed
    mailbox = await Mailbox.filter(id=mail.mailbox_id).only("id", "host", "checkers").get()
    return checkers_for(mailbox.host, mailbox.checkers, desk)


def checkers_for(host: str, written: str | None, desk: Collection[str]) -> Collection[str]:
    """What was written for a mailbox, else its provider's names. None: it was added when one setting was for all."""
    if written:
        return names_in(written)
    return provider_of("", host).checkers or (desk if written is None else ())
