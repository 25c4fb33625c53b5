"""How well the bot understands labelled messages: per intent, and the time one message takes.

Usage: python bench/bot_understanding.py messages.jsonl [--covered] [--wrong]

Each line is an object with text, intent, and optionally intents (all labels that count as right). --covered leaves out
messages whose intent no rule names; --wrong prints what was misread.
"""

import json
import statistics
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bots.confidence import ACT
from bots.entities import find_entities
from bots.rulebook import Rulebook, Understanding, own_rulebook

NOT_ACTING = {
    "out_of_scope",
    "item_problem",
    "repair_install",
    "payment_problem",
    "product_question",
    "site_problem",
    "complaint",
}
TALK = {"human_handover", "feedback", "greeting", "thanks", "goodbye", "affirm", "deny", "provide_info", "help_general"}


def main(arguments: list[str]) -> None:
    rows = [json.loads(line) for line in Path(arguments[0]).read_text(encoding="utf-8").splitlines() if line.strip()]
    started = time.perf_counter()
    rulebook = own_rulebook()
    loading = time.perf_counter() - started
    covered = {rule.intent for rule in rulebook.rules.values()} | {"out_of_scope"}
    if "--covered" in arguments:
        rows = [row for row in rows if row["intent"] in covered]
    heard, times = [], []
    for row in rows:
        started = time.perf_counter()
        heard.append(understand(rulebook, row["text"]))
        times.append((time.perf_counter() - started) * 1000)
    table(rows, heard, covered)
    acting(rows, heard)
    times.sort()
    p99 = times[int(len(times) * 0.99)]
    print(
        f"\n{len(rows)} messages: p50 {statistics.median(times):.2f} ms, p99 {p99:.2f} ms; "
        f"loading the rules {loading:.2f} s"
    )
    if "--wrong" in arguments:
        wrong(rows, heard)


def understand(rulebook: Rulebook, text: str) -> tuple[str, Understanding]:
    """The intent the engine would go by: below the threshold for acting it asks back."""
    understanding = rulebook.understand(find_entities(text))
    return (understanding.intent if understanding.confidence >= ACT else "out_of_scope"), understanding


def right(row: dict[str, object], intent: str) -> bool:
    labels = row.get("intents") or [row["intent"]]
    assert isinstance(labels, list)
    return intent in labels


def table(rows: list[dict[str, object]], heard: list[tuple[str, Understanding]], covered: set[str]) -> None:
    truth: Counter[str] = Counter()
    said: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    for row, (intent, _) in zip(rows, heard, strict=True):
        label = intent if right(row, intent) else str(row["intent"])
        truth[label] += 1
        said[intent] += 1
        hits[label] += label == intent
    print(f"{'intent':20} {'rows':>5} {'found':>6} {'precision':>9} {'recall':>7} {'F1':>6}")
    scores = []
    for intent in sorted(truth, key=lambda name: (name not in covered, name)):
        precision = hits[intent] / said[intent] if said[intent] else 0.0
        recall = hits[intent] / truth[intent]
        f1 = 2 * precision * recall / (precision + recall) if hits[intent] else 0.0
        scores.append(f1)
        mark = "" if intent in covered else "  (no rule yet)"
        print(f"{intent:20} {truth[intent]:5} {said[intent]:6} {precision:9.3f} {recall:7.3f} {f1:6.3f}{mark}")
    print(f"\naccuracy {sum(hits.values()) / len(rows):.3f}, macro-F1 {statistics.mean(scores):.3f}")


def acting(rows: list[dict[str, object]], heard: list[tuple[str, Understanding]]) -> None:
    """Answering by itself with an intent where an error costs."""
    acted = [(row, intent) for row, (intent, _) in zip(rows, heard, strict=True) if intent not in NOT_ACTING | TALK]
    good = sum(right(row, intent) for row, intent in acted)
    should = sum(str(row["intent"]) not in NOT_ACTING | TALK for row in rows)
    print(
        f"acting: precision {good / max(1, len(acted)):.3f}, "
        f"coverage {len(acted) / max(1, should):.3f} ({len(acted)} of {should})"
    )


def wrong(rows: list[dict[str, object]], heard: list[tuple[str, Understanding]]) -> None:
    groups: dict[str, list[str]] = defaultdict(list)
    for row, (intent, understanding) in zip(rows, heard, strict=True):
        if not right(row, intent):
            line = f"{understanding.rule} {understanding.confidence} (next {understanding.runner_up})  {row['text']}"
            groups[f"{row['intent']} heard as {intent}"].append(line)
    for name, lines in sorted(groups.items()):
        print(f"\n{name}: {len(lines)}")
        for line in lines:
            print("   ", line)


if __name__ == "__main__":
    main(sys.argv[1:])
