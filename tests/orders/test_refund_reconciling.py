"""Our refunds against statements: what fits is silent, what does not has one name, at the edges of days nothing is
made up."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.refunds.gateway import Answer, StatementRow
from orders.refunds.reconciling import Difference, DifferenceKind, OurRefund, compare
from orders.refunds.states import PartState
from tests.orders.deliveries import NOON

DAY = timedelta(days=1)
SINCE, UNTIL = NOON - DAY, NOON + DAY
OURS = OurRefund(key="rfp_1", reference="re_1", amount=2500, currency="EUR", state=PartState.SUCCEEDED, at=NOON)
ROW = StatementRow(key="rfp_1", reference="re_1", amount=2500, currency="EUR", at=NOON, state=Answer.SUCCEEDED)


def differences(*theirs: StatementRow, ours: tuple[OurRefund, ...] = (OURS,), **more: object) -> list[Difference]:
    return list(compare(ours, theirs, SINCE, UNTIL, **more).differences)  # type: ignore[arg-type]


def kinds(*theirs: StatementRow, **more: object) -> list[str]:
    return [difference.kind.value for difference in differences(*theirs, **more)]  # type: ignore[arg-type]


def test_what_fits_says_nothing() -> None:
    assert kinds(ROW) == []
    assert kinds(replace(ROW, key="")) == []  # by the gateway's own name
    assert kinds(replace(ROW, reference="")) == []
    assert kinds(replace(ROW, at=SINCE - DAY)) == []  # booked on another day
    assert kinds(replace(ROW, state=Answer.ACCEPTED)) == []


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (replace(ROW, amount=2400), "other_amount"),
        (replace(ROW, currency="USD"), "other_currency"),
        (replace(ROW, state=Answer.FAILED), "other_state"),
    ],
)
def test_one_thing_that_differs_has_one_name(row: StatementRow, kind: str) -> None:
    (found,) = differences(row)
    assert (found.kind.value, found.key, found.ours, found.theirs) == (kind, "rfp_1", 2500, row.amount)


def test_missing_on_either_side() -> None:
    assert kinds() == ["missing_there"]
    assert kinds(ours=()) == []
    (found,) = differences(ROW, ours=())
    assert (found.kind, found.ours, found.theirs) == (DifferenceKind.MISSING_HERE, None, 2500)
    assert kinds(replace(ROW, state=Answer.FAILED), ours=()) == []


def test_what_somebody_did_at_the_gateway_and_we_were_told_is_known() -> None:
    elsewhere = replace(ROW, key="", reference="re_9")
    assert kinds(ROW, elsewhere) == ["missing_here"]
    assert kinds(ROW, elsewhere, known=frozenset({"re_9"})) == []
    assert kinds(replace(elsewhere, reference=""), ours=(), known=frozenset({""})) == ["missing_here"]


def test_two_payments_under_one_key_are_one_too_many() -> None:
    assert kinds(ROW, replace(ROW, reference="re_2")) == ["twice"]
    assert kinds(ROW, replace(ROW, reference="re_2", state=Answer.FAILED)) == []


@pytest.mark.parametrize("state", [PartState.FAILED, PartState.CREATED, PartState.DROPPED])
def test_paid_there_although_we_never_did(state: PartState) -> None:
    assert kinds(ROW, ours=(replace(OURS, state=state),)) == ["other_state"]


@pytest.mark.parametrize("at", [SINCE - DAY, UNTIL + DAY])
def test_outside_of_the_span_nothing_is_missing(at: datetime) -> None:
    assert kinds(ours=(replace(OURS, at=at),)) == []
    assert kinds(replace(ROW, at=at), ours=()) == []


@pytest.mark.parametrize("state", [PartState.SENT, PartState.PENDING])
@pytest.mark.parametrize("told", [Answer.SUCCEEDED, Answer.FAILED, Answer.ACCEPTED])
def test_a_refund_under_way_is_settled_by_the_statement(state: PartState, told: Answer) -> None:
    row = replace(ROW, state=told)
    found = compare([replace(OURS, state=state)], [row], SINCE, UNTIL)
    assert found.settled == (() if told is Answer.ACCEPTED else (row,))
    assert found.differences == ()


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(1, 3)), max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_lines_never_matters_and_equal_books_agree(lines: list[tuple[int, int]], random: object) -> None:
    named = {f"rfp_{name}": amount for name, amount in lines}
    ours = [replace(OURS, key=key, reference="", amount=amount) for key, amount in named.items()]
    rows = [replace(ROW, key=key, reference="", amount=amount) for key, amount in named.items()]
    random.shuffle(rows)  # type: ignore[attr-defined]
    assert compare(ours, rows, SINCE, UNTIL).differences == ()
    half = compare(ours[::2], rows, SINCE, UNTIL).differences
    assert len(half) == len(named) - len(ours[::2])
    assert half == compare(ours[::2], rows[::-1], SINCE, UNTIL).differences
