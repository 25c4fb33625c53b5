"""A second try for tests that a busy machine can fail: few, once, alone, and said aloud."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

MOST = 3  # more failures than this are no accident


def left_over(cache: Path, code: int) -> list[str]:
    """The tests to try again: those that failed, if tests are all that went wrong (pytest's code 1) and few did."""
    known = cache / "v" / "cache" / "lastfailed"
    failed = list(json.loads(known.read_text())) if code == 1 and known.exists() else []
    return failed if len(failed) <= MOST else []


def merged(first: Counter[str], second: Counter[str], tried: Sequence[str]) -> Counter[str]:
    """Counts of both tries. What did not pass the second time has failed, whatever became of it."""
    counts = first + Counter(passed=second["passed"])
    counts["failed"] = max(len(tried) - second["passed"], 0)
    return counts
