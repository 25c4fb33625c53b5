"""A mail's bytes to a frozen value: who wrote what and when, which files, whether a person did. Pure; never raises."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime

from app.mail.reading import machine
from app.mail.reading.authentication import Hops, hops_of
from app.mail.reading.bounces import Bounce, bounce
from app.mail.reading.charsets import decode
from app.mail.reading.cleaning import CleanHtml
from app.mail.reading.headers import MAX_ADDRESS, Address, addresses, date_of, ids, text_of
from app.mail.reading.html import MAX_HTML, reply_of_html, text_of_html
from app.mail.reading.mime import Part, walk
from app.mail.reading.quoting import new_part

MAX_MAIL = 36_700_160  # bytes: 25 MiB as base64, and some more
MAX_TEXT = 1_048_576  # characters of readable text
MAX_SUBJECT = 300

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w.:-]{2,40})", re.IGNORECASE)
_BINARY_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file in the mail. The name is the sender's and not to be trusted."""

    name: str
    type: str
    size: int  # bytes
    inline: bool
    content_id: str = ""
    content: bytes = field(default=b"", repr=False)


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
    auto_reply: bool = False  # a machine wrote it and it is no bounce: an automatic reply, a receipt, a report
    bounce: Bounce | None = None
    automatic: str = ""  # the sign by which a machine was recognised
    unanswerable: bool = False
    authentication: Hops = ()  # what mail servers say of the sender: see `reading.authentication`
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
    bodies, files = _sort(walked.parts)
    plain, html = _texts(bodies)
    text = _tidy(plain if plain.strip() else text_of_html(html))
    bounced = bounce(walked.parts, text)
    sign = machine.automatic(root, text)
    return replace(
        _headers(root),
        text=text,
        reply_text=_reply(plain, html, text),
        html=html,
        attachments=tuple(_attachment(part) for part in files),
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


def _problem(root: Part) -> str:
    return "" if root.fields else "no header fields"


def _sort(parts: list[Part]) -> tuple[list[Part], list[Part]]:
    """The parts that are read as the letter itself, and the files."""
    bodies: list[Part] = []
    files: list[Part] = []
    for part in parts:
        if part.type.startswith("multipart/"):
            if not part.type_parameters.get("boundary") and part.body.strip():
                bodies.append(part)  # a multipart without a boundary is text that somebody labelled wrongly
        elif part.type.startswith("text/") and part.type != "text/calendar" and not _is_file(part):
            bodies.append(part)
        else:
            files.append(part)
    return bodies, files


def _is_file(part: Part) -> bool:
    return part.disposition == "attachment" or bool(part.filename)


def _texts(bodies: list[Part]) -> tuple[str, str]:
    """The plain text and the HTML of the letter. Where both say the same (an alternative), the plain one is read."""
    plain: list[str] = []
    html: list[str] = []
    spoken: set[int] = set()  # alternatives that already have their plain text
    for part in bodies:
        alternative = part.inside("multipart/alternative")
        if part.type == "text/html":
            source = _html_of(part)
            html.append(source)
            if id(alternative) not in spoken or alternative is None:
                plain.append(text_of_html(source) if len(bodies) > 1 else "")
        else:
            text = _plain_of(part)
            if alternative is not None and text.strip():
                if id(alternative) in spoken:
                    continue
                spoken.add(id(alternative))
            plain.append(text)
    return "\n".join(piece for piece in plain if piece)[:MAX_TEXT], "\n".join(html)[:MAX_HTML]


def _plain_of(part: Part) -> str:
    text = (
        decode(part.content(), part.type_parameters.get("charset", ""))
        .replace("\r\n", "\n")
        .replace("\r", "\n")[:MAX_TEXT]
    )
    if part.type_parameters.get("format", "").lower() == "flowed":
        return _unflow(text, delete_space=part.type_parameters.get("delsp", "").lower() == "yes")
    return text


def _html_of(part: Part) -> str:
    content = part.content()
    label = part.type_parameters.get("charset", "")
    meta = _META_CHARSET.search(content[:4096])
    if not label and meta is not None:
        label = meta[1].decode("ascii", "replace")
    return decode(content, label)[:MAX_HTML]


def _unflow(text: str, *, delete_space: bool) -> str:
    """Join the soft-wrapped lines of format=flowed (RFC 3676), quotes by quotes of the same depth."""
    lines: list[str] = []
    open_depth = -1
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        body = line[depth:].removeprefix(" ")
        if open_depth == depth and lines and body != "-- ":
            lines[-1] += body
        else:
            lines.append(">" * depth + (" " if depth and body else "") + body)
        soft = body.endswith(" ") and body != "-- "
        open_depth = depth if soft else -1
        if soft and delete_space:
            lines[-1] = lines[-1][:-1]
    return "\n".join(lines)


def _reply(plain: str, html: str, text: str) -> str:
    """The new part. What HTML marks as quote counts when there is no plain text, or nothing in it shows a quote."""
    new = new_part(text)
    if html and (not plain.strip() or new == text.strip()):
        marked = _tidy(reply_of_html(html) or "")
        if marked and (not plain.strip() or "".join(marked.split()) in "".join(text.split())):
            return marked
    return new


def _tidy(text: str) -> str:
    return _BINARY_CONTROLS.sub("", text).replace("\u2028", "\n").replace("\u2029", "\n")[:MAX_TEXT]


def _attachment(part: Part) -> Attachment:
    content = part.content()
    return Attachment(
        name=part.filename[:255],
        type=part.type[:127],
        size=len(content),
        inline=part.disposition == "inline" or bool(part.raw("content-id")),
        content_id=next(iter(ids(part.raw("content-id"))), ""),
        content=content,
    )
