"""Abuse signals: each from its figures on, none below them, and nothing that happens to honest customers."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.abuse import POINTS, Claim, KnownOrder, SignalCode, find_signals, score
from orders.refunds.case import Reason

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)


def orders(number: int, refunded: int, *, sent: bool = True) -> list[KnownOrder]:
    return [KnownOrder(id=f"ord_{place}", sent=sent, refunded=place < refunded) for place in range(number)]


def claim(number: int = 1, reason: Reason = Reason.LOST, days: int = 1, **more: object) -> Claim:
    return Claim(id=f"afs_{number}", reason=reason, at=NOW - timedelta(days=days), **more)  # type: ignore[arg-type]


def codes(known: list[KnownOrder], claims: list[Claim]) -> set[SignalCode]:
    return {each.code for each in find_signals(known, claims, NOW)}


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (orders(19, 3), True),
        (orders(20, 3), False),  # 15 % and no more
        (orders(5, 3), True),
        (orders(5, 2), False),
        (orders(4, 4), False),  # too few to say anything
        (orders(9, 9, sent=False), False),  # cancelled before anything left
    ],
)
def test_the_refund_rate(known: list[KnownOrder], told: bool) -> None:
    assert (SignalCode.REFUND_RATE in codes(known, [])) is told


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ([claim(1), claim(2, Reason.MISSING)], True),
        ([claim(1), claim(2, days=91)], False),
        ([claim(1), claim(2, Reason.DAMAGED)], False),
    ],
)
def test_what_is_said_not_to_have_come(claims: list[Claim], told: bool) -> None:
    assert (SignalCode.NOT_RECEIVED in codes([], claims)) is told


@pytest.mark.parametrize(("minutes", "told"), [(0, True), (60, True), (61, False), (-5, False)])
def test_a_claim_right_after_the_scan(minutes: int, told: bool) -> None:
    made = claim(delivered=NOW - timedelta(days=1, minutes=minutes))
    [*found] = [each for each in find_signals([], [made], NOW) if each.code is SignalCode.CLAIM_AT_ONCE]
    assert [each.figures for each in found] == ([{"minutes": minutes}] if told else [])


def test_always_on_the_last_day() -> None:
    last = [claim(number, Reason.WITHDRAWAL, last_day=True) for number in (1, 2)]
    assert SignalCode.LAST_DAYS in codes([], last)
    assert SignalCode.LAST_DAYS not in codes([], [last[0], claim(3, Reason.WITHDRAWAL)])
    assert SignalCode.LAST_DAYS not in codes([], [*last, claim(3, Reason.WITHDRAWAL, last_day=False)])


def test_one_number_under_many_names() -> None:
    def known(*emails: str) -> list[KnownOrder]:
        return [KnownOrder(id=f"ord_{each}", email=f"{each}@example.com", phone="+4930123456") for each in emails]

    assert SignalCode.SHARED_CONTACT in codes(known("a", "b", "c"), [])
    assert SignalCode.SHARED_CONTACT not in codes(known("a", "b", "a", "b"), []), "a couple is no crowd"


def test_money_twice() -> None:
    both = KnownOrder(id="ord_1", refunded=True, disputed=True)
    assert codes([both], []) == {SignalCode.REFUND_AND_CHARGEBACK}
    assert codes([KnownOrder(id="ord_1", refunded=True), KnownOrder(id="ord_2", disputed=True)], []) == set()


@given(
    st.lists(
        st.builds(
            KnownOrder,
            id=st.uuids().map(str),
            sent=st.booleans(),
            refunded=st.booleans(),
            disputed=st.booleans(),
            email=st.sampled_from([None, "a@x.example", "b@x.example", "c@x.example"]),
            phone=st.sampled_from([None, "+49301", "+49302"]),
        ),
        max_size=12,
    ),
    st.lists(
        st.builds(
            Claim,
            id=st.uuids().map(str),
            reason=st.sampled_from(Reason),
            at=st.integers(0, 200).map(lambda days: NOW - timedelta(days=days)),
            delivered=st.none() | st.just(NOW - timedelta(days=30)),
            last_day=st.sampled_from([None, True, False]),
        ),
        max_size=5,
    ),
)
def test_each_sign_comes_once_with_its_evidence(known: list[KnownOrder], claims: list[Claim]) -> None:
    found = find_signals(known, claims, NOW)
    assert len({each.code for each in found}) == len(found)
    assert [each.points for each in found] == sorted((POINTS[each.code] for each in found), reverse=True)
    there = {each.id for each in known} | {each.id for each in claims}
    assert all(each.evidence and set(each.evidence) <= there for each in found)
    assert 0 <= score(found) <= 100
