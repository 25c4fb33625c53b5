"""Money leaves exactly once, whatever breaks: the fault run of refunds, by fixed seeds."""

import pytest
from tortoise.context import TortoiseContext

from core.clock import FrozenClock
from tests.faults.refund_run import RefundRun
from tests.people import make_world

pytestmark = [pytest.mark.faults, pytest.mark.anyio]


@pytest.mark.slow
async def test_two_thousand_keys_under_faults_and_kills(
    database: TortoiseContext, clock: FrozenClock, database_kind: str
) -> None:
    world = await make_world()
    run = RefundRun(world.lumen, world.ada, clock, seed=6)
    seen = await run.go(2_000 if database_kind == "sqlite" else 100)
    assert seen.clean, seen
    assert seen.faults > seen.calls * 0.2, seen
    assert seen.kills > seen.calls * 0.05, seen
    assert seen.frozen + seen.late_failures, seen
