"""Customers, an agent, the warehouse and the worker at the very same time, on PostgreSQL: one end for each order."""

import asyncio
from collections.abc import Iterator
from random import Random

import pytest

from app.gateways.simulators.backroom import at_shop
from app.gateways.simulators.lives import take
from app.jobs.claims import act_on_claim
from app.reactions import connect
from app.realtime.hub import Hub
from core.errors import Conflict, Unavailable
from core.events import Bus, use_bus
from core.people import BOT, SYSTEM
from core.shops import Shop
from orders.claims.cancellation import request_address, request_cancellation
from orders.claims.models import DONE, LIVE, Claim
from orders.models import Order
from orders.refunds.models import RefundIntent
from orders.statuses import Closure, Fulfilment
from tests.orders.claiming import PAID, a_context, an_order, work

ORDERS = 6
HOME = {"country": "US", "city": "Salem", "lines": ["1 Elm St"]}


@pytest.fixture(autouse=True)
def _wired() -> Iterator[None]:
    use_bus(connect(Hub()))
    yield
    use_bus(Bus())


async def _cancel(order: Order) -> None:
    try:
        await request_cancellation(order.id, None, "customer", BOT)
    except Conflict as refusal:
        if refusal.code != "being_decided":
            raise


async def _readdress(order: Order) -> None:
    try:
        await request_address(order.id, HOME, SYSTEM)
    except Conflict as refusal:
        if refusal.code != "being_decided":
            raise


async def _ship(order: Order, shop: Shop) -> None:
    async with at_shop(shop, order.source, order.source_id) as desk:
        if not desk.order.holds and not desk.order.cancelled_at:
            await desk.tell(take(desk.order, "ship", desk.at, Random(1)), desk.at)


async def _work() -> None:
    for _ in range(4):
        for claim in await Claim.filter(state__in=LIVE):
            try:
                await act_on_claim({"claim": claim.id}, a_context())
            except Unavailable:
                continue
        await asyncio.sleep(0)


@pytest.mark.pg
async def test_at_the_very_same_time(lumen: Shop) -> None:
    orders = [await an_order(lumen, *PAID, number=1900 + place) for place in range(ORDERS)]
    acts = [
        act
        for order in orders
        for act in (_cancel(order), _cancel(order), _readdress(order), _ship(order, lumen), _work())
    ]
    Random(3).shuffle(acts)
    await asyncio.gather(*acts)
    await work("claim.act", "claim.conclude")
    for order in orders:
        await order.refresh_from_db()
        claims = await Claim.filter(order_id=order.id)
        cancelled = order.closure == Closure.CANCELLED
        assert not [claim for claim in claims if claim.state in LIVE or claim.step]
        assert any(claim.state == DONE and claim.what == "cancel" for claim in claims) == cancelled
        assert not (cancelled and order.fulfilment == Fulfilment.SHIPPED)
        assert await RefundIntent.filter(order_id=order.id).count() == int(cancelled)
        assert not order.holds
