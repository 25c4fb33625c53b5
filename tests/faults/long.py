"""`./wismo test --faults [--seed N] [--minutes M]`: the long form of the fault suite, in both settings."""

import argparse
import asyncio
import random
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.database import open_database, sqlite_url
from app.logs import configure_logs
from app.migrating import migrate
from core.clock import FrozenClock, frozen
from tests.faults.campaign import Outcome, at_random, rehearse
from tests.faults.houses import House, one_process, several
from tests.faults.mail_desks import one_desk, several_desk
from tests.faults.mail_run import MailRun
from tests.faults.refund_run import RefundRun
from tests.faults.soak import Soaked, soak
from tests.faults.stall import stall
from tests.faults.windows import WINDOWS
from tests.orders.cancel_walk import LONG, walk
from tests.people import make_world

STALL_ROUND = 5.0  # seconds for which a window reads, or does not


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="./wismo test --faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="repeat a run; without it one is drawn")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long, in all")
    parser.add_argument("--only", choices=["one", "several"], help="one of the two settings")
    parser.add_argument("--writers", type=int, default=8, help="how many people write, and as many read")
    parser.add_argument("--pause", type=float, default=0.02, help="seconds between two messages of one of them")
    parser.add_argument("--soak", action="store_true", help="let nothing fail: look at memory and descriptors")
    parser.add_argument(
        "--stall", type=int, metavar="READERS", help="one of so many readers stops reading, that is all"
    )
    parser.add_argument("--refunds", type=int, metavar="KEYS", help="only refunds: so many keys, with faults and kills")
    parser.add_argument("--mails", type=int, metavar="MAILS", help="only mail: so many in and out, kills and bad lines")
    parser.add_argument("--every", type=int, default=18, help="with --mails: so many between two faults, on average")
    parser.add_argument("--cancels", action="store_true", help="only cancellations: every order in which they can race")
    options = parser.parse_args(arguments)
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    if options.cancels:
        return asyncio.run(_cancels())
    if options.refunds:
        return asyncio.run(_refunds(seed, options.refunds))
    if options.mails:
        return asyncio.run(_mails(options.only, seed, options.mails, options.every))
    if options.stall:
        return asyncio.run(_stall(options.minutes * 60, options.stall))
    settings = [options.only] if options.only else ["one", "several"]
    plan = Plan(seed, options.minutes * 60 / len(settings), options.writers, options.pause)
    outcomes = [asyncio.run(_run(name, plan, soaks=options.soak)) for name in settings]
    print("\n── Figures")
    for outcome in outcomes:
        print(outcome.table())
    return int(not all(outcome.clean for outcome in outcomes))


@dataclass(frozen=True)
class Plan:
    """One setting of a run: `writers` people who wait `pause` seconds between two messages, for `seconds`."""

    seed: int
    seconds: float
    writers: int
    pause: float


async def _run(name: str, plan: Plan, *, soaks: bool) -> Outcome | Soaked:
    with tempfile.TemporaryDirectory(prefix="wismo-faults-") as folder:
        path = Path(folder)
        async with AsyncExitStack() as stack:
            house: House
            if name == "one":
                house = await stack.enter_async_context(one_process(path))
            else:
                house = await stack.enter_async_context(several(path))
            print(f"\n── {house.name}, seed {plan.seed}", flush=True)
            if soaks:
                return await soak(house, plan.seconds, seed=plan.seed, writers=plan.writers, pause=plan.pause)
            faults = at_random(house, random.Random(plan.seed), plan.seconds)
            return await rehearse(house, plan.seed, faults, writers=plan.writers, pause=plan.pause, tell=_tell)


async def _refunds(seed: int, keys: int) -> int:
    async with _empty_desk() as clock:
        world = await make_world()
        seen = await RefundRun(world.lumen, world.ada, clock, seed).go(keys)
    print(f"seed {seed}: {seen}")
    return int(not seen.clean)


async def _mails(only: str | None, seed: int, mails: int, every: int) -> int:
    """So many mails in over four ways, and as many answers out, while processes are killed and lines break."""
    configure_logs("console", "error")  # here, too: this process writes the agent's answers
    clean = True
    for name, make in (("one", one_desk), ("several", several_desk)):
        if only in (None, name):
            with tempfile.TemporaryDirectory(prefix="wismo-faults-") as folder:
                async with make(Path(folder)) as desk:
                    print(f"\n── {desk.name}, seed {seed}", flush=True)
                    seen = await MailRun(desk, seed).go(mails, every=every)
            print(seen.table(), flush=True)
            clean = clean and seen.clean
    return int(not clean)


async def _cancels() -> int:
    """Every way through the long scenes; the first that ends badly is an AssertionError."""
    for scene, steps in LONG.items():
        async with _empty_desk() as clock:
            print(f"{scene}: {await walk(steps, clock)} ways", flush=True)
    return 0


@asynccontextmanager
async def _empty_desk() -> AsyncIterator[FrozenClock]:
    with tempfile.TemporaryDirectory(prefix="wismo-faults-") as folder:
        url = sqlite_url(Path(folder) / "wismo.db")
        await migrate(url)
        async with open_database(url):
            with frozen(datetime(2026, 3, 2, 9, 0, tzinfo=UTC)) as clock:
                yield clock


async def _stall(seconds: float, readers: int) -> int:
    with tempfile.TemporaryDirectory(prefix="wismo-faults-") as folder:
        async with one_process(Path(folder)) as house:
            rounds = max(1, round(seconds / (len(WINDOWS) * 2 * STALL_ROUND)))
            outcomes = await stall(house, WINDOWS, seconds=STALL_ROUND, rounds=rounds, readers=readers)
    for outcome in outcomes:
        print(outcome.table())
    return int(not all(outcome.clean for outcome in outcomes))


def _tell(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
