"""Policies as files: both ways without a loss, and mistakes are named."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid
from orders.policies.deciding import Category, Outcome, Row, Stage
from orders.policies.files import FORMATS, policy_text, read_policy
from orders.policies.presets import PRESETS
from orders.policies.timers import TIMERS, OnExpiry, Timer, TimerKind
from orders.refunds.case import Jurisdiction, Reason

DAYS = st.none() | st.integers(0, 3650)
SOURCES = (
    st.text(  # what is written without control characters: those are taken out
        "aé退货 \"'\\#=[]\n\t\u2028\U0001f381", min_size=1, max_size=12
    )
    .map(str.strip)
    .filter(bool)
)


@st.composite
def rows(draw: st.DrawFn) -> Row:
    back = draw(st.booleans())
    return Row(
        id=draw(st.from_regex(r"\A[a-z][a-z0-9_]{0,8}\Z")),
        outcome=draw(st.sampled_from(Outcome)),
        source=draw(SOURCES),
        jurisdictions=draw(st.frozensets(st.sampled_from(Jurisdiction))),
        stages=draw(st.frozensets(st.sampled_from(Stage))),
        reasons=draw(st.frozensets(st.sampled_from(Reason))),
        categories=draw(st.frozensets(st.sampled_from(Category))),
        informed=draw(st.none() | st.booleans()),
        within=draw(DAYS),
        uninformed_years=draw(st.integers(0, 10)),
        to_working_day=draw(st.booleans()),
        goods_back=back,
        way_back_by=draw(st.sampled_from(["customer", "seller"])) if back else "nobody",
        send_back_within=draw(DAYS) if back else None,
        refund_within=draw(DAYS),
        refund_from=draw(st.sampled_from(["notice", "goods_back"])) if back else "notice",
        counts_as=draw(st.none() | st.sampled_from(Reason)),
    )


@st.composite
def timers(draw: st.DrawFn) -> Timer:
    hours = draw(st.integers(0, 1000))
    return Timer(
        kind=draw(st.sampled_from(TimerKind)),
        lasts=timedelta(hours=hours),
        working_days=0 if hours else draw(st.integers(1, 30)),
        on_expiry=draw(st.sampled_from(OnExpiry)),
        source=draw(SOURCES),
    )


@given(
    st.lists(rows(), max_size=4, unique_by=lambda row: row.id),
    st.lists(timers(), max_size=3, unique_by=lambda timer: timer.kind),
    st.sampled_from(FORMATS),
)
def test_what_is_written_is_read_again(rows: list[Row], timers: list[Timer], form: str) -> None:
    text = policy_text(rows, timers, form)
    assert read_policy(text.encode(), form) == (tuple(rows), tuple(timers))


@pytest.mark.parametrize("form", FORMATS)
def test_the_policies_that_come_with_the_desk(form: str) -> None:
    for policy in PRESETS:
        for times in TIMERS.values():
            assert read_policy(policy_text(policy.rows, times, form).encode(), form) == (policy.rows, times)


ROW = 'id = "a"\noutcome = "grant"\nsource = "s"\n'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[rows]]\n" + ROW + "witin = 3", "rows.0.witin"),
        ("[[rows]]\n" + ROW + "within = -1", "rows.0.within"),
        ("[[rows]]\n" + ROW + "within = true", "rows.0.within"),
        ('[[rows]]\nid = "a"\noutcome = "grant"', "rows.0.source"),
        ('[[rows]]\nid = "a"\noutcome = "grant"\nsource = "  "', "rows.0.source"),
        ('[[rows]]\nid = "A b"\noutcome = "grant"\nsource = "s"', "rows.0.id"),
        ('[[rows]]\nid = "a"\noutcome = "perhaps"\nsource = "s"', "rows.0.outcome"),
        ("[[rows]]\n" + ROW + 'reasons = ["bored"]', "rows.0.reasons"),
        ("[[rows]]\n" + ROW + "goods_back = true", "a: goods come back"),
        ("[[rows]]\n" + ROW + 'way_back_by = "seller"', "a: goods come back"),
        ("[[rows]]\n" + ROW + "send_back_within = 3", "a: a time"),
        ("[[rows]]\n" + ROW + "[[rows]]\n" + ROW, "a: more than one row"),
        ('[[timers]]\nkind = "ship"\non_expiry = "warn"', "ship: either hours"),
        ('[[timers]]\nkind = "ship"\ndays = 1\nhours = 2\non_expiry = "warn"', "ship: either hours"),
        ("rows = 3", "rows"),
        ("[[rows", "no TOML"),
        ("[[rows]]\n" + ROW * 3, "no TOML"),
        ("x" * 200_001, "more than"),
    ],
)
def test_mistakes_are_named(text: str, reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_policy(text.encode(), "toml")
    assert refused.value.code == "bad_policy"
    assert str(refused.value.data["reason"]).startswith(reason)


def test_what_nobody_sees_is_not_kept() -> None:
    [row], _ = read_policy(
        b'{"rows": [{"id": "a", "outcome": "grant", "source": " Returns\\u0000 page\\u0007 "}]}', "json"
    )
    assert row.source == "Returns page"


@pytest.mark.parametrize("data", [b"[]", b"nonsense", b"\xff", b"[" * 100_000, b'{"rows": [1]}'])
def test_what_is_no_policy(data: bytes) -> None:
    with pytest.raises(Invalid):
        read_policy(data, "json")
