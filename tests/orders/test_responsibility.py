"""Who holds the ball: by the state of an order, by what happened, and by who waits for an answer."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.sample_orders import NOW, ago, order, parcel
from orders.responsibility import Party, Turn, Waiting, held, present_party, turns
from orders.statuses import Fulfilment, Gate, Headline, Hold, ParcelState, PaymentState, RefundState, Returns

DAY = timedelta(days=1)
SHIPPED = {"fulfilment": Fulfilment.SHIPPED}


@pytest.mark.parametrize(
    ("headline", "changes", "party"),
    [
        (Headline.AWAITING_PAYMENT, {"payment": PaymentState.NONE}, Party.CUSTOMER),
        (Headline.AWAITING_PAYMENT, {"payment": PaymentState.PENDING}, Party.PAYMENT),
        (Headline.PAYMENT_FAILED, {}, Party.CUSTOMER),
        (Headline.AWAITING_CONFIRMATION, {"gates": (Gate.ACCEPTANCE,)}, Party.MERCHANT),
        (Headline.AWAITING_CONFIRMATION, {"gates": (Gate.PAYMENT,)}, Party.PAYMENT),
        (Headline.ON_HOLD, {"holds": frozenset({Hold.ADDRESS})}, Party.CUSTOMER),
        (Headline.ON_HOLD, {"holds": frozenset({Hold.ADDRESS, Hold.FRAUD})}, Party.MERCHANT),
        (Headline.ON_HOLD, {"holds": frozenset({Hold.CUSTOMS})}, Party.CARRIER),
        (Headline.ON_HOLD, {"holds": frozenset({Hold.PAYMENT_REVIEW})}, Party.PAYMENT),
        (Headline.BACKORDERED, {}, Party.MERCHANT),
        (Headline.PROCESSING, {}, Party.WAREHOUSE),
        (Headline.SHIPPED, {"parcels": (parcel(ParcelState.INFO_RECEIVED),)}, Party.WAREHOUSE),
        (Headline.SHIPPED, {"parcels": (parcel(ParcelState.IN_TRANSIT),)}, Party.CARRIER),
        (Headline.SHIPPED, {"parcels": (parcel(ParcelState.EXCEPTION),)}, Party.CARRIER),
        (Headline.SHIPPED, {"parcels": (parcel(ParcelState.AVAILABLE_FOR_PICKUP),)}, Party.CUSTOMER),
        (Headline.DELIVERED, {}, None),
        (Headline.DELIVERED, {"refund": RefundState.PENDING}, Party.PAYMENT),
        (Headline.DELIVERED, {"refund": RefundState.REQUESTED}, Party.MERCHANT),
        (Headline.CANCELLED, {"refund": RefundState.FAILED}, Party.MERCHANT),
        (Headline.CANCELLED, {}, None),
        (Headline.RETURNING, {"returns": Returns.REQUESTED}, Party.MERCHANT),
        (Headline.RETURNING, {"returns": Returns.IN_TRANSIT}, Party.CARRIER),
        (Headline.RETURNED, {"returns": Returns.RECEIVED}, Party.MERCHANT),
        (Headline.RETURNED, {"refund": RefundState.PENDING}, Party.PAYMENT),
    ],
)
def test_whose_turn_it_is(headline: Headline, changes: dict[str, Any], party: Party | None) -> None:
    assert present_party(order(headline=headline, **changes)) is party


def test_an_order_under_way_has_been_with_everybody_in_turn() -> None:
    picture = order(
        headline=Headline.SHIPPED, placed_at=ago(days=5), parcels=(parcel(ParcelState.IN_TRANSIT),), **SHIPPED
    )
    passed = turns(picture, NOW)
    assert passed == [
        Turn(Party.CUSTOMER, ago(days=5)),
        Turn(Party.MERCHANT, ago(days=4)),
        Turn(Party.WAREHOUSE, ago(days=3)),
        Turn(Party.CARRIER, ago(days=2)),
    ]
    assert held(passed, NOW) == {
        Party.CUSTOMER: DAY,
        Party.MERCHANT: DAY,
        Party.WAREHOUSE: DAY,
        Party.CARRIER: 2 * DAY,
    }


def test_nobody_holds_what_has_arrived() -> None:
    arrived = parcel(ParcelState.DELIVERED, delivered_at=ago(days=1))
    picture = order(headline=Headline.DELIVERED, fulfilment=Fulfilment.DELIVERED, parcels=(arrived,))
    passed = turns(picture, NOW)
    assert passed[-1] == Turn(None, ago(days=1))
    assert held(passed, NOW)[Party.CARRIER] == DAY


def test_what_no_date_tells_began_when_the_headline_changed() -> None:
    picture = order(headline=Headline.ON_HOLD, holds=frozenset({Hold.ADDRESS}))
    assert turns(picture, NOW, changed_at=ago(days=1))[-1] == Turn(Party.CUSTOMER, ago(days=1))
    assert turns(picture, NOW)[-1] == Turn(Party.CUSTOMER, picture.source_updated_at)


def test_a_customer_who_waits_for_an_answer_waits_for_us() -> None:
    picture = order(headline=Headline.SHIPPED, parcels=(parcel(ParcelState.IN_TRANSIT),), **SHIPPED)
    assert turns(picture, NOW, waiting=Waiting(agent_since=ago(hours=2)))[-1] == Turn(Party.AGENT, ago(hours=2))
    asked = Waiting(customer_since=ago(hours=2))
    assert turns(picture, NOW, waiting=asked)[-1].party is Party.CARRIER
    done = order(headline=Headline.CANCELLED)
    assert turns(done, NOW, waiting=asked)[-1] == Turn(Party.CUSTOMER, ago(hours=2))


def test_pay_on_delivery_is_never_the_customers_turn_at_first() -> None:
    picture = order(payment=PaymentState.NONE, paid_at=None)
    assert [turn.party for turn in turns(picture, NOW)] == [Party.MERCHANT, Party.WAREHOUSE]


days = st.integers(0, 30).map(lambda n: ago(days=n))


@given(
    st.sampled_from(list(Headline)),
    st.sampled_from(list(ParcelState)),
    st.sampled_from(list(Fulfilment)),
    st.tuples(*[days] * 4),
    st.tuples(*[st.none() | days] * 6),
)
def test_whatever_the_dates_say_turns_follow_one_another_and_fill_the_time(
    headline: Headline, state: ParcelState, fulfilment: Fulfilment, known: tuple[Any, ...], maybe: tuple[Any, ...]
) -> None:
    scanned, delivered, paid, confirmed, agent, customer = maybe
    box = parcel(state, first_scan_at=scanned, delivered_at=delivered)
    picture = order(
        headline=headline,
        fulfilment=fulfilment,
        parcels=(box,),
        placed_at=known[0],
        source_updated_at=known[1],
        paid_at=paid,
        confirmed_at=confirmed,
    )
    waiting = Waiting(agent_since=agent, customer_since=customer)
    passed = turns(picture, NOW, changed_at=known[2], waiting=waiting)
    assert all(before.since <= after.since and before.party != after.party for before, after in pairwise(passed))
    idle = sum((b.since - a.since for a, b in pairwise(passed) if a.party is None), timedelta())
    idle += NOW - passed[-1].since if passed[-1].party is None else timedelta()
    assert sum(held(passed, NOW).values(), timedelta()) + idle == NOW - passed[0].since
