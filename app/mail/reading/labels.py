"""What charset a mail is written in where it does not say so: raw header fields, texts without a label. Pure."""

import re
import tomllib
from pathlib import Path

from app.mail.reading.charsets import codec_of, decode
from app.mail.reading.guessing import decode_strictly, likeliest
from app.mail.reading.headers import MAX_VALUE
from app.mail.reading.parts import Part, read_type
from app.mail.reading.transfer import undo

_TABLES = tomllib.loads(Path(__file__).with_name("charsets.toml").read_text("utf-8"))
_HOMES: dict[str, str] = {home: codec for codec, homes in _TABLES["homes"].items() for home in homes.split()}
_WORD = re.compile(rb"=\?([\w.:-]{2,40})(?:\*[\w-]{0,20})?\?[bBqQ]\?")
_META = re.compile(rb"<(?:meta|\?xml)[^>]{0,200}(?:charset|encoding)\s*=\s*[\"']?([\w.:-]{2,40})", re.IGNORECASE)
_DOMAIN = re.compile(rb"@([\w.-]{1,200})")
_LOOKED_AT = 6_000  # bytes of a text, a multiple of four: of base64, too
_MOST_TEXTS = 20


def label_raw(parts: list[Part]) -> None:
    """Turn raw bytes in header fields to UTF-8, and note for each text what the rest of the mail is written in."""
    raw = [part for part in parts if any(not value.isascii() for _, value in part.fields)]
    texts = [part for part in parts if part.type.startswith("text/")][:_MOST_TEXTS]
    beginnings = [_beginning(part) for part in texts]
    if not raw and all(text.isascii() for text in beginnings):
        return
    label = _said(parts, beginnings) or _guessed(parts, beginnings)
    for part in texts:
        part.likely_charset = label
    for part in raw if label else ():
        part.fields = [(name, _in_utf8(value, label)) for name, value in part.fields]
        if not part.children:
            read_type(part)


def meta_label(html: bytes) -> str:
    """The charset that a page names itself."""
    found = _META.search(html[:4096])
    return found[1].decode("ascii", "replace") if found else ""


def _said(parts: list[Part], beginnings: list[bytes]) -> str:
    """The first charset that is named anywhere and says something: UTF-8 would have been recognised."""
    named = [part.type_parameters.get("charset", "") for part in parts]
    for field in ("subject", "from", "to"):
        named += [word[1].decode("ascii", "replace") for word in _WORD.finditer(parts[0].raw(field)[:MAX_VALUE])]
    named += [meta_label(text) for text in beginnings]
    return next((label for label in named if codec_of(label) not in (None, "utf-8")), "")


def _guessed(parts: list[Part], beginnings: list[bytes]) -> str:
    """What all raw bytes together look like: a name alone says too little. The sender's country has a say."""
    fields = [value for name, value in parts[0].fields if name in ("subject", "from", "to", "cc")]
    sample = b"\n".join(text for text in (*beginnings, *fields) if not text.isascii())
    if not sample or decode_strictly(sample, "utf-8") is not None:
        return ""
    return likeliest(sample, _home(parts[0]))


def _home(root: Part) -> str:
    found = _DOMAIN.search(root.raw("from")[:MAX_VALUE])
    labels = found[1].decode("ascii", "replace").lower().strip(".").split(".") if found else [""]
    return _HOMES.get(".".join(labels[-2:])) or _HOMES.get(labels[-1], "")


def _beginning(part: Part) -> bytes:
    return undo(part.raw("content-transfer-encoding"), part.body[:_LOOKED_AT], is_text=True)[:_LOOKED_AT]


def _in_utf8(value: bytes, label: str) -> bytes:
    return value if value.isascii() else decode(value[:MAX_VALUE], "", label).encode("utf-8", "replace")
