"""One campaign: a house under load, faults one after the other by a seed, and the figures."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import quantiles

from tests.faults.faults import ONE_PROCESS, SEVERAL, Fault
from tests.faults.history import Verdict
from tests.faults.houses import House, OneProcess
from tests.faults.load import under_load

BETWEEN = 20  # posts that must be acknowledged between two faults: the desk works again
COLUMNS = ("sent", "acked", "unsure", "lost", "doubled", "moved", "reordered", "gaps", "strange")


@dataclass
class Outcome:
    """What happened, and how it went."""

    seed: int
    house: str
    verdict: Verdict = field(default_factory=Verdict)
    faults: Counter[str] = field(default_factory=Counter)
    down: dict[str, float] = field(default_factory=dict)  # fault → longest time until the desk worked again, seconds
    waits: list[float] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return self.verdict.clean and not self.verdict.unsure and not any(self.statuses)

    def table(self) -> str:
        """For people: one line of what counts, one of times, one a fault."""
        counts = "  ".join(f"{name} {getattr(self.verdict, name)}" for name in COLUMNS)
        cuts = quantiles(self.waits, n=100) if len(self.waits) > 1 else [0.0] * 99
        times = f"p50 {cuts[49] * 1000:.0f} ms  p99 {cuts[98] * 1000:.0f} ms  max {max(self.waits, default=0):.1f} s"
        lines = [f"── {self.house}, seed {self.seed}: {'clean' if self.clean else 'NOT CLEAN'}", counts]
        lines.append(f"sent → acknowledged, over all faults: {times}")
        lines += [
            f"{name:<26} {count:>4} ×  works again after {self.down[name]:5.2f} s at most"
            for name, count in sorted(self.faults.items())
        ]
        return "\n".join(lines)


def faults_of(house: House) -> dict[str, Fault]:
    """What may happen to it."""
    return ONE_PROCESS if isinstance(house, OneProcess) else SEVERAL


def at_random(house: House, chance: random.Random, seconds: float) -> Iterable[str]:
    """Names of faults, each as often as any other, for so long."""
    names = list(faults_of(house))
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        chance.shuffle(names)
        for name in names:
            if time.monotonic() >= end:
                return
            yield name


async def rehearse(
    house: House,
    seed: int,
    faults: Iterable[str],
    *,
    writers: int = 8,
    pause: float = 0.02,
    tell: Callable[[str], None] = print,
) -> Outcome:
    """Let `faults` happen one after the other, while people talk. Raises TimeoutError if the desk does not recover."""
    chance = random.Random(seed)
    outcome = Outcome(seed, house.name)
    async with under_load(house.address, random.Random(seed), writers=writers, pause=pause) as load:
        await load.more(BETWEEN)
        for name in faults:
            tell(f"{load.acked:>7} acknowledged; {name}")
            await faults_of(house)[name](house, chance)
            outcome.faults[name] += 1
            over = time.monotonic()
            await load.more(1)
            outcome.down[name] = max(outcome.down.get(name, 0.0), time.monotonic() - over)
            await load.more(BETWEEN)
    outcome.verdict, outcome.waits, outcome.statuses = load.verdict, load.history.waits, house.statuses
    return outcome
