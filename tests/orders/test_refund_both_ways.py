"""Shopify's order by webhooks and by import: the same money may go back of it."""

import json
from typing import Any

import pytest
from tortoise.context import TortoiseContext

from core.shops import Shop
from orders.folding import fold
from orders.models import Order, Payment, Refund
from orders.receiving import receive
from orders.refunds.case import Reason, Request
from orders.refunds.from_order import case_of
from orders.refunds.requesting import quote_for
from orders.refunds.terms import RefundTerms, set_refund_terms
from tests.fakes.shopify_nodes import order_node, whole
from tests.orders.test_refund_from_order import shopify, told
from tests.people import make_shop

pytestmark = pytest.mark.anyio

SALE = {
    "id": 77,
    "order_id": 9001,
    "kind": "sale",
    "status": "success",
    "amount": "122.10",
    "currency": "USD",
    "gateway": "stripe",
    "created_at": "2026-03-01T10:00:05Z",
}
BACK = {
    "id": 5,
    "created_at": "2026-03-02T10:00:00Z",
    "refund_line_items": [{"line_item_id": 1, "quantity": 1, "restock_type": "return"}],
    "transactions": [{**SALE, "id": 78, "kind": "refund", "amount": "49.50"}],
}
REQUESTS = (
    Request(reason=Reason.CANCELLED),
    Request(reason=Reason.WITHDRAWAL),
    Request(units=(("1", 1),), reason=Reason.CHANGED_MIND),
    Request(units=(("2", 1),), reason=Reason.DEFECTIVE),
)


@pytest.fixture
async def shops(database: TortoiseContext) -> tuple[Shop, Shop]:
    """One is told by webhooks, the other has fetched."""
    return await make_shop("hooked", "Hooked"), await make_shop("polled", "Polled")


async def hear(shop: Shop, topic: str, payload: dict[str, Any]) -> None:
    body = json.dumps(payload).encode()
    headers = {"x-shopify-fetched-at": "2026-03-03T10:00:00Z"} if topic == "graphql/order" else {}
    await fold((await receive(shop, "shopify", topic, f"{shop.key}:{topic}:{hash(body)}", headers, body)).id)


async def both(shops: tuple[Shop, Shop], order: dict[str, Any], sale: dict[str, Any]) -> tuple[Order, Order]:
    hooked, polled = shops
    await hear(hooked, "orders/updated", order)
    await hear(hooked, "order_transactions/create", sale)
    await hear(polled, "graphql/order", whole(order_node(order, {}, [sale])))
    return await Order.get(shop_id=hooked.id), await Order.get(shop_id=polled.id)


def without_transactions(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in shopify(**changes).items() if name != "transactions"}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"refunds": [BACK]},
        {"taxes_included": True, "total_price": "111.00"},
        {"line_items": [{**line, "current_quantity": 1} for line in shopify()["line_items"]]},
    ],
    ids=["as_bought", "partly_refunded", "tax_inside", "edited"],
)
async def test_both_ways_the_same_may_go_back(shops: tuple[Shop, Shop], changes: dict[str, Any]) -> None:
    sale = SALE | {"amount": changes.get("total_price", "122.10")}
    hooked, fetched = await both(shops, without_transactions(**changes), sale)
    for request in REQUESTS:
        quote = await quote_for(hooked.id, request)
        assert quote.total > 0
        assert await quote_for(fetched.id, request) == quote, request


async def test_what_was_paid_in_the_customers_money_counts_in_the_shops(shops: tuple[Shop, Shop]) -> None:
    """122.10 USD were shown, paid and in part given back as 111.00 EUR."""
    bag = {
        "shop_money": {"amount": "122.10", "currency_code": "USD"},
        "presentment_money": {"amount": "111.00", "currency_code": "EUR"},
    }
    refund = BACK | {"transactions": [{**SALE, "id": 78, "kind": "refund", "amount": "45.00", "currency": "EUR"}]}
    order = without_transactions(presentment_currency="EUR", total_price_set=bag, refunds=[refund])
    hooked, fetched = await both(shops, order, SALE | {"amount": "111.00", "currency": "EUR"})
    for each in (hooked, fetched):
        payment = await Payment.get(order_id=each.id, captured__gt=0)
        assert (payment.captured, payment.currency, payment.charged_in) == (122_10, "USD", "EUR")
        back = await Refund.get(order_id=each.id)
        assert (back.amount, back.currency) == (49_50, "USD")
        assert each.refund == "partial"
    assert await quote_for(fetched.id, REQUESTS[2]) == await quote_for(hooked.id, REQUESTS[2])


async def test_a_withdrawal_gives_the_shops_standard_delivery_back(shops: tuple[Shop, Shop]) -> None:
    hooked, _ = await both(shops, without_transactions(), SALE)
    paid = await quote_for(hooked.id, REQUESTS[1])
    await set_refund_terms(shops[0], RefundTerms(standard_delivery={"USD": 4_00}, informed=False))
    assert (paid.shipping, (await quote_for(hooked.id, REQUESTS[1])).shipping) == (6_00, 4_00)
    assert not (await case_of(hooked.id, Request())).policy.informed


async def test_points_and_gift_cards_get_back_what_they_gave(shops: tuple[Shop, Shop]) -> None:
    """30.00 in 3,000 points, 20.00 by gift card, 50.00 by card: half of it goes back to each as it came."""
    payload = {
        "id": "g-5",
        "number": "5",
        "currency": "USD",
        "placed_at": "2026-03-01T10:00:00Z",
        "updated_at": "2026-03-01T10:00:00Z",
        "payment": "paid",
        "totals": {"total": "100.00"},
        "lines": [{"id": "A", "title": "Lamp", "quantity": 2, "unit_price": "50.00"}],
        "payments": [
            {"id": "p1", "method": "points", "state": "paid", "captured": "30.00", "points": 3_000},
            {"id": "p2", "method": "gift_card", "state": "paid", "captured": "20.00"},
            {"id": "p3", "method": "card", "state": "paid", "captured": "50.00"},
        ],
    }
    order = await told(shops[0], "generic", "order", payload)
    half = await quote_for(order.id, Request(units=(("A", 1),)))
    assert [(part.method, part.amount, part.units) for part in half.tenders] == [
        ("points", 15_00, 1_500),
        ("gift_card", 10_00, 0),
        ("card", 25_00, 0),
    ]
