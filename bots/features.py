"""What the learned view looks at: neighbouring words and pieces of words in English, runs of characters in Chinese."""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

from bots.wording import Wording

_TOKEN = re.compile(r"<[a-z]+>|[a-z0-9']+|[?!$]")
_LONGEST = 24  # characters of one word; longer ones are no words
_MOST = 300  # different words that are looked at
_EN_PIECES = (3, 4, 5)
_ZH_RUNS = (1, 2, 3, 4)


def english_features(wording: Wording) -> tuple[set[str], set[str]]:
    """Words, pairs and pairs with one word between them; and pieces of the words as they were typed."""
    words: set[str] = set()
    for sentence in wording.en:
        said = [word for word in sentence.split() if word != ","]
        words.update(said)
        words.update(f"{a} {b}" for a, b in pairwise(["^", *said, "$"]))
        words.update(f"{a}  {b}" for a, b in zip(said, said[2:], strict=False))
    pieces: set[str] = set()
    for typed in list(dict.fromkeys(_TOKEN.findall(wording.typed)))[:_MOST]:
        pieces.update(_pieces(typed[:_LONGEST]))
    return words, pieces


def chinese_features(wording: Wording) -> tuple[set[str], set[str]]:
    """Single characters and pairs; and longer runs. A sentence begins with ^ and ends with $."""
    short: set[str] = set()
    long: set[str] = set()
    for sentence in wording.zh:
        for part in _chinese_units(sentence):
            for length in _ZH_RUNS:
                runs = {"".join(part[at : at + length]) for at in range(len(part) - length + 1)}
                (short if length <= 2 else long).update(runs)
    return short, long


def _chinese_units(sentence: str) -> Iterable[list[str]]:
    """Characters, with a Latin word or a tag as one unit."""
    units = re.findall(r"<[a-z]+>|[a-z0-9]+|[^,<>a-z0-9]", sentence)
    yield ["^", *units, "$"]


@lru_cache(maxsize=8192)
def _pieces(word: str) -> tuple[str, ...]:
    if word[0] == "<" or len(word) == 1:
        return (f"~{word}",)
    framed = f"_{word}_"
    return tuple(f"~{framed[at : at + n]}" for n in _EN_PIECES for at in range(len(framed) - n + 1))
