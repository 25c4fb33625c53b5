"""Whole lives, told by platforms, payment services and carriers together: any order of the lines gives one document."""

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.fold_filter import ShopFacts, fold_lines
from orders.sources import SOURCES
from tests.orders.test_jd import ORDER as JD
from tests.orders.test_magento import ORDER as MAGENTO
from tests.orders.test_saleor import ORDER as SALEOR
from tests.orders.test_saleor import PARCEL
from tests.orders.test_shopify import FULFILLMENT
from tests.orders.test_shopify import ORDER as SHOPIFY
from tests.orders.test_taobao import LINE
from tests.orders.test_taobao import TRADE as TAOBAO
from tests.orders.test_woocommerce import ORDER as WOO

Line = dict[str, Any]
SHOP = ShopFacts(timezone="Asia/Shanghai", country="CN", currency="CNY")


def said(source: str, body: Any, topic: str = "") -> Line:
    return {"source": source, "topic": topic, "body": body}


def shopify() -> list[Line]:
    order = {**SHOPIFY, "current_total_price": "141.00", "refunds": [], "fulfillments": []}
    two = [{"id": n, "quantity": 1, "current_quantity": 1, "price": "70.50"} for n in (1, 2)]
    edited = {**order, "line_items": [two[0], {**two[1], "current_quantity": 0}], "current_total_price": "70.50"}
    sent = {**edited, "fulfillment_status": "fulfilled", "fulfillments": [FULFILLMENT]}
    attempt = {"id": 9, "order_id": order["id"], "kind": "sale", "amount": "141.00", "currency": "USD"}
    attempt |= {"created_at": order["created_at"]}
    checkpoint = {"checkpoint_time": "2026-03-03T10:00:00-05:00", "tag": "Delivered", "message": "Porch"}
    msg = {"tracking_number": "1Z1", "slug": "ups", "tag": "Delivered", "checkpoints": [checkpoint]}
    return [
        said("shopify", {**order, "line_items": two, "financial_status": "pending"}, "orders/create"),
        said("shopify", {**attempt, "status": "failure"}, "order_transactions/create"),
        said("shopify", {**attempt, "id": 10, "status": "success"}, "order_transactions/create"),
        said("shopify", {**edited, "updated_at": "2026-03-01T11:00:00-05:00"}, "orders/updated"),
        said("shopify", FULFILLMENT, "fulfillments/create"),
        said("shopify", {**sent, "updated_at": "2026-03-01T12:00:00-05:00"}, "orders/fulfilled"),
        said("aftership", {"ts": 1772550000, "msg": msg}),
    ]


def woocommerce() -> list[Line]:
    tracked = {"key": "_wc_shipment_tracking_items", "value": [{"tracking_id": "t", "tracking_number": "94001"}]}
    order = {**WOO, "transaction_id": "pi_1"}
    charge = {"object": "charge", "id": "ch_1", "payment_intent": "pi_1", "currency": "eur", "amount": 2935}
    charge |= {"status": "succeeded", "captured": True, "amount_captured": 2935, "amount_refunded": 500}
    detail = {"datetime": "2026-03-04T10:00:00Z", "status": "delivered", "message": "Delivered"}
    tracker = {"object": "Tracker", "tracking_code": "94001", "status": "delivered", "tracking_details": [detail]}
    done = {"status": "completed", "meta_data": [tracked], "date_modified_gmt": "2026-03-02T10:00:00"}
    back = {"refunds": [{"id": 801, "total": "-5.00"}], "date_modified_gmt": "2026-03-05T10:00:00"}
    return [
        said("woocommerce", {**order, "status": "pending", "date_paid_gmt": None}, "order.created"),
        said("woocommerce", order, "order.updated"),
        said("woocommerce", {**order, **done}, "order.updated"),
        said("woocommerce", {**order, **done, **back}, "order.updated"),
        said("stripe", {"object": "event", "created": 1772704800, "data": {"object": charge}}),
        said("easypost", {"result": {**tracker, "updated_at": "2026-03-04T10:01:00Z"}}),
    ]


def magento() -> list[Line]:
    (item,) = MAGENTO["items"]
    track = {"entity_id": 1, "track_number": "1Z7", "title": "UPS"}
    held = {"state": "holded", "hold_before_state": "processing", "updated_at": "2026-03-01 23:00:00"}
    parcel = {"entity_id": 5, "order_id": 3, "updated_at": "2026-03-02 08:00:00", "tracks": [track]}
    done = {"state": "complete", "items": [{**item, "qty_shipped": 2}], "updated_at": "2026-03-02 08:00:00"}
    event = {"time_utc": "2026-03-04T15:00:00Z", "sub_status": "Delivered_Other", "stage": "Delivered"}
    info: Line = {"latest_status": {"status": "Delivered", "sub_status": "Delivered_Other"}, "latest_event": event}
    info["tracking"] = {"providers": [{"provider": {"name": "UPS"}, "events": [event]}]}
    new = {"state": "new", "total_paid": None, "total_due": 49.5, "updated_at": "2026-03-01 22:22:19"}
    return [
        said("magento", {**MAGENTO, **new, "items": [item, {**item, "item_id": 9}]}),
        said("magento", MAGENTO),
        said("magento", {**MAGENTO, **held}),
        said("magento", {**MAGENTO, **done}),
        said("magento", {**parcel, "items": [{"order_item_id": 8, "qty": 2}]}),
        said("17track", {"event": "TRACKING_UPDATED", "data": {"number": "1Z7", "track_info": info}}),
    ]


def saleor() -> list[Line]:
    (line,) = SALEOR["lines"]
    removed = {"status": "UNCONFIRMED", "lines": [line, {**line, "id": "TGluZToy"}]}
    sent = {"status": "FULFILLED", "fulfillments": [PARCEL], "updatedAt": "2026-03-02T08:00:00+00:00"}
    sent["lines"] = [{**line, "quantityFulfilled": 2}]
    checkpoint = {"checkpoint_time": "2026-03-03T10:00:00", "tag": "Delivered"}
    msg = {"tracking_number": "6X1", "slug": "colissimo", "tag": "Delivered", "checkpoints": [checkpoint]}
    return [
        said("saleor", {"order": {**SALEOR, **removed, "updatedAt": "2026-03-01T10:00:01+00:00"}}, "order_created"),
        said("saleor", {"order": SALEOR}, "order_confirmed"),
        said("saleor", {"order": {**SALEOR, **sent}}, "order_fulfilled"),
        said("aftership", {"ts": 1772700000, "msg": msg}),
    ]


def trace(number: str) -> Line:
    steps = [("2026-03-03 18:00:00", "签收", "301"), ("2026-03-02 20:00:00", "揽收", "103")]
    data = [{"time": at, "ftime": at, "status": word, "statusCode": code} for at, word, code in steps]
    return said(
        "kuaidi100", {"param": {"status": "shutdown", "lastResult": {"nu": number, "state": "3", "data": data}}}
    )


def taobao() -> list[Line]:
    trade = {**TAOBAO, "alipay_no": "2026030122001"}
    sent = {**LINE, "status": "WAIT_BUYER_CONFIRM_GOODS", "invoice_no": "7581/7582"}
    unpaid = {"status": "WAIT_BUYER_PAY", "pay_time": None, "modified": "2026-03-01 08:58:00"}
    gone = {"status": "WAIT_BUYER_CONFIRM_GOODS", "modified": "2026-03-02 19:00:00", "orders": {"order": [sent]}}
    paid = {"trade_no": "2026030122001", "trade_status": "TRADE_SUCCESS", "total_amount": "100.00"}
    paid |= {"gmt_create": "2026-03-01 08:58:00", "gmt_payment": "2026-03-01 09:00:07"}
    return [
        said("taobao", {**trade, **unpaid}),
        said("taobao", trade),
        said("taobao", {**trade, **gone}),
        said("alipay", paid),
        said("alipay", {**paid, "refund_fee": "10.00", "gmt_refund": "2026-03-04 09:00:00.000"}),
        trace("7581"),
        trace("7582"),
    ]


def jd() -> list[Line]:
    sent = {"orderState": "WAIT_GOODS_RECEIVE_CONFIRM", "waybill": "JDVA1", "modified": "2026-03-02 19:00:00"}
    done = {"orderState": "FINISHED_L", "waybill": "JDVA1", "orderEndTime": "2026-03-09 10:00:00"}
    return [
        said("jd", {**JD, "orderState": "PAUSE", "modified": "2026-03-01 09:00:30"}),
        said("jd", JD),
        said("jd", {**JD, "orderState": "LOCKED", "modified": "2026-03-01 10:00:00"}),
        said("jd", {**JD, "modified": "2026-03-01 11:00:00"}),
        said("jd", {**JD, **sent}),
        said("jd", {**JD, **done, "modified": "2026-03-09 10:00:00"}),
        trace("JDVA1"),
    ]


def generic() -> list[Line]:
    order: Line = {"id": "A-1", "number": "A-1", "currency": "CNY", "totals": {"total": "368.00"}}
    order |= {"placed_at": "2026-03-01T09:00:00+08:00", "updated_at": "2026-03-01T09:00:00+08:00"}
    parcel = {"id": "P", "tracking_number": "SF1", "lines": [{"line": "1", "quantity": 1}]}
    paid: Line = {"out_trade_no": "A-1", "transaction_id": "42", "trade_state": "SUCCESS"}
    paid |= {"success_time": "2026-03-01T09:01:00+08:00", "amount": {"total": 36800, "currency": "CNY"}}
    return [
        said("generic", {**order, "lines": [{"id": "1", "quantity": 1, "unit_price": "368.00"}]}),
        said("generic", {"id": "A-1", "updated_at": "2026-03-02T18:00:00+08:00", "shipments": [parcel]}),
        said("wechatpay", {"event_type": "TRANSACTION.SUCCESS", "resource": paid}),
        trace("SF1"),
    ]


LIVES = {life.__name__: life for life in (shopify, woocommerce, magento, saleor, taobao, jd, generic)}
ENDS = {
    "shopify": ("delivered", "none", 7050, 14100),
    "woocommerce": ("delivered", "partial", 2935, 2935),
    "magento": ("delivered", "none", 4950, 4950),
    "saleor": ("delivered", "none", 8850, None),
    "taobao": ("delivered", "partial", 10000, 10000),
    "jd": ("completed", "none", 29800, 29800),
    "generic": ("delivered", "none", 36800, 36800),
}


def test_every_source_has_a_part_in_a_life() -> None:
    assert {line["source"] for life in LIVES.values() for line in life()} == set(SOURCES) - {"stock"}


@cache
def lines_of(name: str) -> tuple[str, ...]:
    return tuple(json.dumps(line, ensure_ascii=False) for line in LIVES[name]())


def folded(lines: tuple[str, ...] | list[str]) -> list[dict[str, Any]]:
    result = fold_lines(lines, SHOP)
    assert result.problems == []
    return result.orders


@pytest.mark.parametrize("name", LIVES)
def test_a_life_ends_as_it_should(name: str) -> None:
    (order,) = folded(lines_of(name))
    found = (order["headline"], order["axes"]["refund"], order["money"]["total"], order["money"]["captured"])
    assert (found, order["axes"]["fulfilment"], order["gates"]) == (ENDS[name], "delivered", [])
    assert (order["holds"], order["warnings"]) == ([], [])


@pytest.mark.parametrize("name", LIVES)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_late_doubled_and_shuffled_lines_give_the_same_document(name: str, data: st.DataObject) -> None:
    life = lines_of(name)
    repeated = data.draw(st.lists(st.sampled_from(life), max_size=5))
    assert folded(data.draw(st.permutations([*life, *repeated]))) == folded(life)
