"""Transfer encodings undone as far as it goes: base64, quoted-printable (RFC 2045) and uuencode. Pure; never raises."""

import binascii
import re
from dataclasses import dataclass
from itertools import islice

_FOREIGN = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="))
_PADDED = re.compile(rb"([A-Za-z0-9+/]+)=*")
_WRITTEN = re.compile(rb"[^A-Za-z0-9+/=\s]")
_FOR_ADDRESSES = bytes.maketrans(b"-_", b"+/")  # the alphabet of addresses (RFC 4648, section 5)
_SOFT_BREAK = re.compile(rb"=[ \t]+\r?\n")
_ENCODED_LINES = re.compile(
    rb"\s*(?:[A-Za-z0-9+/]{40,1000}\r?\n)*[A-Za-z0-9+/]{2,1000}={0,2}[ \t]*\r?\n(?=\s*(?:--|__|\*\*))"
)
_BEGIN = re.compile(rb"(?m)^begin(?:-base64)? [0-7]{3,4} +([^\r\n]{1,300})\r?\n")
_LINES = re.compile(rb"(?:[\x20-\x60]{1,100}\r?\n)*")  # uuencode has no small letters
_BASE64_LINES = re.compile(rb"(?:[A-Za-z0-9+/=]{1,100}\r?\n)*")
_END = re.compile(rb"(?:end|====)[ \t]*(?:\r?\n|\r?$)|\s*$")
_MAX_FILES = 100
_MAX_PIECES = 10_000


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A file that stands in a text in uuencode."""

    name: str
    content: bytes


def undo(encoding: bytes, body: bytes, *, is_text: bool = False) -> bytes:
    """The content of `body`, whose Content-Transfer-Encoding is `encoding`. Text that is not encoded stays as it is."""
    name = encoding.strip(b" \t\r\n\"';").lower().removeprefix(b"x-").replace(b"-", b"")
    if name.startswith((b"base64", b"b64")):
        return _text_in_base64(body) if is_text else base64_bytes(body)
    if name.startswith(b"quoted"):
        return binascii.a2b_qp(_SOFT_BREAK.sub(b"=\n", body))
    if b"uue" in name:
        _, files = enclosed(body)
        return files[0].content if files else _uudecoded(body)
    return body


def base64_bytes(content: bytes) -> bytes:
    """Decode base64 as far as it goes: foreign characters are skipped, missing padding added, pieces joined."""
    if b"+" not in content and b"/" not in content:
        content = content.translate(_FOR_ADDRESSES)
    letters = content.translate(None, _FOREIGN)
    bare = letters.rstrip(b"=")
    if b"=" not in bare:
        return _unpadded(bare)
    found = bytearray()
    for piece in islice(_PADDED.finditer(letters), _MAX_PIECES):
        found += _unpadded(piece[1])
    return bytes(found)


def enclosed(text: bytes) -> tuple[bytes, list[Enclosed]]:
    """`text` without the files in uuencode that stand in it, and these."""
    kept: list[bytes] = []
    files: list[Enclosed] = []
    at = 0
    for begin in islice(_BEGIN.finditer(text), 10 * _MAX_FILES):
        if begin.start() < at or len(files) >= _MAX_FILES:
            continue
        in_base64 = b"base64" in begin[0][:13]
        body = (_BASE64_LINES if in_base64 else _LINES).match(text, begin.end())
        end = _END.match(text, body.end()) if body else None
        if body is None or end is None:
            continue
        content = base64_bytes(body[0]) if in_base64 else _uudecoded(body[0], strictly=True)
        if content:
            files.append(Enclosed(begin[1].decode("utf-8", "replace").strip().strip('"'), content))
            kept.append(text[at : begin.start()])
            at = end.end()
    return b"".join([*kept, text[at:]]), files


def _text_in_base64(body: bytes) -> bytes:
    """Text that a list or a filter wrote below the encoded one is kept, and so is what was never encoded."""
    if not _is_written(body):
        return base64_bytes(body)
    encoded = _ENCODED_LINES.match(body)
    return body if encoded is None else base64_bytes(encoded[0]) + b"\n" + body[encoded.end() :]


def _is_written(body: bytes) -> bool:
    """Whether a "base64" text is in truth not encoded: then punctuation and high bytes stand in it."""
    head = body[:2000]
    foreign = len(_WRITTEN.findall(head))
    if _ENCODED_LINES.match(body) is not None and foreign:
        return True
    words = head.split()
    prose = sum(word.isalpha() and (word.islower() or word.istitle()) for word in words)
    return (foreign > 2 and foreign * 50 > len(head)) or (len(words) > 4 and prose * 2 > len(words))


def _unpadded(letters: bytes) -> bytes:
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def _uudecoded(body: bytes, *, strictly: bool = False) -> bytes:
    found = bytearray()
    for line in body.replace(b"\r", b"").split(b"\n"):
        if not line.strip() or line.startswith((b"begin ", b"end")):
            continue
        size = ((((line[0] - 32) & 63) * 4 + 5) // 3) + 1  # some pad their lines
        try:
            found += binascii.a2b_uu(line[:size])
        except binascii.Error:
            if strictly and not found:
                return b""
    return bytes(found)
