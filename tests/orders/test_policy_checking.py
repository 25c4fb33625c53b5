"""What a shop is told of its draft: rows that never decide, where the law is better, what nobody thought of."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from orders.policies.checking import FindingKind, check
from orders.policies.deciding import Category, Outcome, ReturnPolicy, Row, Stage, decide
from orders.policies.presets import LAW, PRESETS, USUAL
from orders.policies.timers import OnExpiry, Timer, TimerKind
from orders.refunds.case import Jurisdiction, Reason
from tests.orders.test_policies import rows, wishes

MIND = frozenset({Reason.CHANGED_MIND})
ANY = Row(id="any", outcome=Outcome.REFUSE, source="shop", reasons=MIND)


def told(rows: Sequence[Row], kind: FindingKind) -> dict[str, tuple[str, ...]]:
    return {each.about: each.by for each in check(rows) if each.kind is kind}


def test_a_row_behind_a_wider_one_is_never_reached() -> None:
    narrow = replace(ANY, id="fresh", categories=frozenset({Category.FRESH}))
    assert told([narrow, ANY], FindingKind.NEVER_REACHED) == {}
    assert told([ANY, narrow], FindingKind.NEVER_REACHED) == {"fresh": ("any",)}


def test_two_rows_together_may_take_all_of_a_third() -> None:
    sent = replace(ANY, id="sent", stages=frozenset({Stage.SHIPPED, Stage.DELIVERED}))
    unsent = replace(ANY, id="unsent", stages=frozenset({Stage.UNSHIPPED}))
    assert told([sent, unsent, ANY], FindingKind.NEVER_REACHED) == {"any": ("sent", "unsent")}


def test_a_longer_time_is_reached_behind_a_shorter_one() -> None:
    month, fortnight = replace(ANY, id="month", within=30), replace(ANY, id="fortnight", within=14)
    assert told([fortnight, month], FindingKind.NEVER_REACHED) == {}
    assert told([month, fortnight], FindingKind.NEVER_REACHED) == {"fortnight": ("month",)}


def test_a_refusal_does_not_take_what_the_law_grants() -> None:
    assert set(told([ANY], FindingKind.LAW_GRANTS)["any"]) == {
        "china_seven_day/seven_days",
        "eu_withdrawal/fourteen_days",
        "eu_withdrawal/not_informed",
        "eu_withdrawal/before_sending",
    }
    elsewhere = replace(ANY, jurisdictions=frozenset({Jurisdiction.US, Jurisdiction.OTHER}))
    assert told([elsewhere], FindingKind.LAW_GRANTS) == {}


def test_reasons_that_no_row_knows() -> None:
    assert set(told([ANY], FindingKind.NOT_COVERED)) == {
        "cancelled", "defective", "damaged", "wrong_item", "not_as_described", "missing", "lost", "late",
        "out_of_stock", "seller_fault",
    }  # fmt: skip
    assert told(USUAL.rows, FindingKind.NOT_COVERED) == {}


def test_times_that_the_law_makes_shorter() -> None:
    def pay(days: int) -> Timer:
        return Timer(kind=TimerKind.PAY_REFUND, lasts=timedelta(days=days), on_expiry=OnExpiry.WARN, source="policy")

    assert [each.by for each in check([ANY], [pay(10)]) if each.about == "pay_refund"] == [("china",)]
    assert [each.by for each in check([ANY], [pay(15)]) if each.about == "pay_refund"] == [("china", "eu")]
    assert not any(each.about == "pay_refund" for each in check([ANY], [pay(7)]))


def test_what_comes_with_the_desk_has_no_dead_rows() -> None:
    for policy in PRESETS:
        assert told(policy.rows, FindingKind.NEVER_REACHED) == {}


@given(wishes(), st.lists(rows(), max_size=4))
def test_a_row_that_decides_was_never_called_dead(wish: object, made: list[Row]) -> None:
    shop = ReturnPolicy(name="shop", version=1, jurisdictions=frozenset(Jurisdiction), rows=tuple(made))
    decision = decide(wish, [*LAW, shop])  # type: ignore[arg-type]
    if decision.policy == "shop":
        assert decision.row.id not in told(made, FindingKind.NEVER_REACHED)
