"""Return policies: each row decides as its law says, to the day, and every decision names the row it comes from."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import NotFound
from orders.policies import Category, Outcome, Row, Stage, Wish, decide, last_day
from orders.policy_presets import CHINA, EUROPE, PRESETS, SHOP
from orders.policy_timers import TIMERS, OnExpiry, TimerKind, due_at, timer
from orders.refund_case import Jurisdiction, Reason

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
        (wish(EU, THERE, Reason.WITHDRAWAL, 379, informed=False), "eu_withdrawal", "fourteen_days", Outcome.GRANT),
        (wish(EU, THERE, Reason.WITHDRAWAL, 380, informed=False), "eu_withdrawal", "too_late", Outcome.REFUSE),
        (wish(EU, NEW, Reason.WITHDRAWAL), "eu_withdrawal", "before_sending", Outcome.GRANT),
        (wish(EU, THERE, Reason.WITHDRAWAL, category=Category.DIGITAL), "eu_withdrawal", "excepted", Outcome.REFUSE),
        # a shop cannot exclude in the EU by marking something
        (wish(EU, THERE, Reason.WITHDRAWAL, category=Category.MARKED), "eu_withdrawal", "fourteen_days", Outcome.GRANT),
        (wish(US, NEW, Reason.CANCELLED), "shop", "cancel_unsent", Outcome.GRANT),
        (wish(US, THERE, Reason.CHANGED_MIND, 30), "shop", "changed_mind", Outcome.GRANT),
        (wish(US, THERE, Reason.CHANGED_MIND, 31), "shop", "changed_mind_late", Outcome.REFUSE),
        (
            wish(US, THERE, Reason.CHANGED_MIND, category=Category.MARKED),
            "shop",
            "changed_mind_excluded",
            Outcome.REFUSE,
        ),
        (wish(CN, THERE, Reason.DAMAGED, 300), "shop", "seller_fault", Outcome.REVIEW),
        (wish(EU, SENT, Reason.LOST), "shop", "seller_fault", Outcome.REVIEW),
        (wish(US, THERE, Reason.SEVEN_DAY), "", "no_row", Outcome.REVIEW),
    ],
)
def test_each_row_decides_to_the_day(asked: Wish, policy: str, row: str, outcome: Outcome) -> None:
    decision = decide(asked, PRESETS)
    assert (decision.policy, decision.row.id, decision.outcome) == (policy, row, outcome)
    assert decision.version == (1 if policy else 0)
    assert decision.row.source


def test_every_row_of_the_presets_can_be_reached() -> None:
    days = (0, 5, 20, 35, 500)
    reached = {
        (decision.policy, decision.row.id)
        for jurisdiction in Jurisdiction
        for stage in Stage
        for reason in Reason
        for category in Category
        for day in days
        for decision in [decide(wish(jurisdiction, stage, reason, day, category=category), PRESETS)]
    }
    assert {(policy.name, row.id) for policy in PRESETS for row in policy.rows} <= reached


def test_what_the_law_says_of_the_way_back_and_the_money() -> None:
    china = decide(wish(CN, THERE, Reason.SEVEN_DAY), [CHINA])
    assert (china.row.way_back_by, china.row.refund_within, china.row.refund_from) == ("customer", 7, "goods_back")
    europe = decide(wish(EU, THERE, Reason.WITHDRAWAL), [EUROPE])
    assert (europe.row.send_back_within, europe.row.refund_within, europe.row.refund_from) == (14, 14, "notice")
    assert europe.open_until == date(2026, 3, 16)
    assert decide(wish(US, THERE, Reason.DAMAGED), [SHOP]).row.way_back_by == "seller"


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
