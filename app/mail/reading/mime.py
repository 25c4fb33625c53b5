"""A mail's bytes to its parts: one pass with a stack of open boundaries, within limits. Pure; never raises.

The standard library's parser recurses once per nested part and fails on a thousand; this one stops at a depth.
"""

import codecs
import re
from dataclasses import dataclass

from app.mail.reading.headers import one_line
from app.mail.reading.labels import label_raw
from app.mail.reading.parts import Part, begins_with_field, read_head

MAX_DEPTH = 50
MAX_PARTS = 2_000

_FIRST_BOUNDARY = re.compile(rb"(?m)^--([^\r\n]{1,200}?)[ \t]*\r*\n(?=content-|mime-|\r*\n)", re.IGNORECASE)


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
        at = body_from = read_head(root, mail, _beginning(mail))
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
            at = body_from = read_head(current, mail, at)
            parts.append(current)
            self._open(current, at)
        current.body = mail[body_from:]
        label_raw(parts)
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
    if mail.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # saved as "Unicode" by an editor
        mail = mail.decode("utf-16", "replace").encode("utf-8", "replace")
    top = mail[:4096]
    if b"\n" not in top and b"\r" in top:
        return mail.replace(b"\r", b"\n")
    return mail.replace(b"\r\r\n", b"\r\n") if top.partition(b"\n")[0].endswith(b"\r\r") else mail


def _beginning(mail: bytes) -> int:
    """Where the header begins: behind a byte order mark and empty lines."""
    at = 3 if mail.startswith(b"\xef\xbb\xbf") else 0
    while at < len(mail) and mail[at] in b"\r\n":
        at += 1
    return at if begins_with_field(mail, at) or mail.startswith(b"From ", at) else 0


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
