"""Money leaves exactly once, whatever breaks: the fault run of refunds, by fixed seeds."""

from dataclasses import replace

import pytest
from tortoise.context import TortoiseContext

from core.clock import FrozenClock
from orders.refunds.gateway import Instruction, Outcome
from tests.faults.refund_run import RefundRun, Unruly
from tests.people import make_world

pytestmark = [pytest.mark.faults, pytest.mark.anyio]


class Forgetful(Unruly):
    """A planted bug: every call counts as a new one, as if each try had a key of its own."""

    async def refund(self, instruction: Instruction) -> Outcome:
        tried = f"{instruction.key}_{self.calls.get(instruction.key, 0)}"
        return await super().refund(replace(instruction, key=tried))


@pytest.mark.sqlite
async def test_the_run_finds_a_planted_bug(database: TortoiseContext, clock: FrozenClock) -> None:
    world = await make_world()
    run = RefundRun(world.lumen, world.ada, clock, seed=6)
    run.gateway = Forgetful(run.chance)
    seen = await run.go(60)
    assert seen.paid_twice, seen


@pytest.mark.slow
async def test_hundreds_of_keys_under_faults_and_kills(
    database: TortoiseContext, clock: FrozenClock, database_kind: str
) -> None:
    world = await make_world()
    run = RefundRun(world.lumen, world.ada, clock, seed=6)
    seen = await run.go(600 if database_kind == "sqlite" else 100)
    assert seen.clean, seen
    assert seen.faults > seen.calls * 0.2, seen
    assert seen.kills > seen.calls * 0.05, seen
    assert seen.frozen + seen.late_failures, seen
