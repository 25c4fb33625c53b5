"""Stock against open orders: reports in any order, who is short, and what an order says before it is confirmed."""

import json
from datetime import timedelta
from itertools import count, permutations
from typing import Any

import pytest
from tortoise.context import TortoiseContext

from app.jobs import HANDLERS
from core.clock import FrozenClock, now
from core.jobs import claim, finish
from core.people import SYSTEM
from core.shops import Shop
from orders.events import OrderConfirmed, StockCovered, StockShort
from orders.models import Order, OrderLine
from orders.snapshots import snapshot
from orders.sources import shopify
from orders.statuses import Gate, Headline
from orders.stock.demand import recompute
from orders.stock.facts import merge_stock
from orders.stock.intake import discontinue
from orders.stock.models import Shortage, StockItem, StockLevel, StockPosition
from orders.stock.queries import open_orders_of, positions_in_trouble
from tests.heard import Heard, counted, listen_to
from tests.orders.conftest import Desk
from tests.orders.deliveries import NOON, a_delivery, a_shop, told, webhook
from tests.orders.services import tell as tell_service

LAMP = "LO-ALD"
_SECONDS = count()
pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def heard_stock(heard: Heard) -> Heard:
    return listen_to(StockShort, StockCovered, OrderConfirmed)


async def work() -> None:
    """Run every due job of stock, as the worker does."""
    while jobs := await claim(20):
        for job in jobs:
            if job.kind in {"orders.stock.intake", "orders.short"}:
                await HANDLERS[job.kind](job.args, None)  # type: ignore[arg-type]
            await finish(job)


def level(available: int | None, minute: int = 0, place: int = 1, topic: str = "update") -> Any:
    at = (NOON + timedelta(minutes=minute)).isoformat()
    body = {"inventory_item_id": 808950810, "location_id": place, "available": available, "updated_at": at}
    return webhook(f"inventory_levels/{topic}", body)


def product(minute: int = 0, sku: str = LAMP, **more: Any) -> Any:
    at = (NOON + timedelta(minutes=minute)).isoformat()
    variant = {"id": 1, "inventory_item_id": 808950810, "sku": sku, "title": "Oak", "inventory_policy": "deny"}
    body = {"id": 77, "title": "Alder table lamp", "status": "active", "updated_at": at, "variants": [variant]}
    return webhook("products/update", {**body, **more})


async def feed(shop: Shop, *rows: dict[str, Any]) -> str:
    at = now() + timedelta(seconds=next(_SECONDS))
    event = await tell_service(shop, "stock", json.dumps({"updated_at": at.isoformat(), "items": rows}).encode())
    await work()
    return str(event.state)


async def place(desk: Desk, shop: Shop, *numbers: int, paid: bool = True) -> None:
    for number in numbers:
        for wire in told(shop, ("submit:paid" if paid else "submit:unpaid",), number):
            await desk.hear(wire)
    await work()


async def order(number: int) -> Order:
    return await Order.get(number=f"#{number}")


@pytest.mark.usefixtures("both_databases")
async def test_the_right_orders_are_flagged_before_they_are_confirmed(
    desk: Desk, lumen: Shop, heard_stock: Heard
) -> None:
    """Stock 2, orders 4: one that was not paid and the youngest wait, per line; a delivery of goods frees them."""
    await feed(
        lumen, {"sku": LAMP, "on_hand": 2, "restock_eta": "2026-03-20T00:00:00Z"}, {"sku": "OTHER", "on_hand": 1}
    )
    await place(desk, lumen, 1001, paid=False)
    await place(desk, lumen, 1002, 1003, 1004)
    position = await StockPosition.get(sku=LAMP)
    assert (position.demand, position.short, position.orders_short) == (4, 2, 2)
    claims = await open_orders_of(lumen.id, LAMP)
    assert [(row.number, row.short) for row in claims] == [("#1002", 0), ("#1003", 0), ("#1004", 1), ("#1001", 1)]
    late = await order(1004)
    assert late.gates == [Gate.STOCK, Gate.ACCEPTANCE] or Gate.STOCK in late.gates
    assert late.headline == Headline.AWAITING_CONFIRMATION
    lamp, bulb = (await snapshot(late)).lines
    assert (lamp.backordered, bulb.backordered) == (True, False)
    assert lamp.backorder_eta is not None
    assert lamp.backorder_eta.isoformat() == "2026-03-20T00:00:00+00:00"

    assert await feed(lumen, {"sku": LAMP, "on_hand": 5}) == "folded"
    assert (await order(1004)).gates == (await order(1003)).gates
    assert not await Shortage.exists()
    assert (await StockPosition.get(sku=LAMP)).first_short_at is None
    assert {event.order_id for event in heard_stock.of(StockCovered)} == {late.id, (await order(1001)).id}


@pytest.mark.usefixtures("both_databases")
async def test_stock_alone_may_keep_an_order_from_being_confirmed(desk: Desk, lumen: Shop, heard_stock: Heard) -> None:
    await feed(lumen, {"sku": LAMP, "on_hand": 0})
    for wire in told(lumen, ("submit:paid", "confirm"), 1001):
        await desk.hear(wire)
    await work()
    found = await order(1001)
    assert (found.confirmation, found.gates) == ("awaiting", ["stock"])
    assert not heard_stock.of(OrderConfirmed)
    await feed(lumen, {"sku": LAMP, "on_hand": 1})
    found = await order(1001)
    assert (found.confirmation, found.gates, found.headline) == ("confirmed", [], Headline.PROCESSING)
    assert len(heard_stock.of(OrderConfirmed)) == 1
    await feed(lumen, {"sku": LAMP, "on_hand": 0})
    found = await order(1001)
    assert (found.confirmation, found.gates) == ("confirmed", []), "what was confirmed stays so"
    assert (await snapshot(found)).lines[0].backordered


@pytest.mark.usefixtures("both_databases")
async def test_a_shop_that_sells_beyond_its_stock_is_not_held_up(desk: Desk, lumen: Shop) -> None:
    await feed(lumen, {"sku": LAMP, "available": -1, "backorderable": True})
    for wire in told(lumen, ("submit:paid", "confirm"), 1001):
        await desk.hear(wire)
    await work()
    found = await order(1001)
    assert (found.confirmation, found.gates) == ("confirmed", [])
    assert (await snapshot(found)).lines[0].backordered


@pytest.mark.usefixtures("both_databases")
async def test_what_left_or_was_cancelled_asks_for_nothing(desk: Desk, lumen: Shop) -> None:
    await feed(lumen, {"sku": LAMP, "on_hand": 1})
    await place(desk, lumen, 1001, 1002)
    assert (await Shortage.get()).order_id == (await order(1002)).id
    for wire in told(lumen, ("submit:paid", "confirm", "ship"), 1001):
        await desk.hear(wire)
    await work()
    line = await OrderLine.get(order__number="#1001", sku=LAMP)
    assert (line.open_units, line.shop_id) == (0, lumen.id)
    assert (await StockPosition.get(sku=LAMP)).demand == 1
    assert not await Shortage.exists(), "the warehouse has not told yet that one has left"
    await feed(lumen, {"sku": LAMP, "on_hand": 0})
    for wire in told(lumen, ("submit:paid", "cancel:customer"), 1002):
        await desk.hear(wire)
    await work()
    assert not await Shortage.exists()
    assert (await StockPosition.get(sku=LAMP)).demand == 0


@pytest.mark.usefixtures("both_databases")
async def test_a_level_that_comes_before_its_item_is_known_waits(desk: Desk, lumen: Shop) -> None:
    await place(desk, lumen, 1001, 1002)
    assert (await desk.hear(level(-1))).state == "folded"
    assert (await StockItem.get()).sku == ""
    await work()
    assert not await StockPosition.exists()
    await desk.hear(product())
    await work()
    position = await StockPosition.get(sku=LAMP)
    assert (position.available, position.short, position.title) == (-1, 1, "Alder table lamp · Oak")
    assert (await Shortage.get()).order_id == (await order(1002)).id


@pytest.mark.usefixtures("both_databases")
async def test_late_and_doubled_levels_change_nothing(desk: Desk, lumen: Shop) -> None:
    for wire in (product(), level(4, minute=5), level(9, minute=2), level(7, minute=1, place=2)):
        await desk.hear(wire)
    assert (await desk.hear(level(3, minute=4))).state == "stale"
    rows = {row.location: row.quantity for row in await StockLevel.all()}
    assert rows == {"1": 4, "2": 7}
    await desk.hear(level(None, minute=9, place=2, topic="disconnect"))
    await work()
    assert (await StockPosition.get(sku=LAMP)).available == 4


def test_any_order_of_reports_gives_the_same() -> None:
    wires = [level(4, 5), level(9, 2), product(3), product(6, sku="NEW"), level(1, 7, topic="disconnect")]
    statements = []
    for wire in wires:
        headers = {name.lower(): value for name, value in wire.headers.items()}
        reading = shopify.read(a_delivery(a_shop(), shopify.topic(headers), wire.body, headers))
        statements.append([(facts.ref, part) for facts in reading.stock for part in facts.statements])
    results = set()
    for order_of in permutations(statements):
        known: dict[str, Any] = {}
        for ref, part in (pair for group in order_of for pair in group):
            known[ref] = merge_stock(known.get(ref, {}), [part])
        results.add(json.dumps(known, sort_keys=True))
    assert len(results) == 1


@pytest.mark.usefixtures("both_databases")
async def test_a_variant_that_its_product_leaves_out_is_gone(desk: Desk, lumen: Shop) -> None:
    await place(desk, lumen, 1001)
    await desk.hear(product(1))
    await desk.hear(product(9, variants=[]))
    await desk.hear(product(5))  # late
    await work()
    assert (await StockPosition.get(sku=LAMP)).gone
    assert (await Shortage.get()).gone
    await desk.hear(product(12))
    await work()
    assert not await Shortage.exists()


@pytest.mark.usefixtures("both_databases")
async def test_a_sku_that_is_gone_finds_its_open_orders_in_one_query(
    desk: Desk, lumen: Shop, heard_stock: Heard, clock: FrozenClock
) -> None:
    await feed(lumen, {"sku": LAMP, "on_hand": 10})
    await place(desk, lumen, *range(1001, 1006))
    for wire in told(lumen, ("submit:paid", "cancel:customer"), 1005):
        await desk.hear(wire)
    await discontinue(lumen, LAMP, SYSTEM)
    await work()
    with counted() as statements:
        found = await open_orders_of(lumen.id, LAMP)
    assert len(statements) == 1
    assert [(row.number, row.short) for row in found] == [(f"#{n}", 1) for n in range(1001, 1005)]
    assert len(heard_stock.of(StockShort)) == 4
    page = await open_orders_of(lumen.id, LAMP, limit=3)
    rest = await open_orders_of(lumen.id, LAMP, after=page[-1].cursor)
    assert [row.number for row in rest] == ["#1004"]
    assert [row.sku for row in await positions_in_trouble([lumen.id])] == [LAMP]
    clock.advance(timedelta(minutes=2))
    await discontinue(lumen, LAMP, SYSTEM, gone=False)
    await work()
    assert not await Shortage.exists()


@pytest.mark.usefixtures("both_databases")
async def test_many_open_lines_take_as_many_queries_as_few(desk: Desk, lumen: Shop, database: TortoiseContext) -> None:
    async def queries(many: int) -> int:
        at = now()
        known: dict[str, Any] = {
            "shop": lumen,
            "placed_at": at,
            "source_updated_at": at,
            "folded_at": at,
            "currency": "USD",
        }
        names = [f"ord_{many}_{place}" for place in range(many)]
        await Order.bulk_create(
            [Order(public_id=n, source="x", source_id=n, number=n, number_key=n, **known) for n in names]
        )
        ids = await Order.filter(public_id__in=names).values_list("id", flat=True)
        wanted: dict[str, Any] = {"sku": LAMP, "title": "x", "quantity": 1, "open_units": 1, "shop_id": lumen.id}
        await OrderLine.bulk_create([OrderLine(order_id=i, source_id="1", **wanted) for i in ids])
        with counted() as statements:
            await recompute(lumen.id, [LAMP])
        return len(statements)

    await feed(lumen, {"sku": LAMP, "on_hand": 100, "title": "Lamp"})
    assert await queries(3) == await queries(40)


@pytest.mark.usefixtures("both_databases")
async def test_shops_and_skus_do_not_mix(desk: Desk, lumen: Shop, chaye: Shop) -> None:
    await place(desk, lumen, 1001)
    await feed(chaye, {"sku": LAMP, "on_hand": 0})
    assert not await Shortage.exists()
    assert await open_orders_of(chaye.id, LAMP) == []
