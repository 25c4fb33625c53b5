"""`./wismo test`: every check in order, then a table of what ran. A part that could not run is a failure.

`./wismo test --faults` is something else: the long form of the fault suite (tests/faults/long.py).
"""

import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests import machine, second_try

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / ".test-report"
WORKERS = min((os.cpu_count() or 1) + 1, 4)  # they wait for disks and servers about a third of the time


@dataclass(frozen=True)
class Step:
    """One command of one part. `marker` makes it a pytest run; `files` is where all its tests are, if not anywhere."""

    part: str
    name: str
    command: tuple[str, ...] = ()
    marker: str = ""
    options: tuple[str, ...] = ()
    workers: int = 0
    spread: str = "loadfile"
    needs: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    second_try: bool = False


@dataclass
class Outcome:
    """How a step went: what was wrong (empty: nothing), seconds, and the numbers of tests by result."""

    step: Step
    trouble: str
    seconds: float
    counts: Counter[str] = field(default_factory=Counter)
    skips: list[str] = field(default_factory=list)
    second: list[str] = field(default_factory=list)  # tests that failed, and passed when they were tried again


def browser_files(folder: Path) -> list[str]:
    """Test files that may hold tests with a browser; collecting all the others costs each worker seconds."""
    return sorted(str(path) for path in folder.rglob("test_*.py") if "mark.browser" in path.read_text("utf-8"))


LINT_IMPORTS = "from importlinter.cli import lint_imports_command as check; check()"
STEPS = (
    Step("lint", "ruff check", ("-m", "ruff", "check", "--quiet")),
    Step("lint", "ruff format --check", ("-m", "ruff", "format", "--check", "--quiet", "--output-format", "concise")),
    Step("types", "mypy --strict", ("-m", "mypy", "--no-error-summary")),
    Step("layers", "lint-imports", ("-c", LINT_IMPORTS, "--no-logo")),
    Step("unit", "pytest on SQLite", marker="not (browser or pg or redis)", workers=WORKERS),
    Step(
        "services",
        "pytest on PostgreSQL, Redis",
        marker="(pg or redis or database) and not browser",
        options=("--database=pg", "--require-services"),
        workers=WORKERS,
        needs=("PostgreSQL", "Redis", "nginx", "Dovecot", "smtp-sink"),
        second_try=True,
    ),
    Step(
        "browser",
        "pytest in Chromium",
        marker="browser",
        workers=WORKERS,
        spread="worksteal",  # a few long files, and nothing in them is shared
        needs=("Chromium", "a Chinese font"),
        files=tuple(browser_files(ROOT / "tests")),
        second_try=True,
    ),
)
PARTS = {step.part: (step.part,) for step in STEPS} | {"pg": ("services",), "redis": ("services",)}


FAULTS = Step(
    "faults",
    "the long fault suite",
    ("-m", "tests.faults.long"),
    needs=("PostgreSQL", "Redis", "nginx", "Dovecot", "smtp-sink"),
)


def main(arguments: Sequence[str]) -> int:
    if arguments and arguments[0] == "--faults":
        return rehearse_faults(arguments[1:])
    steps, extra = choose(arguments)
    REPORTS.mkdir(exist_ok=True)
    fetching = machine.fetch({need for step in steps for need in step.needs}, REPORTS / "apt.log")
    compiling = compile_beside(steps)
    outcomes = []
    try:
        for step in steps:
            # Installing beside the linters saves time; beside tests with deadlines it would make them lie.
            if fetching and not step.command and fetching.wait():
                print((REPORTS / "apt.log").read_text(errors="replace"), file=sys.stderr)
            if compiling and not step.command:
                compiling.wait()
            outcomes.append(run(step, extra))
    except KeyboardInterrupt:
        print("\nInterrupted.")
    finally:
        if compiling:
            compiling.kill()
            compiling.wait()
        if fetching:
            fetching.wait()
    summarise(outcomes)
    return int(len(outcomes) < len(steps) or any(outcome.trouble for outcome in outcomes))


def compile_beside(steps: Sequence[Step]) -> "subprocess.Popen[bytes] | None":
    """Collecting compiles product and tests. Each worker would do it for itself; the type check leaves a core free."""
    if {bool(step.command) for step in steps} != {True, False}:
        return None
    command = ["-m", "pytest", "--collect-only", "-q"]
    with (REPORTS / "compiling.log").open("wb") as log:
        return subprocess.Popen([sys.executable, "-P", *command], cwd=ROOT, env=clean(), stdout=log, stderr=log)


def rehearse_faults(arguments: Sequence[str]) -> int:
    """Fetches what it needs, then runs until its time is over. Options: see tests/faults/long.py."""
    REPORTS.mkdir(exist_ok=True)
    fetching = machine.fetch(FAULTS.needs, REPORTS / "apt.log")
    if fetching and fetching.wait():
        print((REPORTS / "apt.log").read_text(errors="replace"), file=sys.stderr)
    if lacking := machine.missing(FAULTS.needs):
        print(f"could not run: {' and '.join(lacking)} missing", file=sys.stderr)
        return 1
    return execute([*FAULTS.command, *arguments])


def choose(arguments: Sequence[str]) -> tuple[list[Step], list[str]]:
    """Leading names of parts select steps; the rest goes to pytest. No part but a rest: one plain pytest run."""
    parts: set[str] = set()
    rest = list(arguments)
    while rest and rest[0] in PARTS:
        parts.update(PARTS[rest.pop(0)])
    if rest and not parts:
        return [Step("chosen", "pytest " + " ".join(rest))], rest
    return [step for step in STEPS if not parts or step.part in parts], rest


def run(step: Step, extra: Sequence[str]) -> Outcome:
    """Runs one step with its output going straight to the terminal."""
    print(f"\n── {step.part}: {step.name}", flush=True)
    if lacking := machine.missing(step.needs):
        return Outcome(step, f"could not run: {' and '.join(lacking)} missing", 0.0)
    started = time.monotonic()
    if step.command:
        code = execute(step.command)
        return Outcome(step, "failed" if code else "", time.monotonic() - started)
    code, counts, skips = pytest(step.part, [*selection(step), *(extra or step.files)])
    second: list[str] = []
    if step.second_try and (again := second_try.left_over(REPORTS / step.part, code)):
        print(f"\n── {step.part}: a second try, one after the other: {', '.join(again)}", flush=True)
        code, retried, _ = pytest(f"{step.part}-again", [*step.options, *again])
        counts = second_try.merged(counts, retried, again)
        second = [] if code else again
    trouble = "failed" if code else ""
    if code == 5 or not counts["passed"]:
        trouble = trouble if extra and code == 5 else trouble or "no test ran"
    return Outcome(step, trouble, time.monotonic() - started, counts, skips, second)


def pytest(name: str, arguments: Sequence[str]) -> tuple[int, Counter[str], list[str]]:
    """Runs it with a report and a memory of failures of its own. Returns its exit code, the counts and the skips."""
    report = REPORTS / f"{name}.xml"
    report.unlink(missing_ok=True)
    own = (f"--junitxml={report}", "-o", f"cache_dir={REPORTS / name}", "--cache-clear")
    code = execute(["-m", "pytest", "-q", *own, *arguments])
    return code, *read(report)


def selection(step: Step) -> Iterator[str]:
    if step.marker:
        yield from ("-m", step.marker, *step.options)
    if step.workers > 1:
        yield from ("-n", str(step.workers), "--dist", step.spread, "--no-loadscope-reorder")


def execute(command: Sequence[str]) -> int:
    return subprocess.run([sys.executable, "-P", *command], cwd=ROOT, env=clean(), check=False).returncode


def clean() -> dict[str, str]:
    # Settings of a real desk must never reach the tests: they would run against its database. And without compiled
    # modules each of a hundred processes compiles everything again: a quarter of the whole time.
    unwanted = ("WISMO_", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}


def read(report: Path) -> tuple[Counter[str], list[str]]:
    """Counts and reasons for skips from pytest's JUnit file; empty if pytest did not get that far."""
    counts: Counter[str] = Counter()
    skips: list[str] = []
    if not report.exists():
        return counts, skips
    for case in ET.parse(report).iter("testcase"):
        kinds = {child.tag for child in case}
        if kinds & {"failure", "error"}:
            counts["failed"] += 1
        elif (skipped := case.find("skipped")) is not None:
            counts["skipped"] += 1
            skips.append(f"{case.get('classname')}.{case.get('name')}: {skipped.get('message')}")
        else:
            counts["passed"] += 1
    return counts, skips


def summarise(outcomes: Sequence[Outcome]) -> None:
    """The table, the skips with their reasons, and one last line for people and machines."""
    print("\n── What ran")
    total: Counter[str] = Counter()
    for outcome in outcomes:
        total.update(outcome.counts)
        counts = ", ".join(f"{number} {kind}" for kind, number in sorted(outcome.counts.items()))
        result = outcome.trouble or "ok"
        print(f"{outcome.step.part:<9} {outcome.step.name:<28} {outcome.seconds:6.1f} s  {result:<8} {counts}".rstrip())
    for again in (again for outcome in outcomes for again in outcome.second):
        print(f"passed at the second try: {again}")
    for skip in (skip for outcome in outcomes for skip in outcome.skips):
        print(f"skipped: {skip}")
    checks = [outcome for outcome in outcomes if outcome.step.command]
    if checks:
        failed = sum(bool(check.trouble) for check in checks)
        print(f"checks: {len(checks) - failed} passed, {failed} failed")
    if len(checks) < len(outcomes):
        skipped = f", {total['skipped']} skipped" if total["skipped"] else ""
        seconds = sum(len(outcome.second) for outcome in outcomes)
        second = f", {seconds} of the passed at the second try" if seconds else ""
        print(f"tests: {total['passed']} passed, {total['failed']} failed{skipped}{second}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
