"""Taobao's trades and refunds: the tables of statuses, parcels by line, naive times in UTC+8, hidden contacts."""

from datetime import UTC, datetime
from typing import Any

import pytest

from core.errors import Invalid, Unauthenticated
from orders.deriving import Picture
from orders.sources import taobao
from orders.sources.taobao_refunds import REFUNDS
from orders.sources.taobao_trades import STATUSES
from orders.statuses import Closure, Confirmation, Fulfilment, Headline, Hold, PaymentState, RefundState, Returns
from tests.orders.deliveries import NOON, a_delivery, a_shop
from tests.orders.telling import facts, picture, raw, recorded

LINE: dict[str, Any] = {"oid": 21, "num": 2, "price": "50.00", "payment": "100.00", "refund_status": "NO_REFUND"}
TRADE: dict[str, Any] = {
    "tid": 2600000000000000017,
    "status": "WAIT_SELLER_SEND_GOODS",
    "type": "fixed",
    "created": "2026-03-01 08:58:00",
    "pay_time": "2026-03-01 09:00:07",
    "modified": "2026-03-01 09:00:08",
    "payment": "100.00",
    "total_fee": "100.00",
    "orders": {"order": [LINE]},
}
REFUND: dict[str, Any] = {
    "refund_id": "31",
    "tid": TRADE["tid"],
    "oid": 21,
    "status": "WAIT_SELLER_AGREE",
    "refund_fee": "50.00",
    "has_good_return": True,
    "created": "2026-03-05 10:00:00",
    "modified": "2026-03-05 10:00:00",
}


def told(*changes: dict[str, Any]) -> Picture:
    return picture(*(facts("taobao", {**TRADE, **change}) for change in changes))


def lines(*changes: dict[str, Any]) -> dict[str, Any]:
    return {"orders": {"order": [{**LINE, "oid": 21 + n, **change} for n, change in enumerate(changes)]}}


def test_nothing_comes_in_through_a_door() -> None:
    with pytest.raises(Unauthenticated):
        taobao.verify(["any"], {}, b"{}", NOON)


def test_the_partly_shipped_trade_reads_as_it_says() -> None:
    told_facts = facts("taobao", recorded("taobao", "trade_fullinfo_partly_shipped"))
    found = picture(told_facts)
    assert told_facts.source_id == "2600000000000000017"  # above 2**53
    assert (found.headline, found.axes.refund) == (Headline.PARTIALLY_SHIPPED, RefundState.REQUESTED)
    assert (found.header.total, found.header.goods, found.header.discount) == (29800, 31800, 2000)
    assert found.paid_at == datetime(2026, 3, 1, 1, 0, 7, tzinfo=UTC)
    assert found.confirmed_at == found.paid_at
    parcel = found.parcels["YT0000000000017"]
    assert (parcel.facts.carrier, parcel.facts.lines) == ("圆通速递", (("2600000000000000018", 2),))
    asked = picture(told_facts, facts("taobao", recorded("taobao", "refund_get_onsale")))
    assert asked.refunds["2600000000000000020"].amount == 9371
    assert asked.refunds["2600000000000000020"].at == datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


UNPAID = {"payment": PaymentState.NONE, "confirmation": Confirmation.AWAITING}
ACCEPTED = {"payment": PaymentState.PAID, "confirmation": Confirmation.CONFIRMED}
TABLE: dict[str, dict[str, Any]] = {
    "TRADE_NO_CREATE_PAY": UNPAID,
    "WAIT_BUYER_PAY": UNPAID,
    "PAY_PENDING": {**UNPAID, "payment": PaymentState.PENDING},
    "WAIT_PRE_AUTH_CONFIRM": {"confirmation": Confirmation.AWAITING},
    "PAID_FORBID_CONSIGN": {**ACCEPTED, "holds": {Hold.PLATFORM_LOCK}},
    "WAIT_SELLER_SEND_GOODS": {**ACCEPTED, "fulfilment": Fulfilment.UNFULFILLED},
    "SELLER_CONSIGNED_PART": {**ACCEPTED, "fulfilment": Fulfilment.PARTIAL},
    "WAIT_BUYER_CONFIRM_GOODS": {**ACCEPTED, "fulfilment": Fulfilment.SHIPPED},
    "TRADE_BUYER_SIGNED": {**ACCEPTED, "fulfilment": Fulfilment.DELIVERED, "closure": Closure.OPEN},
    "TRADE_FINISHED": {**ACCEPTED, "closure": Closure.COMPLETED},
    "TRADE_CLOSED": {"closure": Closure.CANCELLED, "refund": RefundState.FULL},
    "TRADE_CLOSED_BY_TAOBAO": {"closure": Closure.CANCELLED, "refund": RefundState.NONE, "payment": PaymentState.NONE},
}


def test_every_status_has_a_row_here() -> None:
    assert set(TABLE) == set(STATUSES)


@pytest.mark.parametrize("status", TABLE)
def test_a_status_says(status: str) -> None:
    unpaid = TABLE[status].get("payment") not in {PaymentState.PAID, None} or status == "WAIT_PRE_AUTH_CONFIRM"
    axes = told({"status": status, **({"pay_time": None} if unpaid else {})}).axes
    assert {name: getattr(axes, name) for name in TABLE[status]} == TABLE[status]
    assert axes.holds == TABLE[status].get("holds", set())


def test_an_unknown_status_holds_the_trade() -> None:
    strange = facts("taobao", {**TRADE, "status": "TRADE_TELEPORTED"})
    assert picture(strange).axes.holds == {Hold.MERCHANT}
    assert strange.warnings == ("status=TRADE_TELEPORTED",)


def test_an_unpaid_trade_says_until_when_it_waits() -> None:
    waiting = {"status": "WAIT_BUYER_PAY", "pay_time": None, "timeout_action_time": "2026-03-02 08:58:00"}
    found = told(waiting)
    assert found.headline is Headline.AWAITING_PAYMENT
    assert found.header.pay_by == datetime(2026, 3, 2, 0, 58, tzinfo=UTC)
    assert told(waiting, {}).header.pay_by is None


def test_cash_on_delivery_is_paid_when_it_is_signed_for() -> None:
    ordered = {"type": "cod", "pay_time": None}
    found = told(ordered)
    assert (found.headline, found.axes.payment) == (Headline.PROCESSING, PaymentState.NONE)
    assert told({**ordered, "status": "TRADE_FINISHED"}).axes.payment is PaymentState.PAID


def test_the_deposit_of_a_presale_is_a_part() -> None:
    presale = {"type": "step", "step_trade_status": "FRONT_PAID_FINAL_NOPAID", "step_paid_fee": "20.00"}
    found = told({**presale, "status": "WAIT_BUYER_PAY"})
    assert (found.headline, found.axes.payment) == (Headline.AWAITING_PAYMENT, PaymentState.PARTIALLY_PAID)
    assert found.payments["order"].captured == 2000
    paid = {**presale, "step_trade_status": "FRONT_PAID_FINAL_PAID", "modified": "2026-03-03 09:00:00"}
    assert told({**presale, "status": "WAIT_BUYER_PAY"}, paid).axes.payment is PaymentState.PAID


def test_lines_with_the_same_number_are_in_one_parcel() -> None:
    sent = {
        "status": "WAIT_BUYER_CONFIRM_GOODS",
        "consign_time": "2026-03-02 10:00:00",
        "logistics_company": "中通快递",
    }
    change = lines({**sent, "invoice_no": "A"}, {**sent, "invoice_no": "A"}, {**sent, "invoice_no": "B"})
    found = told({"status": "WAIT_BUYER_CONFIRM_GOODS", **change})
    assert {name: parcel.facts.lines for name, parcel in found.parcels.items()} == {
        "A": (("21", 2), ("22", 2)),
        "B": (("23", 2),),
    }
    assert found.headline is Headline.SHIPPED


def test_a_line_that_was_refunded_before_it_left_will_not_leave() -> None:
    gone = {"status": "TRADE_CLOSED", "refund_status": "SUCCESS", "refund_id": 31}
    sent = {"status": "WAIT_BUYER_CONFIRM_GOODS", "consign_time": "2026-03-02 10:00:00", "invoice_no": "A"}
    found = told({"status": "WAIT_BUYER_CONFIRM_GOODS", **lines(gone, sent)})
    assert [line.cancelled for line in found.lines.values()] == [2, 0]
    assert (found.axes.fulfilment, found.axes.refund) == (Fulfilment.SHIPPED, RefundState.PARTIAL)


RETURNS = {
    "WAIT_SELLER_AGREE": (RefundState.REQUESTED, Returns.NONE),
    "WAIT_BUYER_RETURN_GOODS": (RefundState.REQUESTED, Returns.REQUESTED),
    "WAIT_SELLER_CONFIRM_GOODS": (RefundState.REQUESTED, Returns.IN_TRANSIT),
    "SELLER_REFUSE_BUYER": (RefundState.NONE, Returns.NONE),  # no money was ever to move
    "CLOSED": (RefundState.NONE, Returns.NONE),
    "SUCCESS": (RefundState.PARTIAL, Returns.RECEIVED),
}


def test_every_refund_status_has_a_row_here() -> None:
    assert set(RETURNS) == set(REFUNDS)


@pytest.mark.parametrize("status", RETURNS)
def test_a_refund_says(status: str) -> None:
    finished = {"status": "TRADE_FINISHED", "modified": "2026-03-05 10:00:00"}
    trade = {**finished, **lines({"status": "TRADE_FINISHED", "refund_status": status, "refund_id": 31})}
    refund = facts("taobao", {"refund_get_response": {"refund": {**REFUND, "status": status, "sid": "SF1"}}})
    found = picture(facts("taobao", {**TRADE, **trade}), refund)
    assert (found.axes.refund, found.axes.returns) == RETURNS[status]
    assert [refund.amount for refund in found.refunds.values()] == (
        [] if RETURNS[status][0] is RefundState.NONE else [5000]
    )


def test_an_unknown_refund_status_holds_the_trade() -> None:
    trade = facts("taobao", {**TRADE, **lines({"refund_status": "WAIT_FOR_MOON", "refund_id": 31})})
    assert trade.warnings == ("refund_status=WAIT_FOR_MOON",)
    assert picture(trade).axes.holds == {Hold.MERCHANT}


def test_hidden_contacts_prove_nothing_and_open_ones_do() -> None:
    hidden = {"receiver_name": "张**", "receiver_mobile": "138****8000", "buyer_email": "z***@example.com"}
    found = told({**hidden, "receiver_city": "杭州市", "receiver_state": "浙江省"})
    assert (found.header.phone, found.header.email) == (None, None)
    assert found.header.ship_to is not None
    assert (found.header.ship_to.city, found.header.ship_to.country) == ("杭州市", "CN")
    assert told({"receiver_mobile": "13800138000"}).header.phone == "+8613800138000"


@pytest.mark.parametrize(
    "page",
    [
        {"trades_sold_get_response": {"trades": {"trade": [TRADE, {**TRADE, "tid": 18}]}}},
        {"trades": [TRADE, {**TRADE, "tid": 18}]},
        {"response": {"trades": {"trade": [TRADE, {**TRADE, "tid": 18}]}, "total_results": 2}},
    ],
)
def test_a_page_is_many_trades(page: dict[str, Any]) -> None:
    reading = taobao.read(a_delivery(a_shop(), "", raw(page)))
    assert [order.source_id for order in reading.orders] == ["2600000000000000017", "18"]


def test_one_document_names_its_trade() -> None:
    assert taobao.order_reference("", raw({"trade": TRADE})) == "2600000000000000017"
    assert taobao.order_reference("", raw({"refund": REFUND})) == "2600000000000000017"
    assert taobao.order_reference("", b"{}") is None


def test_the_platforms_refusal_is_named() -> None:
    with pytest.raises(Invalid) as refused:
        facts("taobao", {"error_response": {"code": 27, "msg": "Invalid session"}})
    assert refused.value.code == "platform_error"


@pytest.mark.parametrize("numbers", ["7581/7582", "7581，7582", "7581 7582/7581"])
def test_two_numbers_in_one_field_are_two_parcels(numbers: str) -> None:
    sent = {**LINE, "status": "WAIT_BUYER_CONFIRM_GOODS", "invoice_no": numbers, "consign_time": "2026-03-02 10:00:00"}
    found = told({"status": "WAIT_BUYER_CONFIRM_GOODS", "orders": {"order": [sent]}})
    first, second = found.parcels["7581"].facts, found.parcels["7582"].facts
    assert (first.tracking_number, first.lines, first.parts) == ("7581", (("21", 2),), ("7582",))
    assert (second.tracking_number, second.lines, second.part_of) == ("7582", None, "7581")
    assert (found.headline, found.lines["21"].shipped) == (Headline.SHIPPED, 2)


def test_codes_that_nobody_carries_need_no_parcel() -> None:
    assert told({"shipping_type": "virtual"}).axes.fulfilment is Fulfilment.NOT_REQUIRED


def test_a_line_that_came_back_is_a_part_of_the_trade() -> None:
    sent = {"status": "WAIT_BUYER_CONFIRM_GOODS", "invoice_no": "7581", "consign_time": "2026-03-02 10:00:00"}
    both = {"order": [{**LINE, **sent}, {**LINE, **sent, "oid": 22}]}
    trade = facts("taobao", {**TRADE, "status": "WAIT_BUYER_CONFIRM_GOODS", "orders": both})
    one, two = (
        facts("taobao", {**REFUND, "refund_id": oid, "oid": oid, "num": 2, "status": "SUCCESS"}) for oid in (21, 22)
    )
    assert (picture(trade, one).axes.returns, picture(trade, one).headline) == (
        Returns.PARTIALLY_RETURNED,
        Headline.SHIPPED,
    )
    assert picture(trade, one, two).headline is not Headline.SHIPPED
