"""How well the bot understands labelled messages, per source and language, and what one message costs.

Usage: python bench/bot.py [--all] [--intents] [--wrong] [--bands] [messages.jsonl …]

Without files: the messages of bots/training that nothing was learned from; --all adds the others. Each line is an
object with text, intent, and optionally intents (all labels that count as right) and source. `make weights` prints the
same figures for every message as if it were new. --intents prints a table per intent, --wrong lists what was misread,
--bands how often each band of confidence was right.
"""

import json
import statistics
import sys
import time
import tracemalloc
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bots.confidence import ACT
from bots.entities import find_entities
from bots.rulebook import load_rulebook
from bots.taxonomy import COSTLY, OUT_OF_SCOPE

DATA = Path(__file__).resolve().parent.parent / "bots" / "training"
PRECISE = 0.97


@dataclass(frozen=True)
class Case:
    """A labelled message; every one of its labels counts as right, the first is the best."""

    text: str
    labels: tuple[str, ...]
    source: str


def main(arguments):
    options = {argument for argument in arguments if argument.startswith("--")}
    paths = [Path(argument) for argument in arguments if not argument.startswith("--")]
    pattern = "*.jsonl" if "--all" in options else "*_held_out.jsonl"
    cases = [case for path in paths or sorted(DATA.glob(pattern)) for case in read(path)]
    if not paths and "--all" not in options:
        cases = unlearned(cases)
    tracemalloc.start()
    started = time.perf_counter()
    book = load_rulebook()
    loading, (held, _) = time.perf_counter() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    verdicts, times = [], []
    for case in cases:
        started = time.perf_counter()
        heard = book.understand(find_entities(case.text))
        times.append((time.perf_counter() - started) * 1e6)
        verdicts.append((heard.intent, heard.confidence))
    report(cases, verdicts, options)
    times.sort()
    print(
        f"\n{len(cases)} messages: p50 {statistics.median(times):.0f} µs, p99 {times[int(len(times) * 0.99)]:.0f} µs; "
        f"the rulebook holds {held / 1e6:.0f} MB, loading it (traced) takes {loading:.2f} s"
    )


def read(path):
    """The cases of one file of JSON lines."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            row = json.loads(line)
            others = tuple(label for label in row.get("intents", ()) if label != row["intent"])
            yield Case(row["text"], (row["intent"], *others), row.get("source", path.stem))


def unlearned(cases):
    """Without the few that were written twice: once to learn from, once to be kept aside."""
    paths = [path for path in DATA.glob("*.jsonl") if "held_out" not in path.name]
    learned = {letters(case.text) for path in paths for case in read(path)}
    return [case for case in cases if letters(case.text) not in learned]


def letters(text):
    """The same for all ways to punctuate; signs alone are told apart."""
    return "".join(character for character in text.lower() if character.isalnum()) or text


def report(cases, verdicts, options):
    """Print the table of sources, and what else was asked for."""
    by_source(cases, verdicts)
    if "--intents" in options:
        by_intent(cases, verdicts)
    if "--bands" in options:
        by_band(cases, verdicts)
    if "--wrong" in options:
        wrong(cases, verdicts)


def by_source(cases, verdicts):
    """One line per source: accuracy, macro-F1, precision and coverage of what is acted on."""
    heads = ("source", "rows", "accuracy", "macro-F1", "act p", "cov", "wrong", "cov@.97", "oos acted")
    print(" ".join(head.ljust(16) if head == "source" else head.rjust(9) for head in heads))
    groups = defaultdict(list)
    for case, verdict in zip(cases, verdicts, strict=True):
        groups[case.source].append((case, verdict))
    for source, group in sorted(groups.items(), key=lambda item: -len(item[1])):
        print(" ".join([source.ljust(16), *(cell.rjust(9) for cell in figures(group))]))


def figures(group):
    """The cells of one line, as by_source heads them."""
    right = [verdict[0] in case.labels for case, verdict in group]
    costly = [(confidence, intent in case.labels) for case, (intent, confidence) in group if intent in COSTLY]
    should = max(1, sum(case.labels[0] in COSTLY for case, _ in group))
    done = [good for confidence, good in costly if confidence >= ACT]
    strangers = [verdict for case, verdict in group if case.labels[0] == OUT_OF_SCOPE]
    strayed = sum(intent in COSTLY and confidence >= ACT for intent, confidence in strangers)
    shares = (
        sum(right) / len(group),
        statistics.mean(f1_of(group).values()),
        sum(done) / max(1, len(done)),
        sum(done) / should,
    )
    yield str(len(group))
    yield from (f"{share:.3f}" for share in shares)
    yield str(len(done) - sum(done))
    yield f"{_widest(sorted(costly, reverse=True)) / should:.3f}"
    yield f"{strayed} of {len(strangers)}" if strangers else ""


def _widest(acted):
    """How many could be acted on with PRECISE of them right, at the best threshold."""
    right, widest = 0, 0
    for number, (_, good) in enumerate(acted, 1):
        right += good
        widest = right if right / number >= PRECISE else widest
    return widest


def f1_of(group):
    truth, said, hits = _counts(group)
    return {label: 2 * hits[label] / (truth[label] + said[label]) for label in truth}


def _counts(group):
    truth, said, hits = Counter(), Counter(), Counter()
    for case, (intent, _) in group:
        label = intent if intent in case.labels else case.labels[0]
        truth[label] += 1
        said[intent] += 1
        hits[label] += label == intent
    return truth, said, hits


def by_intent(cases, verdicts):
    group = list(zip(cases, verdicts, strict=True))
    truth, said, hits = _counts(group)
    print(f"\n{'intent':20} {'rows':>5} {'said':>5} {'precision':>9} {'recall':>6} {'F1':>6}")
    for label, score in sorted(f1_of(group).items()):
        precision, recall = hits[label] / max(1, said[label]), hits[label] / truth[label]
        print(f"{label:20} {truth[label]:5} {said[label]:5} {precision:9.3f} {recall:6.3f} {score:6.3f}")


def by_band(cases, verdicts):
    """Of the messages with a confidence in each band: how many were read rightly?"""
    bands = defaultdict(list)
    for case, (intent, confidence) in zip(cases, verdicts, strict=True):
        bands[min(9, int(confidence * 10)), intent in COSTLY].append(intent in case.labels)
    print("\nconfidence   costly intents      others")
    for band in range(10):
        cells = [bands[band, costly] for costly in (True, False)]
        print(
            f"{band / 10:.1f}–{(band + 1) / 10:.1f}   "
            + "".join(f"{sum(c) / max(1, len(c)):8.3f} of {len(c):<6}" for c in cells)
        )


def wrong(cases, verdicts):
    groups = defaultdict(list)
    for case, (intent, confidence) in zip(cases, verdicts, strict=True):
        if intent not in case.labels:
            groups[case.labels[0], intent].append(f"{confidence:.2f}  {case.source}  {case.text}")
    for (label, intent), lines in sorted(groups.items()):
        print(f"\n{label} heard as {intent}: {len(lines)}")
        print("\n".join(f"    {line}" for line in lines))


if __name__ == "__main__":
    main(sys.argv[1:])
