"""A mail's bytes to its parts: one pass with a stack of open boundaries, within limits. Pure; never raises.

The standard library's parser recurses once per nested part and fails on a thousand; this one stops at a depth.
"""

import re
from dataclasses import dataclass, field
from functools import cached_property

from app.mail.reading.charsets import codec_of, decode
from app.mail.reading.headers import MAX_VALUE, one_line
from app.mail.reading.naming import harmless
from app.mail.reading.parameters import parameters
from app.mail.reading.transfer import undo

MAX_DEPTH = 50
MAX_PARTS = 2_000
MAX_HEAD = 262_144  # bytes of one header block

_FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]{1,200})[ \t]*:(.*)", re.DOTALL)
_END_OF_HEAD = re.compile(rb"\n\r*\n|\r\r")
_TYPE = re.compile(r"([\w.+!#$&^-]{1,100})\s*/\s*([\w.+!#$&^*-]{1,120})")
_BARE_TYPES = {"text": "text/plain", "plain": "text/plain", "html": "text/html", "multipart": "multipart/mixed"}
_FIRST_BOUNDARY = re.compile(rb"(?m)^--([^\r\n]{1,200}?)[ \t]*\r*\n(?=content-|mime-|\r*\n)", re.IGNORECASE)
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


@dataclass(frozen=True, slots=True)
class Walk:
    """All parts in reading order, the root first, and whether a limit cut something off."""

    parts: list[Part]
    cut: str = ""


def walk(mail: bytes) -> Walk:
    """Take `mail` apart. Messages inside the mail (message/rfc822) stay whole, as files."""
    return _Walker(_with_line_feeds(mail)).walk()


class _Walker:
    """One pass over a mail. What is open stands in a stack; the boundaries of all of it end a part."""

    def __init__(self, mail: bytes) -> None:
        self._mail = mail
        self._stack: list[Part] = []
        self._left: list[Part] = []  # ended by an outer boundary, not by their own: they may go on
        self._finder: re.Pattern[bytes] | None = None
        self._cut = ""

    def walk(self) -> Walk:
        """The parts of the mail."""
        mail = self._mail
        root = current = Part(depth=0)
        at = body_from = _read_head(root, mail, _beginning(mail))
        parts = [root]
        self._open(root, at)
        while self._finder is not None and (line := self._finder.search(mail, at)) is not None:
            current.body = _without_last_break(mail, body_from, line.start())
            at = line.end() + 1
            parent, closing = self._arrive(line[0].rstrip())
            if closing:
                current, body_from = Part(depth=0), at  # an epilogue, which nobody reads
                continue
            if len(parts) >= MAX_PARTS:
                self._cut, current = "too many parts", Part(depth=0)
                break
            current = Part(depth=parent.depth + 1, parent=parent, place=parent.children)
            parent.children += 1
            at = body_from = _read_head(current, mail, at)
            parts.append(current)
            self._open(current, at)
        current.body = mail[body_from:]
        _read_raw_fields(parts)
        return Walk(parts, self._cut)

    def _open(self, part: Part, at: int) -> None:
        """Expect the parts of a multipart, by the boundary it names or, if that never comes, by the one that does."""
        if not part.type.startswith("multipart/") and not _looks_like_multipart(part, self._mail, at):
            return
        boundary = _boundary(part)
        if not boundary or (part.depth == 0 and self._mail.find(b"--" + boundary, at) < 0):
            self._name_by_body(part, at)
        if not part.type_parameters.get("boundary"):
            return
        if part.depth >= MAX_DEPTH:
            self._cut = "nested too deeply"
            return
        self._stack.append(part)
        self._look_for()

    def _name_by_body(self, part: Part, at: int) -> None:
        match = _FIRST_BOUNDARY.search(self._mail, at)
        if match is None or any(match[1] == _boundary(outer) for outer in self._stack):
            return
        part.type_parameters["boundary"] = match[1].decode("utf-8", "replace")
        if not part.type.startswith("multipart/"):
            part.type = "multipart/mixed"

    def _arrive(self, line: bytes) -> tuple[Part, bool]:
        """Whose boundary `line` is, and whether it closes it; what stands inside of that is left."""
        place, closing = _meaning(line, self._stack)
        if place >= 0:
            part = self._stack[place]
            self._left.extend(self._stack[place + 1 :])
            del self._stack[place + (0 if closing else 1) :]
        else:  # of one that an outer boundary had ended
            part = self._left.pop(_meaning(line, self._left)[0])
            self._stack.append(part)
        self._look_for()
        return part, closing and place >= 0

    def _look_for(self) -> None:
        """Find the next line that is a known boundary, at the speed of the regex engine."""
        open_names, left_names = map(_alternatives, (self._stack, self._left[-MAX_DEPTH:]))
        lines = [rb"(?:" + open_names + rb")(?:--)?"] if open_names else []
        lines += [rb"(?:" + left_names + rb")"] if left_names else []
        self._finder = re.compile(rb"^--(?:" + b"|".join(lines) + rb")[ \t\r]*$", re.MULTILINE) if lines else None


def _with_line_feeds(mail: bytes) -> bytes:
    """Some systems end lines with CR alone, or with one too many; the top of a mail shows it. Else the bytes stay."""
    top = mail[:4096]
    if b"\n" not in top and b"\r" in top:
        return mail.replace(b"\r", b"\n")
    return mail.replace(b"\r\r\n", b"\r\n") if top.partition(b"\n")[0].endswith(b"\r\r") else mail


def _beginning(mail: bytes) -> int:
    """Where the header begins: behind a byte order mark and empty lines."""
    at = 3 if mail.startswith(b"\xef\xbb\xbf") else 0
    while at < len(mail) and mail[at] in b"\r\n":
        at += 1
    return at if _FIELD.match(mail, at) or mail.startswith(b"From ", at) else 0


def _read_head(part: Part, mail: bytes, at: int) -> int:
    """Read the fields at `at` into `part`; returns where the body begins."""
    size = 0
    pieces: list[tuple[str, list[bytes]]] = []
    for match in _LINE.finditer(mail, at):
        line = match[0]
        if not line.strip(b"\r\n"):
            at = match.end()
            break
        size += len(line)
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
    _read_type(part)
    return at


def _is_lonely(mail: bytes, at: int) -> bool:
    """Whether what follows a line of spaces is no header any more."""
    line = mail[at : at + 1000].partition(b"\n")[0]
    return not line.startswith((b" ", b"\t")) and _FIELD.fullmatch(line + b"\n") is None


def _goes_on(line: bytes, mail: bytes, at: int) -> bool:
    """Whether a line that is no field is a slip within the header: the envelope line of an mbox, or a bad fold."""
    return line.startswith((b"From ", b">From ")) or _KNOWN_FIELD.match(mail, at) is not None


def _read_type(part: Part) -> None:
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
    if read or not part.type_parameters:
        part.type_parameters = found
    part.type = read or part.type
    return bool(read)


def _read_raw_fields(parts: list[Part]) -> None:
    """Bytes beyond ASCII in a header have no label; that of the text is the best guess. Then they are UTF-8."""
    labels = (part.type_parameters.get("charset", "") for part in parts)
    label = next((label for label in labels if codec_of(label) not in (None, "utf-8")), "")
    if not label:
        return
    for part in parts:
        if any(not value.isascii() for _, value in part.fields):
            part.fields = [(name, _in_utf8(value, label)) for name, value in part.fields]
            if not part.children:
                _read_type(part)


def _in_utf8(value: bytes, label: str) -> bytes:
    return value if value.isascii() else decode(value[:MAX_VALUE], label).encode("utf-8", "replace")


def _looks_like_multipart(part: Part, mail: bytes, at: int) -> bool:
    """A header that says nothing, before a body that begins with a boundary."""
    return (
        part.depth == 0
        and not part.raw("content-type")
        and (match := _FIRST_BOUNDARY.search(mail[at : at + 4000])) is not None
        and not mail[at : at + match.start()].strip()
        and b"--" + match[1] + b"--" in mail
    )


def _boundary(part: Part) -> bytes:
    return one_line(part.type_parameters.get("boundary", "")).encode("utf-8", "replace").rstrip()


def _alternatives(parts: list[Part]) -> bytes:
    return b"|".join(re.escape(name) for name in sorted({_boundary(part) for part in parts}))


def _meaning(line: bytes, stack: list[Part]) -> tuple[int, bool]:
    """Whose boundary a line is and whether it closes it. An exact name beats the closing of a shorter one."""
    for suffix in (b"", b"--"):
        for place in range(len(stack) - 1, -1, -1):
            if line == b"--" + _boundary(stack[place]) + suffix:
                return place, bool(suffix)
    return -1, True


def _without_last_break(mail: bytes, start: int, end: int) -> bytes:
    """The line break before a boundary belongs to it."""
    if end > start and mail[end - 1 : end] == b"\n":
        end -= 1
        if end > start and mail[end - 1 : end] == b"\r":
            end -= 1
    return mail[start : max(start, end)]
