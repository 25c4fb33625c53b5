"""A letter to the bytes of a mail: headers that cannot be injected, text and HTML side by side. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

from app.mail.leaving.letters import Letter
from app.mail.reading.headers import one_line
from core.errors import Invalid

MAX_REFERENCES = 20
MAX_SUBJECT = 300

_ADDRESS = re.compile(r"[^\s@<>(),;:\"\[\]\\\x00-\x1f\x7f]{1,64}@[^\s@<>(),;:\"\[\]\\\x00-\x1f\x7f]{1,255}")
_ID = re.compile(r"(?!.*=\?)[^\s<>\x00-\x1f\x7f]{1,480}")
# The library breaks a line before a long id, which leaves a first line without a word.
_EMPTY_FIRST_LINE = re.compile(rb"^((?:Message-ID|In-Reply-To|References):)\s+<", re.MULTILINE)
_REPLY_PREFIX = re.compile(r"(?i)^(?:(?:re|aw|sv|回复|回覆|答复|答覆)\s*[:：]\s*)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Everything on the outside of a letter. Ids are written without brackets."""

    from_address: str
    from_name: str
    to_address: str
    to_name: str = ""
    reply_to: str = ""
    message_id: str
    date: datetime
    in_reply_to: str = ""
    references: Sequence[str] = ()
    automatic: bool  # no person wrote it, so no machine shall answer it


def compose(letter: Letter, envelope: Envelope) -> bytes:
    """The mail as bytes with CRLF line ends. Raises Invalid (bad_address) for what is no address."""
    plain = (envelope.from_address + envelope.to_address + envelope.reply_to).isascii()
    message = EmailMessage(policy=SMTP if plain else SMTPUTF8)
    message["From"] = _mailbox(envelope.from_name, envelope.from_address)
    message["To"] = _mailbox(envelope.to_name, envelope.to_address)
    if envelope.reply_to:
        message["Reply-To"] = _mailbox(envelope.from_name, envelope.reply_to)
    message["Subject"] = _words(letter.subject)[:MAX_SUBJECT]
    message["Date"] = format_datetime(envelope.date)
    message["Message-ID"] = f"<{envelope.message_id}>"
    if _ID.fullmatch(envelope.in_reply_to):
        message["In-Reply-To"] = f"<{envelope.in_reply_to}>"
    if references := _references(envelope):
        message["References"] = " ".join(f"<{reference}>" for reference in references)
    if envelope.automatic:
        message["Auto-Submitted"] = "auto-replied"
        message["X-Auto-Response-Suppress"] = "All"
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    head, end, body = message.as_bytes().partition(b"\r\n\r\n")
    return _EMPTY_FIRST_LINE.sub(rb"\1 <", head) + end + body


def reply_subject(subject: str) -> str:
    """`Re: ` once, whatever stands before."""
    return f"Re: {_REPLY_PREFIX.sub('', one_line(subject)).strip()}".strip()[:MAX_SUBJECT]


def is_address(text: str) -> bool:
    """Whether `text` is one plain address and nothing else."""
    return _ADDRESS.fullmatch(text) is not None


def _words(text: str) -> str:
    """One line that is no encoded word: the library would decode it, line breaks included."""
    return one_line(text).replace("=?", "= ?")


def _mailbox(name: str, address: str) -> Address:
    if not is_address(address):
        raise Invalid("not an address", code="bad_address", address=address[:320])
    local, _, domain = address.rpartition("@")
    return Address(_words(name)[:200], local, domain)


def _references(envelope: Envelope) -> list[str]:
    """The thread so far: its first mail and the newest ones, so that the line stays short."""
    known = [reference for reference in envelope.references if _ID.fullmatch(reference)]
    if _ID.fullmatch(envelope.in_reply_to):
        known.append(envelope.in_reply_to)
    unique = list(dict.fromkeys(known))
    return unique if len(unique) <= MAX_REFERENCES else [unique[0], *unique[1 - MAX_REFERENCES :]]
