"""A letter to the bytes of a mail: headers that cannot be injected, text and HTML side by side, files. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

import idna

from app.mail.leaving.letters import Letter
from app.mail.reading.headers import one_line
from core.errors import Invalid

MAX_REFERENCES = 20
MAX_SUBJECT = 300
MAX_NAME = 200
SHORT_NAME = 60  # fits on a line as it is
REPLIED, GENERATED = "auto-replied", "auto-generated"  # RFC 3834: answers a mail; answers none

_ADDRESS = re.compile(r"[^\s@<>(),;:\"\[\]\\\x00-\x1f\x7f]{1,64}@[^\s@<>(),;:\"\[\]\\\x00-\x1f\x7f]{1,255}")
_ID = re.compile(r"(?!.*=\?)[^\s<>\x00-\x1f\x7f]{1,480}")
_URL = re.compile(r"https?://[!-;=?-~]{1,800}")
# The library breaks a line before a long word, which leaves a first line without one.
_EMPTY_FIRST_LINE = re.compile(
    rb"^((?:Message-ID|In-Reply-To|References|List-Unsubscribe):)\s+<", re.MULTILINE | re.IGNORECASE
)
_REPLY_PREFIX = re.compile(r"(?i)^(?:(?:re|aw|sv|fwd?|wg|回复|回覆|答复|答覆|转发|轉寄)\s*[:：]\s*)+")
_ATOMS = re.compile(r"[\w!#$%&'*+/=?^`{|}~ -]+", re.ASCII)
_PLAIN_NAME = re.compile(r"[\w .'-]+")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A display name, which may be empty, and an address."""

    name: str
    address: str

    def __str__(self) -> str:
        """As people write it: `Anna <anna@shop.example>`."""
        if not self.name:
            return self.address
        quoted = '"' + re.sub(r'(["\\])', r"\\\1", self.name) + '"'
        return f"{self.name if _PLAIN_NAME.fullmatch(self.name) else quoted} <{self.address}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A file that travels with a letter. With a content id it is a picture that the HTML shows."""

    name: str
    media_type: str
    content: bytes
    content_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Everything on the outside of a letter. Ids are written without brackets."""

    from_address: str
    from_name: str
    to: Sequence[Mailbox]
    cc: Sequence[Mailbox] = ()
    reply_to: str = ""
    message_id: str
    date: datetime
    in_reply_to: str = ""
    references: Sequence[str] = ()
    automatic: str = ""  # no person wrote it, so no machine shall answer it: auto-replied · auto-generated
    unsubscribe: str = ""  # address of the page that ends such letters with one click (RFC 8058)


def compose(letter: Letter, envelope: Envelope, enclosures: Sequence[Enclosure] = ()) -> bytes:
    """The mail as bytes with CRLF line ends. Raises Invalid (bad_address) for what is no address."""
    message = EmailMessage(policy=SMTP if _is_plain(envelope) else SMTPUTF8)
    message["Subject"] = _words(letter.subject)[:MAX_SUBJECT]
    message["Date"] = format_datetime(envelope.date)
    message["Message-ID"] = f"<{envelope.message_id}>"
    if _ID.fullmatch(envelope.in_reply_to):
        message["In-Reply-To"] = f"<{envelope.in_reply_to}>"
    if references := _references(envelope):
        message["References"] = " ".join(f"<{reference}>" for reference in references)
    if envelope.automatic:
        message["Auto-Submitted"] = GENERATED if envelope.automatic == GENERATED else REPLIED
        message["X-Auto-Response-Suppress"] = "All"
    if _URL.fullmatch(envelope.unsubscribe):
        message["List-Unsubscribe"] = f"<{envelope.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    shown = message.get_body(("html",))
    for enclosure in enclosures:
        _enclose(message, shown if isinstance(shown, EmailMessage) else message, enclosure)
    if isinstance(shown, EmailMessage) and shown.is_multipart():
        shown.set_param("type", "text/html")  # of its root (RFC 2387 section 3.1)
    head, end, body = message.as_bytes().partition(b"\r\n\r\n")
    return _addressed(envelope) + _EMPTY_FIRST_LINE.sub(rb"\1 <", head) + end + body


def reply_subject(subject: str) -> str:
    """`Re: ` once, whatever stands before."""
    return f"Re: {_REPLY_PREFIX.sub('', one_line(subject)).strip()}".strip()[:MAX_SUBJECT]


def forward_subject(subject: str) -> str:
    """`Fwd: ` once, whatever stands before."""
    return f"Fwd: {_REPLY_PREFIX.sub('', one_line(subject)).strip()}".strip()[:MAX_SUBJECT]


def is_address(text: str) -> bool:
    """Whether `text` is one plain address and nothing else."""
    return _ADDRESS.fullmatch(text) is not None


def wire_address(address: str) -> str:
    """The address as mail servers write it: the domain in ASCII (IDNA 2008), the part before it as it is.

    A domain that cannot be written so stays what it was; the server says what it thinks of it.
    """
    local, at, domain = address.rpartition("@")
    if domain.isascii():
        return address
    try:
        return local + at + idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        return address


def _is_plain(envelope: Envelope) -> bool:
    """Whether every server takes it: letters beyond ASCII before an @ need SMTPUTF8 (RFC 6531)."""
    boxes = [box.address for box in (*envelope.to, *envelope.cc)]
    return all(wire_address(address).isascii() for address in (envelope.from_address, envelope.reply_to, *boxes))


def _words(text: str) -> str:
    """One line that is no encoded word: the library would decode it, line breaks included."""
    line = " ".join(one_line(text).splitlines())  # U+0085 and others end lines for the library, too
    return line.replace("=?", "= ?").encode("utf-8", "replace").decode()


def _addressed(envelope: Envelope) -> bytes:
    """The fields with addresses. The library loses the quotes of a long name when it breaks the line, and what stood
    between them becomes a recipient; so they are written here."""
    mailbox = Mailbox(envelope.from_name, envelope.from_address)
    fields = [("From", [mailbox]), ("To", envelope.to), ("Cc", envelope.cc)]
    if envelope.reply_to:
        fields.append(("Reply-To", [Mailbox(envelope.from_name, envelope.reply_to)]))
    lines = [f"{name}: " + ",\r\n ".join(map(_boxed, boxes)) for name, boxes in fields if boxes]
    return ("\r\n".join(lines) + "\r\n").encode()


def _boxed(box: Mailbox) -> str:
    """`name <address>` as RFC 5322 and 2047 write it. Raises Invalid (bad_address)."""
    if not is_address(box.address):
        raise Invalid("not an address", code="bad_address", address=box.address[:320])
    name, address = _words(box.name)[:MAX_NAME].strip(), wire_address(box.address)
    if not name:
        return address
    if name.isascii() and len(name) <= SHORT_NAME:
        escaped = re.sub(r'(["\\])', r"\\\1", name)
        return f"{name} <{address}>" if _ATOMS.fullmatch(name) else f'"{escaped}" <{address}>'
    encoded = Header(name, "utf-8").encode(linesep="\r\n")
    return f"{encoded}\r\n <{address}>"


def _references(envelope: Envelope) -> list[str]:
    """The thread so far: its first mail and the newest ones, so that the line stays short."""
    known = [reference for reference in envelope.references if _ID.fullmatch(reference)]
    if _ID.fullmatch(envelope.in_reply_to):
        known.append(envelope.in_reply_to)
    unique = list(dict.fromkeys(known))
    return unique if len(unique) <= MAX_REFERENCES else [unique[0], *unique[1 - MAX_REFERENCES :]]


def _enclose(message: EmailMessage, shown: EmailMessage, file: Enclosure) -> None:
    """`shown` is the HTML: with its pictures it becomes one multipart/related (RFC 2387)."""
    main, _, sub = file.media_type.partition("/")
    name = _words(file.name)[:200] or "file"
    if _ID.fullmatch(file.content_id):
        shown.add_related(file.content, main, sub, cid=f"<{file.content_id}>", filename=name, disposition="inline")
    else:
        message.add_attachment(file.content, main, sub or "octet-stream", filename=name)
