"""A mail's bytes to its parts: one pass with a stack of open boundaries, within limits. Pure; never raises.

The standard library's parser recurses once per nested part and fails on a thousand; this one stops at a depth.
"""

import binascii
import quopri
import re
from dataclasses import dataclass, field

from app.mail.reading.headers import base64_bytes, parameters

MAX_DEPTH = 50
MAX_PARTS = 2_000
MAX_HEAD = 262_144  # bytes of one header block

_FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]{1,200})[ \t]*:(.*)", re.DOTALL)


@dataclass(slots=True)
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

    def raw(self, name: str) -> bytes:
        """The first field called `name` (lower case), still encoded; empty when there is none."""
        return next((value for key, value in self.fields if key == name), b"")

    def content(self) -> bytes:
        """The body with its transfer encoding undone, as far as it goes."""
        encoding = self.raw("content-transfer-encoding").strip().lower()
        if encoding.startswith(b"base64"):
            return base64_bytes(self.body)
        if encoding.startswith(b"quoted"):
            return quopri.decodestring(self.body)
        if b"uuencode" in encoding or encoding.startswith(b"x-uue"):
            return _undo_uuencode(self.body)
        return self.body

    @property
    def filename(self) -> str:
        """The name of the file this part carries, as written (untrusted); empty when it has none."""
        return self.disposition_parameters.get("filename") or self.type_parameters.get("name", "")

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
    mail = _only_line_feeds(mail)
    root = Part(depth=0)
    at = body_from = _read_head(root, mail, 0)
    parts, current, cut = [root], root, ""
    stack = [root] if _is_multipart(root) else []
    finder = _finder(stack)
    while finder is not None and (line := finder.search(mail, at)) is not None:
        place, closing = _meaning(line[0].rstrip(), stack)
        current.body = mail[body_from : max(body_from, line.start() - 1)]  # the line break belongs to the boundary
        at = line.end() + 1
        left = len(stack) - place - (0 if closing else 1)
        parent = stack[place]
        if left:
            del stack[-left:]
            finder = _finder(stack)
        if closing:
            current, body_from = Part(depth=0), at  # an epilogue, which nobody reads
            continue
        if len(parts) >= MAX_PARTS:
            cut, current = "too many parts", Part(depth=0)
            break
        current = Part(depth=parent.depth + 1, parent=parent)
        at = body_from = _read_head(current, mail, at)
        parts.append(current)
        if _is_multipart(current) and current.depth >= MAX_DEPTH:
            cut = "nested too deeply"
        elif _is_multipart(current):
            stack.append(current)
            finder = _finder(stack)
    current.body = mail[body_from:]
    return Walk(parts, cut)


def _only_line_feeds(mail: bytes) -> bytes:
    """Some systems end lines with CR alone; then there is no LF near the top at all."""
    mail = mail.replace(b"\r\n", b"\n")
    return mail.replace(b"\r", b"\n") if b"\n" not in mail[:4096] else mail


def _read_head(part: Part, mail: bytes, at: int) -> int:
    """Read the fields at `at` into `part`; returns where the body begins."""
    size = 0
    pieces: list[tuple[str, list[bytes]]] = []
    while at < len(mail):
        end = mail.find(b"\n", at) + 1 or len(mail)
        line = mail[at:end]
        if not line.strip(b"\r\n"):
            at = end
            break
        size += len(line)
        if line.startswith((b" ", b"\t")) and pieces:
            if size <= MAX_HEAD:
                pieces[-1][1].append(line)
        elif (match := _FIELD.fullmatch(line)) is not None:
            if size <= MAX_HEAD:
                pieces.append((match[1].decode("ascii").lower(), [match[2]]))
        elif line.startswith(b"--") or (part.parent is None and not line.startswith(b"From ")):
            break  # no empty line before the body; "From " is the envelope line of an mbox
        at = end
    part.fields = [(name, b"".join(lines)) for name, lines in pieces]
    _read_type(part)
    return at


def _read_type(part: Part) -> None:
    kind, part.type_parameters = parameters(part.raw("content-type"))
    if "/" in kind:
        part.type = kind.replace(" ", "")
    elif part.parent is not None and part.parent.type == "multipart/digest":
        part.type = "message/rfc822"
    part.disposition, part.disposition_parameters = parameters(part.raw("content-disposition"))


def _is_multipart(part: Part) -> bool:
    return part.type.startswith("multipart/") and bool(part.type_parameters.get("boundary"))


def _boundary(part: Part) -> bytes:
    return part.type_parameters["boundary"].encode("utf-8", "replace").rstrip()


def _finder(stack: list[Part]) -> re.Pattern[bytes] | None:
    """Finds the next line that is one of the open boundaries, at the speed of the regex engine."""
    if not stack:
        return None
    names = b"|".join(re.escape(_boundary(part)) for part in stack)
    return re.compile(rb"^--(?:" + names + rb")(?:--)?[ \t\r]*$", re.MULTILINE)


def _meaning(line: bytes, stack: list[Part]) -> tuple[int, bool]:
    """Whose boundary a line is and whether it closes it. An exact name beats the closing of a shorter one."""
    for suffix in (b"", b"--"):
        for place in range(len(stack) - 1, -1, -1):
            if line == b"--" + _boundary(stack[place]) + suffix:
                return place, bool(suffix)
    return len(stack) - 1, True


def _undo_uuencode(body: bytes) -> bytes:
    found = bytearray()
    for line in body.split(b"\n"):
        if line.startswith((b"begin ", b"end")) or not line:
            continue
        try:
            found.extend(binascii.a2b_uu(line))
        except binascii.Error:
            continue
    return bytes(found)
