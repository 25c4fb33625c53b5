"""The files of a mail: its parts, those that stand in the text, and what Outlook packed into a winmail.dat. Pure."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP

from app.mail.reading.bodies import Letter
from app.mail.reading.headers import ids, one_line, text_of
from app.mail.reading.mime import walk
from app.mail.reading.naming import harmless, suggested, type_of
from app.mail.reading.parts import MAX_HEAD, Part
from app.mail.reading.tnef import SIGNATURE, Container, EnclosedFile, read_tnef

_MAILS = ("message/rfc822", "message/global", "message/news")
_CONTAINERS = ("application/ms-tnef", "application/vnd.ms-tnef")
_BEGINNINGS = (SIGNATURE, b64encode(SIGNATURE + b"\x00")[:5])  # some gateways take the name and the type away
_MOST_CONTAINERS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file in the mail. `name` is what the sender calls it (of a mail its subject), made harmless, or empty."""

    name: str
    suggested_name: str = "file"  # never empty
    type: str
    size: int  # bytes
    inline: bool
    content_id: str = ""
    content: bytes = field(default=b"", repr=False)


def attachments_of(letter: Letter) -> tuple[Attachment, ...]:
    """Every file of the mail. Of a container the files are taken, and its text, if the letter has none."""
    found: list[Attachment] = []
    opened = 0
    for part in letter.files:
        container = read_tnef(part.content()) if opened < _MOST_CONTAINERS and _is_container(part) else None
        if container is None:
            found.append(_of_part(part))
            continue
        opened += 1
        found.extend(_out_of(container, letter))
    for file in letter.enclosed:
        container = read_tnef(file.content) if opened < _MOST_CONTAINERS else None
        if container is None:
            found.append(_named(file.name, file.content))
            continue
        opened += 1
        found.extend(_out_of(container, letter))
    return tuple(found)


def _out_of(container: Container, letter: Letter) -> Iterator[Attachment]:
    if not letter.plain.strip() and not letter.html.strip():
        letter.plain, letter.html = container.text, container.html
    return map(_of_container, container.files)


def _is_container(part: Part) -> bool:
    if part.type in _CONTAINERS or part.filename.lower() in ("winmail.dat", "win.dat"):
        return True
    return part.type == "application/octet-stream" and part.body[:16].lstrip().startswith(_BEGINNINGS)


def _of_part(part: Part) -> Attachment:
    content = part.content()
    name = part.filename or (_subject_of(content) if part.type in _MAILS else "")
    return Attachment(
        name=name,
        suggested_name=name or suggested(part.type),
        type=part.type,
        size=len(content),
        inline=part.disposition == "inline" or bool(part.raw("content-id")),
        content_id=next(iter(ids(part.raw("content-id"))), ""),
        content=content,
    )


def _subject_of(mail: bytes) -> str:
    """What mail programs call an enclosed mail that has no name."""
    subject = harmless(text_of(walk(mail[:MAX_HEAD]).parts[0].raw("subject")))
    return suggested("message/rfc822", subject) if subject else ""


def _of_container(file: EnclosedFile) -> Attachment:
    if file.message is not None:
        name = file.name or f"{file.message.subject[:100]}.eml"
        return _named(
            name if name.lower().endswith(".eml") else f"{name}.eml", _as_mail(file.message), "message/rfc822"
        )
    return _named(file.name, file.content, file.type, one_line(file.content_id))


def _named(name: str, content: bytes, kind: str = "", content_id: str = "") -> Attachment:
    plain = harmless(name)
    kind = one_line(kind).lower()[:120] if "/" in kind else type_of(plain)
    return Attachment(
        name=plain,
        suggested_name=plain or suggested(kind),
        type=kind,
        size=len(content),
        inline=bool(content_id),
        content_id=content_id,
        content=content,
    )


def _as_mail(container: Container) -> bytes:
    """A message within a container, as a mail that every program can open."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = one_line(container.subject)[:300]
    message.set_content(container.text.encode("utf-8", "replace").decode(), cte="base64")
    if container.html:
        message.add_alternative(container.html.encode("utf-8", "replace").decode(), subtype="html", cte="base64")
    for file in map(_of_container, container.files):
        kind, _, detail = file.type.partition("/")
        known = kind in ("image", "audio", "video", "application") and detail.isalnum()
        types = (kind, detail) if known else ("application", "octet-stream")
        message.add_attachment(file.content, *types, filename=file.suggested_name)
    return message.as_bytes()
