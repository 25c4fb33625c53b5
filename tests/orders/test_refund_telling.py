"""A refund that this desk has sent moves its order once, whoever tells of it: this desk, the platform, the gateway."""

from typing import Any

import pytest
from tortoise.context import TortoiseContext

from core.clock import FrozenClock
from core.people import Actor
from orders.events import RefundChanged
from orders.models import Order, Refund
from orders.refunds.by_hand import paid_by_hand
from orders.refunds.case import Request
from orders.refunds.from_order import case_of
from orders.refunds.gateway import Answer, Outcome
from orders.refunds.models import RefundPart
from orders.refunds.requesting import request_refund
from orders.refunds.settling import Source, settle_part
from orders.refunds.telling import tell_order
from tests.heard import Heard, listen_to
from tests.orders.refunding import open_account
from tests.orders.test_refund_both_ways import SALE, hear, without_transactions
from tests.people import World, make_world

pytestmark = pytest.mark.anyio

PLATFORMS_OWN = {
    "id": 5,
    "created_at": "2026-03-02T10:00:00Z",
    "refund_line_items": [{"line_item_id": 1, "quantity": 1, "restock_type": "return"}],
    "transactions": [{**SALE, "id": 78, "kind": "refund", "amount": "20.00"}],
}


@pytest.fixture
async def world(database: TortoiseContext, clock: FrozenClock) -> World:
    return await make_world()


@pytest.fixture
def heard(world: World) -> Heard:
    return listen_to(RefundChanged)


async def sent(world: World, amount: int = 20_00) -> tuple[Order, RefundPart]:
    await hear(world.lumen, "orders/updated", without_transactions())
    await hear(world.lumen, "order_transactions/create", SALE)
    order = await Order.get(shop_id=world.lumen.id)
    intent = await request_refund(order.id, "tkt_1", Request(amount=amount), Actor.of(world.ada))
    return order, await RefundPart.get(intent_id=intent.id)


async def by_hand(world: World, part: RefundPart) -> None:
    await paid_by_hand(part.public_id, world.ada, "transfer 17")
    await tell_order(part.public_id)


async def tells(world: World, refund: dict[str, Any]) -> None:
    later = {"updated_at": "2026-03-03T10:00:00Z", "financial_status": "partially_refunded", "refunds": [refund]}
    await hear(world.lumen, "orders/updated", without_transactions(**later))


async def test_what_was_paid_by_hand_moves_the_order_once(world: World, heard: Heard) -> None:
    order, part = await sent(world)
    await by_hand(world, part)
    await tell_order(part.public_id)
    (refund,) = await Refund.filter(order_id=order.id)
    assert (refund.amount, refund.currency, refund.state, refund.key) == (20_00, "USD", "succeeded", part.public_id)
    assert (await Order.get(id=order.id)).refund == "partial"
    assert [event.state for event in heard.of(RefundChanged)] == ["succeeded"]


async def test_all_of_it_is_a_full_refund(world: World) -> None:
    order, part = await sent(world, 122_10)
    await by_hand(world, part)
    assert (await Order.get(id=order.id)).refund == "full"


async def test_the_platform_that_tells_later_tells_of_the_same(world: World, heard: Heard) -> None:
    order, part = await sent(world)
    await by_hand(world, part)
    await tells(world, PLATFORMS_OWN)
    (refund,) = await Refund.filter(order_id=order.id)
    assert (refund.source_id, refund.lines, refund.key) == ("5", [["1", 1]], part.public_id)
    assert len(heard.of(RefundChanged)) == 1
    assert [payment.held for payment in (await case_of(order.id, Request())).payments] == [20_00]


async def test_the_platform_that_told_first_has_told_of_it(world: World, heard: Heard) -> None:
    order, part = await sent(world)
    await tells(world, PLATFORMS_OWN | {"note": f"refunded ({part.public_id})"})
    await by_hand(world, part)
    assert await Refund.filter(order_id=order.id).count() == 1
    assert len(heard.of(RefundChanged)) == 1


async def test_another_refund_of_the_platform_is_another_one(world: World) -> None:
    order, part = await sent(world)
    await by_hand(world, part)
    await tells(world, PLATFORMS_OWN | {"transactions": [{**SALE, "id": 78, "kind": "refund", "amount": "30.00"}]})
    assert sorted(refund.amount for refund in await Refund.filter(order_id=order.id)) == [20_00, 30_00]


async def test_what_failed_after_all_is_said_to_have_failed(world: World) -> None:
    await open_account(world.lumen)
    order, part = await sent(world)
    await settle_part(part.public_id, Outcome(state=Answer.SUCCEEDED, reference="re_1"))
    await tell_order(part.public_id)
    assert (await Refund.get(order_id=order.id)).reference == "re_1"
    await settle_part(part.public_id, Outcome(state=Answer.FAILED, code="closed"), source=Source.QUERY)
    await tell_order(part.public_id)
    assert (await Refund.get(order_id=order.id)).state == "failed"
    assert (await Order.get(id=order.id)).refund == "failed"
