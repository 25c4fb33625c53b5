"""Header fields of a mail: unfolding, encoded words, addresses, parameters, ids and dates. Pure; never raises."""

import base64
import binascii
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import unquote_to_bytes

from app.mail.reading.charsets import decode

MAX_VALUE = 65_536  # characters of one field
MAX_ADDRESSES = 5_000
MAX_IDS = 200
MAX_ADDRESS = 320

_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?\r\n]{0,8000})\?=")
_ID = re.compile(r"<([^<>]{1,480})(?:>|$)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
_ADDRESS = re.compile(r"[^\s@<>(),;:\"\[\]\\]{1,64}@[^\s@<>(),;:\"\[\]\\]{1,255}")


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox: the display name (may be empty), the address in lower case, and as it was written."""

    name: str
    email: str
    written: str = field(default="", compare=False)


def text_of(raw: bytes) -> str:
    """The value of a field for people: one line, encoded words decoded, no control characters."""
    return one_line(decode_words(_unfold(raw)))


def one_line(text: str) -> str:
    """`text` without line breaks and other control characters, so that it can never become a second header."""
    return _CONTROL.sub(" ", text).strip()


def decode_words(text: str) -> str:
    """Replace RFC 2047 encoded words. Neighbours are joined as bytes first: mailers cut characters in half."""
    pieces: list[str] = []
    held: tuple[str, bytearray] | None = None
    end = 0
    for match in _WORD.finditer(text):
        between = text[end : match.start()]
        charset = match[1].partition("*")[0].lower()
        if held is not None and (between.strip() or charset != held[0]):
            pieces.append(decode(bytes(held[1]), held[0]))
            held = None
            if not between.strip():
                between = ""
        if held is None:
            pieces.append(between if end == 0 or between.strip() else "")
            held = (charset, bytearray())
        held[1].extend(_word_bytes(match[2], match[3]))
        end = match.end()
    if held is not None:
        pieces.append(decode(bytes(held[1]), held[0]))
    pieces.append(text[end:])
    return "".join(pieces)


def addresses(raw: bytes) -> tuple[Address, ...]:
    """The mailboxes of a field, at most `MAX_ADDRESSES`; broken ones give what can be read."""
    found: list[Address] = []
    for piece in _split_list(_unfold(raw)):
        address = _mailbox(piece)
        if address is not None:
            found.append(address)
        if len(found) >= MAX_ADDRESSES:
            break
    return tuple(found)


def ids(raw: bytes) -> tuple[str, ...]:
    """The `<…>` ids of a Message-ID, In-Reply-To or References field, in order, without the brackets.

    Some programs fold a line within an id, cut the last one off, or leave the brackets out.
    """
    text = _unfold(raw)
    found = ["".join(piece.split()) for piece in _ID.findall(text)]
    if not found and all("@" in word for word in text.split()):
        found = text.split()
    return tuple(piece for piece in found if piece)[-MAX_IDS:]


def date_of(raw: bytes) -> datetime | None:
    """The moment of a Date field in UTC, or None when it cannot be read."""
    try:
        moment = parsedate_to_datetime(_unfold(raw)[:200])
        return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None


def parameters(raw: bytes) -> tuple[str, dict[str, str]]:
    """Split `type; name=value; …` into the lower-case value and its parameters (RFC 2231, 2047 and raw 8 bit)."""
    head, *rest = _split_parameters(_unfold(raw))
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for part in rest[:200]:
        name, equals, value = part.partition("=")
        name = name.strip().lower()
        if not equals or not name:
            continue
        value = _unquote(value.strip())
        if "*" in name:
            base, _, order = name.partition("*")
            index = order.rstrip("*")
            place = int(index) if index.isdecimal() and len(index) < 5 else 0
            pieces.setdefault(base, {})[place] = (value, order.endswith("*") or not order)
        else:
            plain.setdefault(name, one_line(decode_words(value)))
    for name, found in pieces.items():
        plain[name] = one_line(_join_extended(found))
    return head.strip().lower(), plain


def _unfold(raw: bytes) -> str:
    """One long line as text. Bytes beyond ASCII have no label, so they are guessed."""
    return decode(raw[:MAX_VALUE]).replace("\r", "").replace("\n", "").replace("\t", " ").replace("\x00", "").strip()


def _word_bytes(encoding: str, payload: str) -> bytes:
    if encoding in "qQ":
        return _q_bytes(payload)
    return base64_bytes(payload.encode("ascii", "ignore"))


def _q_bytes(payload: str) -> bytes:
    content = payload.replace("_", " ").encode("utf-8", "replace")
    return re.sub(rb"=([0-9A-Fa-f]{2})", lambda match: bytes([int(match[1], 16)]), content)


def base64_bytes(content: bytes) -> bytes:
    """Decode base64 as far as it goes: foreign characters are skipped, missing padding is added."""
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", content)
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    try:
        return base64.b64decode(letters + b"=" * (-len(letters) % 4))
    except (binascii.Error, ValueError):
        return b""


def _split_list(text: str) -> list[str]:
    """Split an address list at commas and semicolons outside of quotes, comments and angle brackets."""
    pieces, start, quoted, depth, angle, skip = [], 0, False, 0, False, False
    for index, character in enumerate(text):
        if skip:
            skip = False
        elif character == "\\":
            skip = True
        elif character == '"' and not depth:
            quoted = not quoted
        elif quoted:
            continue
        elif character == "(":
            depth += 1
        elif character == ")":
            depth = max(0, depth - 1)
        elif character in "<>":
            angle = character == "<"
        elif character in ",;" and not depth and not angle:
            pieces.append(text[start:index])
            start = index + 1
    pieces.append(text[start:])
    if quoted or depth:  # a quote that never ends would swallow all that follows
        return re.split(r"[,;]", text)
    return [piece for piece in pieces if piece.strip()]


def _mailbox(piece: str) -> Address | None:
    before, bracket, after = piece.rpartition("<")
    if bracket:
        inside = after.partition(">")[0]
        email = _address_in(decode_words(inside))
        name = _display_name(before)
        if not email:
            email = _address_in(before)
    else:
        plain, _, comment = piece.partition("(")
        email = _address_in(plain)
        name = _display_name(comment.rpartition(")")[0] or plain.replace(email, "") if email else plain)
    return Address(name, email.lower(), email) if email or name else None


def _address_in(text: str) -> str:
    match = _ADDRESS.search(text[:1000])
    return match[0].strip(".'")[:MAX_ADDRESS] if match else ""


def _display_name(text: str) -> str:
    _, _, name = text.rpartition(":") if re.fullmatch(r"[\w .-]+:[^:]*", text.strip()) else ("", "", text)
    return one_line(decode_words(_unquote(name.strip()))).strip("'\" ")[:200]


def _unquote(value: str) -> str:
    if value.startswith('"'):
        end = value.find('"', 1)
        while end > 0 and value[end - 1] == "\\":
            end = value.find('"', end + 1)
        value = value[1:end] if end > 0 else value[1:]
        value = re.sub(r"\\(.)", r"\1", value)
    return value


def _split_parameters(text: str) -> list[str]:
    pieces, start, quoted, skip = [], 0, False, False
    for index, character in enumerate(text):
        if skip:
            skip = False
        elif character == "\\" and quoted:
            skip = True
        elif character == '"':
            quoted = not quoted
        elif character == ";" and not quoted:
            pieces.append(text[start:index])
            start = index + 1
    return [*pieces, text[start:]]


def _join_extended(found: dict[int, tuple[str, bool]]) -> str:
    """Put RFC 2231 continuations together: the first names the charset, starred ones are percent-encoded."""
    charset, content = "", bytearray()
    for index, (value, encoded) in sorted(found.items()):
        written = value
        if index == 0 and encoded and value.count("'") >= 2:
            charset, _, rest = value.partition("'")
            written = rest.partition("'")[2]
        content.extend(unquote_to_bytes(written) if encoded else written.encode("utf-8", "replace"))
    return decode_words(decode(bytes(content), charset))
