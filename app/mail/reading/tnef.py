"""Outlook's winmail.dat (MS-OXTNEF): the files and the text in it, within limits. Pure; never raises."""

import struct
from dataclasses import dataclass, field

from app.mail.reading.charsets import codec_of, decode
from app.mail.reading.rtf import read_rtf, unpack

MAX_DEPTH = 4  # messages in messages
MAX_FILES = 200
MAX_PROPERTIES = 1_000
MAX_VALUES = 20  # of one property

SIGNATURE = b"\x78\x9f\x3e\x22"
_SUBJECT, _BODY, _CODEPAGE, _PROPERTIES = 0x00018004, 0x0002800C, 0x00069007, 0x00069003
_FILE, _FILE_TITLE, _FILE_DATA, _FILE_PROPERTIES = 0x00069002, 0x00018010, 0x0006800F, 0x00069005
_FILE_TRANSPORT_NAME = 0x00069001
# Properties by their ids, see MS-OXPROPS.
_P_SUBJECT, _P_BODY, _P_RTF, _P_HTML, _P_CODEPAGE = 0x0037, 0x1000, 0x1009, 0x1013, 0x3FDE
_P_NAME, _P_DATA, _P_SHORT, _P_LONG, _P_TYPE, _P_CONTENT_ID = 0x3001, 0x3701, 0x3704, 0x3707, 0x370E, 0x3712
_OBJECT, _STRING8, _UNICODE, _BINARY = 0x0D, 0x1E, 0x1F, 0x102
_SIZES = {0: 0, 1: 0, 2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}

Properties = dict[int, bytes | str]


@dataclass(slots=True)
class EnclosedFile:
    """A file in the container. `message`: it is a mail of its own."""

    name: str = ""
    type: str = ""
    content_id: str = ""
    content: bytes = b""
    message: "Container | None" = None
    seen: set[int] = field(default_factory=set)  # the kinds of attributes that were read


@dataclass(slots=True)
class Container:
    """What a winmail.dat holds."""

    subject: str = ""
    text: str = ""
    html: str = ""
    files: list[EnclosedFile] = field(default_factory=list)
    codepage: str = "cp1252"


def read_tnef(content: bytes, depth: int = 0) -> Container | None:
    """Read a container; None if `content` is none. One that breaks off gives what stood before."""
    if len(content) < 6 or not content.startswith(SIGNATURE):
        return None
    container, at = Container(), 6
    rtf = b""
    try:
        while at + 9 <= len(content) and len(container.files) < MAX_FILES:
            _, kind, size = struct.unpack_from("<BII", content, at)
            value = content[at + 9 : at + 9 + size]
            at += 9 + size + 2
            if kind == _PROPERTIES:
                rtf = _take_properties(container, _properties(value, container.codepage)) or rtf
            else:
                _take(container, kind, value, depth)
    except (struct.error, ValueError, IndexError):
        pass  # what could be read is read
    if rtf and not container.html:
        text, container.html = read_rtf(unpack(rtf))
        container.text = container.text or text
    return container


def _take(container: Container, kind: int, value: bytes, depth: int) -> None:
    if kind == _FILE:
        container.files.append(EnclosedFile())
    elif kind == _CODEPAGE and len(value) >= 4:
        container.codepage = codec_of(f"cp{struct.unpack_from('<I', value)[0]}") or "cp1252"
    elif kind == _SUBJECT:
        container.subject = container.subject or _string(value, container.codepage)
    elif kind == _BODY:
        container.text = container.text or _string(value, container.codepage)
    elif kind in (_FILE_TITLE, _FILE_TRANSPORT_NAME, _FILE_DATA, _FILE_PROPERTIES):
        _take_of_file(_open_file(container, kind), kind, value, container.codepage, depth)


def _open_file(container: Container, kind: int) -> EnclosedFile:
    """The file that an attribute belongs to: a new one where a second of its kind comes without any announcement."""
    if not container.files or kind in container.files[-1].seen:
        container.files.append(EnclosedFile())
    container.files[-1].seen.add(kind)
    return container.files[-1]


def _take_of_file(file: EnclosedFile, kind: int, value: bytes, codepage: str, depth: int) -> None:
    if kind in (_FILE_TITLE, _FILE_TRANSPORT_NAME):
        file.name = file.name or _string(value, codepage)
    elif kind == _FILE_DATA:
        file.content = value
    else:
        _take_file_properties(file, _properties(value, codepage), depth)


def _take_properties(container: Container, found: Properties) -> bytes:
    """Take the text of the message; returns its rich text, still packed."""
    page = found.get(_P_CODEPAGE)
    container.subject = _text(found.get(_P_SUBJECT)) or container.subject
    container.text = _text(found.get(_P_BODY)) or container.text
    html = found.get(_P_HTML, "")
    if isinstance(html, bytes):
        html = decode(
            html, f"cp{struct.unpack_from('<I', page)[0]}" if isinstance(page, bytes) and len(page) >= 4 else ""
        )
    container.html = html or container.html
    packed = found.get(_P_RTF, b"")
    return packed if isinstance(packed, bytes) else b""


def _take_file_properties(file: EnclosedFile, found: Properties, depth: int) -> None:
    names = (_text(found.get(kind)) for kind in (_P_LONG, _P_SHORT))
    file.name = next(filter(None, names), "") or file.name or _text(found.get(_P_NAME))
    file.type = _text(found.get(_P_TYPE)) or file.type
    file.content_id = _text(found.get(_P_CONTENT_ID)).strip("<>") or file.content_id
    data = found.get(_P_DATA)
    if not isinstance(data, bytes):
        return
    inner = read_tnef(data[16:], depth + 1) if depth < MAX_DEPTH else None  # an interface's id stands before it
    if inner is not None:
        file.message, file.content = inner, data[16:]
    elif not file.content:
        file.content = data


def _properties(value: bytes, codepage: str) -> Properties:
    """The MAPI properties of a block, by their ids; of several values the first. Named ones are passed over."""
    found: Properties = {}
    at = 4
    for _ in range(min(struct.unpack_from("<I", value)[0], MAX_PROPERTIES)):
        if at + 4 > len(value):
            break
        kind, name = struct.unpack_from("<HH", value, at)
        at += 4
        is_named = name >= 0x8000
        if is_named:
            at = _after_name(value, at)
        several, kind = bool(kind & 0x1000), kind & 0x0FFF
        is_long = kind in (_OBJECT, _STRING8, _UNICODE, _BINARY)
        count = 1
        if several or is_long:
            count, at = struct.unpack_from("<I", value, at)[0], at + 4
        if count > MAX_VALUES:
            return found
        for place in range(count):
            size = _SIZES.get(kind, -1)
            if is_long:
                size, at = struct.unpack_from("<I", value, at)[0], at + 4
            if size < 0 or at + size > len(value) + 3:
                return found
            if place == 0 and not is_named:
                found.setdefault(name, _value(kind, value[at : at + size], codepage))
            at += size + -size % 4
    return found


def _after_name(value: bytes, at: int) -> int:
    by_words = struct.unpack_from("<I", value, at + 16)[0]
    size = struct.unpack_from("<I", value, at + 20)[0]
    return at + 24 + (size + -size % 4 if by_words else 0)


def _value(kind: int, raw: bytes, codepage: str) -> bytes | str:
    if kind == _UNICODE:
        return raw.decode("utf-16-le", "replace").split("\x00", 1)[0]
    return _string(raw, codepage) if kind == _STRING8 else raw


def _string(raw: bytes, codepage: str) -> str:
    return decode(raw.split(b"\x00", 1)[0], codepage)


def _text(value: bytes | str | None) -> str:
    return value if isinstance(value, str) else ""
