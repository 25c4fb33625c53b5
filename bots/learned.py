"""The second view on a message: weights of words and pieces of words, learned from labelled messages."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import sqrt
from pathlib import Path
from typing import Any

from bots.features import chinese_features, english_features
from bots.wording import Wording

WEIGHTS = Path(__file__).parent / "weights"
_FORMAT = 1
_ZERO = 128  # the byte that stands for a weight of nothing


class WeightsError(ValueError):
    """A file of weights cannot be read; the text names the file and the reason."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How the two views are weighed against each other; learned from messages that neither had seen."""

    learned: float  # weight of the learned score
    score: float  # of the best score among an intent's rules
    strong: float  # of that score being enough to act on
    lead: float  # of the confidence with which the rules lead
    first: float  # of being the rules' first choice at all
    silent: float  # for out_of_scope, when no rule says anything
    strange: float  # for out_of_scope, times the share of words that the table does not know
    bias: tuple[float, ...]  # per intent
    act_at: float  # the joint probability that becomes the confidence at which the bot acts, for costly intents
    say_at: float  # the same for all others


@dataclass(frozen=True, slots=True)
class Look:
    """What a table says of one message. A score above zero speaks for an intent."""

    scores: list[float]  # in the order of the intents
    strangeness: float  # share of words that the table does not know


@dataclass(frozen=True, slots=True)
class LearnedView:
    """One language's table. A feature's row holds its rarity, then pairs of intent and weight, as bytes."""

    intents: tuple[str, ...]
    rules: frozenset[str]  # the rules that were there when it was learned
    agreement: Agreement
    _rows: Mapping[str, bytes]
    _offsets: tuple[float, ...]
    _step: float
    _place: Mapping[str, int] = field(default_factory=dict)

    def look(self, blocks: Sequence[Collection[str]]) -> Look:
        """Score one message. Each block of features counts by a length of one."""
        totals = list(self._offsets)
        for block in blocks:
            rows = [row for feature in block if (row := self._rows.get(feature))]
            length = sqrt(sum(row[0] * row[0] for row in rows)) or 1.0
            sums = [0] * len(totals)
            for row in rows:
                rarity = row[0]
                for at in range(1, len(row), 2):
                    sums[row[at]] += rarity * (row[at + 1] - _ZERO)
            for place, total in enumerate(sums):
                if total:
                    totals[place] += total * self._step / length
        return Look(totals, self.strangeness(blocks[0]))

    def strangeness(self, words: Collection[str]) -> float:
        """The share of a message's words that the table never met."""
        single = [word for word in words if not {" ", "@"}.intersection(word)]
        return sum(word not in self._rows for word in single) / len(single) if single else 1.0

    def place(self, intent: str) -> int | None:
        """Where an intent stands in the scores."""
        return self._place.get(intent)


@dataclass(frozen=True, slots=True)
class Learned:
    """The tables of both languages."""

    en: LearnedView
    zh: LearnedView

    def look(self, wording: Wording) -> tuple[LearnedView, Look]:
        """Score a message by the table of the language it is written in."""
        if wording.zh:
            return self.zh, self.zh.look(chinese_features(wording))
        return self.en, self.en.look(english_features(wording))


@cache
def load_learned(directory: Path = WEIGHTS) -> Learned:
    """Read en.json and zh.json. Raises WeightsError."""
    return Learned(en=_view(directory / "en.json"), zh=_view(directory / "zh.json"))


def _view(path: Path) -> LearnedView:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["format"] != _FORMAT:
            raise WeightsError(f"{path.name}: format {stored['format']} is not {_FORMAT}")
        return read_view(stored)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{path.name}: {error}") from error


def read_view(stored: Mapping[str, Any]) -> LearnedView:
    """Build a table from what `bench/train_bot.py` writes."""
    intents = tuple(stored["intents"])
    agreement = dict(stored["agreement"])
    return LearnedView(
        intents=intents,
        rules=frozenset(stored["rules"]),
        agreement=Agreement(**{**agreement, "bias": tuple(agreement["bias"])}),
        _rows={feature: _packed(row) for feature, row in stored["features"].items()},
        _offsets=tuple(stored["offsets"]),
        _step=stored["step"],
        _place={intent: place for place, intent in enumerate(intents)},
    )


def _packed(row: list[int]) -> bytes:
    return bytes([row[0], *(number + _ZERO if at % 2 else number for at, number in enumerate(row[1:]))])
