"""Shopify's fulfilment orders: their webhooks name no order, the Admin API says whose they are."""

import json
from typing import Any

import pytest

from core.errors import Invalid
from core.shops import Shop
from orders.fold_filter import ShopFacts, fold_lines
from orders.folding import fold
from orders.models import Order, SourceEvent
from orders.receiving import receive
from orders.sources import shopify
from orders.sources.reading import load
from orders.statuses import Hold
from tests.fakes.shopify_nodes import gid, order_node, whole
from tests.orders.conftest import Desk
from tests.orders.deliveries import a_delivery, a_shop, sample, webhook
from tests.orders.telling import raw
from tests.orders.test_shopify import ORDER

OPEN = {"id": gid("FulfillmentOrder", 1), "status": "OPEN", "updatedAt": "2026-03-01T15:30:00Z", "fulfillmentHolds": []}
PLACED: dict[str, Any] = load(sample("shopify/placed_on_hold"))
RELEASED = {"fulfillment_order": {"id": gid("FulfillmentOrder", 1), "status": "open"}}


async def poll(shop: Shop, **changes: Any) -> None:
    node = whole(order_node(ORDER, {}, []) | {"fulfillmentOrders": [OPEN]} | changes)
    headers: dict[str, str] = {}
    body = raw(node)
    event = await receive(shop, "shopify", "graphql/order", shopify.delivery_key(headers, body), headers, body)
    await fold(event.id)


async def hear(desk: Desk, topic: str, payload: dict[str, Any], at: str) -> SourceEvent:
    wire = webhook(f"fulfillment_orders/{topic}", payload, event=f"{topic} {at}")
    wire.headers["X-Shopify-Triggered-At"] = at
    return await desk.hear(wire)


async def holds() -> list[str]:
    return sorted((await Order.get()).holds)


async def test_a_hold_is_placed_and_released_by_webhooks_that_name_no_order(desk: Desk, lumen: Shop) -> None:
    await desk.hear(webhook("orders/create", ORDER))
    await poll(lumen)
    assert await holds() == []
    assert (await hear(desk, "placed_on_hold", PLACED, "2026-03-01T16:00:00Z")).state == "folded"
    assert await holds() == [Hold.MERCHANT, Hold.STOCK]
    await hear(desk, "hold_released", RELEASED, "2026-03-01T17:00:00Z")
    assert await holds() == []


async def test_a_hold_that_came_first_waits_for_the_poll(desk: Desk, lumen: Shop) -> None:
    assert (await hear(desk, "placed_on_hold", PLACED, "2026-03-01T16:00:00Z")).state == "parked"
    await desk.hear(webhook("orders/create", ORDER))
    assert await holds() == []
    await poll(lumen)
    assert await holds() == [Hold.MERCHANT, Hold.STOCK]


async def test_a_late_release_is_older_than_the_poll_that_saw_the_next_hold(desk: Desk, lumen: Shop) -> None:
    held = OPEN | {
        "status": "ON_HOLD",
        "updatedAt": "2026-03-01T18:00:00Z",
        "fulfillmentHolds": [{"reason": "INCORRECT_ADDRESS"}],
    }
    await poll(lumen, fulfillmentOrders=[held])
    await hear(desk, "hold_released", RELEASED, "2026-03-01T17:00:00Z")
    assert await holds() == [Hold.ADDRESS]


async def test_goods_that_were_moved_are_held_under_their_new_name(desk: Desk, lumen: Shop) -> None:
    await poll(lumen)
    await hear(desk, "placed_on_hold", PLACED, "2026-03-01T16:00:00Z")
    moved = {
        "original_fulfillment_order": {"id": gid("FulfillmentOrder", 1), "status": "closed"},
        "moved_fulfillment_order": {"id": gid("FulfillmentOrder", 9), "status": "open"},
    }
    await hear(desk, "moved", moved, "2026-03-01T17:00:00Z")
    assert await holds() == []
    again = {"fulfillment_order": PLACED["fulfillment_order"] | {"id": gid("FulfillmentOrder", 9)}}
    await hear(desk, "placed_on_hold", again, "2026-03-01T18:00:00Z")
    assert await holds() == [Hold.MERCHANT, Hold.STOCK]


async def test_a_released_part_of_a_poll_is_no_hold_and_a_finished_one_is_not_looked_for(
    desk: Desk, lumen: Shop
) -> None:
    await poll(lumen, fulfillmentOrders=[OPEN | {"status": "CLOSED"}])
    assert (await hear(desk, "placed_on_hold", PLACED, "2026-03-01T16:00:00Z")).state == "parked"
    assert await holds() == []


@pytest.mark.parametrize("body", [b"{}", b'{"fulfillment_order":{"status":"open"}}', b'{"fulfillment_order":[]}'])
def test_a_payload_that_names_no_fulfilment_order_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        shopify.read(a_delivery(a_shop(), "fulfillment_orders/moved", body))


def test_a_held_part_without_a_list_of_reasons_changes_nothing() -> None:
    bare = raw({"remaining_fulfillment_order": {"id": "1", "status": "on_hold"}})
    (found,) = shopify.read(a_delivery(a_shop(), "fulfillment_orders/placed_on_hold", bare)).orders
    assert found.statements == ()


def test_a_stream_without_a_database_joins_them_in_any_order() -> None:
    node = whole(order_node(ORDER, {}, []) | {"fulfillmentOrders": [OPEN]})
    held = {"x-shopify-triggered-at": "2026-03-01T16:00:00Z"}
    told = [
        {"source": "shopify", "topic": "graphql/order", "body": node},
        {"source": "shopify", "topic": "fulfillment_orders/placed_on_hold", "headers": held, "body": PLACED},
    ]
    for stream in (told, told[::-1]):
        (order,) = fold_lines([json.dumps(line) for line in stream], ShopFacts()).orders
        assert order["holds"] == ["merchant", "stock"]
