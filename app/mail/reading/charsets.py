"""Bytes to text, whatever the label says: labels are widened, checked against the bytes and replaced when they lie."""

import codecs
import re

# A superset costs nothing where the label was right, and saves the text where a mailer wrote the subset's name.
WIDER = {
    "ascii": "utf-8",
    "us-ascii": "utf-8",
    "ansi_x3.4-1968": "utf-8",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "euc-cn": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "cp936": "gb18030",
    "ms936": "gb18030",
    "windows-936": "gb18030",
    "chinese": "gb18030",
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "cp950": "big5hkscs",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "latin1": "cp1252",
    "l1": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "korean": "cp949",
    "euc-kr": "cp949",
    "iso-2022-jp": "iso2022_jp_ext",
    "iso-8859-8-i": "iso8859-8",
    "unicode-1-1-utf-7": "utf-7",
    "utf8mb4": "utf-8",
    "unicode": "utf-8",
}

# Only codecs that turn bytes into text. "idna" hangs on long input, "zlib" and "rot13" are no charsets.
_TEXT_CODECS = frozenset(
    codecs.lookup(name).name
    for line in (
        "utf-8 utf-7 utf-16 utf-16-le utf-16-be utf-32 gb18030 hz big5hkscs cp932 euc_jp shift_jisx0213",
        "iso2022_jp_ext iso2022_jp_2004 iso2022_kr cp949 johab koi8_r koi8_u koi8_t kz1048",
        "mac_roman mac_cyrillic mac_latin2 mac_greek mac_turkish",
        "cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 cp874",
        "cp437 cp850 cp852 cp855 cp857 cp858 cp862 cp864 cp865 cp866 cp869",
        "iso8859-2 iso8859-3 iso8859-4 iso8859-5 iso8859-6 iso8859-7 iso8859-8",
        "iso8859-10 iso8859-13 iso8859-14 iso8859-15 iso8859-16",
    )
    for name in line.split()
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ESCAPES = re.compile(rb"\x1b(?:\$[@AB(]|\([BIJ])")
_CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
_WITHIN_A_WORD = re.compile(r"(?<=[a-z])[\u4e00-\u9fff](?![\u4e00-\u9fff])")
_HALVES = re.compile("[\ud800-\udfff]")  # UTF-7 may leave halves of characters, which nothing else takes
_RARE = re.compile(r"[\ue000-\uf8ff\ufffd\u0080-\u009f]")


def decode(content: bytes, label: str = "") -> str:
    """Turn `content` into text; `label` is the charset it claims. Never raises; what fits nothing becomes U+FFFD."""
    return _HALVES.sub("\ufffd", _decoded(content, label))


def _decoded(content: bytes, label: str) -> str:
    for mark, name in _MARKS:
        if content.startswith(mark):
            return content[len(mark) if name == "utf-8" else 0 :].decode(name, "replace")
    codec = codec_of(label)
    if codec is None or codec == "utf-8" or _is_utf8_in_disguise(content, codec):
        return _decode_strictly(content, "utf-8") or guess(content)
    text = _decode_strictly(content, codec)
    if text is not None:
        return text
    guessed = guess(content)
    return guessed if "\ufffd" not in guessed else content.decode(codec, "replace")


def codec_of(label: str) -> str | None:
    """The codec for a charset label, or None when it names no charset we know."""
    name = label.strip().strip("\"'").lower()[:40]
    name = WIDER.get(name, name)
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError, UnicodeError):
        return None
    return found if found in _TEXT_CODECS else None


def guess(content: bytes) -> str:
    """Text of bytes without a (true) label: UTF-8, then ISO-2022, then the likelier of GB18030 and Windows-1252."""
    text = _decode_strictly(content, "utf-8")
    if text is None and _ESCAPES.search(content):
        text = _decode_strictly(content, "iso2022_jp_ext")
    if text is None:
        text = _decode_strictly(content, "gb18030")
        if text is not None and not _looks_chinese(text):
            text = _decode_strictly(content, "cp1252")
    if text is None:
        text = _decode_strictly(content, "cp1252")
    return content.decode("utf-8", "replace") if text is None else text


def _is_utf8_in_disguise(content: bytes, codec: str) -> bool:
    """Multi-byte UTF-8 is so regular that bytes which fit it are it, whatever the label says.

    Two bytes of GBK or Big5 may look like one Latin or Greek letter of UTF-8; three cannot look like a Chinese one.
    """
    if codec.startswith(("utf", "iso2022", "hz")) or content.isascii():
        return False
    text = _decode_strictly(content, "utf-8")
    if text is None:
        return False
    return codec.startswith(("cp125", "iso8859", "koi8", "mac")) or any(character > "\u07ff" for character in text)


def _looks_chinese(text: str) -> bool:
    foreign = sum(character > "\x7f" for character in text)
    chinese = len(_CHINESE.findall(text))
    if not chinese or chinese == len(_WITHIN_A_WORD.findall(text)):  # "öß" in "Größe" would be one
        return False
    return chinese >= 0.7 * foreign and not _RARE.search(text)


def _decode_strictly(content: bytes, codec: str) -> str | None:
    try:
        return content.decode(codec)
    except (UnicodeError, ValueError):
        return None
