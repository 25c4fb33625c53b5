"""What a file of a mail is called: the sender's name made harmless, or one that says what it is. Pure."""

import mimetypes
import re
import unicodedata

LONGEST = 200  # characters
_LONGEST_BYTES = 240
_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))  # what turns text round or hides it, too
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(?=[\s.]|$)", re.IGNORECASE)
_TYPES = mimetypes.MimeTypes(filenames=())  # the built-in table: the same on every machine
_NAMES = {
    "text/calendar": "invite.ics",
    "application/ics": "invite.ics",
    "application/pgp-signature": "signature.asc",
    "application/pgp-keys": "key.asc",
    "application/pkcs7-signature": "smime.p7s",
    "application/x-pkcs7-signature": "smime.p7s",
    "application/pkcs7-mime": "smime.p7m",
    "application/x-pkcs7-mime": "smime.p7m",
    "message/delivery-status": "delivery-status.txt",
    "text/rfc822-headers": "headers.txt",
}


def harmless(name: str) -> str:
    """`name` without folders, unseen characters and leading dots, at most 200 characters; empty if none was given.

    Cleaned after normalising, not before: what normalising brings forth is caught. Cleaning twice changes nothing.
    """
    plain = "".join(letter for letter in unicodedata.normalize("NFC", name[:5000]) if _is_seen(letter))
    plain = re.sub(r"\s+", " ", plain).strip()
    if not plain:
        return "file" if name.strip() else ""
    plain = re.split(r"[\\/]", plain.rstrip("\\/ "))[-1]
    plain = "".join("_" if _compares(letter) in ("/", "\\") else letter for letter in plain)
    while plain and (plain[0].isspace() or _compares(plain[0])[0] == "."):
        plain = plain[1:]
    plain = plain.rstrip(" .") or "file"
    return _cut(f"_{plain}" if _DEVICE.match(plain) else plain)


def suggested(media_type: str, subject: str = "") -> str:
    """A name for a file without one: the subject of an enclosed mail, or a word with the ending of its type."""
    if media_type in ("message/rfc822", "message/global", "message/news"):
        return f"{_cut(harmless(subject))[: LONGEST - 4].rstrip(' .') or 'message'}.eml"
    if media_type in _NAMES:
        return _NAMES[media_type]
    kind = media_type.partition("/")[0]
    ending = _TYPES.guess_extension(media_type) or ""
    return (kind if kind in ("image", "audio", "video", "text", "message") else "file") + ending


def type_of(name: str) -> str:
    """The media type by the ending of a name, for files that come without one."""
    return _TYPES.guess_type(name)[0] or "application/octet-stream"


def _is_seen(letter: str) -> bool:
    return letter.isspace() or unicodedata.category(letter) not in _UNSEEN


def _compares(letter: str) -> str:
    return unicodedata.normalize("NFKC", letter)


def _cut(name: str) -> str:
    """At most 200 characters and 240 bytes, the ending kept."""
    if len(name) <= LONGEST and len(name.encode()) <= _LONGEST_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 20 or not stem:
        stem, dot, ending = name, "", ""
    room = _LONGEST_BYTES - len((dot + ending).encode())
    stem = stem[: LONGEST - len(dot + ending)].encode()[:room].decode(errors="ignore").rstrip(" .")
    return f"{stem or 'file'}{dot}{ending}"
