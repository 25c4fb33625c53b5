"""The end of a process that was told to stop: in time and with status 0, whatever hangs."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import signal
from app import stopping
stopping.STOP_SECONDS = stopping._MARGIN + 0.1
signal.signal(signal.SIGTERM, lambda *_: stopping.end_in_time())
signal.raise_signal(signal.SIGTERM)
print("told", end="")
"""


@pytest.mark.parametrize(
    ("what_follows", "says"),
    [("", "told"), ("while True: pass", "stopped_by_deadline"), ("raise SystemExit(1)", "told")],
    ids=["all is well", "the loop hangs", "it had not started yet"],
)
def test_a_process_ends_in_time(what_follows: str, says: str) -> None:
    program = [sys.executable, "-c", PROGRAM + what_follows]
    answer = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert answer.returncode == 0, answer.stderr
    assert says in answer.stdout
