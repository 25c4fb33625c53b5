"""What may go back of orders as platforms tell them: discounts, taxes, shipping, edits, refunds made elsewhere."""

import json
from typing import Any

import pytest
from tortoise.context import TortoiseContext

from core.errors import Invalid
from core.people import SYSTEM
from core.shops import Shop
from orders.folding import fold
from orders.models import Order
from orders.receiving import receive
from orders.refunds.case import Reason, Request
from orders.refunds.from_order import case_of
from orders.refunds.requesting import quote_for, request_refund
from tests.people import make_shop

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(database: TortoiseContext) -> Shop:
    return await make_shop("lumen", "Lumen")


async def told(shop: Shop, source: str, topic: str, payload: dict[str, Any]) -> Order:
    body = json.dumps(payload).encode()
    event = await receive(shop, source, topic, f"{source}:{hash(body)}", {}, body)
    await fold(event.id)
    return await Order.get(shop_id=shop.id, source=source)


def shopify(**changes: Any) -> dict[str, Any]:
    """Two of 50.00, one of 20.00, tax on top; 12.00 off the order, 3.00 off the second line, 2.00 off the delivery."""
    return {
        "id": 9001,
        "name": "#9001",
        "currency": "USD",
        "created_at": "2026-03-01T10:00:00Z",
        "updated_at": "2026-03-01T10:05:00Z",
        "financial_status": "paid",
        "taxes_included": False,
        "total_line_items_price": "120.00",
        "total_discounts": "17.00",
        "total_tax": "11.10",
        "total_price": "122.10",
        "discount_applications": [{"allocation_method": "across"}, {"allocation_method": "each"}, {}],
        "line_items": [
            {
                "id": 1,
                "quantity": 2,
                "price": "50.00",
                "discount_allocations": [{"amount": "10.00", "discount_application_index": 0}],
                "tax_lines": [{"price": "9.00"}],
            },
            {
                "id": 2,
                "quantity": 1,
                "price": "20.00",
                "discount_allocations": [
                    {"amount": "2.00", "discount_application_index": 0},
                    {"amount": "3.00", "discount_application_index": 1},
                ],
                "tax_lines": [{"price": "1.50"}],
            },
        ],
        "shipping_lines": [{"price": "8.00", "discounted_price": "6.00", "tax_lines": [{"price": "0.60"}]}],
        "transactions": [{"id": 77, "kind": "sale", "status": "success", "amount": "122.10", "gateway": "stripe"}],
        "shipping_address": {"country_code": "US", "name": "Ines"},
        **changes,
    }


async def test_shopify_each_unit_with_its_share_and_its_tax(shop: Shop) -> None:
    order = await told(shop, "shopify", "orders/updated", shopify())
    case = await case_of(order.id, Request())
    assert [(line.id, line.gross, line.allocated, line.tax) for line in case.lines] == [
        ("1", 100_00, 10_00, 9_00),
        ("2", 17_00, 2_00, 1_50),
    ]
    assert (case.shipping.paid, case.shipping.tax) == (6_00, 60)
    one = await quote_for(order.id, Request(units=(("1", 1),), reason=Reason.CHANGED_MIND))
    assert one.total == 45_00 + 4_50
    whole = await quote_for(order.id, Request(reason=Reason.CANCELLED))
    assert whole.total == 122_10


async def test_shopify_units_that_were_edited_away_were_never_paid(shop: Shop) -> None:
    lines = shopify()["line_items"]
    lines[0] |= {"current_quantity": 1, "discount_allocations": [], "tax_lines": []}
    lines[1] |= {"current_quantity": 1, "discount_allocations": [], "tax_lines": []}
    payload = shopify(
        line_items=lines,
        total_price="128.00",
        current_total_price="78.00",
        total_discounts="2.00",
        total_tax="0.00",
        shipping_lines=[{"price": "8.00", "discounted_price": "8.00", "tax_lines": []}],
        transactions=[{"id": 77, "kind": "sale", "status": "success", "amount": "78.00", "gateway": "stripe"}],
    )
    order = await told(shop, "shopify", "orders/updated", payload)
    case = await case_of(order.id, Request())
    assert [(line.id, line.quantity, line.gross) for line in case.lines] == [("1", 1, 50_00), ("2", 1, 20_00)]
    assert (await quote_for(order.id, Request(reason=Reason.CANCELLED))).total == 78_00


async def test_a_refund_made_at_the_shop_counts_with_its_units(shop: Shop) -> None:
    refund = {
        "id": 5,
        "created_at": "2026-03-02T10:00:00Z",
        "refund_line_items": [{"line_item_id": 1, "quantity": 1, "restock_type": "return"}],
        "transactions": [{"id": 78, "kind": "refund", "status": "success", "amount": "49.50", "gateway": "stripe"}],
    }
    order = await told(shop, "shopify", "orders/updated", shopify(refunds=[refund]))
    left = await quote_for(order.id, Request(reason=Reason.CHANGED_MIND))
    assert [(line.id, line.quantity, line.amount) for line in left.lines] == [("1", 1, 49_50), ("2", 1, 16_50)]
    assert left.remaining_payments == 122_10 - 49_50 - left.total


async def test_woocommerce_pays_to_the_cent_what_its_lines_say(shop: Shop) -> None:
    """Three for 20.00 less 10 %: no price of a unit in cents says that."""
    payload = {
        "id": 727,
        "number": "2027",
        "status": "processing",
        "currency": "EUR",
        "date_created_gmt": "2026-03-01T10:00:00",
        "date_modified_gmt": "2026-03-01T10:05:00",
        "date_paid_gmt": "2026-03-01T10:04:00",
        "total": "27.37",
        "discount_total": "2.00",
        "shipping_total": "5.00",
        "shipping_tax": "0.95",
        "total_tax": "4.37",
        "payment_method": "stripe",
        "transaction_id": "ch_1",
        "line_items": [
            {"id": 3, "name": "Lamp", "quantity": 3, "subtotal": "20.00", "total": "18.00", "total_tax": "3.42"}
        ],
        "refunds": [],
        "shipping": {"country": "DE"},
    }
    order = await told(shop, "woocommerce", "order.updated", payload)
    units = [await quote_for(order.id, Request(units=(("3", n),), reason=Reason.CHANGED_MIND)) for n in (1, 2, 3)]
    assert [each.lines[0].amount for each in units] == [6_00 + 1_14, 12_00 + 2_28, 18_00 + 3_42]
    assert (await quote_for(order.id, Request(reason=Reason.WITHDRAWAL))).total == 27_37


async def test_generic_discounts_on_the_whole_order_are_shared_out(shop: Shop) -> None:
    """E1: 2 x 109.00 and 100.00, 20.00 off; the total says that the tax is inside."""
    payload = {
        "id": "g-1",
        "number": "1",
        "currency": "CNY",
        "placed_at": "2026-03-01T10:00:00Z",
        "updated_at": "2026-03-01T10:00:00Z",
        "payment": "paid",
        "totals": {"total": "298.00", "goods": "318.00", "discount": "20.00", "shipping": "0.00", "tax": "34.28"},
        "lines": [
            {"id": "A", "title": "Lamp", "quantity": 2, "unit_price": "109.00"},
            {"id": "B", "title": "Bulb", "quantity": 1, "unit_price": "100.00"},
        ],
        "payments": [{"id": "p", "method": "wechat", "reference": "42000", "state": "paid", "captured": "298.00"}],
        "ship_to": {"country": "CN"},
    }
    order = await told(shop, "generic", "order", payload)
    assert (await quote_for(order.id, Request(units=(("B", 1),)))).total == 93_71
    assert (await quote_for(order.id, Request(units=(("A", 1),)))).total == 102_15


async def test_a_total_that_shrank_with_a_refund_is_no_discount(shop: Shop) -> None:
    payload = {
        "id": "g-3",
        "number": "3",
        "currency": "USD",
        "placed_at": "2026-03-01T10:00:00Z",
        "updated_at": "2026-03-02T10:00:00Z",
        "payment": "paid",
        "totals": {"total": "45.00", "goods": "100.00", "discount": "10.00"},
        "lines": [{"id": "A", "title": "Lamp", "quantity": 2, "unit_price": "50.00"}],
        "payments": [{"id": "p", "method": "card", "state": "paid", "captured": "90.00"}],
        "refunds": [
            {"id": "r", "amount": "45.00", "state": "succeeded", "lines": [{"line": "A", "quantity": 1}]},
        ],
        "ship_to": {"country": "US"},
    }
    order = await told(shop, "generic", "order", payload)
    assert (await quote_for(order.id, Request())).total == 45_00


async def test_what_nobody_has_paid_cannot_go_back(shop: Shop) -> None:
    payload = {
        "id": "g-4",
        "number": "4",
        "currency": "USD",
        "placed_at": "2026-03-01T10:00:00Z",
        "updated_at": "2026-03-01T10:00:00Z",
        "payment": "pending",
        "totals": {"total": "20.00"},
        "lines": [{"id": "A", "title": "Lamp", "quantity": 1, "unit_price": "20.00"}],
        "payments": [{"id": "p", "method": "card", "state": "failed"}],
    }
    order = await told(shop, "generic", "order", payload)
    assert (await quote_for(order.id, Request())).most == 0
    with pytest.raises(Invalid) as refused:
        await request_refund(order.id, "tkt_1", Request(), SYSTEM)
    assert refused.value.code == "nothing_captured"


async def test_fees_that_no_line_has_go_back_with_everything(shop: Shop) -> None:
    payload = {
        "id": "g-2",
        "number": "2",
        "currency": "USD",
        "placed_at": "2026-03-01T10:00:00Z",
        "updated_at": "2026-03-01T10:00:00Z",
        "payment": "paid",
        "totals": {"total": "27.00", "goods": "20.00", "shipping": "5.00"},
        "lines": [{"id": "A", "title": "Lamp", "quantity": 1, "unit_price": "20.00"}],
        "ship_to": {"country": "US"},
    }
    order = await told(shop, "generic", "order", payload)
    assert (await quote_for(order.id, Request(reason=Reason.CANCELLED))).total == 27_00
    part = await quote_for(order.id, Request(units=(("A", 1),), reason=Reason.CHANGED_MIND))
    assert (part.total, part.tenders[0].payment) == (20_00, "order")
