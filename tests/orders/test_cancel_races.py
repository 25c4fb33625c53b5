"""However a cancellation races: everybody agrees at the end of every way (see tests/orders/cancel_walk.py)."""

import pytest
from tortoise.context import TortoiseContext

from core.clock import FrozenClock
from tests.orders.cancel_walk import SHORT, walk

# One connection walks alone: which database it is makes no difference. That of locks is in test_cancel_at_once.py.
pytestmark = pytest.mark.sqlite


@pytest.mark.parametrize("scene", SHORT)
async def test_in_whatever_order_things_happen_everybody_agrees(
    scene: str, database: TortoiseContext, clock: FrozenClock
) -> None:
    assert await walk(SHORT[scene], clock) > 90
