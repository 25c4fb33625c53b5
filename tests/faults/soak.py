"""A long time under an even load: what memory and descriptors do, after everything has been used once."""

import asyncio
import random
import time
from dataclasses import dataclass
from pathlib import Path

from tests.faults.history import Verdict
from tests.faults.houses import House, OneProcess
from tests.faults.load import under_load
from tests.scale.running import Process

WARM_UP = 0.25  # of the time: imports, pools and caches fill
SAMPLES = 40


@dataclass(frozen=True)
class Soaked:
    """What was more at the end than after warming up, over all processes; bytes and numbers."""

    seconds: float
    memory: int
    descriptors: int
    verdict: Verdict

    @property
    def memory_an_hour(self) -> float:
        """Bytes; says something only after minutes."""
        return self.memory * 3600 / self.seconds

    @property
    def clean(self) -> bool:
        return self.verdict.clean and self.descriptors <= 0

    def table(self) -> str:
        growth = f"{self.memory_an_hour / 2**20:.1f} MiB an hour"
        memory = f"memory {self.memory >> 10:+d} KiB ({growth})"
        return f"soak of {self.seconds:.0f} s: {memory}, descriptors {self.descriptors:+d}, {self.verdict}"


async def soak(house: House, seconds: float, *, seed: int = 1, writers: int = 8, pause: float = 0.1) -> Soaked:
    """Let people talk for so long. Everybody stays connected, so every further descriptor is one that was forgotten."""
    async with under_load(house.address, random.Random(seed), writers=writers, pause=pause) as load:
        await load.more(5 * writers)
        await asyncio.sleep(seconds * WARM_UP)
        started, first = time.monotonic(), await _settled(house)
        await asyncio.sleep(seconds * (1 - WARM_UP))
        last = await _settled(house)
        took = time.monotonic() - started
    return Soaked(took, last[0] - first[0], last[1] - first[1], load.verdict)


async def _settled(house: House) -> tuple[int, int]:
    """Memory and descriptors of all processes: the smallest of some looks, as work that is being done needs both."""
    looks = []
    for _ in range(SAMPLES):
        looks.append([_look(process) for process in _processes(house)])
        await asyncio.sleep(0.01)
    memory = sum(min(look[n][0] for look in looks) for n in range(len(looks[0])))
    return memory, sum(min(look[n][1] for look in looks) for n in range(len(looks[0])))


def _processes(house: House) -> list[Process]:
    return [house.process] if isinstance(house, OneProcess) else house.cluster.processes


def _look(process: Process) -> tuple[int, int]:
    folder = Path("/proc") / str(process.process.pid)
    resident = next(line for line in (folder / "status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(resident.split()[1]) * 1024, len(list((folder / "fd").iterdir()))
