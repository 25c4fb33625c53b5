"""JD's orders: the table of states with its locks, both spellings, naive times in UTC+8."""

from datetime import UTC, datetime
from typing import Any

import pytest

from core.errors import Invalid, Unauthenticated
from orders.deriving import Picture
from orders.sources import jd
from orders.sources.jd_orders import STATES
from orders.statuses import Closure, Confirmation, Fulfilment, Gate, Headline, Hold, PaymentState, may_cancel
from tests.orders.deliveries import NOON, a_delivery, a_shop
from tests.orders.telling import facts, picture, raw, recorded

ORDER: dict[str, Any] = {
    "orderId": "900000000017",
    "orderState": "WAIT_SELLER_STOCK_OUT",
    "payType": "4-在线支付",
    "orderPayment": "298.00",
    "orderTotalPrice": "318.00",
    "freightPrice": "0.00",
    "orderStartTime": "2026-03-01 08:58:00",
    "paymentConfirmTime": "2026-03-01 09:00:07",
    "modified": "2026-03-01 09:01:00",
    "itemInfoList": [{"skuId": "17", "outerSkuId": "A", "skuName": "茶杯", "itemTotal": "2", "jdPrice": "109.00"}],
}


def told(*changes: dict[str, Any]) -> Picture:
    return picture(*(facts("jd", {**ORDER, **change}) for change in changes))


def test_nothing_comes_in_through_a_door() -> None:
    with pytest.raises(Unauthenticated):
        jd.verify(["any"], {}, b"{}", NOON)


def test_the_locked_order_reads_as_it_says() -> None:
    found = picture(facts("jd", recorded("jd", "order_locked")))
    assert (found.headline, found.axes.holds) == (Headline.ON_HOLD, frozenset({Hold.PLATFORM_LOCK}))
    assert not may_cancel(found.axes, label_printed=False)
    assert (found.axes.payment, found.axes.gates) == (PaymentState.PAID, (Gate.RISK,))
    assert (found.header.total, found.header.discount) == (29800, 2000)
    assert found.header.placed_at == datetime(2026, 3, 1, 0, 58, tzinfo=UTC)
    assert [line.quantity for line in found.lines.values()] == [2, 1]


ACCEPTED = {"payment": PaymentState.PAID, "confirmation": Confirmation.CONFIRMED}
SHIPPED = {**ACCEPTED, "fulfilment": Fulfilment.SHIPPED}
TABLE: dict[str, dict[str, Any]] = {
    "WAIT_SELLER_STOCK_OUT": {**ACCEPTED, "fulfilment": Fulfilment.UNFULFILLED},
    "WAIT_SELLER_DELIVERY": {**ACCEPTED, "fulfilment": Fulfilment.UNFULFILLED},
    "WAIT_SEND_CODE": {**ACCEPTED, "fulfilment": Fulfilment.UNFULFILLED},
    "SEND_TO_DISTRIBUTION_CENER": SHIPPED,
    "DISTRIBUTION_CENTER_RECEIVED": SHIPPED,
    "WAIT_GOODS_RECEIVE_CONFIRM": SHIPPED,
    "RECEIPTS_CONFIRM": {**ACCEPTED, "closure": Closure.COMPLETED},
    "FINISHED_L": {**ACCEPTED, "closure": Closure.COMPLETED},
    "TRADE_CANCELED": {"closure": Closure.CANCELLED},
    "LOCKED": {"holds": {Hold.PLATFORM_LOCK}, "gates": (Gate.RISK,)},
    "PAUSE": {"holds": {Hold.MERCHANT}, "gates": (Gate.ACCEPTANCE,)},
    "POP_ORDER_PAUSE": {"holds": {Hold.MERCHANT}, "gates": (Gate.ACCEPTANCE,)},
}


def test_every_state_has_a_row_here() -> None:
    assert set(TABLE) == set(STATES)


@pytest.mark.parametrize("state", TABLE)
def test_a_state_says(state: str) -> None:
    axes = told({"orderState": state}).axes
    assert {name: getattr(axes, name) for name in TABLE[state]} == TABLE[state]
    assert axes.holds == TABLE[state].get("holds", set())


def test_an_unknown_state_holds_the_order() -> None:
    strange = facts("jd", {**ORDER, "orderState": "DELIVERY_RETURN"})
    assert picture(strange).axes.holds == {Hold.MERCHANT}
    assert strange.warnings == ("order_state=DELIVERY_RETURN",)


def test_an_unlocked_order_goes_on_where_it_was() -> None:
    locked = {"orderState": "LOCKED", "modified": "2026-03-01 10:00:00"}
    freed = {"modified": "2026-03-01 11:00:00"}
    assert told({}, locked).headline is Headline.ON_HOLD
    assert told(freed, locked, {}).headline is Headline.PROCESSING
    sent = {"orderState": "WAIT_GOODS_RECEIVE_CONFIRM"}
    assert told(sent, locked).axes.fulfilment is Fulfilment.SHIPPED


def test_cash_on_delivery_needs_no_money_first() -> None:
    ordered = {"payType": "1-货到付款", "paymentConfirmTime": "0001-01-01 00:00:00"}
    found = told(ordered)
    assert (found.headline, found.axes.payment) == (Headline.PROCESSING, PaymentState.NONE)
    done = {**ordered, "orderState": "FINISHED_L", "orderEndTime": "2026-03-04 12:00:00"}
    assert told(done).axes.payment is PaymentState.PAID
    assert told(done).header.completed_at == datetime(2026, 3, 4, 4, 0, tzinfo=UTC)


def test_each_number_of_the_waybill_is_a_parcel() -> None:
    found = told({"orderState": "WAIT_GOODS_RECEIVE_CONFIRM", "waybill": "JDVA1, JDVA2"})
    assert sorted(found.parcels) == ["JDVA1", "JDVA2"]
    assert found.headline is Headline.SHIPPED
    packed = told({"waybill": "JDVA1"})
    assert packed.headline is Headline.PROCESSING


def test_the_same_article_twice_is_two_lines() -> None:
    cup = ORDER["itemInfoList"][0]
    assert list(told({"itemInfoList": [cup, {**cup, "jdPrice": "0.00"}]}).lines) == ["17", "17:2"]


def test_both_spellings_are_the_same_order() -> None:
    words = {
        "order_id": "900000000017",
        "order_state": "WAIT_SELLER_STOCK_OUT",
        "pay_type": "4-在线支付",
        "order_payment": "298.00",
        "order_total_price": "318.00",
        "freight_price": "0.00",
        "order_start_time": "2026-03-01 08:58:00",
        "payment_confirm_time": "2026-03-01 09:00:07",
        "modified": "2026-03-01 09:01:00",
        "item_info_list": [
            {"sku_id": "17", "outer_sku_id": "A", "sku_name": "茶杯", "item_total": "2", "jd_price": "109.00"}
        ],
    }
    assert picture(facts("jd", {"order_info": words})) == told({})


@pytest.mark.parametrize(
    "page",
    [
        {"jingdong_pop_order_get_responce": {"orderDetailInfo": {"orderInfo": ORDER}, "code": "0"}},
        {"jingdong_pop_order_search_responce": {"searchorderinfo_result": {"orderInfoList": [ORDER], "orderTotal": 1}}},
        {"order_info": ORDER},
    ],
)
def test_envelopes_are_opened(page: dict[str, Any]) -> None:
    (order,) = jd.read(a_delivery(a_shop(), "", raw(page))).orders
    assert order.source_id == "900000000017"
    assert jd.order_reference("", raw(page)) == "900000000017"


def test_the_consignee_is_who_asks() -> None:
    person = {
        "fullname": "林晚舟",
        "mobile": "13800138000",
        "province": "浙江",
        "city": "杭州市",
        "fullAddress": "西湖区1号",
    }
    found = told({"consigneeInfo": person})
    assert (found.header.customer_name, found.header.phone) == ("林晚舟", "+8613800138000")
    assert told({"consigneeInfo": {**person, "mobile": "138****8000"}}).header.phone is None


def test_the_platforms_refusal_is_named() -> None:
    with pytest.raises(Invalid) as refused:
        facts("jd", {"error_response": {"code": "19", "zh_desc": "token已过期"}})
    assert refused.value.code == "platform_error"


def test_what_was_paid_with_the_jd_balance_is_part_of_the_total() -> None:
    found = told({"orderPayment": "98.00", "balanceUsed": "200.00"})
    assert (found.header.total, found.header.discount) == (29800, 2000)
    assert [payment.captured for payment in found.payments.values()] == [29800]
