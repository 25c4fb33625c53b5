"""What a file is, by its content. Only what is on this list is taken; what the sender says about it counts for nothing,
except to tell apart what looks the same inside (office files, kinds of text)."""

import codecs
import re
from dataclasses import dataclass
from pathlib import PurePath

from core.errors import Invalid

HEAD_BYTES = 65_536  # enough to decide

# Programs and scripts by their last extension, whatever is inside: a click on the desk must start nothing.
_PROGRAM_EXTENSIONS = """
apk app bat bin cmd com cpl dll dmg docm dotm elf exe gadget hta inf ins iso jar js jse lnk msc msi msix msp mst pif
pkg potm ppam ppsm pptm ps1 ps2 psm1 py reg rgs run scr sct sh sys url vb vbe vbs vhd vhdx ws wsc wsf wsh xlam xlsm
xltm xpi
"""
DANGEROUS = frozenset(_PROGRAM_EXTENSIONS.split())


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file we take: its media type, the extensions it may have (the first is given to what has none of
    them), and the names under which Pillow knows it, if it is a picture that we draw anew."""

    media_type: str
    extensions: tuple[str, ...]
    decoders: tuple[str, ...] = ()


JPEG = Kind("image/jpeg", ("jpg", "jpeg"), ("JPEG", "MPO"))
PNG = Kind("image/png", ("png",), ("PNG",))
WEBP = Kind("image/webp", ("webp",), ("WEBP",))
GIF = Kind("image/gif", ("gif",), ("GIF",))
HEIC = Kind("image/heic", ("heic", "heif"))
PDF = Kind("application/pdf", ("pdf",))
ZIP = Kind("application/zip", ("zip",))
TEXT = Kind("text/plain", ("txt", "log", "md"))
CSV = Kind("text/csv", ("csv", "tsv"))
MP4 = Kind("video/mp4", ("mp4", "m4v"))
WEBM = Kind("video/webm", ("webm", "mkv"))
MP3 = Kind("audio/mpeg", ("mp3",))

_MAGIC: tuple[tuple[bytes, Kind], ...] = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"%PDF-", PDF),
    (b"\x1a\x45\xdf\xa3", WEBM),
    (b"ID3", MP3),
    (b"OggS", Kind("audio/ogg", ("ogg", "oga", "opus"))),
    (b"#!AMR", Kind("audio/amr", ("amr",))),
    (b"{\\rtf", Kind("application/rtf", ("rtf",))),
    (b"Rar!\x1a\x07", Kind("application/vnd.rar", ("rar",))),
    (b"7z\xbc\xaf\x27\x1c", Kind("application/x-7z-compressed", ("7z",))),
)
_RIFF = {b"WEBP": WEBP, b"WAVE": Kind("audio/wav", ("wav",))}
_BRANDS = (  # of the ISO base media format, by the beginning of their name
    ((b"hei", b"hev", b"mif1", b"msf1"), HEIC),
    ((b"avif", b"avis"), Kind("image/avif", ("avif",))),
    ((b"qt",), Kind("video/quicktime", ("mov", "qt"))),
    ((b"M4A", b"M4B"), Kind("audio/mp4", ("m4a",))),
    ((b"3gp", b"3g2"), Kind("video/3gpp", ("3gp",))),
    ((b"iso", b"mp4", b"mp7", b"avc", b"M4V", b"dash", b"MSNV"), MP4),
)
_OFFICE = "application/vnd.openxmlformats-officedocument"
_ZIPPED = {
    "docx": Kind(f"{_OFFICE}.wordprocessingml.document", ("docx",)),
    "xlsx": Kind(f"{_OFFICE}.spreadsheetml.sheet", ("xlsx",)),
    "pptx": Kind(f"{_OFFICE}.presentationml.presentation", ("pptx",)),
    "odt": Kind("application/vnd.oasis.opendocument.text", ("odt",)),
    "ods": Kind("application/vnd.oasis.opendocument.spreadsheet", ("ods",)),
    "odp": Kind("application/vnd.oasis.opendocument.presentation", ("odp",)),
}
_COMPOUND = {  # Microsoft's older files
    "doc": Kind("application/msword", ("doc",)),
    "xls": Kind("application/vnd.ms-excel", ("xls",)),
    "ppt": Kind("application/vnd.ms-powerpoint", ("ppt",)),
}
_PROGRAMS = (b"MZ", b"\x7fELF", b"\xfe\xed\xfa", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
_MORE_PROGRAMS = (b"dex\n", b"L\x00\x00\x00\x01\x14\x02\x00", b"MSCF", b"!<arch>", b"xar!")
_BLANK = b"\xef\xbb\xbf \t\r\n"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


def sniff(head: bytes, name: str) -> Kind:
    """The kind of the file that begins with `head` (64 KiB, or all of it) and that its sender calls `name`.

    HTML, SVG and XML are plain text here: nobody is ever served anything that a browser or a double click would run.
    Raises Invalid: file_empty, file_executable (programs and scripts), file_unknown (everything that is not on the
    list).
    """
    if not head:
        raise Invalid("the file is empty", code="file_empty")
    extension = extension_of(name)
    kind = _binary(head, extension)
    if kind is None and (head.startswith((*_PROGRAMS, *_MORE_PROGRAMS, b"#!")) or extension in DANGEROUS):
        raise Invalid("programs and scripts are not taken", code="file_executable")
    kind = kind or _text(head, extension)
    if kind is None:
        raise Invalid("a kind of file that is not taken", code="file_unknown")
    return kind


def extension_of(name: str) -> str:
    """What stands behind the last dot, in lower case."""
    return PurePath(name.strip().rstrip(". ")).suffix.removeprefix(".").lower()


def _binary(head: bytes, extension: str) -> Kind | None:
    for magic, kind in _MAGIC:
        if head.lstrip(_BLANK).startswith(magic) if kind is PDF else head.startswith(magic):
            return kind
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return next((kind for brands, kind in _BRANDS if head[8:12].startswith(brands)), None)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return None if extension in DANGEROUS else _ZIPPED.get(extension, ZIP)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _COMPOUND.get(extension)
    if len(head) > 3 and head[0] == 0xFF and head[1] in (0xFB, 0xF3, 0xF2):
        return MP3
    return None


def _text(head: bytes, extension: str) -> Kind | None:
    """Text in UTF-8, or in UTF-16 with its mark, or in GB 18030 as Chinese spreadsheets write it."""
    encodings = ("utf-16",) if head.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            words = codecs.getincrementaldecoder(encoding)().decode(head, final=len(head) < HEAD_BYTES)
        except UnicodeError:
            continue
        if words.strip() and not _CONTROL.search(words):
            return CSV if extension in CSV.extensions else TEXT
    return None
