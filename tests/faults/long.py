"""`./wismo test --faults [--seed N] [--minutes M]`: the long form of the fault suite, in both settings."""

import argparse
import asyncio
import random
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from tests.faults.campaign import Outcome, at_random, rehearse
from tests.faults.houses import House, one_process, several


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="./wismo test --faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="repeat a run; without it one is drawn")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long, in all")
    parser.add_argument("--only", choices=["one", "several"], help="one of the two settings")
    options = parser.parse_args(arguments)
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    settings = [options.only] if options.only else ["one", "several"]
    outcomes = [asyncio.run(_run(name, seed, options.minutes * 60 / len(settings))) for name in settings]
    print("\n── Figures")
    for outcome in outcomes:
        print(outcome.table())
    return int(not all(outcome.clean for outcome in outcomes))


async def _run(name: str, seed: int, seconds: float) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="wismo-faults-") as folder:
        path = Path(folder)
        async with AsyncExitStack() as stack:
            house: House
            if name == "one":
                house = await stack.enter_async_context(one_process(path))
            else:
                house = await stack.enter_async_context(several(path))
            print(f"\n── {house.name}, seed {seed}", flush=True)
            return await rehearse(house, seed, at_random(house, random.Random(seed), seconds), tell=_tell)


def _tell(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
