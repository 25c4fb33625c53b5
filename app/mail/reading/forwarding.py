"""A mail that somebody passed on: who wrote it first, what, and the words on top. Pure; linear on any input."""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.mail.reading.copied_headers import FROM, SUBJECT, role_named
from app.mail.reading.headers import MAX_ADDRESS, addresses

if TYPE_CHECKING:
    from app.mail.reading.parsing import ParsedMail

MAX_WITHIN = 4_194_304  # bytes of a mail that is attached whole
MAX_LINES = 5_000
MAX_SUBJECT = 300
MAX_LABEL, MAX_VALUE = 40, 1_000  # characters of the name and the value of a copied header line
MAX_BLOCK, LEAST_LINES = 14, 2

_WORDS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
_PREFIXES, _SEPARATORS = frozenset(_WORDS["prefixes"]), tuple(_WORDS["separators"])
_MAILTO = re.compile(r"\[mailto:([^\]\s]{3,320})\]|<mailto:([^>\s]{3,320})>|\(mailto:([^)\s]{3,320})\)", re.IGNORECASE)
_UNKNOWN = re.compile(r"[*\w][^:：<>@;,]{1,20}[:：]\s")  # a header line with a name that is not known
_RULE = re.compile(r"\s*(?:[_=\-–—*]{3,}.{0,80})?\s*")
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\ufeff\xad"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarded:
    """A mail that another one passes on. `address` may be empty: some programs copy the name alone."""

    name: str
    address: str  # lower case
    subject: str
    text: str
    cover: str  # what whoever passed it on wrote above it


def forwarded(mail: "ParsedMail", parse: Callable[[bytes], "ParsedMail"]) -> Forwarded | None:
    """The mail that `mail` passes on, attached whole or copied into the text; None when it passes on none.

    `parse` reads the one that is attached. A machine's report of a mail passes on nothing.
    """
    if mail.machine:
        return None
    for file in mail.attachments:
        if file.type == "message/rfc822" and 0 < file.size <= MAX_WITHIN:
            inner = parse(file.content)
            if inner.from_address and not inner.machine:
                return Forwarded(
                    name=inner.from_name,
                    address=inner.from_address,
                    subject=inner.subject,
                    text=inner.reply_text or inner.text,
                    cover=mail.reply_text.strip(),
                )
    return _in_text(mail.text, is_marked=_is_marked(mail.subject))


def _is_marked(subject: str) -> bool:
    head, colon, _ = subject[:MAX_LABEL].replace("：", ":").lower().partition(":")
    return bool(colon) and head.strip(" [").rstrip(" 0123456789[]()") in _PREFIXES


def _in_text(text: str, *, is_marked: bool) -> Forwarded | None:
    """The first block of copied header lines, below a line that speaks of forwarding or a subject that does."""
    lines = text.split("\n")[:MAX_LINES]
    separator: int | None = None
    for place, line in enumerate(lines):
        words = _bare(line)
        if words.startswith(_SEPARATORS) and len(words) <= 120:
            separator = place
        elif _label(line) == FROM and (is_marked or separator is not None):
            start = _top(lines, place)
            found = _read(lines, start, "\n".join(lines[: start if separator is None else separator]))
            if found is not None and (found.address or not found.name.isdigit()):  # "No" is a number, too
                return found
    return None


def _top(lines: list[str], place: int) -> int:
    """Where the block begins: some programs write the subject above the sender."""
    start = place
    while start > max(0, place - MAX_BLOCK) and _label(lines[start - 1]):
        start -= 1
    return start


def _read(lines: list[str], start: int, cover: str) -> Forwarded | None:
    values: dict[str, str] = {}
    end, labelled, last = start, 0, ""
    while end < len(lines) and end - start < MAX_BLOCK and _unquoted(lines[end]).strip():
        kind = _label(lines[end])
        if kind:
            labelled, last = labelled + 1, kind
            values.setdefault(kind, _value(lines[end]))
        elif _UNKNOWN.match(_unquoted(lines[end])):
            last = ""
        elif last and len(values[last]) < MAX_VALUE:  # a long list of addresses goes on in the next line
            values[last] += " " + _unquoted(lines[end]).strip()
        end += 1
    if labelled < LEAST_LINES:
        return None
    quoted = all(line.startswith(">") for line in lines[start:end])
    body = [_unquoted(line) if quoted else line for line in lines[end:]]
    name, address = _person(values.get(FROM, ""))
    subject = values.get(SUBJECT, "")[:MAX_SUBJECT]
    text = "\n".join(body).strip()
    return (
        Forwarded(name=name, address=address, subject=subject, text=text, cover=_without_rule(cover)) if text else None
    )


def _person(value: str) -> tuple[str, str]:
    """Name and address of a copied From line, in any of the ways in which programs write it."""
    value = value[:MAX_VALUE].strip().strip(";").replace("＜", "<").replace("＞", ">")
    linked = _MAILTO.search(value)
    address = next((part for part in linked.groups() if part), "") if linked else ""
    plain = _MAILTO.sub(" ", value).strip()
    found = next(iter(addresses(plain.encode())), None)
    if not address and found is not None:
        address = found.email
    name = found.name if found is not None and found.email else plain.partition("<")[0].partition("[")[0]
    name = name.strip(" '\"*<>")
    return ("" if "@" in name else name[:200]), address.lower()[:MAX_ADDRESS]


def _label(line: str) -> str:
    """Which header line this is a copy of: a role of `copied_headers`; empty: of none."""
    head, colon, _ = _split(line)
    words = " ".join(head.translate(_INVISIBLE).strip(" *_\t").lower().split())
    return role_named(words) if colon else ""


def _value(line: str) -> str:
    return _split(line)[2].strip(" *\t").rstrip(";")[:MAX_VALUE]


def _split(line: str) -> tuple[str, str, str]:
    line = _unquoted(line)
    for place, sign in enumerate(line[:MAX_LABEL]):
        if sign in ":：":
            return line[:place], sign, line[place + 1 :]
    return line, "", ""


def _unquoted(line: str) -> str:
    return line[1:].removeprefix(" ") if line.startswith(">") else line


def _bare(line: str) -> str:
    return line[:200].translate(_INVISIBLE).strip(" \t>-–—_=*:：·").lower()


def _without_rule(text: str) -> str:
    """The words on top, without the lines that programs draw below them."""
    lines = text.split("\n")
    while lines and _RULE.fullmatch(lines[-1]):
        lines.pop()
    return "\n".join(lines).strip()
