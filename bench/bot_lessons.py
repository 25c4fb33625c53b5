"""The messages the bot learns from, which belong together, and what the rules would say if each were new.

The rules were written with many of these messages in sight. So a pattern counts on a message only if other messages,
not near to it, carry the words that it met there.
"""

import json
import random
import re
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bot import Case

from bots.clues import Clues, chinese_keys, english_keys
from bots.entities import find_entities
from bots.rulebook import RULES, Rulebook
from bots.rulefiles import read_rules

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "bots" / "training"
FOLDS = 5
NEAR = 0.6  # share of common letter triples from which two messages are the same one


@dataclass
class Row:
    text: str
    labels: list
    source: str
    dialogue: str | None = None  # or the family of one author's phrasings: rows that belong together
    wording: object = None
    heard: object = None  # the rules, all patterns
    fresh: object = None  # the rules, as if the message were new

    def as_case(self):
        return Case(self.text, tuple(self.labels), self.source)


def rows_of(language, *, held_out=False):
    """Labelled messages of one language; the rules' own examples are among those to learn from."""
    names = [f"{language}_held_out"] if held_out else [f"{language}_dev", language]
    rows = [row for name in names for row in _read(DATA / f"{name}.jsonl", name)]
    if held_out:
        return rows
    rows += _read(ROOT / "tests" / "data" / "bot" / f"{language}_phrasings.jsonl", "phrasings")
    for file in read_rules(RULES).files:
        part = file.en if language == "en" else file.zh
        rows += [Row(text, [file.intent], "examples") for text in part.must_catch if not file.needs]
    return rows


def _read(path, name):
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            row = json.loads(line)
            labels = [row["intent"], *(label for label in row.get("intents", []) if label != row["intent"])]
            yield Row(row["text"], labels, row.get("source", name), row.get("dialogue") or row.get("family"))


def listen(rows):
    """Fill wording and the rules' evidence of every row, with all patterns and as if the row were new."""
    book = Rulebook(read_rules(RULES))
    groups = near(rows)
    met, carried = [], defaultdict(set)
    shapes = {}
    for row, group in zip(rows, groups, strict=True):
        row.heard = book.by_rules(find_entities(row.text))
        row.wording = row.heard.wording
        choices = _choices(book, row.wording, shapes)
        met.append(choices)
        for choice in choices:
            carried[choice].add(group)
    hearing = book.hearing
    english, chinese = _Pruned(hearing._english), _Pruned(hearing._chinese)
    hearing._english, hearing._chinese = english, chinese
    for row, group, choices in zip(rows, groups, met, strict=True):
        english.without = chinese.without = {choice[0] for choice in choices if not carried[choice] - {group}}
        row.fresh = book.by_rules(find_entities(row.text)) if english.without else row.heard
    return groups


class _Pruned(Clues):
    """The clues of a language without some."""

    def __init__(self, whole):
        self._whole, self.without = whole, frozenset()

    def clues(self, keys):
        return [clue for clue in self._whole.clues(keys) if id(clue) not in self.without]


def _choices(book, wording, shapes):
    """Which pattern met which of its alternatives: (pattern, place, words)."""
    found = set()
    english, chinese = (
        (book.hearing._english, wording.en, english_keys),
        (book.hearing._chinese, wording.zh, chinese_keys),
    )
    for language, sentences, keys in (english, chinese):
        for sentence in sentences:
            for clue in language.clues(keys(sentence)):
                shape = shapes.get(id(clue)) or shapes.setdefault(id(clue), _capturing(clue.pattern.expression))
                if match := shape.search(sentence):
                    found |= {(id(clue), place, words) for place, words in enumerate(match.groups() or match.group())}
    return found


def _capturing(expression):
    gap = "(?: [^ ]+)"
    return re.compile(expression.pattern.replace(gap, "\0").replace("(?:", "(").replace("\0", gap))


def near(rows):
    """A group per row: rows of one dialogue, and rows that are nearly the same, share it."""
    parent = list(range(len(rows)))

    def root(place):
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    def join(one, other):
        first, second = sorted((root(one), root(other)))
        parent[second] = first

    holders, triples, dialogues = defaultdict(list), [], {}
    for place, row in enumerate(rows):
        text = f" {re.sub(r'[^a-z0-9一-鿿]+', ' ', row.text.lower()).strip()} "
        size = 3 if text.isascii() else 2
        own = {text[at : at + size] for at in range(len(text) - size + 1)} or {text}
        triples.append(own)
        shared = Counter(other for triple in own for other in holders[triple])
        for other, count in shared.items():
            if count / (len(own) + len(triples[other]) - count) >= NEAR:
                join(place, other)
        for triple in own:
            holders[triple].append(place)
        if row.dialogue:
            join(place, dialogues.setdefault(row.dialogue, place))
    return [root(place) for place in range(len(rows))]


def folds_of(groups):
    """Rows of one group share a fold; the folds are equally large."""
    size = Counter(groups)
    order = sorted(size)
    random.Random(7).shuffle(order)
    order.sort(key=lambda group: -size[group])
    load, where = [0] * FOLDS, {}
    for group in order:
        where[group] = min(range(FOLDS), key=lambda fold: load[fold])
        load[where[group]] += size[group]
    return np.array([where[group] for group in groups])
