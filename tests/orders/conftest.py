"""Shops in a database, and deliveries that go in through the verb behind the doors."""

from collections.abc import Iterator
from typing import Any

import pytest
from tortoise.context import TortoiseContext

from app.gateways.simulators.keys import demo_secrets
from app.gateways.simulators.shop import incoming
from app.gateways.simulators.wire import Wire
from core.events import Bus, use_bus
from core.jobs import Job
from core.shops import Shop
from orders.events import (
    DisputeChanged,
    OrderCancelled,
    OrderChanged,
    OrderConfirmed,
    OrderCreated,
    ParcelMoved,
    RefundChanged,
    SourceEventReceived,
)
from orders.folding import fold
from orders.models import SourceEvent
from orders.receiving import accept
from tests.heard import Heard, listen_to
from tests.orders.deliveries import a_shop


class Desk:
    """Takes deliveries and folds them, as the door and the worker do."""

    async def hear(self, wire: Wire) -> SourceEvent:
        event = await accept(incoming(wire))
        await fold(event.id)
        return await SourceEvent.get(id=event.id)

    async def jobs(self) -> list[dict[str, Any]]:
        return [dict(row) for row in await Job.all().order_by("id").values("kind", "args", "lane")]


@pytest.fixture
def desk(database: TortoiseContext) -> Desk:
    return Desk()


@pytest.fixture
async def lumen(database: TortoiseContext) -> Shop:
    shop = a_shop("shopify", demo=True)
    shop.secrets = demo_secrets(shop.key) | shop.secrets
    await shop.save(force_create=True)
    return shop


@pytest.fixture
async def chaye(database: TortoiseContext) -> Shop:
    shop = a_shop("generic", id=2, demo=True)
    shop.secrets = demo_secrets(shop.key) | shop.secrets
    await shop.save(force_create=True)
    return shop


@pytest.fixture
def heard() -> Iterator[Heard]:
    """Everything that the orders' verbs have said in this test."""
    use_bus(Bus())
    yield listen_to(
        SourceEventReceived,
        OrderCreated,
        OrderChanged,
        OrderConfirmed,
        OrderCancelled,
        ParcelMoved,
        RefundChanged,
        DisputeChanged,
    )
    use_bus(Bus())
