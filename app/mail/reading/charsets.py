"""Bytes to text, whatever the label says: labels are widened, checked against the bytes and replaced when they lie."""

import codecs
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from app.mail.reading.doubling import undoubled
from app.mail.reading.guessing import by_lines, decode_strictly, guess, likeliest, nearly_utf8
from app.mail.reading.likeness import OF_MANY_BYTES, likelihood
from app.mail.reading.shifting import is_hz, shifted, windows_euc

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
_PLAUSIBLE, _CONVINCING, _POSSIBLE, _RUBBISH = 0.7, 0.6, 0.2, -0.55  # likelihoods
_MUCH, _MUCH_MORE = 0.35, 0.5  # differences of two
# Nobody outside of their country takes these for the own charset.
_AT_HOME = {"cp932": ("euc_jp",), "euc_jp": ("cp932",), "cp949": ()}
_ON_WINDOWS = {"big5hkscs": "cp950", "cp932": "shift_jisx0213"}
_PREFIX = re.compile(r"^(?:charset=)?(?:x-)*(?:cs)?")
_NUMBERED = re.compile(r"(?:cp|ibm|dos|windows|win|ms|codepage|ansi)?[- ]?0*(\d{3,5})")
_NATIONAL = re.compile(r"iso[- ]?8859[- ]?(\d{1,2})(?!\d)")
_USUAL = re.compile(
    "[\t\n\r -~\xa0-\u06ff\u0e00-\u0e5f\u2010-\u2030\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff00-\uffef]"
)
_MANY = 40  # foreign bytes, which speak for themselves
_FEW = 6  # characters of many bytes, that say little of what they are in
_WIDE = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")


def decode(content: bytes, label: str = "", likely: str = "") -> str:
    """Turn `content` into text. Never raises; what fits nothing becomes U+FFFD.

    `label` is the charset it claims, `likely` what to try first when that says nothing or is not true.
    """
    return undoubled(_HALVES.sub("\ufffd", _decoded(content, label, likely))) if content else ""


def codec_of(label: str) -> str | None:
    """The codec for a charset label, or None when it names no charset we know."""
    name = label.strip().strip("\"'").lower()[:60].partition("*")[0].strip()
    if len(name) > 40 or "\x00" in name:
        return None
    for form in _spellings(name):
        try:
            found = codecs.lookup(_WIDER.get(form, form)).name
        except (LookupError, ValueError, UnicodeError):
            continue
        if found in _TEXT_CODECS:
            return found
    return None


def _spellings(name: str) -> Iterator[str]:
    """A label as written, and what programs mean that call the same charset by another maker's name or its number."""
    yield from (name, name.replace("_", "-"))
    bare = _PREFIX.sub("", name.replace("_", "-"))
    yield bare
    if (numbered := _NUMBERED.fullmatch(bare)) is not None:
        yield f"cp{numbered[1]}"
    elif (national := _NATIONAL.match(bare)) is not None:
        yield f"iso-8859-{national[1]}"
        yield f"iso8859-{national[1]}"


def _decoded(content: bytes, label: str, likely: str) -> str:
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
        codec = codec_of(likely)
        long = sum(byte > 0x7F for byte in content[:2000]) > _MANY
        if codec in (None, "utf-8", *_WIDE) or long or nearly_utf8(content) is not None:
            return guess(content)
    if _is_utf8_in_disguise(content, codec):
        return content.decode("utf-8")
    if codec not in OF_MANY_BYTES and (text := by_lines(content, codec)) is not None:
        return text
    judged = _judged(content, codec)
    return _windows(content, codec) if judged == codec else content.decode(judged, "replace")


def _wide(content: bytes, codec: str | None) -> str:
    """UTF-16 or UTF-32 without a mark, which ASCII in it betrays; labels that say so often mean UTF-8."""
    if b"\x00" not in content and (text := decode_strictly(content, "utf-8")) is not None:
        return text
    if codec in (None, "utf-8", "utf-16"):
        codec = max("utf-16-le", "utf-16-be", key=lambda order: _usual_letters(content[:2000], order))
    return content.decode(codec or "utf-16-le", "replace")


def _usual_letters(content: bytes, order: str) -> int:
    """How often the bytes in this order are what people write."""
    text = content.decode(order, "replace")
    return len(_USUAL.findall(text)) + sum("\t" <= letter <= "~" for letter in text)


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


def _windows(content: bytes, codec: str) -> str:
    """Text in `codec` or, where bytes do not fit, with the characters that Windows alone has there."""
    text = decode_strictly(content, codec)
    if text is None and codec in _ON_WINDOWS:
        text = decode_strictly(content, _ON_WINDOWS[codec])
    elif text is None and codec == "euc_jp":
        text = windows_euc(content)
    return content.decode(codec, "replace") if text is None else text


def _judged(content: bytes, codec: str) -> str:
    """`codec`, unless its text is implausible and that of another one is not. A label that fits needs more to lose."""
    fits = "\ufffd" not in _windows(content, codec)
    own = likelihood(content, codec)
    high = sum(byte > 0x7F for byte in content[:100])
    few = codec not in OF_MANY_BYTES and high < 4
    is_utf8 = decode_strictly(content, "utf-8") is not None
    if fits and (codec in ("utf-7", "hz") or own >= _PLAUSIBLE or (few and not is_utf8)):
        return codec
    if is_utf8 or (not fits and nearly_utf8(content) is not None):
        return "utf-8"
    other = likeliest(content, codec, fits=fits)
    if not fits:
        return other
    if codec in _AT_HOME and other not in _AT_HOME[codec] and own > 0:
        return codec
    much = _MUCH if high >= 2 * _FEW or codec not in OF_MANY_BYTES else _MUCH_MORE
    needed = max(_CONVINCING if own > _RUBBISH else _POSSIBLE, own + much)
    return other if likelihood(content, other) >= needed else codec
