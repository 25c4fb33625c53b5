"""The programs that the benches start, and what they use of the machine."""

import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent


@asynccontextmanager
async def process(
    command: list[str], environment: dict[str, str] | None = None, wanted: str = ""
) -> AsyncIterator[tuple[subprocess.Popen[str], str]]:
    """Start a program and wait for the first line with `wanted` in it."""
    async with started(command, environment) as program:
        assert program.stdout is not None
        line = program.stdout.readline()
        while wanted not in line:
            line = program.stdout.readline()
            assert line, "the program ended early"
        yield program, line


@asynccontextmanager
async def started(
    command: list[str], environment: dict[str, str] | None = None
) -> AsyncIterator[subprocess.Popen[str]]:
    """Run a program for the length of the block."""
    program = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        yield program
    finally:
        program.terminate()
        program.wait(20)


def memory(pid: int) -> int:
    """KiB of proportional memory (PSS) of a process."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("Pss:")))


def processor_seconds(pid: int) -> float:
    """What a process has used of the processors, in all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
