"""Learn the bot's second view: `make weights` writes bots/weights/en.json and zh.json, and judges both views together.

Usage: python bench/bot_training.py [--judge] [--intents] [--bands] [--wrong] [en] [zh]. --judge writes nothing.

Needs numpy, scipy and scikit-learn; the desk and its tests do not.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bot import report
from bot_lessons import FOLDS, ROOT, folds_of, listen, rows_of
from bot_models import Table, Weighing

from bots.agreement import evidence, ruled_out, stretched
from bots.features import chinese_features, english_features
from bots.rulebook import RULES, Rulebook
from bots.rulefiles import read_rules
from bots.taxonomy import COSTLY

REGULAR = 1.0  # the larger, the closer to the data
WEIGHT = {"bitext": 0.5, "examples": 2.0, "phrasings": 3.0}  # templates say the same often; some must be understood
TYPICAL = {"abcd", "zh"}  # sources in which customers write as they do; the threshold is set on them
PRECISE = {"en": 0.985, "zh": 0.94}  # of what is acted on, in messages as if they were new
LEAST = 0.75  # joint probability below which nothing costly is done
SAY_AT = 0.4  # joint probability from which other intents are sure


@dataclass
class Lesson:
    """Everything about one language that is learned from."""

    language: str
    rows: list
    folds: np.ndarray
    blocks: list
    intents: tuple
    wanted: np.ndarray
    weights: np.ndarray

    def part(self, places):
        return [self.blocks[place] for place in places], self.wanted[places], self.weights[places]


def lesson_of(language):
    rows = rows_of(language)
    folds = folds_of(listen(rows))
    intents = tuple(sorted({label for row in rows for label in row.labels} | {"out_of_scope"}))
    return Lesson(
        language,
        rows,
        folds,
        [blocks_of(row.wording, language) for row in rows],
        intents,
        wanted_of(rows, intents),
        np.array([WEIGHT.get(row.source, 1.0) for row in rows]),
    )


def blocks_of(wording, language):
    return english_features(wording) if language == "en" else chinese_features(wording)


def wanted_of(rows, intents):
    return np.array([[float(intent in row.labels) for intent in intents] for row in rows])


def views_of(book, heards, intents, strange):
    """The rules' evidence per row and intent; and whether they were silent, beside how strange the words are."""
    says = [book.evidence(heard) for heard in heards]
    silent = np.array([said.lead is None for said in says], float)
    return np.array([evidence(intents, said) for said in says]), np.stack([silent, strange], 1)


def unseen(lesson, regular):
    """The learned scores of every row, by a table that saw neither it nor its likes; and how strange it was to it."""
    scores, strange = np.zeros_like(lesson.wanted), np.zeros(len(lesson.rows))
    for fold in range(FOLDS):
        blocks, wanted, weights = lesson.part(np.flatnonzero(lesson.folds != fold))
        others = np.flatnonzero(lesson.folds == fold)
        table, left = Table(blocks, wanted, regular, weights), lesson.part(others)[0]
        scores[others], strange[others] = table.scores(left), [table.strangeness(blocks[0]) for blocks in left]
    return scores, strange


def judged(lesson, scores, strange, book):
    """The joint probabilities of every row, by weights of the views that did not see it; and those of all rows."""
    says, stray = views_of(book, [row.fresh for row in lesson.rows], lesson.intents, strange)
    shares = np.zeros_like(scores)
    for fold in range(FOLDS):
        seen, others = np.flatnonzero(lesson.folds != fold), np.flatnonzero(lesson.folds == fold)
        weighing = Weighing(
            scores[seen], says[seen], stray[seen], lesson.wanted[seen], lesson.weights[seen], lesson.intents
        )
        shares[others] = weighing.shares(scores[others], says[others], stray[others])
    return shares, Weighing(scores, says, stray, lesson.wanted, lesson.weights, lesson.intents)


def least(shares, lesson, book, picked):
    """The smallest joint probability from which costly intents are right in PRECISE of the picked rows."""
    cases = []
    for share, row in zip(shares[picked], [lesson.rows[place] for place in picked], strict=True):
        place = int(share.argmax())
        intent = lesson.intents[place]
        if intent in COSTLY and not ruled_out(intent, book.evidence(row.fresh)):
            cases.append((float(share[place]), intent in row.labels))
    cases.sort(reverse=True)
    found, right = 0.99, 0
    for number, (share, correct) in enumerate(cases, 1):
        right += correct
        if right / number >= PRECISE[lesson.language]:
            found = share
    return max(LEAST, found)


def main(arguments):
    options = {argument for argument in arguments if argument.startswith("--")}
    for language in [argument for argument in arguments if argument not in options] or ("en", "zh"):
        lesson = lesson_of(language)
        book = Rulebook(read_rules(RULES))
        shares, weighing = judged(lesson, *unseen(lesson, REGULAR), book)
        picked = [place for place, row in enumerate(lesson.rows) if row.source in TYPICAL]
        ways = weighing.stored() | {"act_at": round(least(shares, lesson, book, picked), 3), "say_at": SAY_AT}
        if "--judge" not in options:
            _write(lesson, book, ways)
        print(f"\n{language}, every message as if it were new ({FOLDS} folds); {ways}")
        pairs = zip(shares, lesson.rows, strict=True)
        verdicts = [_verdict(share, row, lesson.intents, ways, book) for share, row in pairs]
        report([row.as_case() for row in lesson.rows], verdicts, options)


def _write(lesson, book, ways):
    table = Table(lesson.blocks, lesson.wanted, REGULAR, lesson.weights)
    head = {"format": 1, "intents": lesson.intents, "rules": sorted(book.rules), "agreement": ways}
    path = ROOT / "bots" / "weights" / f"{lesson.language}.json"
    path.write_text(_lines({**head, **table.stored()}), encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size // 1000} kB")


def _verdict(share, row, intents, ways, book):
    """What bots/agreement.py would say, from joint probabilities that are there already."""
    place = int(share.argmax())
    intent, chance = intents[place], float(share[place])
    confidence = stretched(chance, *((0.4, ways["act_at"]) if intent in COSTLY else (0.25, ways["say_at"])))
    if intent in COSTLY and ruled_out(intent, book.evidence(row.fresh)):
        confidence = min(confidence, 0.49)
    return intent, confidence


def _lines(stored):
    """JSON with one feature per line, so that a change can be looked at."""
    features = stored["features"]
    head = json.dumps({name: value for name, value in stored.items() if name != "features"}, ensure_ascii=False)[:-1]
    body = ",\n".join(
        f"{json.dumps(name, ensure_ascii=False)}:{json.dumps(row, separators=(',', ':'))}"
        for name, row in sorted(features.items())
    )
    return f'{head}, "features": {{\n{body}\n}}}}\n'


if __name__ == "__main__":
    main(sys.argv[1:])
