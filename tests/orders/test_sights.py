"""What a page showed of an order, held against what the order is now."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.audit import AuditEntry
from core.clock import FrozenClock, now
from core.errors import Invalid
from orders.access import Viewer
from orders.models import Order, Refund, Shipment
from orders.sights import (
    Sight,
    changed_since,
    differences_between,
    glance_at,
    read_sights,
    sight_of,
    write_sights,
)
from orders.snapshots import snapshot
from tests.people import make_order, make_shop

pytestmark = pytest.mark.anyio


@pytest.fixture
async def order(database: object, clock: FrozenClock) -> Order:
    order = await make_order(await make_shop("lumen", "Lumen"), "#1001")
    await Order.filter(id=order.id).update(headline="processing", promised_to=now() + timedelta(days=3))
    return await Order.get(id=order.id)


def viewer(order: Order) -> Viewer:
    return Viewer.agent(7, [order.shop_id], "Omar")


async def move(order: Order, **values: object) -> None:
    await Order.filter(id=order.id).update(version=order.version + 1, **values)
    await order.refresh_from_db()


async def test_what_a_customer_would_notice_is_a_difference(order: Order) -> None:
    seen = {order.public_id: sight_of(await snapshot(order))}
    assert await changed_since(viewer(order), seen) == []
    await Shipment.create(public_id="par_1", order=order, source_id="1", carrier="DHL", tracking_number="JD01",
                          state="in_transit", eta_to=now() + timedelta(days=5))  # fmt: skip
    await Refund.create(public_id="rfd_1", order=order, source_id="1", amount=1200, currency="USD", state="pending",
                        at=now())  # fmt: skip
    await move(order, headline="shipped", promised_to=now() + timedelta(days=6))
    [changed] = await changed_since(viewer(order), seen)
    assert (changed.order_id, changed.number, changed.sight.version) == (order.public_id, "#1001", 2)
    assert [(d.kind, d.name, d.before.split(" ")[0]) for d in changed.differences] == [
        ("headline", "", "processing"), ("promise", "", "-"), ("parcel", "DHL JD01", ""), ("refund", "", "")
    ]  # fmt: skip
    assert await AuditEntry.filter(action="order.read", actor_id=7).count() == 1
    assert await changed_since(viewer(order), {order.public_id: changed.sight}) == []


async def test_a_version_that_changes_nothing_for_a_customer_is_none(order: Order) -> None:
    seen = {order.public_id: sight_of(await snapshot(order))}
    await move(order, tags=["vip"], customer_name="Ines M.")
    assert await changed_since(viewer(order), seen) == []


async def test_who_saw_only_a_name_hears_of_no_parcels(order: Order) -> None:
    seen = {order.public_id: glance_at(order)}
    await Shipment.create(public_id="par_1", order=order, source_id="1", state="delivered")
    await move(order)
    assert await changed_since(viewer(order), seen) == []
    await move(order, headline="delivered")
    [changed] = await changed_since(viewer(order), seen)
    assert [(d.kind, d.before, d.after) for d in changed.differences] == [("headline", "processing", "delivered")]


async def test_a_bare_version_is_strict(order: Order) -> None:
    seen = read_sights(f'{{"{order.public_id}": 1}}')
    assert await changed_since(viewer(order), seen) == []
    await move(order, tags=["vip"])
    [changed] = await changed_since(viewer(order), seen)
    assert [(d.kind, d.before, d.after) for d in changed.differences] == [("version", "1", "2")]


async def test_orders_out_of_view_are_passed_over(order: Order) -> None:
    seen = {order.public_id: Sight(0), "ord_nothing": Sight(0)}
    assert await changed_since(Viewer.agent(7, [order.shop_id + 1]), seen) == []


async def test_a_parcel_that_is_gone_is_a_difference(order: Order) -> None:
    parcel = await Shipment.create(public_id="par_1", order=order, source_id="1", carrier="DHL", state="in_transit")
    seen = sight_of(await snapshot(order))
    await parcel.delete()
    [gone] = differences_between(seen, await snapshot(order))
    assert (gone.kind, gone.after) == ("parcel", "")


_facts = st.dictionaries(st.sampled_from(["headline", "promise", "parcel par_1", "refund rfd_1"]), st.text())


@given(st.dictionaries(st.text(min_size=1), st.builds(Sight, st.integers(0, 2**53), _facts, st.booleans()), max_size=9))
def test_what_is_written_is_read(sights: dict[str, Sight]) -> None:
    assert read_sights(write_sights(sights)) == sights


@given(st.one_of(st.text(), st.sampled_from(['{"a": {}}', '{"a": []}', "[1]", "7", '{"a": {"v": "x"}}', "null"])))
def test_nonsense_is_refused_or_empty(text: str) -> None:
    with suppress(Invalid):
        assert isinstance(read_sights(text), dict)


@pytest.mark.parametrize("text", ['{"ord_1": {"v": 1e999}}', "[" * 100_000, '{"ord_1": ' * 100_000])
def test_numbers_without_end_and_bottomless_lists_are_nonsense(text: str) -> None:
    with pytest.raises(Invalid):
        read_sights(text)
