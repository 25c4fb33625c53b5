"""`./wismo test`: which steps it chooses, what it makes of their reports, and when it fails."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise, product
from pathlib import Path

import pytest

from tests import machine, run

REPORT = """<testsuites><testsuite>
<testcase classname="a" name="fine"/>
<testcase classname="a" name="wrong"><failure message="1 != 2"/></testcase>
<testcase classname="a" name="broken"><error message="no server"/></testcase>
<testcase classname="a" name="left"><skipped message="Redis is not installed"/></testcase>
</testsuite></testsuites>"""


def chosen(*arguments: str) -> tuple[list[str], list[str]]:
    steps, extra = run.choose(arguments)
    return [step.part for step in steps], extra


def test_everything_runs_in_order_by_default() -> None:
    assert chosen() == (["lint", "lint", "types", "layers", "unit", "services", "browser"], [])


def test_parts_are_chosen_by_name_and_the_rest_goes_to_pytest() -> None:
    assert chosen("types") == (["types"], [])
    assert chosen("pg", "-k", "shuffled") == (["services"], ["-k", "shuffled"])
    assert chosen("tests/orders", "-x") == (["chosen"], ["tests/orders", "-x"])


def test_every_test_runs_in_one_part_and_those_with_rows_on_both_databases() -> None:
    markers = [step.marker for step in run.STEPS if step.marker]
    for marks in product((True, False), repeat=4):
        names = dict(zip(("browser", "pg", "redis", "database"), marks, strict=True))
        times = [eval(marker, names.copy()) for marker in markers].count(True)
        rows_only = names["database"] and not (names["browser"] or names["pg"] or names["redis"])
        assert times == (2 if rows_only else 1), names


def test_a_report_is_counted(tmp_path: Path) -> None:
    (tmp_path / "report.xml").write_text(REPORT)
    counts, skips = run.read(tmp_path / "report.xml")
    assert counts == Counter(passed=1, failed=2, skipped=1)
    assert skips == ["a.left: Redis is not installed"]


def test_a_run_without_a_report_has_no_passes(tmp_path: Path) -> None:
    assert run.read(tmp_path / "none.xml") == (Counter(), [])


def test_a_part_whose_needs_are_missing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(machine.NEEDS, "Chromium", (lambda: False, ("chromium",)))
    step = run.Step("browser", "pages", marker="browser", needs=("Chromium",))
    assert run.run(step, []).trouble == "could not run: Chromium missing"


def test_the_part_with_browsers_reads_every_file_that_has_one_and_few_others(tmp_path: Path) -> None:
    """tests/conftest.py refuses a browser's test in any other file."""
    for name, text in (("test_with.py", "pytestmark = [pytest.mark.browser]"), ("test_without.py", "Chromium")):
        (tmp_path / name).write_text(text)
    assert run.browser_files(tmp_path) == [str(tmp_path / "test_with.py")]
    [step] = [step for step in run.STEPS if step.part == "browser"]
    assert str(Path(__file__).parent / "console/test_browser.py") in step.files


def pytest_that_says(*tries: tuple[int, dict[str, bool]]) -> Callable[[Sequence[str]], int]:
    """Stands in for pytest: one exit code and results by test for each time it is called."""
    left = list(tries)

    def execute(command: Sequence[str]) -> int:
        code, results = left.pop(0)
        options = dict(pairwise(command))
        report = next(word.removeprefix("--junitxml=") for word in command if word.startswith("--junitxml="))
        cases = [f'<testcase name="{name}">{"" if fine else "<failure/>"}</testcase>' for name, fine in results.items()]
        Path(report).write_text(f"<testsuite>{''.join(cases)}</testsuite>")
        cache = Path(options["-o"].removeprefix("cache_dir=")) / "v" / "cache"
        cache.mkdir(parents=True, exist_ok=True)
        (cache / "lastfailed").write_text(json.dumps({name: True for name, fine in results.items() if not fine}))
        return code

    return execute


@pytest.fixture
def outcome_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., run.Outcome]:
    def outcome(part: str, *tries: tuple[int, dict[str, bool]]) -> run.Outcome:
        monkeypatch.setattr(machine, "missing", lambda needs: [])
        monkeypatch.setattr(run, "REPORTS", tmp_path)
        monkeypatch.setattr(run, "execute", pytest_that_says(*tries))
        return run.run(next(step for step in run.STEPS if step.part == part), [])

    return outcome


FIRST = (1, {"a": True, "b": False, "c": True})


def test_what_passes_at_the_second_try_counts_and_is_named(
    outcome_of: Callable[..., run.Outcome], capsys: pytest.CaptureFixture[str]
) -> None:
    for part in ("services", "browser"):
        outcome = outcome_of(part, FIRST, (0, {"b": True}))
        assert (outcome.trouble, outcome.counts["passed"], outcome.counts["failed"]) == ("", 3, 0)
        capsys.readouterr()
        run.summarise([outcome])
        lines = capsys.readouterr().out.splitlines()
        assert lines[-2:] == [
            "passed at the second try: b",
            "tests: 3 passed, 0 failed, 1 of the passed at the second try",
        ]


def test_what_fails_twice_has_failed(outcome_of: Callable[..., run.Outcome]) -> None:
    outcome = outcome_of("browser", (1, {"a": False, "b": False, "c": True}), (1, {"a": True, "b": False}))
    assert (outcome.trouble, outcome.counts["passed"], outcome.counts["failed"]) == ("failed", 2, 1)
    assert outcome.second == []
    outcome = outcome_of("browser", FIRST, (2, {}))  # it did not even get to its test
    assert (outcome.trouble, outcome.counts["failed"]) == ("failed", 1)


def test_there_is_no_second_try_for_many_for_units_or_for_a_broken_run(
    outcome_of: Callable[..., run.Outcome],
) -> None:
    many = dict.fromkeys("abcd", False)
    assert outcome_of("browser", (1, many)).counts["failed"] == 4
    assert outcome_of("unit", FIRST).trouble == "failed"
    assert outcome_of("services", (2, {"a": True, "b": False})).trouble == "failed"


def test_the_last_line_sums_up(capsys: pytest.CaptureFixture[str]) -> None:
    lint, unit, browser = run.STEPS[0], run.STEPS[4], run.STEPS[6]
    run.summarise(
        [
            run.Outcome(lint, "failed", 0.5),
            run.Outcome(unit, "", 41.0, Counter(passed=500, skipped=1), ["a.left: Redis is not installed"]),
            run.Outcome(browser, "failed", 20.0, Counter(passed=12, failed=1)),
        ]
    )
    lines = capsys.readouterr().out.splitlines()
    assert "skipped: a.left: Redis is not installed" in lines
    assert lines[-2:] == ["checks: 0 passed, 1 failed", "tests: 512 passed, 1 failed, 1 skipped"]


def test_the_long_fault_suite_gets_its_options(monkeypatch: pytest.MonkeyPatch) -> None:
    executed: list[list[str]] = []

    def execute(command: Sequence[str]) -> int:
        executed.append(list(command))
        return 0

    monkeypatch.setattr(machine, "missing", lambda needs: [])
    monkeypatch.setattr(run, "execute", execute)
    assert run.main(["--faults", "--seed", "7", "--minutes", "2"]) == 0
    assert executed == [["-m", "tests.faults.long", "--seed", "7", "--minutes", "2"]]
