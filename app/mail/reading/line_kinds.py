"""What a line of a letter is by itself: empty, quote, separator, a phone's …; `lines` looks at its neighbours."""

import re
import tomllib
from pathlib import Path

from app.mail.reading.signatures import is_disclaimer, is_phone_line

EMPTY, QUOTE, DELIMITER, SIGNATURE, PHONE, HEADER, SEPARATOR, ATTRIBUTION, ARMOUR, CODE, TEXT = "eqdsphoaxct"

_LONGEST_SEPARATOR = 120

_TABLES: dict[str, list[str]] = tomllib.loads(Path(__file__).with_name("quoting.toml").read_text("utf-8"))
_SEPARATORS = frozenset(_TABLES["separators"])
_LONG_SEPARATORS = tuple(phrase for phrase in _TABLES["separators"] if len(phrase.encode()) >= 9)
_COPIED, _MESSAGE = tuple(_TABLES["copied"]), tuple(_TABLES["message"])
_REPLY_MARKERS = tuple(_TABLES["reply_markers"])
_REPLY_PLACES = tuple(_TABLES["reply_places"])
_DECORATION = "-_=*~/·•<>#+|—–―‐‑‒━─ー・＊＝＿◆◇■□☆★ \t"
_SIGNATURE_MARKS = ("--", "—", "–", "| |")  # of the net, of phones, of NetEase's cards
_DRAWN_ABOUT = re.compile(r"([-=*_~‐—–])\1{2,40} ?[^-=*_~‐—–]{2,50} ?\1{3,40}[:：]?")
_GROUPWISE = re.compile(r">>> [^>]{1,120}(?:<[^>]{1,120}>[^>]{0,60})?\d[^>]{0,60}>>>$")
_BRACKETS = "[]【】()「」"
_DRAWN_OR_BRACKETS = _DECORATION + _BRACKETS
_QUOTED = re.compile(r"[>＞》]|[a-z]{1,4}> |\| [^|]*$")


def kind_of(line: str) -> str:
    """What `line` (lower case, single blanks) is by itself."""
    if not line:
        return EMPTY
    if _QUOTED.match(line):
        return SEPARATOR if _GROUPWISE.match(line) else QUOTE
    if (line[0] in _DECORATION or line[-1] in _DECORATION) and (kind := _drawn(line)):
        return kind
    if is_separator(line):
        return SEPARATOR
    if is_phone_line(line):
        return PHONE
    return SIGNATURE if is_disclaimer(line) else TEXT


def _drawn(line: str) -> str:
    """The kind of a line that begins or ends with dashes and the like; empty when its words decide."""
    inner = line.strip(_DECORATION)
    if not inner:
        if "|" in line and ("-" in line or line.count("|") > 2):  # of a table
            return TEXT
        return SIGNATURE if line in _SIGNATURE_MARKS else DELIMITER
    if inner.startswith("begin pgp signed"):
        return ARMOUR
    return SIGNATURE if inner == "begin pgp signature" else ""


def is_separator(line: str) -> bool:
    """Whether `line` stands between a letter and the mail it answers: "-----Original Message-----" and its kin."""
    inner = line.strip(_DECORATION)
    if line.startswith("--") and "--" in inner and inner.split("--", 1)[0].strip() in _SEPARATORS:
        return True  # the line break behind it was lost
    if len(line) > _LONGEST_SEPARATOR:
        return False
    bare = inner.strip(_BRACKETS).strip()
    if bare in _SEPARATORS and (inner != line or bare != inner or bare.endswith((":", "：")) or _speaks(bare)):
        return True
    if line[0] in _DECORATION and line[:2].strip(_DECORATION) == "":
        if bare.startswith("forwarded by "):
            return True
        if line[-2:].strip(_DECORATION) == "" and bare.startswith(_LONG_SEPARATORS):
            return True
        if _DRAWN_ABOUT.fullmatch(line) and _says_copied(bare):
            return True
    if line[0] in _DRAWN_OR_BRACKETS and any(place in line for place in _REPLY_PLACES):
        return True
    return any(marker in line for marker in _REPLY_MARKERS)


def _says_copied(words: str) -> bool:
    """Whether `words` tell of a message and that it is the original or a forwarded one, in any order."""
    return any(word in words for word in _COPIED) and any(word in words for word in _MESSAGE)


def _speaks(phrase: str) -> bool:
    """Whether a separator needs no dashes around it: 原始邮件 does not, 原文 does."""
    return not phrase.isascii() and len(phrase) >= 4
