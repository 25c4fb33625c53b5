"""Which charset bytes are in, judged by the text that comes out: frequent characters speak for it, odd ones against."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from functools import cache
from operator import itemgetter
from pathlib import Path

_TABLES = tomllib.loads(Path(__file__).with_name("charsets.toml").read_text("utf-8"))
_FREQUENT: dict[str, str] = {name: letters.replace("\n", "") for name, letters in _TABLES["frequent"].items()}
_LETTERS: dict[str, str] = _TABLES["letters"]
ALPHABETS = {
    "cp1252": "latin",
    "cp1250": "central",
    "iso8859-2": "central",
    "cp1254": "turkish",
    "cp1251": "cyrillic",
    "koi8-r": "cyrillic",
    "koi8-u": "cyrillic",
    "iso8859-5": "cyrillic",
    "cp866": "cyrillic",
    "mac-cyrillic": "cyrillic",
    "cp1253": "greek",
    "iso8859-7": "greek",
    "cp1255": "hebrew",
    "iso8859-8": "hebrew",
    "cp1256": "arabic",
    "iso8859-6": "arabic",
    "cp874": "thai",
}
# How usual a charset is in mails without a true label. Alphabets of single bytes need more than a word to be believed.
CANDIDATES: dict[str, float] = {
    "gb18030": 0.2,
    "cp1252": 0.15,
    "big5hkscs": 0.15,
    "cp932": 0.15,
    "euc_jp": 0.15,
    "cp949": 0.15,
    "cp1251": 0.0,
    "koi8-r": 0.0,
    "cp1250": -0.1,
    "iso8859-2": -0.15,
    "cp1254": -0.15,
    "cp866": -0.2,
    "cp1253": -0.2,
    "cp1255": -0.25,
    "cp1256": -0.25,
    "cp874": -0.25,
}
OF_MANY_BYTES = frozenset(("gb18030", "big5hkscs", "cp932", "euc_jp", "cp949", "johab", "shift_jisx0213", "hz"))
_LATIN = ("latin", "central", "turkish")
_SAMPLE = 3000  # bytes that are judged
_MOST_SHIFTED = 1_048_576  # bytes that are read by hand
_TRUST_IN_LABEL = 0.25
_CERTAIN = 0.95
_SHIFTED = re.compile(rb"\x1b(?:\$[@AB]|\$\([A-D]|\([BIJ]|\$\)[ACG])")
_HZ = re.compile(rb"~\{(?:[!-w][!-~]){2,}~\}")
_HIGH = re.compile(rb"[\x80-\xff]")
_BAD = re.compile("[\ufffd\ue000-\uf8ff\x80-\x9f]")
_ALONE_IN_A_WORD = re.compile("(?<=[a-z])[\u4e00-\u9fff](?![\u4e00-\u9fff])")  # "öß" in "Größe" would be one
_FOREIGN_RUN = re.compile("[\u00c0-\u024f]{4,}")
_MIXED_SCRIPTS = re.compile("[A-Za-z][\u0370-\u0fff]|[\u0370-\u0fff][A-Za-z]")
_IMPOSSIBLE = re.compile(
    "[а-яё][А-ЯЁ](?=[а-яё])|[a-zß-öø-ÿ][À-ÖØ-Þ]|[À-ÿ][¡-¿×÷](?=[À-ÿ])|[α-ω][Α-Ω](?=[α-ω])|[เ-ไ][ะ-ฺ็-๎]|(?<![ก-๎])[ะ-ฺ็-๎]"
)


def guess(content: bytes) -> str:
    """Text of bytes without a (true) label."""
    text = decode_strictly(content, "utf-8")
    if text is not None and not _SHIFTED.search(content):
        return text
    if _SHIFTED.search(content):
        return shifted(content)
    return nearly_utf8(content) or content.decode(likeliest(content), "replace")


def likeliest(content: bytes, labelled: str = "", *, fits: bool = False) -> str:
    """The codec whose text looks most like a letter; `labelled`, what the mail claims, has the benefit of doubt.

    `fits`: every byte may be in the labelled one. Then only other kinds of charsets come into question: none of single
    bytes instead of one of many, none of one Latin alphabet instead of another.
    """
    usual = {codec: CANDIDATES[codec] for codec in CANDIDATES if not fits or _is_another_kind(codec, labelled, content)}
    if labelled:
        usual[labelled] = _TRUST_IN_LABEL
    best, score = labelled or "utf-8", -9.0
    for codec, prior in sorted(usual.items(), key=itemgetter(1), reverse=True):
        if score >= 1 + prior:  # what no text in this one or in those that follow can reach
            break
        if (own := likelihood(content, codec) + prior) > score:
            best, score = codec, own
    return best


def likelihood(content: bytes, codec: str) -> float:
    """How much `content` looks like a letter in `codec`: 1 (every foreign character is a frequent one) to -2."""
    text = _sample(content).decode(codec, "replace").removesuffix("\ufffd")
    counted = Counter(character for character in text if character > "\x7f")
    total = counted.total()
    if not total:
        return 0.0
    weights, other = _weights(codec)
    score = sum(count * weights.get(character, other) for character, count in counted.items())
    score -= 2 * len(_BAD.findall(text))
    if codec not in OF_MANY_BYTES:
        score -= 1.5 * (len(_MIXED_SCRIPTS.findall(text)) + len(_IMPOSSIBLE.findall(text)))
        score -= 2 * sum(map(len, _FOREIGN_RUN.findall(text)))
    else:
        score -= 1.5 * len(_ALONE_IN_A_WORD.findall(text))
    return max(-2.0, score / total)


def decode_strictly(content: bytes, codec: str) -> str | None:
    """`content` in `codec`, or None if one byte does not fit."""
    try:
        return content.decode(codec)
    except (UnicodeError, ValueError):
        return None


def nearly_utf8(content: bytes) -> str | None:
    """UTF-8 that was cut or damaged in a few places; None when it is more likely something else."""
    text = content[:65_536].decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = sum(character > "\x7f" for character in text) - broken
    if whole < 4 * broken and not (broken == 1 and whole >= 2):
        return None
    return content.decode("utf-8", "replace")


def shifted(content: bytes) -> str:
    """ISO-2022 in its kinds (RFC 1468, 1554, 1557, 1922), as mailers write it: with the characters of Windows, too."""
    if b"\x1b$)A" in content or b"\x1b$)G" in content:
        return _from_shifted_chinese(content)
    if b"\x1b$)C" in content:
        return content.decode("iso2022_kr", "replace")
    text = decode_strictly(content, "iso2022_jp_ext")
    if text is None:
        text = "".join(_from_shifted_japanese(content[:_MOST_SHIFTED]))
    return text


def is_hz(content: bytes) -> bool:
    """Whether ASCII is Chinese in HZ (RFC 1843)."""
    return _HZ.search(content) is not None and decode_strictly(content, "hz") is not None


def _sample(content: bytes) -> bytes:
    """Some of `content` from the line on in which the first foreign byte stands."""
    match = _HIGH.search(content)
    if match is None:
        return content[:_SAMPLE]
    start = max(content.rfind(b"\n", 0, match.start()) + 1, match.start() - 200)
    return content[start : start + _SAMPLE]


def _is_another_kind(codec: str, labelled: str, content: bytes) -> bool:
    if codec in OF_MANY_BYTES:
        return True
    if labelled in OF_MANY_BYTES:
        return codec == "cp1252" and likelihood(content, codec) >= _CERTAIN
    latin = _alphabet(labelled) in _LATIN
    return _alphabet(codec) not in _LATIN if latin else _alphabet(codec) in ("latin", _alphabet(labelled))


@cache
def _weights(codec: str) -> tuple[dict[str, float], float]:
    """What each character speaks for `codec`, and what all the others do."""
    marks = dict.fromkeys(_LETTERS["cjk_marks"], 0.8)
    if codec == "gb18030":
        traditional = {letter: 0.5 * weight for letter, weight in _ranked(_FREQUENT["taiwanese"]).items()}
        return _plane(0xB0, 0xD7, "gb2312") | traditional | _ranked(_FREQUENT["chinese"]) | marks, -0.4
    if codec == "big5hkscs":
        return _plane(0xA4, 0xC6, "big5") | _ranked(_FREQUENT["taiwanese"]) | marks, -0.4
    if codec in ("cp932", "euc_jp"):
        kana = dict.fromkeys(map(chr, range(0x3041, 0x30FD)), 0.9)
        half = dict.fromkeys(map(chr, range(0xFF61, 0xFFA0)), -0.2)
        return _plane(0xB0, 0xCF, "euc_jp") | half | kana | _ranked(_FREQUENT["japanese"]) | marks, -0.4
    if codec == "cp949":
        hangul = dict.fromkeys(_plane(0xB0, 0xC8, "euc_kr"), 0.3)
        return hangul | _ranked(_FREQUENT["korean"]) | marks, -0.4
    letters = _LETTERS[_alphabet(codec)]
    capitals = dict.fromkeys(letters.upper(), 0.5)
    return capitals | dict.fromkeys(letters, 1.0) | dict.fromkeys(_LETTERS["marks"], 0.8), -0.5


def _alphabet(codec: str) -> str:
    return ALPHABETS.get(codec, "latin")


def _ranked(letters: str) -> dict[str, float]:
    return {letter: 1.0 if rank < 500 else 0.8 for rank, letter in enumerate(letters)}


def _plane(first: int, last: int, codec: str) -> dict[str, float]:
    """The everyday half of a national set: the rows from `first` to `last`."""
    rows = (
        bytes((row, column)) for row in range(first, last + 1) for column in (*range(0x40, 0x7F), *range(0xA1, 0xFF))
    )
    return dict.fromkeys(_decodable(rows, codec), 0.1)


def _decodable(pairs: Iterable[bytes], codec: str) -> Iterable[str]:
    for pair in pairs:
        if (text := decode_strictly(pair, codec)) is not None and len(text) == 1:
            yield text


def _from_shifted_japanese(content: bytes) -> Iterable[str]:
    """ISO-2022-JP with the rows of NEC and IBM, which the codec refuses: each stretch as what its escape says."""
    kind = b"(B"
    for piece in re.split(rb"\x1b(\$[@AB]|\$\([A-D]|\([A-J])", content):
        if piece[:1] in (b"$", b"(") and len(piece) in (2, 3) and _ESCAPE.fullmatch(piece):
            kind = piece
        elif kind in (b"$@", b"$B", b"$(B"):
            for line in re.split(rb"(\n)", piece):  # a line break ends what was not closed
                yield "\n" if line == b"\n" else _windows_japanese(line)
        elif kind == b"(I":
            yield bytes(byte | 0x80 if byte > 0x20 else byte for byte in piece).decode("cp932", "replace")
        else:
            codec = {b"$A": "gb2312", b"$(A": "gb2312", b"$(C": "euc_kr"}.get(kind, "utf-8")
            raw = bytes(byte | 0x80 for byte in piece) if codec != "utf-8" else piece
            yield raw.decode(codec, "replace")


_ESCAPE = re.compile(rb"\$[@AB]|\$\([A-D]|\([A-J]")


def _windows_japanese(pairs: bytes) -> str:
    """JIS X 0208 with its Windows extensions: the same places as in Shift_JIS, counted in another way."""
    found = bytearray()
    for high, low in zip(pairs[::2], pairs[1::2], strict=False):
        row, column = (high & 0x7F) - 0x21, (low & 0x7F) - 0x21
        lead = row // 2 + (0x81 if row < 62 else 0xC1)
        trail = column + (0x9F if row % 2 else 0x40 + (column >= 63))
        found += bytes((lead & 0xFF, trail & 0xFF))
    return bytes(found).decode("cp932", "replace")


def _from_shifted_chinese(content: bytes) -> str:
    plain = re.sub(rb"\x1b[$][)*+][A-G]", b"", content)
    eight = re.sub(rb"\x0e([^\x0f\n]*)\x0f?", lambda match: bytes(byte | 0x80 for byte in match[1]), plain)
    return eight.decode("gb18030", "replace")
