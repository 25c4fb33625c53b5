"""A mail's bytes to a frozen value: who wrote what and when, which files, whether a person did. Pure; never raises."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from app.mail.reading import machine
from app.mail.reading.attachments import Attachment, attachments_of
from app.mail.reading.authentication import Hops, hops_of
from app.mail.reading.bodies import letter_of, tidy
from app.mail.reading.bounces import Bounce, bounce
from app.mail.reading.charsets import decode
from app.mail.reading.cleaning import CleanHtml
from app.mail.reading.forwarding import Forwarded
from app.mail.reading.headers import MAX_ADDRESS, Address, addresses, date_of, ids, text_of
from app.mail.reading.html import reply_of_html, text_of_html
from app.mail.reading.invitations import MAX_CALENDAR, Invitation, read_invitation
from app.mail.reading.mime import walk
from app.mail.reading.parts import Part
from app.mail.reading.protection import SIGNED, protection_of, signed_content, without_armour
from app.mail.reading.quoting import new_part

MAX_MAIL = 36_700_160  # bytes: 25 MiB as base64, and some more
MAX_SUBJECT = 998


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedMail:
    """What could be read. `problem` is empty when that was everything."""

    from_address: str = ""  # lower case; empty when there is none
    from_name: str = ""
    from_written: str = ""  # the address with its capitals
    senders: int = 0  # mailboxes in From: more than one is no honest mail
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    subject: str = ""
    message_id: str = ""  # without the brackets
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    date: datetime | None = None  # UTC
    text: str = ""  # all of it, quotes included
    reply_text: str = ""  # the new part
    html: str = field(default="", repr=False)  # as it came: not for anybody's eyes
    clean: CleanHtml = field(default=CleanHtml(""), repr=False)  # of it; by `child.read_whole`
    attachments: tuple[Attachment, ...] = ()
    invitation: Invitation | None = None
    protection: str = ""  # signed or encrypted; nothing is verified
    auto_reply: bool = False  # a machine wrote it and it is no bounce: an automatic reply, a receipt, a report
    bounce: Bounce | None = None
    automatic: str = ""  # the sign by which a machine was recognised
    unanswerable: bool = False
    authentication: Hops = ()  # what mail servers say of the sender: see `reading.authentication`
    forwarded: Forwarded | None = None  # looked for by `child.read_whole` alone
    problem: str = ""

    @property
    def machine(self) -> bool:
        """No person wrote this; it must not be answered."""
        return bool(self.automatic) or self.bounce is not None


def parse(mail: bytes) -> ParsedMail:
    """Read `mail`. Whatever goes wrong, the headers that can be read are in the result, with `problem` set."""
    try:
        return _parse(mail)
    except Exception as error:  # noqa: BLE001 - the bytes are a stranger's; a fault of ours must not lose his mail
        return _headers_only(mail, f"{type(error).__name__}: {error}"[:200])


def _parse(mail: bytes) -> ParsedMail:
    walked = walk(mail[:MAX_MAIL])
    root = walked.parts[0]
    parts = _opened(walked.parts)
    letter = letter_of(parts)
    attachments = attachments_of(letter)
    plain, html = letter.plain, letter.html
    invitation = _invitation(parts)
    text = tidy(plain if plain.strip() else text_of_html(html))
    protection = protection_of(walked.parts, text)
    text = without_armour(text) if protection == SIGNED else text
    bounced = bounce(walked.parts, text)
    reply = _reply(plain, html, text)
    method = invitation.method if invitation is not None else ""
    sign = machine.automatic(
        root, text, reply, method=method, kinds=[part.type for part in walked.parts if part.depth < 2]
    )
    if invitation is not None and not text.strip():
        text = reply = invitation.text()
    return replace(
        _headers(root),
        text=text,
        reply_text=reply,
        html=html,
        attachments=attachments,
        invitation=invitation,
        protection=protection,
        bounce=bounced,
        automatic=sign,
        auto_reply=bool(sign) and bounced is None,
        unanswerable=machine.unanswerable(root),
        problem=walked.cut or ("too large" if len(mail) > MAX_MAIL else "") or _problem(root),
    )


def parse_headers(mail: bytes) -> ParsedMail:
    """Who wrote and about what, from the first 256 KiB, for a mail whose body is more than we can read."""
    return _headers_only(mail, "only the header was read")


def _headers_only(mail: bytes, problem: str) -> ParsedMail:
    try:
        return replace(_headers(walk(mail[:262_144]).parts[0]), problem=problem)
    except Exception:  # noqa: BLE001 - as above
        return ParsedMail(problem=problem)


def _headers(root: Part) -> ParsedMail:
    sender = _sender(root)
    return ParsedMail(
        from_address=sender.email[:MAX_ADDRESS],
        from_name=sender.name,
        from_written=sender.written,
        senders=sum(len(addresses(value)) for name, value in root.fields if name == "from"),
        reply_to=addresses(root.raw("reply-to")),
        to=addresses(root.raw("to")),
        cc=addresses(root.raw("cc")),
        subject=text_of(root.raw("subject"))[:MAX_SUBJECT],
        message_id=next(iter(ids(root.raw("message-id"))), ""),
        in_reply_to=ids(root.raw("in-reply-to")),
        references=ids(root.raw("references")),
        date=date_of(root.raw("date")),
        authentication=hops_of(root.fields),
    )


def _sender(root: Part) -> Address:
    """The first mailbox of From; of Sender only when From has none."""
    for name in ("from", "sender"):
        for address in addresses(root.raw(name)):
            if address.email:
                return address
    return next(iter(addresses(root.raw("from"))), Address("", ""))


def _opened(parts: list[Part]) -> list[Part]:
    """The parts, with those of a mail that stands in its own signature."""
    if parts[0].type.startswith("multipart/") or (inner := signed_content(parts[0])) is None:
        return parts
    return [*walk(inner).parts, parts[0]]


def _invitation(parts: list[Part]) -> Invitation | None:
    for part in parts:
        if part.type in ("text/calendar", "application/ics") or part.filename.lower().endswith(".ics"):
            calendar = decode(part.content()[:MAX_CALENDAR], part.type_parameters.get("charset", ""))
            return read_invitation(calendar)
    return None


def _problem(root: Part) -> str:
    return "" if root.fields else "no header fields"


def _reply(plain: str, html: str, text: str) -> str:
    """The new part. What HTML marks as quote or signature is left out, too, if the plain text begins with the rest."""
    new = new_part(text)
    marked = tidy(reply_of_html(html) or "") if html and "\n>" not in new else ""
    agrees = not plain.strip() or "".join(new.split()).startswith("".join(marked.split()))
    return marked if marked and agrees else new
