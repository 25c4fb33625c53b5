"""Bytes to text, whatever the label says: labels are widened, checked against the bytes and replaced when they lie."""

import codecs
import re
import tomllib
from pathlib import Path

from app.mail.reading.guessing import (
    OF_MANY_BYTES,
    decode_strictly,
    guess,
    is_hz,
    likeliest,
    likelihood,
    nearly_utf8,
    shifted,
)

_TABLES = tomllib.loads(Path(__file__).with_name("charsets.toml").read_text("utf-8"))
_WIDER: dict[str, str] = {name: codec for codec, names in _TABLES["wider"].items() for name in names.split()}
_TEXT_CODECS = frozenset(codecs.lookup(name).name for name in _TABLES["text"]["codecs"].split())
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_HALVES = re.compile("[\ud800-\udfff]")  # UTF-7 may leave halves of characters, which nothing else takes
_PLAUSIBLE, _CONVINCING, _MUCH = 0.7, 0.6, 0.35  # likelihoods, and a difference of two
_WIDE = ("utf-16", "utf-16-le", "utf-16-be", "utf-32")


def decode(content: bytes, label: str = "") -> str:
    """Turn `content` into text; `label` is the charset it claims. Never raises; what fits nothing becomes U+FFFD."""
    return _HALVES.sub("\ufffd", _decoded(content, label)) if content else ""


def codec_of(label: str) -> str | None:
    """The codec for a charset label, or None when it names no charset we know."""
    name = label.strip().strip("\"'").lower()[:60].partition("*")[0].strip()
    found = next((_WIDER[form] for form in (name, name.replace("_", "-")) if form in _WIDER), name)
    if len(found) > 40 or "\x00" in found:
        return None
    try:
        found = codecs.lookup(found).name
    except (LookupError, ValueError, UnicodeError):
        return None
    return found if found in _TEXT_CODECS else None


def _decoded(content: bytes, label: str) -> str:
    for mark, name in _MARKS:
        if content.startswith(mark):
            return content[len(mark) if name in ("utf-8", "gb18030") else 0 :].decode(name, "replace")
    codec = codec_of(label)
    if codec in _WIDE or (codec in (None, "utf-8") and content.count(b"\x00") * 3 > len(content) > 3):
        return _wide(content, codec)
    if b"\x1b" in content or codec in ("iso2022_kr", "iso2022_jp_ext"):
        return _shifted(content, codec)
    if content.isascii() and codec != "utf-7":
        return content.decode("hz" if codec in ("hz", "gb18030", None) and is_hz(content) else "ascii")
    if codec is None or codec == "utf-8":
        return guess(content)
    if _is_utf8_in_disguise(content, codec):
        return content.decode("utf-8")
    return content.decode(_judged(content, codec), "replace")


def _wide(content: bytes, codec: str | None) -> str:
    """UTF-16 or UTF-32 without a mark, which ASCII in it betrays; labels that say so often mean UTF-8."""
    if b"\x00" not in content and (text := decode_strictly(content, "utf-8")) is not None:
        return text
    if codec == "utf-32":
        return content.decode(codec, "replace")
    if codec in (None, "utf-8", "utf-16"):
        codec = "utf-16-le" if content[1::2].count(0) >= content[::2].count(0) else "utf-16-be"
    return content.decode(codec or "utf-16-le", "replace")


def _shifted(content: bytes, codec: str | None) -> str:
    if codec == "iso2022_kr" and b"\x1b$)C" not in content:  # in headers the announcement is often left out
        content = b"\x1b$)C" + content
    if not content.isascii() and (codec is None or not codec.startswith("iso2022")):
        return guess(content) if codec is None else content.decode(codec, "replace")
    return shifted(content) if content.isascii() else guess(content)


def _is_utf8_in_disguise(content: bytes, codec: str) -> bool:
    """Multi-byte UTF-8 is so regular that bytes which fit it are it, whatever the label says.

    Two bytes of GBK or Big5 may look like one Latin or Greek letter of UTF-8; three cannot look like a Chinese one.
    """
    if codec.startswith(("utf", "iso2022", "hz")):
        return False
    text = decode_strictly(content, "utf-8")
    if text is None:
        return False
    return codec.startswith(("cp125", "iso8859", "koi8", "mac")) or any(character > "\u07ff" for character in text)


def _judged(content: bytes, codec: str) -> str:
    """`codec`, unless its text is implausible and that of another one is not. A label that fits needs more to lose."""
    fits = decode_strictly(content, codec) is not None
    own = likelihood(content, codec)
    few = codec not in OF_MANY_BYTES and sum(byte > 0x7F for byte in content[:100]) < 4
    if fits and (codec in ("utf-7", "hz") or few or own >= _PLAUSIBLE):
        return codec
    if decode_strictly(content, "utf-8") is not None or (not fits and nearly_utf8(content) is not None):
        return "utf-8"
    other = likeliest(content, codec, fits=fits)
    return other if not fits or likelihood(content, other) >= max(_CONVINCING, own + _MUCH) else codec
