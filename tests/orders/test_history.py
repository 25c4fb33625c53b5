"""What has become of an order, and what was sent about it by everybody."""

from datetime import timedelta

import pytest

from app.reactions import connect
from app.realtime.hub import Hub
from core.bundles import alone
from core.clock import FrozenClock
from core.events import use_bus
from core.people import SYSTEM
from core.shops import Shop
from orders.history import changes_of, deliveries_about, handles_in, headline_at, version_at
from orders.models import Order, OrderChange, SourceEvent
from orders.replaying import replay_order
from tests.orders.conftest import Desk
from tests.orders.deliveries import NOON, webhook
from tests.orders.services import tell
from tests.orders.test_linking import charged, tracked
from tests.orders.test_shopify import FULFILLMENT, ORDER

pytestmark = pytest.mark.usefixtures("both_databases")
PARCEL = {**FULFILLMENT, "order_id": ORDER["id"], "tracking_number": "1Z1", "tracking_numbers": ["1Z1"]}


async def handles_of(order: Order) -> list[str]:
    return await alone(lambda bundle: handles_in(bundle, order))


@pytest.fixture(autouse=True)
def at_noon(clock: FrozenClock) -> None:
    clock.advance(NOON - clock.now())


@pytest.fixture
def reacting(desk: Desk) -> None:
    use_bus(connect(Hub()))


async def test_each_version_is_kept_with_the_delivery_that_made_it(
    desk: Desk, lumen: Shop, reacting: None, clock: FrozenClock
) -> None:
    placed = await desk.hear(webhook("orders/create", ORDER))
    clock.advance(timedelta(hours=1))
    packed = await desk.hear(webhook("fulfillments/create", PARCEL))
    clock.advance(timedelta(hours=1))
    scanned = await tell(lumen, "aftership", tracked("delivered", 13))
    order = await Order.get()
    changes = await changes_of(order)
    assert [change.version for change in changes] == [3, 2, 1]
    assert [change.cause_id for change in changes] == [scanned.id, packed.id, placed.id]
    assert (changes[2].before, changes[0].after) == ("", order.headline)
    assert [change.before for change in changes[:2]] == [change.after for change in changes[1:]]
    assert [change.at for change in changes] == [NOON + timedelta(hours=hour) for hour in (2, 1, 0)]


async def test_what_was_known_at_a_moment(desk: Desk, lumen: Shop, reacting: None, clock: FrozenClock) -> None:
    await desk.hear(webhook("orders/create", ORDER))
    clock.advance(timedelta(hours=1))
    await desk.hear(webhook("fulfillments/create", PARCEL))
    order = await Order.get()
    changes = await changes_of(order)
    half_past = NOON + timedelta(minutes=30)
    assert (headline_at(changes, half_past, order.headline), version_at(changes, half_past)) == (changes[1].after, 1)
    assert headline_at(changes, NOON + timedelta(hours=2), order.headline) == order.headline
    assert headline_at(changes, NOON - timedelta(hours=1), order.headline) == ""
    assert version_at(changes, NOON - timedelta(hours=1)) is None
    assert (headline_at([], NOON, "shipped"), version_at([], NOON)) == ("shipped", None)


async def test_folding_anew_without_news_makes_no_history(desk: Desk, lumen: Shop, reacting: None) -> None:
    await desk.hear(webhook("orders/create", ORDER))
    await replay_order(await Order.get(), SYSTEM)
    assert await OrderChange.all().count() == 1


async def test_deliveries_of_carriers_and_gateways_are_about_the_order_too(
    desk: Desk, lumen: Shop, chaye: Shop, reacting: None
) -> None:
    await desk.hear(webhook("orders/create", ORDER))
    await desk.hear(webhook("fulfillments/create", PARCEL))
    await desk.hear(webhook("orders/create", {**ORDER, "id": 77, "order_number": 77, "name": "#77"}))
    await tell(lumen, "aftership", tracked("in_transit", 13))
    await tell(lumen, "aftership", tracked("in_transit", 13, code="1Z2"))
    await tell(lumen, "stripe", charged(order="#1001"))
    await tell(chaye, "aftership", tracked("delivered", 14))
    order = await Order.get(source_id=str(ORDER["id"]))
    events = await deliveries_about(order, await handles_of(order), None, 50)
    assert [event.source for event in events if event.source != "stripe"] == ["aftership", "shopify", "shopify"]
    assert {event.id for event in await deliveries_about(order, await handles_of(order), events[0].id, 50)} == {
        e.id for e in events[1:]
    }
    assert len(await deliveries_about(order, await handles_of(order), None, 1)) == 1


async def test_two_orders_in_one_parcel_both_show_its_scans(desk: Desk, lumen: Shop, reacting: None) -> None:
    other = {**ORDER, "id": 77, "order_number": 77, "name": "#77"}
    for document in (ORDER, other):
        await desk.hear(webhook("orders/create", document))
        await desk.hear(webhook("fulfillments/create", {**PARCEL, "id": document["id"], "order_id": document["id"]}))
    scan = await tell(lumen, "aftership", tracked("in_transit", 13))
    for order in await Order.all():
        assert scan.id in [event.id for event in await deliveries_about(order, await handles_of(order), None, 50)]
    assert await SourceEvent.filter(order_id__isnull=False, source="aftership").count() == 1
