"""Outlook's rich text: unpacked (MS-OXRTFCP), and the text or HTML that it holds (MS-OXRTFEX). Pure; never raises."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

from app.mail.reading.charsets import codec_of

MAX_RTF = 1_048_576  # bytes, unpacked

_DICTIONARY = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor "
    rb"MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|([^\\{}\r\n]+)|[\r\n]+"
)
_UNSEEN = frozenset(
    """fonttbl colortbl stylesheet info pict object header headerl headerr headerf footer footerl footerr footerf
    generator listtable listoverridetable rsidtbl themedata datastore latentstyles xmlnstbl fldinst bkmkstart bkmkend
    """.split()  # noqa: SIM905
)
_SPOKEN = {"par": "\n", "line": "\n", "tab": "\t", "row": "\n", "cell": "\t", "sect": "\n\n"}
_SPOKEN |= {
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "bullet": "•",
    "endash": "–",
    "emdash": "—",
}
_CHARSETS = {128: "cp932", 129: "cp949", 134: "gb18030", 136: "big5hkscs", 161: "cp1253", 162: "cp1254", 163: "cp1258"}
_CHARSETS |= {177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250"}


@dataclass(frozen=True, slots=True)
class _Group:
    """What holds within a pair of braces."""

    unseen: bool = False
    for_rtf: bool = False  # what stands for HTML that is written beside it
    skip: int = 1  # characters that follow a Unicode one for old readers
    codec: str = ""


def unpack(packed: bytes) -> bytes:
    """The RTF in a compressed property, as far as it goes and at most `MAX_RTF` bytes; empty if it is none."""
    if len(packed) < 16:
        return b""
    _, size, kind = struct.unpack_from("<III", packed)
    size = min(size, MAX_RTF)
    if kind == 0x414C454D:  # not compressed
        return packed[16 : 16 + size]
    return _unpacked(packed, size) if kind == 0x75465A4C else b""


def read_rtf(rtf: bytes) -> tuple[str, str]:
    """The text and the HTML in `rtf`; the one that it does not hold is empty."""
    written = "".join(_Reader(rtf[:MAX_RTF]).read()).replace("\x00", "")
    text = written.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")  # halves find each other
    return ("", text) if b"\\fromhtml" in rtf[:4096] else (text.strip("\n"), "")


def _unpacked(packed: bytes, size: int) -> bytes:
    window = bytearray(_DICTIONARY.ljust(4096, b" "))
    found, write, at = bytearray(), len(_DICTIONARY), 16
    while at < len(packed) and len(found) < size:
        flags, at = packed[at], at + 1
        for bit in range(8):
            if at >= len(packed) or len(found) >= size:
                break
            if not flags >> bit & 1:
                found.append(packed[at])
                window[write % 4096] = packed[at]
                write, at = write + 1, at + 1
                continue
            if at + 1 >= len(packed):
                return bytes(found)
            token, at = packed[at] << 8 | packed[at + 1], at + 2
            offset = token >> 4
            if offset == write % 4096:
                return bytes(found)
            for step in range((token & 15) + 2):
                byte = window[(offset + step) % 4096]
                found.append(byte)
                window[write % 4096] = byte
                write += 1
    return bytes(found[:size])


class _Reader:
    """Says what a reader would see; with HTML inside, the HTML."""

    def __init__(self, rtf: bytes) -> None:
        self._rtf = rtf
        self._encapsulated = b"\\fromhtml" in rtf[:4096]
        page = re.search(rb"\\ansicpg(\d{1,5})", rtf[:4096])
        self._codec = codec_of(f"cp{page[1].decode()}") if page else None
        self._fonts: dict[int, str] = {}
        self._font = 0
        self._group = _Group(codec=self._codec or "cp1252")
        self._outer: list[_Group] = []
        self._raw = bytearray()
        self._to_skip = 0
        self._starred = False

    def read(self) -> Iterator[str]:
        """The pieces of what it says."""
        for token in _TOKEN.finditer(self._rtf):
            word, number, code, symbol, brace, text = token.groups()
            if self._to_skip and (code or symbol or text):
                self._add((text or b"")[self._to_skip :])
                self._to_skip = max(0, self._to_skip - len(text or b" "))
                continue
            if code is not None:
                self._add(bytes((int(code, 16),)))
                continue
            if text is not None:
                self._add(text)
                continue
            if not (brace or word or symbol):
                continue  # a line break of the file itself
            yield self._said()
            if brace:
                self._to_skip = 0
                self._turn(brace)
            elif word:
                yield self._obey(word.decode("ascii"), int(number) if number else None)
            elif symbol == b"*":
                self._starred = True
            elif symbol:
                self._add({b"~": b" ", b"_": b"-"}.get(symbol, symbol if symbol in b"\\{}" else b""))
        yield self._said()

    def _add(self, raw: bytes) -> None:
        if not (self._group.unseen or (self._encapsulated and self._group.for_rtf)):
            self._raw += raw

    def _said(self) -> str:
        raw, self._raw = bytes(self._raw), bytearray()
        return raw.decode(self._group.codec, "replace") if raw else ""

    def _turn(self, brace: bytes) -> None:
        if brace == b"{":
            self._outer.append(self._group)
        elif self._outer:
            self._group = self._outer.pop()
        self._starred = False

    def _obey(self, word: str, number: int | None) -> str:
        group, starred = self._group, self._starred
        self._starred = False
        if word == "htmltag":
            self._group = replace(group, unseen=False, for_rtf=False)
        elif word == "htmlrtf":
            self._group = replace(group, for_rtf=number != 0)
        elif word in _UNSEEN or starred:
            self._group = replace(group, unseen=True)
        elif word == "uc":
            self._group = replace(group, skip=max(0, min(number or 0, 20)))
        elif word == "f":
            self._font = number or 0
            self._group = replace(group, codec=self._fonts.get(self._font, self._codec or "cp1252"))
        elif word == "fcharset" and number in _CHARSETS:
            self._fonts[self._font] = _CHARSETS[number]
        elif group.unseen or (self._encapsulated and group.for_rtf):
            return ""
        elif word == "u" and number is not None:
            self._to_skip = group.skip
            return _letter(number)
        else:
            return _SPOKEN.get(word, "")
        return ""


def _letter(number: int) -> str:
    """A Unicode character, written as a signed number of 16 bits; one of larger ones is a half."""
    return chr(number % 65_536)
