"""Our own order API: signatures, partial documents, and mistakes that are named."""

import json
from datetime import timedelta
from typing import Any

import pytest

from core.errors import Invalid, Unauthenticated
from orders.deriving import Picture, derive
from orders.merging import Known, merge
from orders.receiving import lower
from orders.sources import generic
from orders.statuses import Fulfilment, Gate, Headline, Hold, ParcelState, Returns
from tests.orders.deliveries import API_SECRET, NOON, a_delivery, a_shop, upsert

ORDER: dict[str, Any] = {
    "id": "A-1",
    "updated_at": "2026-03-02T10:00:00+08:00",
    "number": "1001",
    "currency": "CNY",
    "placed_at": "2026-03-02T09:00:00+08:00",
    "customer": {"name": "林晚舟", "email": "Lin@Example.com", "phone": "138 0013 8000"},
    "ship_to": {"city": "上海市", "country": "cn"},
    "totals": {"total": "368.00"},
    "payment": "paid",
    "lines": [{"id": "1", "title": "龙井", "quantity": 2, "unit_price": "184.00"}],
}


def picture(*documents: dict[str, Any]) -> Picture:
    known = Known()
    for document in documents:
        (facts,) = generic.read(a_delivery(a_shop("generic"), generic.TOPIC, json.dumps(document).encode())).orders
        known = merge(known, facts.statements)
    derived = derive(known)
    assert derived is not None
    return derived


def later(hours: int, **fields: Any) -> dict[str, Any]:
    return {"id": "A-1", "updated_at": f"2026-03-02T{10 + hours}:00:00+08:00", **fields}


def test_only_a_fresh_signature_with_the_right_secret_fits() -> None:
    wire = upsert(ORDER, NOON)
    headers = lower(wire.headers)
    generic.verify(["whsec_b3RoZXI=", API_SECRET], headers, wire.body, NOON + timedelta(minutes=4))
    two = {**headers, "webhook-signature": "v1,AAAA " + headers["webhook-signature"]}
    generic.verify([API_SECRET], two, wire.body, NOON)
    refused = [
        ([API_SECRET], headers, wire.body, NOON + timedelta(minutes=6)),
        ([API_SECRET], headers, wire.body, NOON - timedelta(minutes=6)),
        ([API_SECRET], headers, wire.body + b" ", NOON),
        ([API_SECRET], {**headers, "webhook-id": "msg_other"}, wire.body, NOON),
        ([API_SECRET], {**headers, "webhook-timestamp": "soon"}, wire.body, NOON),
        (["whsec_b3RoZXI="], headers, wire.body, NOON),
        ([], headers, wire.body, NOON),
    ]
    for secrets, sent, body, now in refused:
        with pytest.raises(Unauthenticated) as error:
            generic.verify(secrets, sent, body, now)
        assert error.value.code == "bad_signature"


def test_a_whole_order_reads_as_it_says() -> None:
    found = picture(ORDER)
    assert (found.header.email, found.header.phone) == ("lin@example.com", "+8613800138000")
    assert found.header.total == 36800
    assert found.headline is Headline.PROCESSING
    assert found.axes.gates == ()


def test_a_part_of_an_order_changes_only_that_part() -> None:
    shipped = later(1, shipments=[{"id": "S1", "carrier": "中通快递", "lines": [{"line": "1", "quantity": 1}]}])
    scanned = later(2, shipments=[{"id": "S1", "scans": [{"at": "2026-03-02T11:30:00+08:00", "state": "delivered"}]}])
    found = picture(ORDER, shipped, scanned)
    assert found.axes.fulfilment is Fulfilment.PARTIALLY_DELIVERED
    assert found.parcels["S1"].facts.carrier == "中通快递"
    assert (found.lines["1"].shipped, found.lines["1"].delivered) == (1, 1)


def test_gates_and_holds_open_and_close() -> None:
    waiting = {**ORDER, "gates": {"stock": True, "acceptance": True}, "holds": ["customs"]}
    found = picture(waiting)
    assert found.axes.gates == (Gate.STOCK, Gate.ACCEPTANCE)
    assert found.axes.holds == {Hold.CUSTOMS}
    assert picture(waiting, later(1, holds=[])).headline is Headline.AWAITING_CONFIRMATION
    free = picture(waiting, later(1, holds=[]), later(2, gates={"stock": False, "acceptance": False}))
    assert free.headline is Headline.PROCESSING


def test_an_order_waits_for_acceptance_until_the_shop_confirms() -> None:
    awaiting = {**ORDER, "confirmation": "awaiting"}
    assert picture(awaiting).axes.gates == (Gate.ACCEPTANCE,)
    confirmed = picture(awaiting, later(1, confirmation="confirmed"))
    assert confirmed.axes.gates == ()
    assert confirmed.confirmed_at is not None
    assert picture({**ORDER, "confirmation": "expired", "payment": "none"}).headline is Headline.EXPIRED


def test_cash_on_delivery_needs_no_money_first() -> None:
    assert picture({**ORDER, "payment": "none", "pay_on_delivery": True}).headline is Headline.PROCESSING


def test_an_order_is_backordered_only_if_all_that_is_open_waits() -> None:
    waits = {"backordered": True, "backorder_eta": "2026-03-20T00:00:00+08:00"}
    two = [{**ORDER["lines"][0], **waits}, {"id": "2", "title": "茶杯", "quantity": 1}]
    assert picture({**ORDER, "lines": two}).headline is Headline.PROCESSING
    assert picture({**ORDER, "lines": two}, later(1, lines=[{"id": "2", **waits}])).headline is Headline.BACKORDERED


def test_a_return_of_the_customer_is_a_parcel_of_its_own() -> None:
    out = {"id": "S1", "lines": [{"line": "1", "quantity": 2}], "state": "delivered"}
    back = {"id": "R1", "direction": "return", "scans": [{"at": "2026-03-02T11:30:00+08:00", "state": "in_transit"}]}
    found = picture(ORDER, later(1, shipments=[out, back]))
    assert (found.axes.fulfilment, found.axes.returns) == (Fulfilment.DELIVERED, Returns.IN_TRANSIT)
    home = {"id": "R1", "scans": [{"at": "2026-03-02T13:30:00+08:00", "state": "delivered"}]}
    assert picture(ORDER, later(1, shipments=[out, back]), later(4, shipments=[home])).headline is Headline.RETURNED


def test_a_cancel_after_the_hand_over_is_an_intercept_and_not_a_cancelled_order() -> None:
    moving = {
        "id": "S1",
        "lines": [{"line": "1", "quantity": 2}],
        "scans": [{"at": "2026-03-02T10:30:00+08:00", "state": "in_transit"}],
    }
    found = picture(ORDER, later(1, shipments=[moving]), later(2, cancelled_at="2026-03-02T12:00:00+08:00"))
    assert found.headline is Headline.ON_HOLD
    assert found.axes.holds == {Hold.CUSTOMER_REQUEST}
    assert picture(ORDER, later(2, cancelled_at="2026-03-02T12:00:00+08:00")).headline is Headline.CANCELLED


def test_the_pickup_point_and_its_code_arrive() -> None:
    pickup = {"point": "菜鸟驿站", "code": "3-2-8841", "until": "2026-03-05T20:00:00+08:00"}
    waiting = later(1, shipments=[{"id": "S1", "state": "available_for_pickup", "pickup": pickup}])
    parcel = picture(ORDER, waiting).parcels["S1"]
    assert (parcel.state, parcel.facts.pickup_code) == (ParcelState.AVAILABLE_FOR_PICKUP, "3-2-8841")


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"payment": "escrowed"}, "payment"),
        ({"updated_at": "2026-03-02T10:00:00"}, "updated_at"),
        ({"totals": {"total": 368}}, "totals.total"),
        ({"totals": {"total": "-1.00"}}, "totals.total"),
        ({"lines": [{"id": "1", "quantity": 10**12}]}, "lines.0.quantity"),
        ({"role": "admin"}, "role"),
        ({"shipments": [{"id": "S1", "tracking_url": "javascript:alert(1)"}]}, "shipments.0.tracking_url"),
    ],
)
def test_a_mistake_is_refused_with_its_place(change: dict[str, Any], place: str) -> None:
    with pytest.raises(Invalid) as refused:
        generic.check(json.dumps({**ORDER, **change}).encode())
    assert refused.value.code == "bad_order"
    assert [item["at"] for item in refused.value.data["mistakes"]] == [place]  # type: ignore[attr-defined]


def test_an_amount_needs_its_currency() -> None:
    document = {"id": "A-1", "updated_at": "2026-03-02T10:00:00Z", "totals": {"total": "1.00"}}
    with pytest.raises(Invalid) as refused:
        generic.read(a_delivery(a_shop("generic"), generic.TOPIC, json.dumps(document).encode()))
    assert refused.value.code == "currency_missing"
