"""What a file may be called: a plain name, the same on every screen and system, with the extension of its kind."""

import re
import unicodedata

from app.files.sniffing import DANGEROUS, Kind

LONGEST = 120  # characters, and below what every file system takes in UTF-8
LONGEST_BYTES = 240
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # what turns text round or hides it, too
_FORBIDDEN = re.compile(r'[<>:"|?*\\/\u2044\u2215\u29f8\uff0f\uff3c]')
_INNER = re.compile(rf"\.(?=(?:{'|'.join(sorted(DANGEROUS))})(?:\.|$))", re.IGNORECASE)
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)", re.IGNORECASE)
_KNOWN = """
jpg jpeg jpe png webp gif bmp tif tiff heic heif avif pdf zip txt csv doc docx xls xlsx ppt pptx mp4 mp3 mov webm
htm html xhtml svg xml php
"""
_FOREIGN = frozenset(_KNOWN.split())


def clean_name(name: str, kind: Kind) -> str:
    """`name` without folders, invisible and forbidden characters, at most 120 characters, ending as `kind` ends.

    Cleaned after normalising, not before: what normalising brings forth is caught. Cleaning twice changes nothing.
    """
    stem, extension = _split(_plain(name), kind)
    stem = _INNER.sub("_", stem).strip(" .") or "file"
    if _DEVICE.match(stem):
        stem = f"_{stem}"
    return f"{_cut(stem, LONGEST - len(extension) - 1, LONGEST_BYTES - len(extension) - 1)}.{extension}"


def shown_name(name: str) -> str:
    """The name of a file that is not kept, to be read by people: safe to show, with the extension that it claims."""
    return _cut(_plain(name) or "file", LONGEST, LONGEST_BYTES)


def _plain(name: str) -> str:
    """Without folders, invisible and forbidden characters."""
    plain = unicodedata.normalize("NFC", name)
    plain = "".join(character for character in plain if unicodedata.category(character) not in _UNSEEN)
    plain = re.split(r"[\\/]", plain.strip().rstrip("\\/"))[-1]
    return re.sub(r"\s+", " ", _FORBIDDEN.sub("_", plain)).strip(" .")


def _split(plain: str, kind: Kind) -> tuple[str, str]:
    """The stem and the right extension; wrong ones that would deceive are dropped, others stay part of the stem."""
    while True:
        stem, dot, extension = plain.rpartition(".")
        extension = extension.strip().lower()
        if not dot:
            return plain, kind.extensions[0]
        if extension in kind.extensions:
            return stem, extension
        if extension not in DANGEROUS | _FOREIGN:
            return plain, kind.extensions[0]
        plain = stem.rstrip(" .")


def _cut(stem: str, characters: int, size: int) -> str:
    short = stem[:characters].encode()[:size].decode(errors="ignore")
    return short.rstrip(" .") or "file"
