"""Whether a mail is signed or encrypted by S/MIME (RFC 8551) or OpenPGP (RFC 3156, 9580). Nothing is verified. Pure."""

import re
from collections.abc import Iterator

from app.mail.reading.parts import Part

SIGNED, ENCRYPTED = "signed", "encrypted"

_SMIME = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_SIGNED_DATA = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
_DATA = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"
_ARMOUR = re.compile(r"(?m)^-----BEGIN PGP (SIGNED )?MESSAGE-----[ \t]*$")
_CLEAR_SIGNED = re.compile(
    r"(?ms)^-----BEGIN PGP SIGNED MESSAGE-----[ \t]*\n(?:[A-Za-z]{1,20}: [^\n]{0,200}\n){0,10}\n(.*?)"
    r"^-----BEGIN PGP SIGNATURE-----.*?(?:^-----END PGP SIGNATURE-----[ \t]*\n?|\Z)"
)
_MAX_DEPTH = 20


def protection_of(parts: list[Part], text: str) -> str:
    """`signed`, `encrypted` or empty. What is encrypted cannot be read here, whether it is signed or not."""
    kinds = {part.type for part in parts}
    armour = _ARMOUR.search(text[:65_536])
    if "multipart/encrypted" in kinds or (armour and not armour[1]):
        return ENCRYPTED
    letters = [part for part in parts if part.type in _SMIME]
    if any(not is_signed_data(part) for part in letters):
        return ENCRYPTED
    return SIGNED if letters or "multipart/signed" in kinds or armour else ""


def is_signed_data(part: Part) -> bool:
    """Whether an S/MIME part is signed only, so that anybody can read it."""
    kind = part.type_parameters.get("smime-type", "").lower()
    return kind in ("signed-data", "certs-only") or (not kind and _SIGNED_DATA in part.content()[:64])


def signed_content(part: Part) -> bytes | None:
    """The mail within an opaque signature (CMS SignedData, RFC 5652); None when it cannot be found."""
    content = part.content()
    start = content.find(_DATA, 0, 2000)
    if _SIGNED_DATA not in content[:64] or start < 0:
        return None
    try:
        return b"".join(_octets(content, start + len(_DATA), len(content), 0)) or None
    except IndexError:
        return None


def without_armour(text: str) -> str:
    """`text` without the frame of an OpenPGP signature around it."""
    if "-----BEGIN PGP SIGNED" not in text:
        return text
    return _CLEAR_SIGNED.sub(lambda match: re.sub(r"(?m)^- ", "", match[1]), text, count=20)


def _octets(content: bytes, at: int, end: int, depth: int) -> Iterator[bytes]:
    """The octet string at `at`: in one piece or in several (BER), within tags that only enclose it."""
    while at < end and depth < _MAX_DEPTH:
        tag, at = content[at], at + 1
        size, at = content[at], at + 1
        if tag == 0 and size == 0:
            return
        endless = size == 0x80
        if size > 0x80:
            count = size & 0x7F
            size = int.from_bytes(content[at : at + count], "big")
            at += count
        stop = end if endless else min(at + size, end)
        if tag == 0x04:
            yield content[at:stop]
        elif tag in (0x24, 0xA0):
            yield from _octets(content, at, stop, depth + 1)
        if endless or depth == 0:
            return
        at = stop
