"""Many deliveries folded in one transaction: the same rows and the same news as one by one, and few statements."""

from collections import defaultdict
from random import Random
from typing import Any

import pytest

from app.gateways.simulators.shop import incoming
from app.jobs.context import JobContext
from app.jobs.folding import fold_orders
from core.clock import FrozenClock
from core.shops import Shop
from core.sql import Program
from orders import applying, sheets
from orders.events import OrderChanged, OrderConfirmed, OrderCreated, ParcelMoved, RefundChanged
from orders.folding import fold, fold_together
from orders.models import FactSheet, Order, OrderLine, Payment, Refund, Shipment, SourceEvent, TrackingEvent
from orders.receiving import accept, receive
from orders.snapshots import snapshots
from orders.sources import SOURCES
from tests.heard import Heard, counted
from tests.orders.deliveries import NOON, told, webhook
from tests.orders.test_folding import _fresh, comparable
from tests.orders.test_linking import charged, refunded, tracked
from tests.orders.test_shopify import FULFILLMENT, ORDER

_IDS = ("id", "public_id", "shop_id", "order_id", "shipment_id", "delivery_key", "headers")
OURS = (*_IDS, "folded_at", "updated_at", "processed_at", "version")


@pytest.fixture(autouse=True)
def at_noon(clock: FrozenClock) -> None:
    clock.advance(NOON - clock.now())


class Stream:
    """Deliveries about three orders: two that share a parcel, with a carrier and a gateway beside the shop."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop, self.random = shop, Random(seed)
        self.items: list[tuple[str, Any]] = [("shop", wire) for wire in told(shop, number=1001)[::2]]
        for number in (1, 2):
            order_id = int(ORDER["id"]) + number
            parcel = {**FULFILLMENT, "id": 70 + number, "order_id": order_id}
            money = {"id": 90 + number, "order_id": order_id, "kind": "sale", "status": "success", "currency": "USD"}
            paid = {**money, "amount": "141.00", "authorization": f"pi_{number}"}
            self.items += [
                ("shop", webhook("orders/create", {**ORDER, "id": order_id, "name": f"#{number}"})),
                ("shop", webhook("fulfillments/create", parcel)),
                ("shop", webhook("order_transactions/create", paid)),
            ]
        self.items += [("aftership", tracked("in_transit", 1)), ("aftership", tracked("delivered", 2))]
        self.items += [("stripe", charged()), ("stripe", refunded())]
        self.random.shuffle(self.items)

    async def take(self, source: str, item: Any) -> int:
        if source == "shop":
            return int((await accept(incoming(item))).id)
        key = SOURCES[source].delivery_key({}, item)
        return int((await receive(self.shop, source, SOURCES[source].topic({}), key, {}, item)).id)

    async def fold_one_by_one(self) -> None:
        for source, item in self.items:
            await fold(await self.take(source, item))

    async def fold_in_batches(self) -> None:
        waiting = list(self.items)
        while waiting:
            size = self.random.randint(1, 9)
            ids = [await self.take(*item) for item in waiting[:size]]
            assert await fold_together(ids) == {}
            waiting = waiting[size:]


async def rows() -> dict[str, list[str]]:
    """Everything that is stored of orders, without what only tells when or under which id we stored it."""
    found = {}
    for model in (Order, OrderLine, Payment, Refund, Shipment, TrackingEvent, FactSheet, SourceEvent):
        values = await model.all().values()
        found[model.__name__] = sorted(str({n: v for n, v in row.items() if n not in OURS}) for row in values)
    return found


async def news(heard: Heard) -> dict[str, Any]:
    """What was last said of each order, and of its parcels and refunds, under their platforms' names."""
    orders = {row["id"]: row["source_id"] for row in await Order.all().values("id", "source_id")}
    parcels = {row["id"]: row["source_id"] for row in await Shipment.all().values("id", "source_id")}
    last: dict[str, Any] = defaultdict(dict)
    for event in heard.of(OrderCreated):
        assert last["created"].setdefault(orders[event.order_id], 1) == 1
    for changed in heard.of(OrderChanged):
        last["changed"][orders[changed.order_id]] = changed.after
    for moved in heard.of(ParcelMoved):
        last["moved"][orders[moved.order_id], parcels.get(moved.shipment_id)] = moved.state
    for refund in heard.of(RefundChanged):
        last["refunds"][orders[refund.order_id]] = refund.state
    return dict(last)


async def forget_everything() -> None:
    for model in (TrackingEvent, SourceEvent, FactSheet, Order):
        await model.all().delete()


@pytest.mark.parametrize("seed", range(6))
async def test_a_batch_gives_the_rows_and_the_news_of_one_by_one(
    lumen: Shop, heard: Heard, seed: int, both_databases: str
) -> None:
    await Stream(lumen, seed).fold_one_by_one()
    expected, said = await rows(), await news(heard)
    pictures = {p.number: comparable(p) for p in await snapshots(await Order.all())}
    assert len(pictures) == 3
    await forget_everything()
    heard.clear()
    await Stream(lumen, seed).fold_in_batches()
    assert await rows() == expected
    assert await news(heard) == said
    assert {p.number: comparable(p) for p in await snapshots(await Order.all())} == pictures
    for order in await Order.all():
        versions = [event.version for event in heard.of(OrderChanged) if event.order_id == order.id]
        assert versions == list(range(1, order.version + 1))


async def test_one_that_cannot_be_read_fails_by_itself(lumen: Shop, both_databases: str) -> None:
    bad = webhook("orders/create", {**ORDER, "id": 5, "total_price": "-5.00"})
    wires = [webhook("orders/create", {**ORDER, "id": number}) for number in (1, 2)]
    ids = [(await accept(incoming(wire))).id for wire in (wires[0], bad, wires[1])]
    outcomes = await fold_orders([{"source_event": event_id} for event_id in ids], a_context())
    assert [error is None for error in outcomes] == [True, False, True]
    states = {event.id: (event.state, event.error or "") for event in await SourceEvent.all()}
    assert [states[event_id][0] for event_id in ids] == ["folded", "failed", "folded"]
    assert "total" in states[ids[1]][1]
    assert await Order.all().count() == 2


async def test_one_that_cannot_be_written_fails_by_itself(
    lumen: Shop, heard: Heard, monkeypatch: pytest.MonkeyPatch, both_databases: str
) -> None:
    real = sheets.keep

    def refuse(kept: Any) -> Program[None]:
        kept = list(kept)
        if any(sheet.row["source_id"] == "2" for sheet in kept):
            raise OSError("no space left on device")
        yield from real(kept)

    wires = [webhook("orders/create", {**ORDER, "id": number}) for number in (1, 2, 3)]
    ids = [(await accept(incoming(wire))).id for wire in wires]
    with monkeypatch.context() as patch:
        patch.setattr(applying, "keep", refuse)
        failed = await fold_together(ids)
    assert {event_id: str(error) for event_id, error in failed.items()} == {ids[1]: "no space left on device"}
    states = {event.id: event.state for event in await SourceEvent.all()}
    assert [states[event_id] for event_id in ids] == ["folded", "failed", "folded"]
    assert sorted(order.source_id for order in await Order.all()) == ["1", "3"]
    assert len(heard.of(OrderCreated)) == 2  # nothing was said of the try that was undone
    await fold(ids[1])
    assert await Order.all().count() == 3


async def test_what_was_folded_meanwhile_is_left_alone(lumen: Shop, heard: Heard) -> None:
    ids = [(await accept(incoming(webhook("orders/create", ORDER)))).id]
    assert await fold_together(ids) == {}
    before = await rows()
    assert await fold_together([*ids, 10**9]) == {}
    assert await rows() == before
    assert len(heard.of(OrderChanged)) == 1


async def test_deliveries_of_several_shops_go_to_their_own(lumen: Shop, chaye: Shop) -> None:
    ids = []
    for shop in (lumen, chaye):
        ids += [(await accept(incoming(_fresh(wire)))).id for wire in told(shop, ("submit:paid", "confirm"))]
    assert await fold_together(ids) == {}
    assert sorted([order.shop_id for order in await Order.all()]) == [lumen.id, chaye.id]


async def test_a_batch_costs_as_many_statements_for_eight_orders_as_for_one(lumen: Shop, both_databases: str) -> None:
    async def cost(numbers: range, *steps: str) -> int:
        ids = []
        for number in numbers:
            taken = [(await accept(incoming(wire))).id for wire in told(lumen, steps, number=number)]
            ids += taken
        with counted() as statements:
            assert await fold_together(ids) == {}
        return len(statements)

    first, more = ("submit:paid", "confirm"), ("submit:paid", "confirm", "ship", "scan:collect", "scan:out")
    new = [await cost(numbers, *first) for numbers in (range(1001, 1002), range(1002, 1010))]
    known = [await cost(numbers, *more) for numbers in (range(1001, 1002), range(1002, 1010))]
    assert new[0] == new[1] <= 16
    assert known[0] == known[1] <= 23


async def test_a_confirmation_within_a_batch_is_told(lumen: Shop, heard: Heard) -> None:
    wires = told(lumen, ("submit:unpaid", "pay", "confirm"), number=1001)
    assert await fold_together([(await accept(incoming(wire))).id for wire in wires]) == {}
    assert len(heard.of(OrderConfirmed)) == len(heard.of(OrderCreated)) == 1


def a_context() -> JobContext:
    """What a folding job never looks at."""
    return JobContext.__new__(JobContext)
