"""Writes what Outlook writes: containers (MS-OXTNEF), rich text (MS-OXRTFEX) and its compression (MS-OXRTFCP)."""

import struct
from base64 import encodebytes
from collections.abc import Sequence
from itertools import count

VERSION, CODEPAGE, CLASS, SUBJECT, BODY = 0x00089006, 0x00069007, 0x00078008, 0x00018004, 0x0002800C
MESSAGE, RECIPIENTS, ANNOUNCED, CREATED = 0x00069003, 0x00069004, 0x00069002, 0x00038012
DATA, TITLE, TRANSPORT_NAME, FILE = 0x0006800F, 0x00018010, 0x00069001, 0x00069005
SHORT, LONG, BOOLEAN, OBJECT, TIME, STRING, WIDE, BINARY = 2, 3, 0x0B, 0x0D, 0x40, 0x1E, 0x1F, 0x102
MESSAGE_INTERFACE = bytes.fromhex("0703020000000000C000000000000046")
STORAGE_INTERFACE = bytes.fromhex("0B00000000000000C000000000000046")
_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    b"MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n"
    b"\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)


def attribute(kind: int, value: bytes, *, level: int = 1, wrong_sum: int = 0) -> bytes:
    total = (sum(value) + wrong_sum) & 0xFFFF
    return struct.pack("<BII", level, kind, len(value)) + value + struct.pack("<H", total)


def container(*attributes: bytes, page: int = 1252, kind: str = "IPM.Microsoft Mail.Note") -> bytes:
    head = attribute(VERSION, struct.pack("<I", 0x10000)) + attribute(CODEPAGE, struct.pack("<II", page, 0))
    return struct.pack("<IH", 0x223E9F78, 1) + head + attribute(CLASS, kind.encode() + b"\x00") + b"".join(attributes)


def properties(*written: bytes) -> bytes:
    return struct.pack("<I", len(written)) + b"".join(written)


def property_(
    name: int, kind: int, value: object, *, codec: str = "cp1252", called: str | int = "", several: bool = False
) -> bytes:
    """One property; `called`: a named one, by words or by a number."""
    found = struct.pack("<HH", kind | (0x1000 if several else 0), name)
    if isinstance(called, int):
        found += b"\x01" * 16 + struct.pack("<II", 0, called)
    elif called:
        words = (called + "\x00").encode("utf-16-le")
        found += b"\x01" * 16 + struct.pack("<II", 1, len(words)) + _padded(words)
    values: Sequence[object] = value if several and isinstance(value, list) else [value]
    if several or kind in (OBJECT, STRING, WIDE, BINARY):
        found += struct.pack("<I", len(values))
    return found + b"".join(_value(kind, one, codec) for one in values)


def file(
    title: str,
    content: bytes,
    *,
    name: str = "",
    codec: str = "",
    order: str = "announced created data title more",
    more: Sequence[bytes] = (),
    wrong_sum: int = 0,
) -> bytes:
    """The attributes of a file in any `order`; `name` is its long one, in `codec` or else in Unicode."""
    long = [property_(0x3707, STRING if codec else WIDE, name, codec=codec or "cp1252")] if name else []
    how = [property_(0x3705, LONG, 1), property_(0x0E21, LONG, 0), property_(0x3007, TIME, 133_000_000_000_000_000)]
    pieces = {
        "announced": (ANNOUNCED, struct.pack("<HIHHI", 1, 0xFFFFFFFF, 0, 0, 0)),
        "created": (CREATED, struct.pack("<7H", 2026, 3, 5, 10, 0, 0, 4)),
        "data": (DATA, content),
        "title": (TITLE, title.encode(codec or "cp1252", "replace") + b"\x00"),
        "transport": (TRANSPORT_NAME, title.encode() + b"\x00"),
        "more": (FILE, properties(*long, *more, *how)),
    }
    return b"".join(attribute(*pieces[piece], level=2, wrong_sum=wrong_sum) for piece in order.split())


def mail(
    content: bytes, *, text: str | None = "See below.", kind: str = "application/ms-tnef", name: str = "winmail.dat"
) -> bytes:
    """A mail with a container, beside a text or as all there is."""
    called = f'; name="{name}"' if name else ""
    head = f"Content-Type: {kind}{called}\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode() + encodebytes(content)
    if text is None:
        return b"From: a@b.example\r\nSubject: hi\r\n" + head
    return (
        b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n%b\r\n--b\r\n%b\r\n--b--\r\n"
        % (text.encode(), head)
    )


def rich(text: str, page: int = 1252, codec: str = "cp1252") -> bytes:
    """`text` as rich text, foreign letters in `codec` or else as Unicode."""
    head = f"{{\\rtf1\\ansi\\ansicpg{page}\\deff0{{\\fonttbl{{\\f0\\fswiss Arial;}}}}\\uc1\\pard\\f0\\fs20 "
    return (head + "".join(_rich_letter(letter, codec) for letter in text) + "\\par\r\n}").encode("ascii")


def plain(rtf: bytes) -> bytes:
    return struct.pack("<IIII", len(rtf) + 12, len(rtf), 0x414C454D, 0) + rtf


def compressed(rtf: bytes) -> bytes:
    """As Outlook does it: runs of eight, references into a window of 4,096 bytes, an end mark."""
    window, write, at, found = bytearray(_DICTIONARY.ljust(4096, b"\x00")), len(_DICTIONARY), 0, bytearray()
    for _ in count():
        flags, run = 0, bytearray()
        for bit in range(8):
            size, offset = _longest(window, write, rtf[at : at + 17])
            if size < 2 and at < len(rtf):
                run.append(rtf[at])
                size = 1
            else:
                flags |= 1 << bit
                run += struct.pack(">H", offset << 4 | size - 2 if at < len(rtf) else write % 4096 << 4)
            if at >= len(rtf):
                break
            for byte in rtf[at : at + size]:
                window[write % 4096] = byte
                write += 1
            at += size
        found += bytes((flags,)) + run
        if at >= len(rtf) and flags >> bit & 1 and run[-2:] == struct.pack(">H", write % 4096 << 4):
            break
    return struct.pack("<IIII", len(found) + 12, len(rtf), 0x75465A4C, 0) + found


def _longest(window: bytearray, write: int, wanted: bytes) -> tuple[int, int]:
    """The longest beginning of `wanted` in what was written, and where it stands."""
    known = bytes(window[: min(write, 4096)])
    for size in range(len(wanted), 1, -1):
        place = known.find(wanted[:size])
        if place >= 0 and not place <= write % 4096 < place + size:
            return size, place
    return 0, 0


def _rich_letter(letter: str, codec: str) -> str:
    if letter == "\n":
        return "\\par\r\n"
    if letter < "\x80":
        return f"\\{letter}" if letter in "\\{}" else letter
    try:
        return "".join(f"\\'{byte:02x}" for byte in letter.encode(codec))
    except UnicodeEncodeError:
        wide = letter.encode("utf-16-le")
        return "".join(f"\\u{number}?" for number in struct.unpack(f"<{len(wide) // 2}h", wide))


def _value(kind: int, value: object, codec: str) -> bytes:
    if isinstance(value, str):
        value = (value + "\x00").encode("utf-16-le" if kind == WIDE else codec)
    if isinstance(value, bytes):
        return struct.pack("<I", len(value)) + _padded(value)
    return struct.pack({SHORT: "<hxx", BOOLEAN: "<Hxx", LONG: "<i", TIME: "<Q"}[kind], value)


def _padded(value: bytes) -> bytes:
    return value + b"\x00" * (-len(value) % 4)
