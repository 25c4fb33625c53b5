"""Late, doubled and shuffled deliveries give the same order."""

import json
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.deriving import derive
from orders.facts import Facts, HeaderFacts, HoldFacts, Kind, LineFacts, ShipmentFacts, Statement, Version
from orders.merging import Known, from_json, merge, to_json
from orders.statuses import Headline, Hold, ParcelState, PaymentState
from tests.orders.deliveries import LIFE, NOON, facts_of_life

VERSIONS = st.builds(
    Version,
    st.integers(0, 5).map(lambda hours: NOON + timedelta(hours=hours)),
    st.sampled_from(["", "1", "2"]),
    st.sampled_from(["a", "b"]),
)
HEADERS = st.builds(
    lambda fields: HeaderFacts(**fields),
    st.fixed_dictionaries(
        {},
        optional={
            "number": st.sampled_from(["1", "2"]),
            "payment": st.sampled_from(PaymentState),
            "cancelled_at": st.none() | st.just(NOON),
            "paid_seen_at": st.sampled_from([NOON, NOON + timedelta(minutes=1)]),
            "total": st.integers(0, 3),
        },
    ),
)
LINES = st.builds(lambda units: LineFacts(quantity=units), st.integers(0, 3))
PARCELS = st.builds(lambda state: ShipmentFacts(state=state), st.sampled_from(ParcelState))
HOLDS = st.builds(lambda holds: HoldFacts(holds=tuple(sorted(holds))), st.sets(st.sampled_from(Hold), max_size=2))


def _statements(kind: Kind, facts: st.SearchStrategy[Facts]) -> st.SearchStrategy[Statement]:
    ids = st.just("") if kind is Kind.HEADER else st.sampled_from(["1", "2"])
    return st.builds(Statement, st.just(kind), ids, facts, VERSIONS)


STREAMS = st.lists(
    st.one_of(
        _statements(Kind.HEADER, HEADERS),
        _statements(Kind.LINE, LINES),
        _statements(Kind.SHIPMENT, PARCELS),
        _statements(Kind.HOLD, HOLDS),
    ),
    max_size=12,
)


@given(STREAMS, st.randoms())
def test_any_order_and_any_repetition_give_the_same(stream: list[Statement], random: Random) -> None:
    told = merge(Known(), stream)
    again = [*stream, *stream]
    random.shuffle(again)
    one_by_one = Known()
    for statement in again:
        one_by_one = merge(one_by_one, [statement])
    assert one_by_one.entities == told.entities


@given(STREAMS)
def test_what_is_known_survives_the_store(stream: list[Statement]) -> None:
    known = merge(Known(), stream)
    assert from_json(json.loads(json.dumps(to_json(known)))).entities == known.entities


@given(STREAMS)
def test_hearing_the_same_again_is_no_news(stream: list[Statement]) -> None:
    known = merge(Known(), stream)
    assert merge(known, stream) is known


@pytest.mark.parametrize("platform", ["shopify", "generic"])
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_whole_life_gives_one_order_however_its_deliveries_arrive(platform: str, data: st.DataObject) -> None:
    life = facts_of_life(platform)
    expected = derive(merge(Known(), [s for facts in life for s in facts.statements]))
    assert expected is not None
    assert expected.headline is Headline.COMPLETED
    repeated = data.draw(st.lists(st.sampled_from(life), max_size=8))
    known = Known()
    for facts in data.draw(st.permutations([*life, *repeated])):
        known = merge(known, facts.statements)
    assert derive(known) == expected


@pytest.mark.parametrize("platform", ["shopify", "generic"])
def test_no_late_delivery_moves_an_order_back(platform: str) -> None:
    """After each delivery, all earlier ones come in once more: nothing changes."""
    known, heard = Known(), []
    for facts in facts_of_life(platform):
        known = merge(known, facts.statements)
        heard.append(facts)
        for late in heard:
            assert merge(known, late.statements) is known


def test_a_newer_explicit_fact_may_move_an_axis_back() -> None:
    paid = Statement(Kind.HEADER, "", HeaderFacts(payment=PaymentState.PAID), Version(NOON))
    reversed_later = HeaderFacts(payment=PaymentState.VOIDED)
    known = merge(Known(), [paid, Statement(Kind.HEADER, "", reversed_later, Version(NOON + timedelta(days=30)))])
    assert known.views(Kind.HEADER, HeaderFacts)[""].payment is PaymentState.VOIDED
    assert merge(known, [paid]) is known


def test_a_field_that_is_not_stated_stays_and_null_empties_it() -> None:
    first = HeaderFacts(number="1001", cancel_reason="stock")
    known = merge(Known(), [Statement(Kind.HEADER, "", first, Version(NOON))])
    later = Version(NOON + timedelta(hours=1))
    known = merge(known, [Statement(Kind.HEADER, "", HeaderFacts(cancel_reason=None), later)])
    header = known.views(Kind.HEADER, HeaderFacts)[""]
    assert (header.number, header.cancel_reason) == ("1001", None)


def test_the_life_of_the_tests_goes_through_everything() -> None:
    assert {step.partition(":")[0] for step in LIFE} >= {"submit", "pay_fails", "hold", "ship", "scan1", "refund"}
