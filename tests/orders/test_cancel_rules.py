"""Verdicts about units that somebody wants: before the hand-over a cancel, after it never."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.claims.rules import LineStand, Step, Units, What, Why, judge
from orders.statuses import Axes, Closure, Confirmation, Fulfilment, Hold, RefundState, Returns

LAMP = LineStand(line="lamp", quantity=1)
BULBS = LineStand(line="bulbs", quantity=3)


def test_what_nobody_has_touched_is_stopped_and_cancelled() -> None:
    verdict = judge(What.CANCEL, Axes(), [LAMP, BULBS])
    assert (verdict.step, verdict.why, verdict.units) == (Step.HOLD, Why.FREE, (("lamp", 1), ("bulbs", 3)))


def test_a_printed_label_means_to_ask_the_warehouse() -> None:
    packed = LineStand(line="lamp", quantity=1, packed=1)
    assert judge(What.CANCEL, Axes(), [packed, BULBS]).step is Step.ASK
    assert judge(What.CANCEL, Axes(), [packed, BULBS], (("bulbs", 1),)).step is Step.HOLD


def test_what_has_left_is_intercepted_or_sent_back() -> None:
    gone = LineStand(line="lamp", quantity=1, shipped=1)
    verdict = judge(What.CANCEL, Axes(fulfilment=Fulfilment.SHIPPED), [gone])
    assert (verdict.step, verdict.why, verdict.offers) == (Step.REFUSE, Why.HANDED_OVER, ("intercept", "return"))


def test_what_has_arrived_is_sent_back() -> None:
    here = LineStand(line="lamp", quantity=1, shipped=1, delivered=1)
    partly = judge(What.CANCEL, Axes(fulfilment=Fulfilment.PARTIALLY_DELIVERED), [here, BULBS], (("lamp", 1),))
    whole = judge(What.CANCEL, Axes(fulfilment=Fulfilment.DELIVERED), [here])
    assert partly.why is whole.why is Why.DELIVERED
    assert whole.offers == ("return",)


def test_the_rest_of_an_order_is_cancelled_and_the_part_that_left_is_named() -> None:
    gone = LineStand(line="lamp", quantity=1, shipped=1)
    verdict = judge(What.CANCEL, Axes(fulfilment=Fulfilment.PARTIAL), [gone, BULBS])
    assert (verdict.step, verdict.units, verdict.gone) == (Step.HOLD, (("bulbs", 3),), (("lamp", 1),))
    assert verdict.offers == ("intercept", "return")


def test_an_address_is_changed_for_everything_or_not_at_all() -> None:
    gone = LineStand(line="lamp", quantity=1, shipped=1)
    assert judge(What.ADDRESS, Axes(fulfilment=Fulfilment.PARTIAL), [gone, BULBS]).step is Step.REFUSE
    file = LineStand(line="book", quantity=1, ships=False)
    assert judge(What.ADDRESS, Axes(), [file]).why is Why.NOTHING_TO_DELIVER


def test_what_is_cancelled_line_by_line_goes_nowhere_else() -> None:
    off = LineStand(line="lamp", quantity=1, cancelled=1)
    assert judge(What.CANCEL, Axes(), [off]).step is Step.SAME
    assert judge(What.ADDRESS, Axes(), [off]).step is judge(What.KEEP, Axes(), [off]).step is Step.REFUSE


@pytest.mark.parametrize(
    ("axes", "why"),
    [
        (Axes(closure=Closure.CANCELLED), Why.ALREADY_CANCELLED),
        (Axes(confirmation=Confirmation.REJECTED), Why.ALREADY_CANCELLED),
        (Axes(closure=Closure.EXPIRED), Why.EXPIRED),
        (Axes(refund=RefundState.FULL), Why.ALREADY_REFUNDED),
        (Axes(returns=Returns.IN_TRANSIT), Why.COMING_BACK),
        (Axes(holds=frozenset({Hold.PLATFORM_LOCK})), Why.PLATFORM_DECIDES),
    ],
)
def test_the_order_as_a_whole_may_have_decided(axes: Axes, why: Why) -> None:
    verdict = judge(What.CANCEL, axes, [LAMP])
    assert verdict.why is why
    assert verdict.step in (Step.SAME, Step.REFUSE)


counts = st.integers(0, 4)
lines = st.builds(
    lambda name, quantity, cancelled, shipped, packed: LineStand(
        line=name, quantity=quantity, cancelled=min(cancelled, quantity), shipped=min(shipped, quantity), packed=packed
    ),
    st.sampled_from("abc"),
    st.integers(1, 4),
    counts,
    counts,
    counts,
)


@given(
    st.sampled_from(What),
    st.lists(lines, min_size=1, max_size=3, unique_by=lambda line: line.line),
    st.none() | st.dictionaries(st.sampled_from("abc"), st.integers(1, 5), min_size=1),
)
def test_never_more_than_what_is_here_and_nothing_of_what_is_asked_is_lost(
    what: What, stands: list[LineStand], asked: dict[str, int] | None
) -> None:
    wanted: Units | None = tuple(asked.items()) if asked is not None else None
    verdict = judge(what, Axes(), stands, wanted)
    had, gone = dict(verdict.units), dict(verdict.gone)
    for stand in stands:
        left = stand.quantity - stand.cancelled
        most = min(left, asked.get(stand.line, 0) if asked is not None else left)
        assert 0 <= had.get(stand.line, 0) <= min(stand.here, most)
        if verdict.step in (Step.HOLD, Step.ASK):
            assert had.get(stand.line, 0) + gone.get(stand.line, 0) == most
    assert (verdict.step in (Step.HOLD, Step.ASK)) == bool(had)
