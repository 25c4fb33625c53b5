"""Which parts of a mail are the letter itself, and what it says. Everything else is a file. Pure; never raises."""

import re
from dataclasses import dataclass, field

from app.mail.reading.charsets import decode
from app.mail.reading.enriched import text_of_enriched
from app.mail.reading.html import MAX_HTML, text_of_html
from app.mail.reading.labels import meta_label
from app.mail.reading.parts import Part
from app.mail.reading.transfer import Enclosed, enclosed

MAX_TEXT = 1_048_576  # characters of readable text

_HTML = ("text/html", "application/xhtml+xml")
_PLAIN = ("text/plain", "text/enriched", "text/richtext", "text/markdown", "text/x-markdown", "text/unknown")
_SAYS_NOTHING = ("", "us-ascii", "ascii", "x-unknown", "unknown-8bit")
_BINARY_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BREAKS = ("\r\r\n", "\r\n", "\r", "\u2028", "\u2029", "\x85")


@dataclass(slots=True)
class Letter:
    """What a mail says. `html` is as it came."""

    plain: str = ""
    html: str = ""
    files: list[Part] = field(default_factory=list)
    enclosed: list[Enclosed] = field(default_factory=list)  # files that stood in the text


def letter_of(parts: list[Part]) -> Letter:
    """The text and the HTML of the letter. Where both say the same (an alternative), the plain one is read."""
    letter = Letter(files=[part for part in parts if not _is_body(part) and _is_file(part)])
    bodies = [part for part in parts if _is_body(part)]
    for part in bodies:
        if not part.raw("content-type") and part.body[:200].lstrip().lower().startswith((b"<html", b"<!doctype html")):
            part.type = "text/html"  # scripts that send mail forget to say so
    texts = {id(part): _plain_of(part, letter.enclosed) for part in bodies if part.type not in _HTML}
    speakers: dict[int, Part] = {}  # of each alternative the first part that says it in plain words
    for part in bodies:
        if texts.get(id(part), "").strip() and (alternative := part.inside("multipart/alternative")) is not None:
            speakers.setdefault(id(alternative), part)
    plain: list[str] = []
    html: list[str] = []
    for part in bodies:
        speaker = speakers.get(id(part.inside("multipart/alternative")), part)
        if part.type in _HTML:
            html.append(_html_of(part))
        if _branch(part) is not _branch(speaker):
            continue
        if id(part) in texts:
            plain.append(texts[id(part)])
        elif len(bodies) > 1:
            plain.append(text_of_html(html[-1]))
    letter.plain = "\n".join(_without_repeats(plain))[:MAX_TEXT]
    letter.html = "\n".join(html)[:MAX_HTML]
    return letter


def tidy(text: str) -> str:
    """`text` with plain line breaks and without control characters, at most `MAX_TEXT` characters."""
    return _BINARY_CONTROLS.sub("", _with_line_feeds(text))[:MAX_TEXT]


def _with_line_feeds(text: str) -> str:
    for written in _BREAKS:
        text = text.replace(written, "\n")
    return text


def _is_body(part: Part) -> bool:
    """RFC 8621, section 4.1.4: text that is not marked as a file; a name makes a file of all but the first text."""
    if part.type.startswith("multipart/"):
        return part.children == 0 and bool(part.body.strip())  # text that somebody labelled wrongly
    if part.type not in (*_HTML, *_PLAIN) or part.disposition == "attachment":
        return False
    first = part.parent is None or (part.place == 0 and part.disposition != "inline")
    return first or not part.filename


def _branch(part: Part) -> Part:
    """Which of the choices of its alternative a part belongs to."""
    while part.parent is not None and part.parent.type != "multipart/alternative":
        part = part.parent
    return part


def _is_file(part: Part) -> bool:
    if part.type.startswith("multipart/"):
        return False
    if part.type == "message/external-body":  # no file, only a word on where one is
        return bool(part.filename)
    return not (part.type == "text/x-amp-html" and not part.filename)


def _without_repeats(pieces: list[str]) -> list[str]:
    """Programs that have no alternatives write the same as text and as HTML; it is read once."""
    kept: list[str] = []
    seen: set[str] = set()
    for piece in pieces:
        squeezed = "".join(piece.split())
        if squeezed and squeezed not in seen:
            seen.add(squeezed)
            kept.append(piece)
    return kept


def _plain_of(part: Part, files: list[Enclosed]) -> str:
    content = part.content()
    if b"\nbegin" in content or content.startswith(b"begin"):
        content, found = enclosed(content)
        files.extend(found)
    label = part.type_parameters.get("charset", "")
    text = _with_line_feeds(decode(_beginning(content, MAX_TEXT), label, part.likely_charset))[:MAX_TEXT]
    if part.type in ("text/enriched", "text/richtext"):
        text = text_of_enriched(text, part.type)
    if part.type_parameters.get("format", "").lower() == "flowed":
        return _unflow(text, delete_space=part.type_parameters.get("delsp", "").lower() == "yes")
    return text


def _html_of(part: Part) -> str:
    content = _beginning(part.content(), MAX_HTML)
    label = part.type_parameters.get("charset", "")
    if label.lower().strip("\"' ") in _SAYS_NOTHING:
        label = meta_label(content) or label
    return decode(content, label, part.likely_charset)[:MAX_HTML]


def _beginning(content: bytes, characters: int) -> bytes:
    """As many bytes as may hold that many characters, up to the end of a line."""
    if len(content) <= 4 * characters:
        return content
    end = content.rfind(b"\n", 0, 4 * characters)
    return content[: end if end > 0 else 4 * characters]


def _unflow(text: str, *, delete_space: bool) -> str:
    """Join the soft-wrapped lines of format=flowed (RFC 3676), quotes by quotes of the same depth."""
    lines: list[list[str]] = []
    open_depth = -1
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        body = line[depth:].removeprefix(" ")
        soft = body.endswith(" ") and body != "-- "
        said = body[:-1] if soft and delete_space else body
        if open_depth == depth and lines and body != "-- ":
            lines[-1].append(said)
        else:
            lines.append([">" * depth + (" " if depth and body else ""), said])
        open_depth = depth if soft else -1
    return "\n".join(map("".join, lines))
