"""Fetched orders, from the answer of a platform to the record: whole or not at all, and as often as you like."""

import json
from typing import Any

import pytest
from tortoise.context import TortoiseContext

from core.shops import Shop
from orders.import_files import read_jsonl
from orders.importing import Imported, Result, import_order
from orders.models import Order, Refund, Shipment
from tests.orders.deliveries import a_shop
from tests.orders.telling import recorded
from tests.orders.test_jd import ORDER as JD
from tests.orders.test_magento import ORDER as MAGENTO
from tests.orders.test_taobao import LINE, REFUND
from tests.orders.test_taobao import TRADE as TAOBAO


@pytest.fixture
async def shop(database: TortoiseContext) -> Shop:
    shop = a_shop("generic")
    await shop.save(force_create=True)
    return shop


async def bring_in(shop: Shop, source: str, *documents: dict[str, Any]) -> list[Imported]:
    lines = "\n".join(json.dumps(document, ensure_ascii=False) for document in documents)
    return [await import_order(shop, draft, source) for draft in read_jsonl(lines.encode())]


@pytest.mark.parametrize(
    ("source", "document", "number"),
    [
        ("magento", recorded("magento", "order_new"), "000000003"),
        ("taobao", recorded("taobao", "trade_fullinfo_partly_shipped"), "2600000000000000017"),
        ("jd", recorded("jd", "order_locked"), "900000000017"),
    ],
)
async def test_an_answer_becomes_an_order_once(shop: Shop, source: str, document: dict[str, Any], number: str) -> None:
    first, second = await bring_in(shop, source, document, document)
    assert (first.result, second.result) == (Result.TAKEN, Result.KNOWN)
    order = await Order.get()
    assert (order.source, order.number) == (source, number)


async def test_pulls_in_the_wrong_order_make_the_right_order(shop: Shop) -> None:
    held = {"state": "holded", "updated_at": "2026-03-01 22:40:00"}
    freed = {"state": "complete", "updated_at": "2026-03-02 08:00:00"}
    await bring_in(shop, "magento", *({**MAGENTO, **step} for step in (freed, held, {})))
    assert (await Order.get()).headline == "shipped"


async def test_a_refund_that_comes_before_its_trade_waits_for_it(shop: Shop) -> None:
    waiting = {**REFUND, "status": "WAIT_SELLER_CONFIRM_GOODS", "company_name": "顺丰速运", "sid": "SF1"}
    done = {"status": "TRADE_FINISHED", "orders": {"order": [{**LINE, "status": "TRADE_FINISHED"}]}}
    results = await bring_in(shop, "taobao", {"refund": waiting}, {**TAOBAO, **done})
    assert [found.result for found in results] == [Result.WAITING, Result.TAKEN]
    order = await Order.get()
    assert (order.headline, order.refund) == ("returning", "requested")
    assert (await Refund.get()).amount == 5000
    assert (await Shipment.get(direction="return")).tracking_number == "SF1"


async def test_what_cannot_be_read_is_refused_and_the_rest_is_taken(shop: Shop) -> None:
    broken = {**JD, "orderId": "2", "orderPayment": "-1.00"}
    results = await bring_in(shop, "jd", broken, {"error_response": {"code": "19"}}, {"code": "0"}, JD)
    assert [found.result for found in results] == [Result.REFUSED, Result.REFUSED, Result.REFUSED, Result.TAKEN]
    assert await Order.all().count() == 1
