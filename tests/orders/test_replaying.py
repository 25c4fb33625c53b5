"""Deliveries that failed or wait, and folding stored ones again."""

from typing import Any

import pytest

from app.gateways.simulators.shop import incoming
from core.audit import AuditEntry
from core.clock import FrozenClock
from core.errors import Invalid, NotFound
from core.jobs import DEAD, DONE, Job
from core.people import SYSTEM, Actor
from core.shops import Shop
from orders import applying
from orders.events import OrderChanged
from orders.folding import fold
from orders.models import Order, SourceEvent
from orders.receiving import accept
from orders.replaying import count_failed, event_in_view, failed_events, replay, replay_order
from orders.sources import shopify_orders
from orders.statuses import Fulfilment
from tests.heard import Heard, counted
from tests.orders.conftest import Desk
from tests.orders.deliveries import NOON, webhook
from tests.orders.test_shopify import FULFILLMENT, ORDER

SUE = Actor("agent", 7, "Sue")


@pytest.fixture(autouse=True)
def at_noon(clock: FrozenClock) -> None:
    clock.advance(NOON - clock.now())


async def broken(shop: Shop, number: int = 1) -> SourceEvent:
    """A delivery that nobody can read."""
    event = await accept(incoming(webhook("orders/create", {"id": "", "n": number})))
    with pytest.raises(Invalid):
        await fold(event.id)
    return await SourceEvent.get(id=event.id)


async def test_failed_and_parked_deliveries_are_listed_newest_first_by_page(
    desk: Desk, lumen: Shop, chaye: Shop
) -> None:
    await desk.hear(webhook("orders/create", ORDER))
    failed = [await broken(lumen, number) for number in range(3)]
    other = {**FULFILLMENT, "id": 1, "order_id": 99}
    parked = await desk.hear(webhook("fulfillments/create", other))
    expected = [parked.id, *(event.id for event in reversed(failed))]
    listed = await failed_events([lumen.id], limit=2)
    assert [event.id for event in listed] == expected[:2]
    assert [event.id for event in await failed_events([lumen.id], listed[-1].id, 2)] == expected[2:]
    assert await failed_events([chaye.id]) == []
    assert await failed_events([]) == []
    assert (await count_failed([lumen.id]), await count_failed([lumen.id], 2), await count_failed([chaye.id])) == (
        3,
        2,
        0,
    )


async def test_a_delivery_is_seen_by_its_shop_only(lumen: Shop, chaye: Shop) -> None:
    event = await broken(lumen)
    assert (await event_in_view([lumen.id], event.public_id)).id == event.id
    for shop_ids, name in (([chaye.id], event.public_id), ([lumen.id], "evt_0"), ([], event.public_id)):
        with pytest.raises(NotFound):
            await event_in_view(shop_ids, name)


async def test_what_failed_for_a_passing_reason_is_folded_by_a_replay(
    lumen: Shop, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = await accept(incoming(webhook("orders/create", ORDER)))

    def full(*_: Any) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(applying, "keep", full)
        with pytest.raises(OSError, match="disk full"):
            await fold(event.id)
    assert await Order.all().count() == 0
    result = await replay(event.id, SUE)
    assert (result.before, result.after, result.error) == ("failed", "folded", "")
    assert ("headline", None) in [(change.name, change.before) for change in result.changes]
    assert result.order == (await Order.get()).number
    assert (await SourceEvent.get(id=event.id)).error is None
    assert len(heard.of(OrderChanged)) == 1
    (trace,) = await AuditEntry.filter(action="delivery.replayed")
    assert (trace.actor_id, trace.subject) == (SUE.id, event.public_id)
    assert trace.detail == {"before": "failed", "after": "folded"}


async def test_what_can_never_be_read_stays_failed_and_says_why(lumen: Shop) -> None:
    event = await broken(lumen)
    result = await replay(event.id, SUE)
    assert (result.before, result.after, result.changes) == ("failed", "failed", ())
    assert "bad_id" in result.error or "id is missing" in result.error
    assert await count_failed([lumen.id]) == 1


async def test_a_replayed_delivery_leaves_no_dead_job_behind(
    lumen: Shop, monkeypatch: pytest.MonkeyPatch, both_databases: str
) -> None:
    good, bad = await accept(incoming(webhook("orders/create", ORDER))), await broken(lumen)

    def full(*_: Any) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(applying, "keep", full)
        with pytest.raises(OSError, match="disk full"):
            await fold(good.id)
    await Job.all().update(state=DEAD)
    assert (await replay(bad.id, SUE)).after == "failed"
    assert await Job.filter(state=DEAD).count() == 2
    assert (await replay(good.id, SUE)).after == "folded"
    (left,) = await Job.filter(state=DEAD)
    assert left.args == {"source_event": bad.id}
    (closed,) = await Job.filter(state=DONE)
    assert closed.finished_at is not None


async def test_a_parked_parcel_stays_parked_until_its_order_is_there(desk: Desk, lumen: Shop) -> None:
    parked = await desk.hear(webhook("fulfillments/create", {**FULFILLMENT, "order_id": ORDER["id"]}))
    assert parked.state == "parked"
    assert (await replay(parked.id, SUE)).after == "parked"
    await desk.hear(webhook("orders/create", ORDER))
    assert (await SourceEvent.get(id=parked.id)).state == "folded"


async def test_replaying_a_folded_delivery_changes_nothing(desk: Desk, lumen: Shop, heard: Heard) -> None:
    event = await desk.hear(webhook("orders/create", ORDER))
    await desk.hear(webhook("fulfillments/create", {**FULFILLMENT, "order_id": ORDER["id"]}))
    version = (await Order.get()).version
    heard.clear()
    for _ in range(2):
        result = await replay(event.id, SUE)
        assert (result.before, result.after, result.changes) == ("folded", "folded", ())
    assert (await replay_order(await Order.get(), SYSTEM)).changes == ()
    assert heard.of(OrderChanged) == []
    assert (await Order.get()).version == version


async def test_a_corrected_table_wins_over_what_the_same_bytes_said_before(
    desk: Desk, lumen: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.hear(webhook("orders/create", {**ORDER, "fulfillment_status": "on_the_moon"}))
    order = await Order.get()
    assert order.headline == "on_hold"
    monkeypatch.setitem(shopify_orders._FULFILMENT, "on_the_moon", Fulfilment.SHIPPED)
    result = await replay_order(order, SYSTEM)
    assert {change.name for change in result.changes} >= {"headline", "holds", "version"}
    order = await Order.get()
    assert (order.headline, order.fulfilment) == ("shipped", "shipped")


async def test_an_order_is_folded_anew_with_few_statements(desk: Desk, lumen: Shop) -> None:
    """The work follows the number of deliveries, not of rows in the tables."""
    await desk.hear(webhook("orders/create", ORDER))
    with counted() as one:
        await replay_order(await Order.get(), SYSTEM)
    for note in range(5):
        await desk.hear(webhook("orders/updated", {**ORDER, "note": str(note)}))
    with counted() as many:
        await replay_order(await Order.get(), SYSTEM)
    assert len(many) == len(one)
