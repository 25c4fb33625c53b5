"""What the learned view looks at: neighbouring words and pieces of words in English, runs of characters in Chinese."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path

from bots.wording import Wording

KINDS = Path(__file__).parent / "weights" / "kinds.toml"
_TOKEN = re.compile(r"<[a-z]+>|[a-z0-9']+|[?!$]")
_LONGEST = 24  # characters of one word; longer ones are no words
_MOST = 300  # different words that are looked at
_EN_PIECES = (3, 4, 5)
_ZH_RUNS = (1, 2, 3, 4)
_ZH_UNITS = re.compile(r"<[a-z]+>|@[a-z]+|[a-z0-9]+|[^,<>a-z0-9]")


def english_features(wording: Wording) -> tuple[set[str], set[str]]:
    """Words, pairs and pairs with one word between them, also by the kind of what they name; and pieces of the words
    as they were typed.
    """
    words: set[str] = set()
    for sentence in wording.en:
        said = [word for word in sentence.split() if word != ","]
        words.update(_neighbours(said))
        kinds = english_kinds()
        if any(word in kinds for word in said):
            words.update(near for near in _neighbours([kinds.get(word, word) for word in said]) if "@" in near)
    pieces: set[str] = set()
    for typed in list(dict.fromkeys(_TOKEN.findall(wording.typed)))[:_MOST]:
        pieces.update(_pieces(typed[:_LONGEST]))
    return words, pieces


def chinese_features(wording: Wording) -> tuple[set[str], set[str]]:
    """Single characters and pairs; and longer runs, also by the kind of what they name. A sentence begins with ^ and
    ends with $.
    """
    short: set[str] = set()
    long: set[str] = set()
    for sentence in wording.zh:
        for run, length in _runs(sentence):
            (short if length <= 2 else long).add(run)
        named = _by_kind(sentence)
        if named != sentence:
            for run, length in _runs(named):
                if "@" in run:
                    (short if length <= 2 else long).add(run)
    return short, long


@cache
def english_kinds() -> Mapping[str, str]:
    """The kind of each word that has one, such as @goods for kettle and kettles."""
    kinds: dict[str, str] = {}
    for kind, words in reversed(list(_stored()["en"].items())):
        for word in words.split():
            kinds.update({f"{word}s": f"@{kind}", f"{word}es": f"@{kind}", word: f"@{kind}"})
    return kinds


def _neighbours(said: list[str]) -> Iterable[str]:
    yield from said
    yield from (f"{a} {b}" for a, b in pairwise(["^", *said, "$"]))
    yield from (f"{a}  {b}" for a, b in zip(said, said[2:], strict=False))


def _runs(sentence: str) -> Iterable[tuple[str, int]]:
    """Runs of characters, with a Latin word, a tag or a kind as one unit; and how many units they hold."""
    part = ["^", *_ZH_UNITS.findall(sentence), "$"]
    for length in _ZH_RUNS:
        for at in range(len(part) - length + 1):
            yield "".join(part[at : at + length]), length


def _by_kind(sentence: str) -> str:
    kinds, pattern = _chinese_kinds()
    return pattern.sub(lambda match: kinds[match.group()], sentence)


@cache
def _chinese_kinds() -> tuple[Mapping[str, str], re.Pattern[str]]:
    kinds = {
        word.casefold(): f"@{kind}" for kind, words in reversed(list(_stored()["zh"].items())) for word in words.split()
    }
    return kinds, re.compile("|".join(re.escape(word) for word in sorted(kinds, key=len, reverse=True)))


@cache
def _stored() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(KINDS.read_text(encoding="utf-8"))


@lru_cache(maxsize=8192)
def _pieces(word: str) -> tuple[str, ...]:
    if word[0] == "<" or len(word) == 1:
        return (f"~{word}",)
    framed = f"_{word}_"
    return tuple(f"~{framed[at : at + n]}" for n in _EN_PIECES for at in range(len(framed) - n + 1))
