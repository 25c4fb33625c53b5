"""Stock on the desk: what is short, who gets it, and saying that something is gone."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from core.clock import FrozenClock, now
from core.people import Agent
from core.transactions import transaction
from orders.facts import Version
from orders.models import Order, OrderLine
from orders.stock.demand import recompute
from orders.stock.facts import ItemFacts, LevelFacts, StockFacts, StockStatement
from orders.stock.intake import fold_stock
from orders.stock.models import Shortage, StockPosition
from tests.console.conftest import Browser
from tests.heard import counted
from tests.people import World, make_order

LAMP = "LO-ALD"
OpenBrowser = Callable[..., Awaitable[Browser]]


async def with_stock(world: World, units: int, orders: int) -> list[Order]:
    found = []
    for number in range(1001, 1001 + orders):
        order = await make_order(world.lumen, f"#{number}", email=f"ines{number}@example.com")
        wanted: dict[str, Any] = {
            "sku": LAMP,
            "title": "Lamp",
            "quantity": 1,
            "open_units": 1,
            "shop_id": world.lumen.id,
        }
        await OrderLine.create(order=order, source_id="1", **wanted)
        found.append(order)
    version = Version(now())
    said = ItemFacts(sku=LAMP, title="Alder <lamp>", restock_eta=now() + timedelta(days=9))
    level = LevelFacts(quantity=units, counts="on_hand", closed=False)
    async with transaction():
        parts = (StockStatement(said, version), StockStatement(level, version, "Berlin"))
        await fold_stock(world.lumen, "stock", [StockFacts(LAMP, parts)])
    await recompute(world.lumen.id, [LAMP])
    return found


async def test_what_is_short_is_listed_and_leads_to_its_orders(
    world: World, open_browser: OpenBrowser, clock: FrozenClock
) -> None:
    orders = await with_stock(world, 1, 3)
    browser = await open_browser(world.omar)
    page = (await browser.get("/console/stock")).text
    position = await StockPosition.get(sku=LAMP)
    for words in (LAMP, "Alder &lt;lamp&gt;", f"/console/stock/{position.id}", "Expected"):
        assert words in page
    page = (await browser.get(f"/console/stock/{position.id}")).text
    places = [page.index(f"/console/orders/{order.public_id}") for order in orders]
    assert places == sorted(places)
    assert "Berlin" in page
    assert "Discontinue…" not in page, "that is for supervisors"
    last = (await browser.get(f"/console/orders/{orders[2].public_id}")).text
    assert "Not enough stock for it" in last
    assert f"/console/stock/{position.id}" in last
    assert "Not enough stock for it" not in (await browser.get(f"/console/orders/{orders[0].public_id}")).text


async def test_a_sku_is_found_by_its_beginning_or_its_title(
    world: World, open_browser: OpenBrowser, clock: FrozenClock
) -> None:
    await with_stock(world, 9, 1)
    browser = await open_browser(world.omar)
    assert "Stock covers every open order" in (await browser.get("/console/stock")).text
    for query in ("lo-a", "loald", "lamp"):
        assert "LO-ALD" in (await browser.get(f"/console/stock?q={query}")).text
    assert "Nothing found" in (await browser.get("/console/stock?q=teapot")).text
    assert (await browser.get("/console/stock?after=rubbish")).status_code == 422


async def test_other_shops_are_not_there(world: World, open_browser: OpenBrowser, clock: FrozenClock) -> None:
    await with_stock(world, 0, 1)
    position = await StockPosition.get(sku=LAMP)
    browser = await open_browser(world.wei)
    assert LAMP not in (await browser.get("/console/stock")).text
    assert (await browser.get(f"/console/stock/{position.id}")).status_code == 404


async def test_a_supervisor_says_that_a_sku_is_gone_for_good(
    world: World, open_browser: OpenBrowser, clock: FrozenClock
) -> None:
    await with_stock(world, 9, 4)
    position = await StockPosition.get(sku=LAMP)
    browser, path = await open_browser(world.sue), f"/console/stock/{position.id}"
    clock.advance(timedelta(minutes=5))
    page = await browser.post(f"{path}/discontinue", gone="yes")
    assert page.status_code in {200, 303}
    assert await Shortage.filter(gone=True).count() == 4
    assert "It’s not discontinued after all" in (await browser.get(path)).text
    agent = await open_browser(world.omar)
    assert (await agent.post(f"{path}/discontinue", gone="no")).status_code == 403


async def test_the_list_takes_as_many_queries_for_many_as_for_one(
    world: World, open_browser: OpenBrowser, clock: FrozenClock
) -> None:
    await with_stock(world, 0, 2)
    browser = await open_browser(await Agent.get(id=world.omar.id))
    with counted() as one:
        await browser.get("/console/stock")
    values: dict[str, Any] = {"shop": world.lumen, "demand": 1, "short": 1, "orders_short": 1, "first_short_at": now()}
    await StockPosition.bulk_create([StockPosition(sku=f"S-{n}", **values) for n in range(60)])
    with counted() as many:
        page = (await browser.get("/console/stock")).text
    assert len(one) == len(many)
    assert "More SKUs" in page
