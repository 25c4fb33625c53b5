"""Return policies: each row decides as its law says, to the day, and every decision names the row it comes from."""

import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid, NotFound
from orders.policies.deciding import Category, Outcome, ReturnPolicy, Row, Stage, Wish, decide, last_day, matches
from orders.policies.documents import read_rows, read_wish, rows_data, wish_data
from orders.policies.presets import CHINA, EARLIER, EUROPE, LAW, PRESETS, USUAL
from orders.policies.terms import Terms, better
from orders.policies.timers import TIMERS, OnExpiry, TimerKind, due_at, timer
from orders.refunds.case import Jurisdiction, Reason

CN, EU, US = Jurisdiction.CN, Jurisdiction.EU, Jurisdiction.US
NEW, SENT, THERE = Stage.UNSHIPPED, Stage.SHIPPED, Stage.DELIVERED
RECEIVED = date(2026, 3, 2)


def wish(jurisdiction: Jurisdiction, stage: Stage, reason: Reason, day: int = 1, **more: object) -> Wish:
    """A wish on the given day after the receipt."""
    category, informed = more.get("category", Category.STANDARD), more.get("informed", True)
    assert isinstance(category, Category)
    return Wish(
        jurisdiction=jurisdiction,
        stage=stage,
        reason=reason,
        category=category,
        asked=RECEIVED + timedelta(days=day),
        received=RECEIVED if stage is THERE else None,
        informed=bool(informed),
    )


@pytest.mark.parametrize(
    ("asked", "policy", "row", "outcome"),
    [
        (wish(CN, THERE, Reason.SEVEN_DAY, 0), "china_seven_day", "seven_days", Outcome.GRANT),
        (wish(CN, THERE, Reason.SEVEN_DAY, 7), "china_seven_day", "seven_days", Outcome.GRANT),
        (wish(CN, THERE, Reason.SEVEN_DAY, 8), "china_seven_day", "too_late", Outcome.REFUSE),
        (wish(CN, SENT, Reason.SEVEN_DAY, 40), "china_seven_day", "seven_days", Outcome.GRANT),
        (wish(CN, THERE, Reason.SEVEN_DAY, category=Category.FRESH), "china_seven_day", "excluded", Outcome.REFUSE),
        (wish(CN, THERE, Reason.SEVEN_DAY, category=Category.MARKED), "china_seven_day", "excluded", Outcome.REFUSE),
        (wish(EU, THERE, Reason.WITHDRAWAL, 14), "eu_withdrawal", "fourteen_days", Outcome.GRANT),
        (wish(EU, THERE, Reason.WITHDRAWAL, 15), "eu_withdrawal", "too_late", Outcome.REFUSE),
        (wish(EU, THERE, Reason.WITHDRAWAL, 379, informed=False), "eu_withdrawal", "not_informed", Outcome.GRANT),
        (wish(EU, THERE, Reason.WITHDRAWAL, 380, informed=False), "eu_withdrawal", "too_late", Outcome.REFUSE),
        (wish(EU, THERE, Reason.WITHDRAWAL, 3, informed=False), "eu_withdrawal", "not_informed", Outcome.GRANT),
        (wish(EU, NEW, Reason.WITHDRAWAL), "eu_withdrawal", "before_sending", Outcome.GRANT),
        # who needs no reason may give one, and a shop cannot take the right away by what it calls the wish
        (wish(EU, THERE, Reason.CHANGED_MIND, 14), "eu_withdrawal", "fourteen_days", Outcome.GRANT),
        (wish(EU, THERE, Reason.OTHER, 14), "eu_withdrawal", "fourteen_days", Outcome.GRANT),
        (wish(CN, THERE, Reason.CHANGED_MIND, 7), "china_seven_day", "seven_days", Outcome.GRANT),
        # what the law does not grant any more the shop still may
        (wish(EU, THERE, Reason.CHANGED_MIND, 30), "usual", "changed_mind", Outcome.GRANT),
        (wish(EU, THERE, Reason.OTHER, 31), "", "no_row", Outcome.REVIEW),
        (wish(EU, THERE, Reason.CHANGED_MIND, 31), "eu_withdrawal", "too_late", Outcome.REFUSE),
        (wish(EU, THERE, Reason.WITHDRAWAL, category=Category.DIGITAL), "eu_withdrawal", "excepted", Outcome.REFUSE),
        # a shop cannot exclude in the EU by marking something
        (wish(EU, THERE, Reason.WITHDRAWAL, category=Category.MARKED), "eu_withdrawal", "fourteen_days", Outcome.GRANT),
        (wish(US, NEW, Reason.CANCELLED), "usual", "cancel_unsent", Outcome.GRANT),
        (wish(US, THERE, Reason.CHANGED_MIND, 30), "usual", "changed_mind", Outcome.GRANT),
        (wish(US, THERE, Reason.CHANGED_MIND, 31), "usual", "changed_mind_late", Outcome.REFUSE),
        (
            wish(US, THERE, Reason.CHANGED_MIND, category=Category.MARKED),
            "usual",
            "changed_mind_excluded",
            Outcome.REFUSE,
        ),
        (wish(CN, THERE, Reason.DAMAGED, 300), "usual", "seller_fault", Outcome.REVIEW),
        (wish(EU, SENT, Reason.LOST), "usual", "seller_fault", Outcome.REVIEW),
        (wish(US, THERE, Reason.SEVEN_DAY), "", "no_row", Outcome.REVIEW),
    ],
)
def test_each_row_decides_to_the_day(asked: Wish, policy: str, row: str, outcome: Outcome) -> None:
    decision = decide(asked, PRESETS)
    assert (decision.policy, decision.row.id, decision.outcome) == (policy, row, outcome)
    assert decision.version == (1 if policy else 0)
    assert decision.row.source


def test_every_row_of_the_presets_can_be_reached() -> None:
    reached = {
        (decision.policy, decision.row.id)
        for jurisdiction in Jurisdiction
        for stage in Stage
        for reason in Reason
        for category in Category
        for day, informed in ((0, True), (5, False), (20, True), (35, True), (500, True))
        for decision in [decide(wish(jurisdiction, stage, reason, day, category=category, informed=informed), PRESETS)]
    }
    assert {(policy.name, row.id) for policy in PRESETS for row in policy.rows} <= reached


def test_presets_are_never_changed_only_replaced() -> None:
    """Decisions cite them. After a change: keep the old policy in EARLIER, and give the new one the next version."""
    released = {
        (policy.name, policy.version): hashlib.sha256(json.dumps(rows_data(policy.rows)).encode()).hexdigest()[:16]
        for policy in (*PRESETS, *EARLIER)
    }
    assert released == {
        ("china_seven_day", 1): "aa7caefeb4bc27d4",
        ("eu_withdrawal", 1): "f14146a9d13aeb39",
        ("usual", 1): "dd62c238b256a045",
    }


@pytest.mark.parametrize(
    ("received", "informed_later", "last"),
    [
        (date(2026, 2, 27), None, date(2026, 3, 13)),  # a Friday
        (date(2026, 2, 28), None, date(2026, 3, 16)),  # Saturday the 14th: Monday
        (date(2026, 3, 1), None, date(2026, 3, 16)),
        (date(2026, 3, 2), date(2026, 6, 1), date(2026, 6, 15)),  # told after three months: 14 days from then
        (date(2026, 3, 2), date(2027, 6, 1), date(2027, 3, 16)),  # told too late to make it longer
        (date(2026, 3, 2), date(2026, 3, 2), date(2026, 3, 16)),
    ],
)
def test_the_last_day_in_the_european_union(received: date, informed_later: date | None, last: date) -> None:
    reason, informed = Reason.WITHDRAWAL, received == date(2026, 2, 27) or informed_later is None
    asked = Wish(
        jurisdiction=EU,
        stage=THERE,
        reason=reason,
        asked=received,
        received=received,
        informed=informed,
        informed_later=informed_later,
    )
    assert decide(asked, [EUROPE]).open_until == last


def test_who_was_not_told_of_the_right_does_not_pay_for_the_way_back() -> None:
    told, untold = (
        decide(wish(EU, THERE, Reason.WITHDRAWAL, 5, informed=informed), PRESETS) for informed in (True, False)
    )
    assert (told.terms.way_back_by, untold.terms.way_back_by) == ("customer", "seller")


def test_a_shop_betters_what_the_law_grants() -> None:
    free = Row(
        id="free_returns",
        outcome=Outcome.GRANT,
        source="Returns page",
        within=100,
        goods_back=True,
        way_back_by="seller",
        refund_within=3,
        refund_from="goods_back",
    )
    shop = ReturnPolicy(name="shop", version=4, jurisdictions=frozenset(Jurisdiction), rows=(free,))
    early = decide(wish(EU, THERE, Reason.WITHDRAWAL, 5), [CHINA, EUROPE, shop])
    assert (early.policy, early.row.id, early.row.counts_as) == ("eu_withdrawal", "fourteen_days", Reason.WITHDRAWAL)
    assert [(one.policy, one.version, one.row.id) for one in early.added] == [("shop", 4, "free_returns")]
    assert early.terms == Terms(True, "seller", None, 14, "notice")
    assert early.open_until == RECEIVED + timedelta(days=100)
    late = decide(wish(EU, THERE, Reason.WITHDRAWAL, 50), [CHINA, EUROPE, shop])
    assert (late.policy, late.row.id, late.terms.way_back_by) == ("shop", "free_returns", "seller")


def test_delivered_but_nobody_knows_when() -> None:
    asked = Wish(jurisdiction=EU, stage=THERE, reason=Reason.WITHDRAWAL, asked=RECEIVED)
    decision = decide(asked, PRESETS)
    assert (decision.outcome, decision.row.id) == (Outcome.REVIEW, "fourteen_days")


def wishes() -> st.SearchStrategy[Wish]:
    days = st.dates(date(2026, 1, 1), date(2027, 12, 31))
    return st.builds(
        Wish,
        jurisdiction=st.sampled_from(Jurisdiction),
        stage=st.sampled_from(Stage),
        reason=st.sampled_from(Reason),
        category=st.sampled_from(Category),
        asked=days,
        received=st.none() | days,
        informed=st.booleans(),
        informed_later=st.none() | days,
    )


def some(values: type[Any]) -> st.SearchStrategy[frozenset[Any]]:
    return st.frozensets(st.sampled_from(values), max_size=3)


def rows() -> st.SearchStrategy[Row]:
    days = st.none() | st.integers(0, 120)
    return st.builds(
        Row,
        id=st.uuids().map(str),
        outcome=st.sampled_from(Outcome),
        source=st.just("shop"),
        jurisdictions=some(Jurisdiction),
        stages=some(Stage),
        reasons=some(Reason),
        categories=some(Category),
        informed=st.none() | st.booleans(),
        within=days,
        uninformed_years=st.integers(0, 2),
        to_working_day=st.booleans(),
        goods_back=st.booleans(),
        way_back_by=st.sampled_from(["customer", "seller", "nobody"]),
        send_back_within=days,
        refund_within=days,
        refund_from=st.sampled_from(["notice", "goods_back"]),
    )


def shops() -> st.SearchStrategy[ReturnPolicy]:
    return st.lists(rows(), max_size=5).map(
        lambda made: ReturnPolicy(name="shop", version=1, jurisdictions=frozenset(Jurisdiction), rows=tuple(made))
    )


@given(wishes(), shops())
def test_no_shop_takes_from_what_the_law_grants(asked: Wish, shop: ReturnPolicy) -> None:
    by_law, together = decide(asked, LAW), decide(asked, [*LAW, shop])
    assert together == decide(asked, [*LAW, shop])
    if by_law.outcome is not Outcome.GRANT:
        return
    assert (together.outcome, together.policy, together.row) == (Outcome.GRANT, by_law.policy, by_law.row)
    assert together.open_until is None or (by_law.open_until is not None and together.open_until >= by_law.open_until)
    law, terms = by_law.terms, together.terms
    assert law.goods_back or not terms.goods_back
    assert terms.way_back_by == law.way_back_by or terms.way_back_by in ("seller", "nobody")
    if terms.goods_back and law.send_back_within is not None:
        assert terms.send_back_within is None or terms.send_back_within >= law.send_back_within
    assert law.refund_within is None or terms.refund_within is not None
    assert terms.goods_back or terms.refund_from == "notice"


def test_goods_that_are_kept_are_not_waited_for_before_money_goes_back() -> None:
    law, kept = Terms(True, "customer", None, 7, "goods_back"), Terms(False, "nobody", None, None, "notice")
    assert better(law, kept) == better(kept, law) == Terms(False, "nobody", None, 7, "notice")


@given(wishes(), shops())
def test_each_wish_gets_one_decision_by_a_row_that_is_there(asked: Wish, shop: ReturnPolicy) -> None:
    decision = decide(asked, [*LAW, shop])
    kept = {policy.name: policy for policy in (*LAW, shop)}
    if decision.policy:
        assert decision.row in kept[decision.policy].rows
        assert matches(decision.row, asked)
    else:
        assert decision.outcome is Outcome.REVIEW
        assert not any(
            matches(row, asked)
            for each in (*LAW, shop)
            if asked.jurisdiction in each.jurisdictions
            for row in each.rows
        )


@given(wishes(), shops())
def test_wishes_and_rows_survive_being_kept(asked: Wish, shop: ReturnPolicy) -> None:
    assert read_wish(json.loads(json.dumps(wish_data(asked)))) == asked
    assert read_rows(json.loads(json.dumps(rows_data(shop.rows)))) == shop.rows


@pytest.mark.parametrize("broken", [None, [], {}, {"reason": "withdrawal"}, {"asked": "yesterday"}])
def test_what_is_no_wish_is_refused(broken: object) -> None:
    with pytest.raises(Invalid) as refused:
        read_wish(broken)
    assert refused.value.code == "bad_wish"


def test_what_the_law_says_of_the_way_back_and_the_money() -> None:
    china = decide(wish(CN, THERE, Reason.SEVEN_DAY), [CHINA])
    assert (china.row.way_back_by, china.row.refund_within, china.row.refund_from) == ("customer", 7, "goods_back")
    europe = decide(wish(EU, THERE, Reason.WITHDRAWAL), [EUROPE])
    assert (europe.row.send_back_within, europe.row.refund_within, europe.row.refund_from) == (14, 14, "notice")
    assert europe.open_until == date(2026, 3, 16)
    assert decide(wish(US, THERE, Reason.DAMAGED), [USUAL]).row.way_back_by == "seller"


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(0, 60), st.integers(0, 2))
def test_a_right_never_ends_earlier_for_somebody_who_was_not_told_of_it(
    received: date, within: int, years: int
) -> None:
    row = Row(id="r", outcome=Outcome.GRANT, source="test", within=within, uninformed_years=years)
    told = Wish(jurisdiction=EU, stage=THERE, reason=Reason.WITHDRAWAL, asked=received, received=received)
    untold = Wish(
        jurisdiction=EU, stage=THERE, reason=Reason.WITHDRAWAL, asked=received, received=received, informed=False
    )
    last, later = last_day(row, told), last_day(row, untold)
    assert last == received + timedelta(days=within)
    assert later is not None
    assert 364 * years <= (later - last).days <= 366 * years


@pytest.mark.parametrize(
    ("preset", "kind", "lasts", "expiry"),
    [
        ("wechat_shop", TimerKind.DECIDE_REFUND, timedelta(hours=48), OnExpiry.GRANT),
        ("wechat_shop", TimerKind.DECIDE_RETURN, timedelta(hours=48), OnExpiry.GRANT),
        ("wechat_shop", TimerKind.SEND_BACK, timedelta(days=7), OnExpiry.CLOSE),
        ("wechat_shop", TimerKind.CONFIRM_RECEIPT, timedelta(days=10), OnExpiry.REFUND),
        ("wechat_shop", TimerKind.APPEAL, timedelta(days=7), OnExpiry.CLOSE),
        ("taobao", TimerKind.DECIDE_REFUND, timedelta(days=2), OnExpiry.GRANT),
        ("taobao", TimerKind.DECIDE_RETURN, timedelta(days=5), OnExpiry.GRANT),
        ("taobao", TimerKind.SEND_BACK, timedelta(days=7), OnExpiry.CLOSE),
        ("taobao", TimerKind.CONFIRM_RECEIPT, timedelta(days=10), OnExpiry.REFUND),
        ("china", TimerKind.SHIP, timedelta(hours=48), OnExpiry.WARN),
        ("china", TimerKind.PAY_REFUND, timedelta(days=7), OnExpiry.WARN),
        ("eu", TimerKind.SEND_BACK, timedelta(days=14), OnExpiry.WARN),
        ("eu", TimerKind.PAY_REFUND, timedelta(days=14), OnExpiry.WARN),
        ("us", TimerKind.SHIP, timedelta(days=30), OnExpiry.REFUND),
        ("us", TimerKind.PAY_REFUND, timedelta(), OnExpiry.WARN),
        ("yandex_market", TimerKind.DECIDE_RETURN, timedelta(hours=48), OnExpiry.REFUND),
    ],
)
def test_times_of_the_presets(preset: str, kind: TimerKind, lasts: timedelta, expiry: OnExpiry) -> None:
    row = timer(preset, kind)
    assert (row.lasts, row.on_expiry) == (lasts, expiry)
    assert bool(row.lasts) != bool(row.working_days)


def test_the_platforms_own_time_wins() -> None:
    start, told = datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 3, 9, tzinfo=UTC)
    row = timer("taobao", TimerKind.DECIDE_REFUND)
    assert due_at(row, start) == start + timedelta(days=2)
    assert due_at(row, start, told) == told
    assert due_at(timer("us", TimerKind.PAY_REFUND), start) is None, "working days need a calendar"
    assert sum(len(rows) for rows in TIMERS.values()) == 16
    with pytest.raises(NotFound):
        timer("nowhere", TimerKind.SHIP)
