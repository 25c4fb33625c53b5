"""Shopify's fulfilments with several tracking numbers: a parcel for each, goods counted once."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from orders.deriving import Picture, derive
from orders.facts import OrderFacts
from orders.merging import Known, merge
from orders.sources import shopify
from orders.statuses import Fulfilment, Headline, ParcelState
from tests.orders.deliveries import a_delivery, a_shop
from tests.orders.test_shopify import FULFILLMENT, ORDER, SCAN

NUMBERS = ["1Z1", "1Z2", "1Z3"]
LINKS = [f"https://ups.example/{number}" for number in NUMBERS]
THREE = {**FULFILLMENT, "tracking_numbers": NUMBERS, "tracking_urls": LINKS}
SENT = {**ORDER, "fulfillment_status": "fulfilled"}


def facts(topic: str, payload: dict[str, Any]) -> OrderFacts:
    (found,) = shopify.read(a_delivery(a_shop(), topic, json.dumps(payload).encode())).orders
    return found


def picture(*parts: OrderFacts) -> Picture:
    found = derive(merge(Known(), [statement for part in parts for statement in part.statements]))
    assert found is not None
    return found


def fulfilled(**changes: Any) -> OrderFacts:
    return facts("fulfillments/update", THREE | changes)


def test_each_number_is_a_parcel_and_the_first_keeps_the_name_of_the_fulfilment() -> None:
    found = picture(facts("orders/fulfilled", {**SENT, "fulfillments": [THREE]}))
    assert {name: parcel.facts.tracking_number for name, parcel in found.parcels.items()} == {
        "77": "1Z1",
        "77:1Z2": "1Z2",
        "77:1Z3": "1Z3",
    }
    assert [parcel.facts.tracking_url for parcel in found.parcels.values()] == LINKS
    assert {parcel.facts.carrier for parcel in found.parcels.values()} == {"UPS"}


def test_the_goods_are_counted_once_and_listed_with_the_first_parcel() -> None:
    found = picture(facts("orders/fulfilled", {**SENT, "fulfillments": [THREE]}))
    assert found.lines["1"].shipped == 1
    assert [parcel.facts.lines for parcel in found.parcels.values()] == [(("1", 1),), None, None]
    assert found.axes.fulfilment is Fulfilment.SHIPPED


def test_one_number_is_what_it_was() -> None:
    one = picture(facts("orders/fulfilled", {**SENT, "fulfillments": [FULFILLMENT]}))
    listed = {**FULFILLMENT, "tracking_numbers": ["1Z1"]}
    assert list(one.parcels) == ["77"]
    assert picture(facts("orders/fulfilled", {**SENT, "fulfillments": [listed]})).parcels == one.parcels


def test_shopifys_word_on_the_fulfilment_is_said_of_each_parcel() -> None:
    found = picture(facts("orders/create", SENT), fulfilled(shipment_status="delivered"))
    assert {parcel.state for parcel in found.parcels.values()} == {ParcelState.DELIVERED}
    assert found.headline is Headline.DELIVERED


def test_a_scan_of_the_fulfilment_is_listed_once_and_one_parcel_is_not_all_of_them() -> None:
    scan = facts("fulfillment_events/create", {**SCAN, "status": "delivered"})
    found = picture(facts("orders/create", SENT), fulfilled(), scan)
    assert [len(parcel.scans) for parcel in found.parcels.values()] == [1, 0, 0]
    assert found.axes.fulfilment is Fulfilment.PARTIALLY_DELIVERED
    assert found.lines["1"].delivered == 0


def test_a_number_that_was_taken_off_is_no_parcel_any_more() -> None:
    later = {"tracking_number": "1Z2", "tracking_numbers": ["1Z2"], "updated_at": "2026-03-01T14:00:00-05:00"}
    found = picture(facts("orders/create", SENT), fulfilled(), fulfilled(**later))
    assert {name: parcel.facts.tracking_number for name, parcel in found.parcels.items()} == {"77": "1Z2"}


def test_a_cancelled_fulfilment_cancels_its_parcels() -> None:
    gone = fulfilled(status="cancelled", updated_at="2026-03-01T14:00:00-05:00")
    found = picture(facts("orders/create", ORDER), fulfilled(), gone)
    assert all(parcel.facts.cancelled for parcel in found.parcels.values())
    assert found.headline is Headline.PROCESSING


def test_numbers_and_links_of_any_count_find_each_other() -> None:
    odd = fulfilled(tracking_number=None, tracking_numbers=["", "1Z2", "1z-2", "1Z3"], tracking_urls=["a", "b"])
    found = picture(facts("orders/create", ORDER), odd).parcels
    assert {name: (p.facts.tracking_number, p.facts.tracking_url) for name, p in found.items()} == {
        "77": ("", "a"),
        "77:1Z2": ("1Z2", "b"),
        "77:1Z3": ("1Z3", ""),
    }


@given(
    st.permutations([[], ["1Z1"], ["1Z2", "1Z1"], ["1Z1", "1Z2", "1Z3"], ["1Z3"]]), st.randoms(use_true_random=False)
)
def test_the_newest_list_of_numbers_wins_in_any_order(lists: list[list[str]], random: Any) -> None:
    parts = [
        fulfilled(
            tracking_number=numbers[0] if numbers else None,
            tracking_numbers=numbers,
            tracking_urls=[],
            updated_at=f"2026-03-01T1{hour}:00:00Z",
        )
        for hour, numbers in enumerate(lists)
    ]
    expected = list(lists[-1]) or [""]
    random.shuffle(parts)
    found = picture(facts("orders/create", ORDER), *parts).parcels
    assert sorted(parcel.facts.tracking_number or "" for parcel in found.values()) == sorted(expected)
