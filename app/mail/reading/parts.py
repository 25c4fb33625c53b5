"""One part of a mail: its header fields, and what they say of it. Pure; never raises."""

import re
from dataclasses import dataclass, field
from functools import cached_property

from app.mail.reading.naming import harmless
from app.mail.reading.parameters import parameters
from app.mail.reading.transfer import undo

MAX_HEAD = 262_144  # bytes of one header block
_MAX_LINE = 4_096  # bytes of a line that count for that

_FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]{1,200})[ \t]*:(.*)", re.DOTALL)
_END_OF_HEAD = re.compile(rb"\n\r*\n|\r\r")
_TYPE = re.compile(r"([\w.+!#$&^-]{1,100})\s*/\s*([\w.+!#$&^*-]{1,120})")
_BARE_TYPES = {"text": "text/plain", "plain": "text/plain", "html": "text/html", "multipart": "multipart/mixed"}
_KINDS = "application audio chemical font image message model multipart text video".split()  # noqa: SIM905
_UNKNOWN_TEXTS = ("text/x-unknown", "text/x-plain", "text/unknown", "text/ascii", "text/utf-8")
_KNOWN_FIELD = re.compile(
    rb"(?:from|to|cc|date|subject|sender|reply-to|message-id|in-reply-to|references|received|return-path|mime-version"
    rb"|content-[a-z-]{2,40}|x-[a-z-]{2,60})[ \t]*:",
    re.IGNORECASE,
)
_LINE = re.compile(rb"[^\n]*\n|[^\n]+")


@dataclass(eq=False)
class Part:
    """One part: its fields, what it is, and its body still encoded."""

    depth: int
    parent: "Part | None" = None
    fields: list[tuple[str, bytes]] = field(default_factory=list)
    type: str = "text/plain"
    type_parameters: dict[str, str] = field(default_factory=dict)
    disposition: str = ""
    disposition_parameters: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    place: int = 0  # among the parts of its parent
    children: int = 0
    likely_charset: str = ""  # what the rest of the mail is written in, for a text that does not say it

    def raw(self, name: str) -> bytes:
        """The first field called `name` (lower case), still encoded; empty when there is none."""
        return next((value for key, value in self.fields if key == name), b"")

    def content(self) -> bytes:
        """The body with its transfer encoding undone, as far as it goes."""
        is_text = self.type.startswith(("text/", "message/"))
        return undo(self.raw("content-transfer-encoding"), self.body, is_text=is_text)

    @cached_property
    def filename(self) -> str:
        """The name of the file this part carries, made harmless; empty when it has none."""
        names = [self.disposition_parameters.get("filename", ""), self.type_parameters.get("name", "")]
        read = [name for name in map(harmless, names) if name]
        return next((name for name in read if not re.search("[\ufffd?]", name)), read[0] if read else "")

    def inside(self, kind: str) -> "Part | None":
        """The nearest enclosing part of type `kind`."""
        part = self.parent
        while part is not None and part.type != kind:
            part = part.parent
        return part


def begins_with_field(mail: bytes, at: int) -> bool:
    """Whether a header field stands at `at`."""
    return _FIELD.match(mail, at) is not None


def read_head(part: Part, mail: bytes, at: int) -> int:
    """Read the fields at `at` into `part`; returns where the body begins."""
    size = 0
    pieces: list[tuple[str, list[bytes]]] = []
    for match in _LINE.finditer(mail, at):
        line = match[0]
        if not line.strip(b"\r\n"):
            at = match.end()
            break
        size += min(len(line), _MAX_LINE)
        if size > MAX_HEAD:
            end = _END_OF_HEAD.search(mail, match.start())
            at = end.end() if end else len(mail)
            break
        if line.startswith((b" ", b"\t")) and pieces:
            if not line.strip() and _is_lonely(mail, match.end()):  # a blank line with spaces is meant as the end
                at = match.end()
                break
            pieces[-1][1].append(line)
        elif (found := _FIELD.fullmatch(line)) is not None:
            pieces.append((found[1].decode("ascii").lower(), [found[2]]))
        elif line.startswith(b"--") or not _goes_on(line, mail, match.end()):
            at = match.start()
            break  # no empty line before the body
        elif pieces and b"From " not in line[:6]:
            pieces[-1][1].append(b" " + line)
        at = match.end()
    part.fields = [(name, b"".join(lines)) for name, lines in pieces]
    read_type(part)
    return at


def _is_lonely(mail: bytes, at: int) -> bool:
    """Whether what follows a line of spaces is no header any more."""
    line = mail[at : at + 1000].partition(b"\n")[0]
    return not line.startswith((b" ", b"\t")) and _FIELD.fullmatch(line + b"\n") is None


def _goes_on(line: bytes, mail: bytes, at: int) -> bool:
    """Whether a line that is no field is a slip within the header: the envelope line of an mbox, or a bad fold."""
    return line.startswith((b"From ", b">From ")) or _KNOWN_FIELD.match(mail, at) is not None


def read_type(part: Part) -> None:
    """Read from the fields of `part` what it is."""
    for name, value in part.fields:
        if name == "content-type" and _read_one_type(part, value):
            break
    else:
        if part.parent is not None and part.parent.type == "multipart/digest":
            part.type = "message/rfc822"
    part.disposition, part.disposition_parameters = parameters(part.raw("content-disposition"))
    part.disposition = part.disposition.strip("\"' ").partition(" ")[0]


def _read_one_type(part: Part, value: bytes) -> bool:
    """Whether `value` names a type; of several fields the first that does counts."""
    kind, found = parameters(value)
    match = _TYPE.match(kind.strip("\"' "))
    read = f"{match[1]}/{match[2]}" if match else _BARE_TYPES.get(kind.strip(" /\"'"), "")
    if part.parent is None and (read.partition("/")[0] not in _KINDS or read in _UNKNOWN_TEXTS):
        read = "text/plain" if read else ""  # RFC 2046, section 4: a whole mail of no known kind is a letter
    if read or not part.type_parameters:
        part.type_parameters = found
    part.type = read or part.type
    return bool(read)
