"""What was read of a mail stands beside its bytes, so that showing it needs no reading again. Pure."""

import hashlib
import re
from collections.abc import Collection
from typing import Any

from app.mail.models import IncomingMail
from app.mail.reading.authentication import sender_check
from app.mail.reading.headers import Address
from app.mail.reading.invitations import Invitation
from app.mail.reading.parsing import ParsedMail

MOST_ADDRESSES = 200  # that are shown of one field
_UNWANTED = re.compile("[\x00\u202d\u202e]")


def note_what_was_read(mail: IncomingMail, parsed: ParsedMail, trusted: Collection[str]) -> None:
    """Set the row's columns from what was read. `trusted` are the names of our mail servers (see `sender_check`)."""
    mail.header_id = _plain(parsed.message_id)[:500]
    mail.headers = headers_of(parsed)
    mail.text = _plain(parsed.text) or None
    mail.html = _plain(parsed.clean.html) or None
    mail.sheet = parsed.clean.sheet or None
    mail.sender_check = sender_check(parsed.authentication, trusted, parsed.from_address if parsed.senders == 1 else "")


def headers_of(parsed: ParsedMail) -> dict[str, Any]:
    """The fields that a person looks at, as JSON: addresses as [name, address], the date as ISO 8601 in UTC."""
    return {
        "from": _plain(parsed.from_address),
        "from_name": _plain(parsed.from_name),
        "reply_to": _addresses(parsed.reply_to),
        "to": _addresses(parsed.to),
        "cc": _addresses(parsed.cc),
        "subject": _plain(parsed.subject),
        "date": parsed.date.isoformat() if parsed.date else None,
        "in_reply_to": [_plain(header_id) for header_id in parsed.in_reply_to],
        "kind": parsed.protection,
        "invitation": _appointment(parsed.invitation) if parsed.invitation else None,
        "remote_images": parsed.clean.remote_images,
        "trackers": parsed.clean.trackers,
    }


def _appointment(invitation: Invitation) -> dict[str, Any]:
    """What a card shows of an appointment; the times as `Invitation` has them."""
    return {
        "method": invitation.method,
        "summary": _plain(invitation.summary),
        "location": _plain(invitation.location),
        "organizer": _plain(invitation.organizer),
        "guests": len(invitation.guests),
        "start": invitation.start,
        "end": invitation.end,
        "zone": _plain(invitation.zone),
    }


def letter_of(shop_id: int | None, parsed: ParsedMail) -> str | None:
    """A digest of what the sender wrote, the same on whichever way it came: by LMTP, IMAP or hook, re-encoded or not.

    The date counts as well as the Message-ID, because some programs give the same one to all their mails, and the HTML
    where there is no text. None for a letter that neither tells from others.
    """
    if not parsed.message_id and parsed.date is None:
        return None
    named = (parsed.message_id or parsed.subject, parsed.date.isoformat() if parsed.date else "", parsed.from_address)
    words = parsed.text if parsed.text.strip() else parsed.clean.html
    files = (hashlib.sha256(file.content).hexdigest() for file in parsed.attachments)
    said = (str(shop_id), *named, " ".join(words.split()), *files)
    return hashlib.sha256("\x00".join(said).encode("utf-8", "replace")).hexdigest()


def _addresses(addresses: tuple[Address, ...]) -> list[list[str]]:
    return [[_plain(address.name), _plain(address.email)] for address in addresses[:MOST_ADDRESSES]]


def _plain(text: str) -> str:
    """What every database takes, and nothing that shows words backwards: no NUL, no lone surrogates, no overrides."""
    return _UNWANTED.sub("", text).encode("utf-8", "replace").decode()
