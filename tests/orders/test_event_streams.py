"""Streams of plain events as logs have them: partial, late, doubled, at odds with themselves."""

import json
from typing import Any

import pytest

from orders.fold_filter import ShopFacts, fold_lines
from tests.orders.test_fold_filter import CONFIRMED, GONE, HANDED, OPENED, PACKING, PAID, SUBMITTED, event, fold

DELIVERED = event("shipment.delivered", 6)
Events = tuple[dict[str, Any], ...]


def axes(*events: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = fold(*events)["axes"]
    return found


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ((*GONE, DELIVERED, event("shipment.scan", 7)), "delivered"),  # a hub's late scan
        ((*OPENED, DELIVERED, event("shipment.handed_over", 7)), "delivered"),  # a hand-over booked afterwards
        ((*GONE, DELIVERED, event("shipment.expired", 9)), "delivered"),
        ((*GONE, event("shipment.scan", 5, state="info_received")), "in_transit"),
        ((*GONE, event("shipment.returning", 6), event("shipment.scan", 7)), "returning"),
        ((*GONE, event("shipment.returned", 6), event("shipment.scan", 7)), "returned"),
        ((*GONE, DELIVERED, event("shipment.out_for_delivery", 7)), "out_for_delivery"),  # the scan was wrong
        ((*GONE, DELIVERED, event("shipment.exception", 7)), "exception"),
        ((*GONE, DELIVERED, event("shipment.returning", 7), event("shipment.scan", 8)), "returning"),
    ],
)
def test_a_parcel_goes_back_only_by_a_word_that_says_so(events: Events, state: str) -> None:
    (parcel,) = fold(*events)["parcels"]
    assert parcel["state"] == state
    assert (parcel["delivered_at"] is not None) == (DELIVERED in events)


@pytest.mark.parametrize(
    ("events", "fulfilment"),
    [
        ((), "unfulfilled"),
        ((event("shipment.packed", 3, shipment_id="S1"),), "unfulfilled"),
        ((event("shipment.packed", 3, shipment_id="S1"), event("shipment.scan", 4, shipment_id="S2")), "partial"),
        ((event("shipment.scan", 3, shipment_id="S1"), event("shipment.scan", 4, shipment_id="S2")), "shipped"),
        (
            (event("shipment.delivered", 5, shipment_id="S1"), event("shipment.scan", 4, shipment_id="S2")),
            "partially_delivered",
        ),
        (
            (event("shipment.delivered", 5, shipment_id="S1"), event("shipment.packed", 4, shipment_id="S2")),
            "partially_delivered",
        ),
        (
            (event("shipment.delivered", 5, shipment_id="S1"), event("shipment.cancelled", 6, shipment_id="S2")),
            "delivered",
        ),
        ((event("order.shipped", 5),), "shipped"),
        ((event("order.completed", 5),), "delivered"),  # the scans got lost
    ],
)
def test_parcels_tell_how_much_has_arrived(events: Events, fulfilment: str) -> None:
    assert axes(*OPENED, *events)["fulfilment"] == fulfilment


@pytest.mark.parametrize(
    ("events", "headline", "closure"),
    [
        ((*GONE, event("order.cancelled", 5)), "on_hold", "open"),
        ((*GONE, event("shipment.available_for_pickup", 5), event("order.cancelled", 6)), "on_hold", "open"),
        ((*GONE, event("order.cancelled", 5), event("shipment.returning", 6)), "returning", "open"),
        ((*GONE, event("order.cancelled", 5), event("shipment.returned", 6)), "cancelled", "cancelled"),
        ((*GONE, event("order.cancelled", 5), DELIVERED), "delivered", "open"),
        ((*GONE, DELIVERED, event("order.cancelled", 7), event("return.received", 8)), "cancelled", "cancelled"),
        ((*OPENED, PACKING, event("order.cancelled", 5)), "cancelled", "cancelled"),
    ],
)
def test_a_cancel_after_the_hand_over_is_an_intercept_or_a_return(events: Events, headline: str, closure: str) -> None:
    order = fold(*events)
    assert (order["headline"], order["axes"]["closure"]) == (headline, closure)


@pytest.mark.parametrize(
    ("attrs", "payment", "captured"),
    [
        (({},), "paid", None),
        (({"amount_minor": 36800},), "paid", 36800),
        (({"amount_minor": "36800"},), "paid", 36800),
        (({"amount_minor": None},), "paid", None),
        (({"amount_minor": 10000},), "partially_paid", 10000),
        (({"amount_minor": 10000, "payment_id": "a"}, {"amount_minor": 26800, "payment_id": "b"}), "paid", 36800),
        (({"amount_minor": 36800, "method": "wechat"}, {"amount_minor": 36800, "method": "alipay"}), "overpaid", 73600),
    ],
)
def test_amounts_decide_whether_an_order_is_paid(
    attrs: tuple[dict[str, Any], ...], payment: str, captured: int | None
) -> None:
    order = fold(SUBMITTED, *(event("payment.confirmed", 1 + place, **one) for place, one in enumerate(attrs)))
    assert (order["axes"]["payment"], order["money"]["captured"]) == (payment, captured)
    assert order["holds"] == []


@pytest.mark.parametrize(
    ("events", "refund", "refunded"),
    [
        ((event("refund.requested", 3),), "requested", 0),
        ((event("refund.pending", 3),), "pending", 0),
        ((event("refund.failed", 3),), "failed", 0),
        ((event("refund.succeeded", 3),), "partial", None),
        ((event("refund.requested", 3, amount_minor=500), event("refund.succeeded", 4)), "partial", 500),
        ((event("refund.requested", 3), event("refund.succeeded", 4, amount_minor=500)), "partial", 500),
        (
            (event("refund.succeeded", 3, amount_minor=500), event("refund.succeeded", 4, amount_minor=700)),
            "partial",
            1200,
        ),
        ((event("refund.succeeded", 3, amount_minor=36800),), "full", 36800),
        ((event("refund.succeeded", 3, amount_minor=500), event("refund.requested", 4)), "requested", 500),
        ((event("order.refunded", 3),), "full", None),
    ],
)
def test_refunds_count_with_and_without_ids_and_amounts(events: Events, refund: str, refunded: int | None) -> None:
    order = fold(*OPENED, *events, *events)
    assert (order["axes"]["refund"], order["money"]["refunded"]) == (refund, refunded)


def test_holds_are_a_set_and_are_lifted_by_name() -> None:
    held = (event("order.held", 3, hold="fraud"), event("order.held", 4, hold="address"))
    assert fold(*OPENED, *held)["holds"] == ["address", "fraud"]
    assert fold(*OPENED, *held, event("order.released", 5, hold="fraud"))["holds"] == ["address"]
    assert fold(*OPENED, *held, event("order.released", 5))["holds"] == []
    assert fold(*OPENED, event("order.held", 3, hold="address", reason="no street"))["times"]["cancelled_at"] is None


def test_other_words_for_the_same_are_understood() -> None:
    others = (SUBMITTED, event("order.paid", 1), event("order.accepted", 2), event("shipment.label_created", 3))
    order = fold(*others, event("shipment.picked_up", 4), event("shipment.in_transit", 5), DELIVERED)
    same = fold(SUBMITTED, PAID, CONFIRMED, PACKING, HANDED, event("shipment.scan", 5), DELIVERED)
    assert order["axes"] == same["axes"]
    assert order["times"] == same["times"]
    assert order["warnings"] == []


def test_scans_are_told_with_the_time_as_it_was_written() -> None:
    naive = {**event("shipment.scan", 5), "at": "2026-03-02T05:00:00"}
    (parcel,) = fold(*OPENED, naive, event("shipment.teleported", 6, text="到达", location="杭州市"))["parcels"]
    assert [(e["raw"], e["offset"], e["at"], e["state"], e["text"]) for e in parcel["events"]] == [
        ("2026-03-02T06:00:00+08:00", "", "2026-03-01T22:00:00Z", None, "到达"),
        ("2026-03-02T05:00:00", "shop", "2026-03-02T05:00:00Z", "in_transit", ""),
    ]


def test_a_scan_from_the_future_is_clamped_to_when_it_was_first_heard_of() -> None:
    early = {"source": "events", "body": event("shipment.scan", 30), "received_at": "2026-03-02T00:00:00+08:00"}
    later = {**early, "received_at": "2026-03-05T00:00:00+08:00"}
    for lines in ((early, later), (later, early)):
        (parcel,) = fold(*OPENED, *lines)["parcels"]
        (scan,) = parcel["events"]
        assert (scan["at"], scan["offset"]) == ("2026-03-01T16:00:00Z", "clamped")
        assert scan["raw"] == "2026-03-03T06:00:00+08:00"


def folded(*lines: dict[str, Any]) -> list[dict[str, Any]]:
    found = fold_lines([json.dumps(line) for line in lines], ShopFacts())
    assert found.problems == []
    return found.orders


def test_forms_may_be_told_as_their_fields() -> None:
    param = {
        "status": "polling",
        "lastResult": {
            "nu": "75812345678905",
            "com": "zhongtong",
            "state": "5",
            "data": [{"ftime": "2026-03-03 08:00:00", "context": "【杭州】派送中", "statusCode": "5"}],
        },
    }
    order = {
        "id": "A",
        "updated_at": "2026-03-02T10:00:00Z",
        "number": "1001",
        "currency": "CNY",
        "placed_at": "2026-03-02T10:00:00Z",
        "totals": {"total": "20.00"},
        "payments": [{"id": "P", "reference": "4200001"}],
        "shipments": [{"id": "S", "tracking_number": "75812345678905"}],
    }
    paid = {
        "trade_no": "4200001",
        "out_trade_no": "X",
        "trade_status": "TRADE_SUCCESS",
        "total_amount": 20,
        "gmt_payment": "2026-03-02 18:05:00",
        "charset": "utf-8",
    }
    (found,) = folded(
        {"source": "generic", "body": order},
        {"source": "kuaidi100", "body": {"param": param, "sign": "x"}},
        {"source": "alipay", "body": paid},
    )
    assert found["parcels"][0]["state"] == "out_for_delivery"
    assert found["parcels"][0]["events"][0]["offset"] == "source"
    assert (found["axes"]["payment"], found["money"]["captured"]) == ("paid", 2000)


def test_a_notification_of_wechat_pay_is_read_when_it_is_decrypted_already() -> None:
    resource = {
        "out_trade_no": "1001",
        "transaction_id": "4200001",
        "trade_state": "SUCCESS",
        "amount": {"total": 2000, "currency": "CNY"},
        "success_time": "2026-03-02T18:05:00+08:00",
    }
    event = {"id": "n", "event_type": "TRANSACTION.SUCCESS", "create_time": "2026-03-02T18:05:01+08:00"}
    found = folded({"source": "wechatpay", "body": event | {"resource": resource}})
    assert "payment:4200001" in {one["handle"] for one in found}
