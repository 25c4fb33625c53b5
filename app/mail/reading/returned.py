"""What a bounce says in its own words, and what it quotes of the mail that came back. Pure, linear."""

import re
import tomllib
from dataclasses import replace
from pathlib import Path

from app.mail.reading.headers import addresses, ids, text_of
from app.mail.reading.parts import Part
from app.mail.reading.reports import ADDRESS, MAX_REPORT

MAX_TEXT = 16_384  # characters that are searched
OPENING = 3_000  # characters in which a mail system says what it has to say

_BEGINNINGS: list[str] = tomllib.loads(Path(__file__).with_name("bounces.toml").read_text("utf-8"))["copies"]
_COPIES = ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers", "message/partial")

_OF_SYSTEMS = ("postmaster@", "mailer-daemon@", "abuse@")
_NAMED = 20_000  # characters of a list of recipients
_MESSAGE_ID = re.compile(rb"(?im)^[> \t]{0,4}message-id:[ \t\r\n]*(<[^<>\s]{1,480}>)")
_SUBJECT = re.compile(rb"(?im)^[> \t]{0,4}subject:[ \t]*([^\r\n]{1,500}(?:\r?\n[ \t][^\r\n]{1,500}){0,3})")
_COPIED_FIELD = re.compile(r"(?im)^(?:Return-Path|Received|DKIM-Signature|X-Received|Message-ID): ?")
SERVER_SAID = re.compile(
    "|".join(
        (
            r"(?<![\d.])[45]\d\d[ -]{1,2}[#(]?[245]\.\d{1,3}\.\d{1,3}",
            r"\(#[245]\.\d{1,3}\.\d{1,3}\)",
            r"said:? {0,3}[45]\d\d",
            r"[45]\.[1-7]\.\d{1,3}",
            r"(?:RCPT TO|MAIL FROM|DATA)\b",
            r"\b(?:SMTP|LMTP|host|server|error|code)\b[^\n]{0,80}?[^\d.][45][0-5]\d\b",
            r"\b5[0-5]\d (?:- )?[A-Za-z<#]",
            r"\b4[2-5]\d [A-Za-z]",
        )
    )
)


def before_copy(text: str) -> str:
    """What the mail system itself says: the text down to the copy of the returned mail."""
    text = text[:MAX_TEXT]
    lower = text.lower()
    places = [place for word in _BEGINNINGS if (place := lower.find(word)) > 0]
    copied = _COPIED_FIELD.search(text)
    if copied is not None and copied.start() > 0:
        places.append(copied.start())
    return text[: min(places, default=len(text))]


def beginning(part: Part) -> bytes:
    """The first bytes of a part, decoded; the rest of 25 MiB is left alone."""
    return replace(part, body=part.body[: 2 * MAX_REPORT]).content()[:MAX_REPORT]


def holds_copy(parts: list[Part]) -> bool:
    return any(part.type in _COPIES for part in parts[1:50])


def diagnostic_in(text: str) -> str:
    """The words of the server, or the first line that has a code."""
    match = SERVER_SAID.search(text[:MAX_TEXT])
    if match is None:
        return ""
    start = max(text.rfind("\n", 0, match.start()) + 1, match.start() - 200)
    return " ".join(text[start : match.start() + 300].partition("\n\n")[0].split())[:500]


def failed_recipients(parts: list[Part], said: str) -> tuple[str, ...]:
    """The addresses that the words are about: those named in a field, else the first that is neither ours nor the
    system's.
    """
    root = parts[0]
    named = ADDRESS.findall(text_of(root.raw("x-failed-recipients"))[:_NAMED])
    if named:
        return tuple(dict.fromkeys(address.lower()[:320] for address in named))
    own = {address.email for name in ("to", "from", "reply-to") for address in addresses(root.raw(name))}
    for match in ADDRESS.finditer(said[:OPENING]):
        address = match[0].strip(".'").lower()
        if address not in own and not address.startswith(_OF_SYSTEMS) and "+" not in address:
            return (address[:320],)
    return ()


def returned_ids(parts: list[Part]) -> tuple[str, ...]:
    """Message-IDs that the bounce quotes: in the returned mail, in its headers or in the text."""
    found: list[str] = []
    for part in parts[:50]:
        if part.type in _COPIES or part.type == "text/plain":
            for match in _MESSAGE_ID.finditer(beginning(part)):
                found.extend(ids(match[1]))
    return tuple(dict.fromkeys([*found, *ids(parts[0].raw("in-reply-to")), *ids(parts[0].raw("references"))]))[:50]


def returned_subject(parts: list[Part]) -> str:
    for part in parts[1:50]:
        if part.type in _COPIES and (match := _SUBJECT.search(beginning(part))) is not None:
            return text_of(match[1])[:300]
    for part in parts[:3]:
        if part.type == "text/plain" and (match := _SUBJECT.search(beginning(part))) is not None:
            return text_of(match[1])[:300]
    return ""
