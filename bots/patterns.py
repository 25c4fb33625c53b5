"""The notation of rules: words, [concepts], (a | b), optional?, beginnings*, and ... for a bounded gap.

A pattern becomes one regular expression in which every repetition is bounded, so that no message can make it slow.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

_EN_GAP = 5  # words
_ZH_GAP = 8  # characters
_PIECE = re.compile(r"\.\.\.|\^{1,2}|\${1,2}|\[[a-z_]+\]\??|\([^()]*\)\??|<[a-z]+>\??|[^\s\[\]()<>.?^$]+\??")
# ^ and $: the edges of a part between commas; doubled: of the whole sentence.
_EN_EDGES = {"^": r"(?:\A|(?<= ,))", "$": r"(?= ,| \Z)", "^^": r"\A", "$$": r"(?= \Z)"}
_ZH_EDGES = {"^": r"(?:\A|(?<=,))", "$": r"(?=,|\Z)", "^^": r"\A", "$$": r"\Z"}
_ALTERNATIVES = re.compile(r"\s*\|\s*")
_WORD = re.compile(r"[a-z0-9,&+<>_]+\*?")

Concepts = Mapping[str, tuple[str, ...]]


class PatternError(ValueError):
    """A pattern cannot be read; the text says which one and why."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern, and the words of which one must be there for it to be worth trying."""

    say: str
    expression: re.Pattern[str]
    anchors: frozenset[str]  # English: words, or beginnings with *; Chinese: one or two characters
    words: frozenset[str]  # English: every word it can match


@dataclass(frozen=True, slots=True)
class _Element:
    phrases: tuple[str, ...]
    optional: bool


def compile_english(say: str, concepts: Concepts) -> Pattern:
    """Compile one English pattern. Raises PatternError."""
    parts = [""]
    elements = []
    for piece in _read(say):
        if piece == "...":
            parts.append(rf"(?: [^ ]+){{0,{_EN_GAP}}}?")
        elif piece in _EN_EDGES:
            parts.append(_EN_EDGES[piece])
        else:
            element = _element(piece, say, concepts)
            elements.append(element)
            options = "|".join(_english_phrase(phrase, say) for phrase in element.phrases)
            parts.append(f"(?: (?:{options}))" + ("?" if element.optional else ""))
    expression = "".join(parts) + "(?= )"
    words = frozenset(word for element in elements for phrase in element.phrases for word in phrase.split())
    return Pattern(say, _expression(expression), _anchors(elements, say, _english_anchor), words)


def compile_chinese(say: str, concepts: Concepts) -> Pattern:
    """Compile one Chinese pattern; spaces in it only make it readable. Raises PatternError."""
    parts = []
    elements = []
    for piece in _read(say):
        if piece == "...":
            parts.append(f".{{0,{_ZH_GAP}}}?")
        elif piece in _ZH_EDGES:
            parts.append(_ZH_EDGES[piece])
        else:
            element = _element(piece, say, concepts)
            elements.append(element)
            options = "|".join(re.escape(phrase.replace(" ", "")) for phrase in element.phrases)
            parts.append(f"(?:{options})" + ("?" if element.optional else ""))
    return Pattern(say, _expression("".join(parts)), _anchors(elements, say, _chinese_anchor), frozenset())


@lru_cache(maxsize=8_192)
def _expression(text: str) -> re.Pattern[str]:
    """Nine tenths of a rulebook's compiling; the next version of the rules shares nearly all of them with the last."""
    return re.compile(text)


def _read(say: str) -> list[str]:
    pieces = _PIECE.findall(say)
    left = _PIECE.sub("", say).strip()
    if left or not pieces:
        raise PatternError(f"cannot read {left or 'an empty pattern'!r} in the pattern {say!r}")
    if pieces[0] == "..." or pieces[-1] == "...":
        raise PatternError(f"a gap at the edge of {say!r} means nothing")
    return pieces


def _element(piece: str, say: str, concepts: Concepts) -> _Element:
    optional = piece.endswith("?")
    piece = piece.rstrip("?")
    if not piece.startswith("("):
        return _Element(_phrases(piece, say, concepts), optional)
    phrases = [
        phrase for option in _ALTERNATIVES.split(piece[1:-1].strip()) for phrase in _phrases(option, say, concepts)
    ]
    return _Element(tuple(dict.fromkeys(phrases)), optional)


def _phrases(text: str, say: str, concepts: Concepts) -> tuple[str, ...]:
    if not text.startswith("["):
        if not text or "[" in text:
            raise PatternError(f"an empty or mixed alternative in {say!r}")
        return (text,)
    name = text.strip("[]")
    if name not in concepts:
        raise PatternError(f"unknown concept [{name}] in {say!r}")
    return concepts[name]


def _english_phrase(phrase: str, say: str) -> str:
    words = phrase.split()
    for word in words:
        if not _WORD.fullmatch(word):
            raise PatternError(f"{word!r} in {say!r}: write lower case without apostrophes")
    return " ".join(re.escape(word.rstrip("*")) + ("[a-z]*" if word.endswith("*") else "") for word in words)


def _anchors(elements: list[_Element], say: str, anchor: Callable[[str], str]) -> frozenset[str]:
    required = [frozenset(anchor(phrase) for phrase in element.phrases) for element in elements if not element.optional]
    if not required:
        raise PatternError(f"{say!r} has nothing that must be there")
    return min(required, key=lambda words: (len(words), -min(len(word) for word in words)))


def _english_anchor(phrase: str) -> str:
    return max(phrase.split(), key=lambda word: len(word.rstrip("*")))


def _chinese_anchor(phrase: str) -> str:
    bare = phrase.replace(" ", "")
    return bare if bare.startswith("<") else bare[:2]
