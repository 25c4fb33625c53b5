"""Header fields of a mail: unfolding, addresses, ids and dates, in the broken forms that occur. Pure; never raises."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from app.mail.reading.charsets import decode
from app.mail.reading.words import decode_words

MAX_VALUE = 65_536  # bytes of one field
MAX_ADDRESSES = 5_000
MAX_IDS = 200
MAX_ADDRESS = 320

_ID = re.compile(r"<([^<>]{1,480})(?:>|$)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069\ufeff]")  # what shows a name or address as another one
_AROUND_AT = re.compile(r"[ \t]*@[ \t]*")
_BETWEEN = re.compile(r"[\s<>(),;:\"\\]+")
_QUOTED_LOCAL = re.compile(r'"((?:[^"\\\s]|\\[^\s]|[ ](?=[^"]{0,60}"@)){1,64})"@([\w.\[\]:-]{1,255})')
_GROUP = re.compile(r"[\w .'-]{1,100}:[^:]*")
_COMMENT_DATE = re.compile(r"\([^()]*\)")


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox: the display name (may be empty), the address in lower case, and as it was written."""

    name: str
    email: str
    written: str = field(default="", compare=False)


def text_of(raw: bytes) -> str:
    """The value of a field for people: one line, encoded words decoded, no control characters."""
    return one_line(decode_words(unfold(raw)))


def one_line(text: str) -> str:
    """`text` without line breaks and other control characters, so that it can never become a second header."""
    return _CONTROL.sub(" ", text).strip("\ufeff \xa0")


def addresses(raw: bytes) -> tuple[Address, ...]:
    """The mailboxes of a field, at most `MAX_ADDRESSES`; broken ones give what can be read."""
    found: list[Address] = []
    for piece in _with_commas_of_names(_split_list(unfold(raw))):
        address = _mailbox(piece) if "@" in piece or "=?" not in piece else _mailbox(one_line(decode_words(piece)))
        if address is not None:
            found.append(address)
        if len(found) >= MAX_ADDRESSES:
            break
    return tuple(found)


def ids(raw: bytes) -> tuple[str, ...]:
    """The `<…>` ids of a Message-ID, In-Reply-To or References field, in order, without the brackets.

    Some programs fold a line within an id, cut the last one off, or leave the brackets out.
    """
    text = _CONTROL.sub("", unfold(raw))
    text = decode_words(text) if "=?" in text else text
    found = ["".join(piece.split()) for piece in _ID.findall(text)]
    if not found and all("@" in word for word in text.split()):
        found = text.split()
    return tuple(piece for piece in found if piece)[-MAX_IDS:]


def date_of(raw: bytes) -> datetime | None:
    """The moment of a Date field in UTC, or None when it cannot be read."""
    text = unfold(raw)[:200]
    for form in (text, _COMMENT_DATE.sub("", text).replace(".", ":").replace("UTC", "+0000")):
        try:
            moment = parsedate_to_datetime(form)
            return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
            continue
    return None


def unfold(raw: bytes) -> str:
    """One long line as text. Bytes beyond ASCII have no label, so they are guessed."""
    return decode(raw[:MAX_VALUE]).replace("\r", "").replace("\n", "").replace("\t", " ").replace("\x00", "").strip()


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
        pieces = re.split(r"[,;]", text)
    return [piece for piece in pieces if piece.strip()]


def _with_commas_of_names(pieces: list[str]) -> Iterator[str]:
    """A name with a comma that nobody quoted: `Lin, Tea <lin@example.com>`."""
    held = ""
    for piece in pieces:
        if "@" not in piece and not re.search(r"[<>:()]|=\?", piece):
            if held:
                yield held
            held = piece
            continue
        if held and "<" in piece.partition("@")[0]:
            yield f"{held},{piece}"
        else:
            yield from (one for one in (held, piece) if one)
        held = ""
    if held:
        yield held


def _mailbox(piece: str) -> Address | None:
    before, bracket, after = piece.rpartition("<")
    if bracket:
        inside = after.partition(">")[0]
        written = _address_in(decode_words(inside)) or _address_in(before)
        name = _display_name(before.replace(f"<{written}>", "") if written not in inside else before)
        return _address(name, written or (_bare(inside) if not name or " " not in inside else ""))
    plain, _, comment = piece.partition("(")
    written = _address_in(plain) or _address_in(piece)
    if not written:
        name = _display_name(plain)
        return _address(name, name if re.fullmatch(r"[\w.+-]{1,64}", plain.strip()) else "")
    rest = _AROUND_AT.sub("@", plain).replace(written, "")
    return _address(_display_name(comment.rpartition(")")[0] or rest.strip(" \"'")), written)


def _address(name: str, written: str) -> Address | None:
    if "@" not in written:  # a mailbox of the machine itself, such as MAILER-DAEMON: nothing that can be written to
        return Address(name, "", written) if name or written else None
    return Address(name, written.lower(), written)


def _bare(inside: str) -> str:
    return one_line(inside)[:MAX_ADDRESS] if re.fullmatch(r"[\w.+-]{1,64}", inside.strip()) else ""


def _address_in(text: str) -> str:
    """The first address in `text`: what stands around an @ up to a space, bracket, comma or quote."""
    text = _AROUND_AT.sub("@", _TURNING.sub("", one_line(text[:1000])))
    quoted = _QUOTED_LOCAL.search(text)
    if quoted is not None:
        return f'"{quoted[1]}"@{quoted[2]}'
    for word in _BETWEEN.split(text):
        local, at, domain = word.strip(".'`").rpartition("@")
        if at and local.strip("@") and domain.strip(".-[]"):
            closed = domain if "[" in domain else domain.rstrip("]")
            return f"{local.rpartition('@')[2]}@{closed}"[:MAX_ADDRESS]
    return ""


def _display_name(text: str) -> str:
    text = text.strip()[:4000]
    if not text.startswith('"') and _GROUP.fullmatch(text):
        text = text.rpartition(":")[2]
    name = one_line(decode_words(_unquote(text)))
    name = _TURNING.sub("", name).strip('" ').rstrip('"< ')
    return (name if "'" in name.strip("'") else name.strip("' "))[:200]


def _unquote(text: str) -> str:
    """Quoted strings as what they say. What stands behind a quote that never ends belongs to it."""
    if '"' not in text:
        return text.replace("\\", "") if "\\" in text else text
    pieces = re.split(r'"([^"\\]*(?:\\.[^"\\]*)*)(?:"|\\?$)', text)
    return " ".join(re.sub(r"\\(.)", r"\1", piece).strip() for piece in pieces if piece.strip())
