"""Several reads in one statement: the same rows as by themselves, on both databases."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from tortoise.context import TortoiseContext
from tortoise.models import Model

from core.bundles import Bundle
from core.clock import FrozenClock
from core.people import Agent, Customer, shop_ids_of
from core.shops import Shop
from core.transactions import transaction
from orders.models import Order
from tests.heard import counted
from tests.people import World, make_customer, make_order, make_world

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("both_databases")]


@pytest.fixture
async def world(database: TortoiseContext) -> World:
    return await make_world()


def values_of(rows: Sequence[Model]) -> list[dict[str, Any]]:
    return [{name: getattr(row, name) for name in row._meta.fields_db_projection} for row in rows]


async def test_one_statement_gives_what_several_would(world: World, clock: FrozenClock) -> None:
    clock.advance(timedelta(microseconds=120_300))
    await make_customer(world.lumen, 'Bo "ブ" \\ {x} \n %s', "bo@example.com")
    await make_order(world.lumen, "#1", email="bo@example.com")
    bundle, of = Bundle(), {"shop_id": world.lumen.id}
    people = bundle.rows(Customer, "WHERE t.shop_id = {shop_id} ORDER BY t.id DESC LIMIT {most}", most=1, **of)
    shops = bundle.rows(Shop, "ORDER BY t.id")
    agents = bundle.rows(Agent, "WHERE t.email IN ({emails})", emails=["omar@wismo.example", "nobody"])
    orders = bundle.rows(Order, "WHERE t.shop_id = {shop_id}", **of)
    nobody = bundle.rows(Agent, "WHERE t.id IN ({ids})", ids=[])
    names = bundle.table("id name", "SELECT id, name FROM shop WHERE key = {key}", key="lumen")
    assert (people, shops, names) == ([], [], [])
    with counted() as statements:
        await bundle.read()
    assert len(statements) == 1
    assert values_of(people) == values_of(await Customer.filter(**of).order_by("-id").limit(1))
    assert values_of(shops) == values_of(await Shop.all().order_by("id"))
    assert values_of(agents) == values_of([await Agent.get(email="omar@wismo.example")])
    assert values_of(orders) == values_of([await Order.get(**of)])
    assert people[0].created_at == clock.now()
    assert (nobody, names) == ([], [{"id": world.lumen.id, "name": "Lumen"}])
    await bundle.read()
    assert len(shops) == 2  # what was read is not asked for again


async def test_a_bundle_sees_what_its_transaction_has_changed(world: World) -> None:
    async with transaction():
        await Shop.filter(key="lumen").update(name="Lux")
        bundle = Bundle()
        found = bundle.rows(Shop, "WHERE t.name = {name}", name="Lux")
        await bundle.read()
        assert [shop.key for shop in found] == ["lumen"]
        found[0].valuable_from = 5
        await found[0].save(update_fields=["valuable_from"])
    assert (await Shop.get(key="lumen")).valuable_from == 5


async def test_an_agent_sees_their_shops_and_an_admin_all(world: World) -> None:
    assert await shop_ids_of(world.omar) == [world.lumen.id]
    assert await shop_ids_of(world.ada) == [world.lumen.id, world.chaye.id]
    world.wei.shops_at_hand = ()
    assert await shop_ids_of(world.wei) == []
