"""What stands below a letter and is no part of it: lines of phones, cards below a drawn line, disclaimers, "-Name"."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LONGEST = 140  # characters of a phone's line
_WRAPPED = 45  # columns from which a line may be one of a paragraph that a program breaks
_LONGEST_PLEA = 160  # characters of "Please consider the environment …"
_SHORT = 60  # columns of a line in a card: a name, a street
_AT_ONCE = 3  # words after the beginning
_SENTENCE = 9  # words of a line that goes on without the marks of a card
_CARD = 8  # lines of a card that stands in a box

_TABLES: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
_NAMES: dict[str, tuple[str, ...]] = {kind: tuple(names) for kind, names in _TABLES["names"].items()}
_EVIDENCE = tuple(_TABLES["evidence"]["words"])
_LINES = frozenset(_TABLES["lines"]["equal"])
_DISCLAIMERS = tuple(_TABLES["disclaimers"]["starts"])
_COMPANY = tuple(_TABLES["company"]["starts"])
_COMPANY_WORDS = tuple(_TABLES["company"]["words"])
_COMPANY_MEDIUM = tuple(_TABLES["company"]["medium"])
_PRINT, _SPARE = tuple(_TABLES["paper"]["print"]), tuple(_TABLES["paper"]["spare"])
_COMPANY_MORE = tuple(_TABLES["company"]["more"])
_EDGES = "-_=*~·•#+|—–()[]（）【】「」.。 "
_LINK = re.compile(r"<?https?://[^\s>]{0,500}>?")
_CLAUSE = re.compile(r"[,;，；。！!?？]|\. | - ")
_CARD_MARKS = re.compile(r"[\d@|,:/&•·–-]")
_NAME = r"[^\W\d_a-z][^\W\d_]*[.'’-]?"
_SIGNED = re.compile(rf"(?:[-–—~]{{1,2}}|[–—] )(?:{_NAME}(?: {_NAME}){{0,3}})$|[-–—]{{1,2}} ?[\u4e00-\u9fff]{{2,4}}$")


@dataclass(frozen=True, slots=True)
class _Rule:
    """How a phone's line looks: one of the beginnings and of the ends, a name of a list, and so many words."""

    starts: tuple[str, ...]
    ends: tuple[str, ...]
    names: tuple[str, ...]
    at_once: bool
    words: int


_RULES = [
    _Rule(
        tuple(sorted(rule.get("starts", ()), key=len, reverse=True)),
        tuple(rule.get("ends", ())),
        _NAMES.get(rule.get("names", ""), ()),
        rule.get("at_once", False),
        rule["words"],
    )
    for rule in _TABLES["phones"]
]
_ANY_START = tuple({start for rule in _RULES for start in rule.starts})
_ANY_END = tuple({end for rule in _RULES if not rule.starts for end in rule.ends})


def is_phone_line(line: str) -> bool:
    """Whether `line` (lower case) is "Sent from my phone" or its kin; a sentence that begins so is none."""
    if "http" in line:
        line = _LINK.sub(" ", line)
    bare = line.strip(_EDGES)
    if bare in _LINES:
        return True
    if not bare.startswith(_ANY_START) and not bare.endswith(_ANY_END):
        return False
    bare = " ".join(bare.split())
    return len(bare) <= _LONGEST and any(_fits(bare, rule) for rule in _RULES)


def is_disclaimer(line: str) -> bool:
    """Whether `line` (lower case) begins a company's words about confidence, viruses or trees."""
    if line.lstrip(_EDGES).startswith(_DISCLAIMERS):
        return True
    return len(line) <= _LONGEST_PLEA and all(_holds(line, words) for words in (_SPARE, _PRINT, _COMPANY_MEDIUM))


def is_company(lines: Sequence[str]) -> bool:
    """Whether the first of `lines` (lower case) begins a company's words about confidence, as all of them show."""
    if not lines[0].lstrip(_EDGES).startswith(_COMPANY) or columns(lines[0]) < _WRAPPED:
        return False
    text = " ".join(lines)
    if not _holds(text, _COMPANY_MEDIUM):
        return False
    said = sum(word in text for word in _COMPANY_WORDS)
    return said > 1 or (said == 1 and _holds(text, _COMPANY_MORE))


def _holds(text: str, words: tuple[str, ...]) -> bool:
    return any(word in text for word in words)


def is_signed(line: str) -> bool:
    """Whether `line` (as written) is a dash and a name, and nothing else."""
    return len(line) <= _SHORT and _SIGNED.match(line.strip()) is not None


def _fits(line: str, rule: _Rule) -> bool:
    if rule.ends and not line.endswith(rule.ends):
        return False
    start = next((start for start in rule.starts if line.startswith(start)), "")
    if rule.starts and not start:
        return False
    clause, *more = _CLAUSE.split(line[len(start) :], maxsplit=1)
    words = clause.split()
    if len(words) > rule.words or (more and not rule.names):
        return False
    looked_at = " ".join(words[:_AT_ONCE]) if rule.at_once else clause
    return not rule.names or any(name in looked_at for name in rule.names)


@dataclass(slots=True)
class Card:
    """What stands between a drawn line and the end of a letter, collected from the bottom up."""

    lines: int = 0
    prose: bool = False
    evident: bool = False
    boxed: bool = False  # a drawn line ends it
    below: int = 0  # lines of words below that line

    def add(self, line: str) -> None:
        """One more line of words (lower case) on top."""
        self.lines += 1
        self.prose = self.prose or is_prose(line)
        self.evident = self.evident or any(word in line for word in _EVIDENCE)

    def is_signature(self, *, tight: bool) -> bool:
        """Whether the line drawn above is a signature's. `tight`: words touch it on both sides, as below a heading."""
        if not self.lines or self.below:
            return False
        if self.evident and not (self.prose and self.lines == 1):
            return True
        if self.boxed and self.lines <= _CARD and not self.prose:
            return True
        return not self.prose and self.lines <= (2 if tight else 4)

    def over(self, *, signature: bool) -> "Card":
        """The next card, above the line that was drawn over this one."""
        return Card(boxed=True, below=0 if signature else self.below + self.lines)


def is_prose(line: str) -> bool:
    """A long line, a question, a sentence of some words or a Chinese one: nothing that a card has."""
    if (
        columns(line) > _SHORT
        or line.endswith(("?", "？", "。", "！"))
        or ("，" in line and columns(line) > _SHORT // 3)
    ):
        return True
    words = len(line.split())
    return (words >= 6 and line.endswith((".", "!"))) or (words >= _SENTENCE and not _CARD_MARKS.search(line))


def columns(line: str) -> int:
    """The width of `line`, in which a Chinese character takes two columns."""
    return len(line) + sum(character > "\u1100" for character in line)
