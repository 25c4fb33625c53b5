"""A draft against the past: whom it would have treated differently, and what that costs."""

from datetime import UTC, date, datetime, timedelta

import pytest

from orders.policies.deciding import Category, Outcome, ReturnPolicy, Row, Stage, Wish, decide
from orders.policies.presets import LAW, USUAL
from orders.policies.replay import SHOWN, PastCase, replay
from orders.refunds.case import Jurisdiction, Reason

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
RECEIVED = date(2026, 5, 1)
GRANT, REFUSE, REVIEW = Outcome.GRANT, Outcome.REFUSE, Outcome.REVIEW


def shop(*rows: Row) -> ReturnPolicy:
    return ReturnPolicy(name="shop", version=0, jurisdictions=frozenset(Jurisdiction), rows=rows)


def days(number: int, way: str = "customer") -> Row:
    return Row(
        id=f"days_{number}",
        outcome=GRANT,
        source="Returns page",
        reasons=frozenset({Reason.CHANGED_MIND}),
        within=number,
        goods_back=True,
        way_back_by=way,
    )


NEVER = Row(id="never", outcome=REFUSE, source="Returns page", reasons=frozenset({Reason.CHANGED_MIND}))


def case(day: int, *, paid: int | None = 0, asked: int | None = 5000, **more: object) -> PastCase:
    """A change of mind on a day after the receipt, decided by the usual terms."""
    wish = Wish(
        jurisdiction=Jurisdiction(str(more.get("law", "US"))),
        stage=Stage.DELIVERED,
        reason=Reason.CHANGED_MIND,
        category=Category.STANDARD,
        asked=RECEIVED + timedelta(days=day),
        received=RECEIVED,
    )
    decision = decide(wish, (*LAW, USUAL))
    return PastCase(
        id=f"afs_{day}",
        at=NOW - timedelta(days=int(str(more.get("ago", 3)))),
        wish=wish,
        outcome=decision.outcome,
        terms=decision.terms if decision.outcome is GRANT else None,
        asked=asked,
        paid=paid,
        currency=str(more.get("currency", "USD")),
    )


def test_the_policy_in_force_changes_nothing() -> None:
    found = replay(USUAL, [case(day, law=law) for day in (1, 10, 29, 31, 60) for law in ("US", "EU", "CN")], NOW)
    assert (found.cases, found.changed, found.cost) == (15, 0, {})


def test_a_shorter_time_refuses_and_saves() -> None:
    past = [case(5, paid=5000), case(20, paid=5000), case(25, paid=1200, asked=1200, currency="EUR"), case(40)]
    found = replay(shop(days(14), NEVER), past, NOW)
    assert [(each.case.id, each.decision.row.id, each.cost) for each in found.changes if not each.terms_only] == [
        ("afs_20", "never", -5000),
        ("afs_25", "never", -1200),
    ]
    assert found.moves[GRANT, REFUSE] == 2
    assert found.cost == {"USD": -5000, "EUR": -1200}
    assert found.rows["shop/never"] == 2


def test_a_longer_time_grants_and_costs() -> None:
    found = replay(shop(days(60), NEVER), [case(40), case(50, asked=None), case(70)], NOW)
    assert found.moves == {(REFUSE, GRANT): 2}
    assert (found.cost, found.unknown) == ({"USD": 5000}, 1)


def test_what_the_law_grants_stays_granted() -> None:
    found = replay(shop(NEVER), [case(10, law="EU", paid=5000), case(5, law="CN", paid=5000)], NOW)
    assert found.moves[GRANT, REFUSE] == 0
    assert not found.cost


def test_a_person_is_not_foretold() -> None:
    past = case(5, paid=5000)
    found = replay(shop(), [past], NOW)
    assert (found.moves, found.cost, found.unknown) == ({(GRANT, REVIEW): 1}, {}, 0)


def test_better_terms_are_a_difference_too() -> None:
    found = replay(shop(days(30, "seller"), NEVER), [case(20, paid=5000)], NOW)
    [change] = found.changes
    assert change.terms_only
    assert (change.case.terms.way_back_by if change.case.terms else "", change.decision.terms.way_back_by) == (
        "customer",
        "seller",
    )
    assert not found.cost


def test_an_open_refund_counts_as_asked() -> None:
    found = replay(shop(NEVER), [case(20, paid=None)], NOW)
    assert found.cost == {"USD": -5000}


def test_ninety_days_and_no_more() -> None:
    found = replay(shop(NEVER), [case(20, ago=90), case(20, ago=91)], NOW)
    assert (found.cases, found.too_old) == (1, 1)


def test_many_cases_tell_how_far_they_are() -> None:
    heard: list[int] = []
    found = replay(shop(NEVER), (case(20) for _ in range(2500)), NOW, heard.append)
    assert heard == [1000, 2000]
    assert (found.changed, len(found.changes)) == (2500, SHOWN)


@pytest.mark.parametrize("outcome", Outcome)
def test_each_changed_case_is_counted_once(outcome: Outcome) -> None:
    found = replay(shop(Row(id="all", outcome=outcome, source="s")), [case(day) for day in (1, 31, 70)], NOW)
    assert sum(found.moves.values()) == sum(found.rows.values()) == found.changed == len(found.changes)
