"""What words tell: alarms and symptoms in both languages, and what only looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.complaint_text import CAUSE_WORDS, ESCALATION_WORDS, REMEDY_WORDS, STAGE_WORDS
from tickets.complaints.causes import CAUSES, STAGES, severity_of, worst
from tickets.complaints.handling import REMEDIES
from tickets.complaints.words import ALARMS, alarms, symptoms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I will report you to Trading Standards", ["regulator"]),
        ("再不解决我就打12315", ["regulator"]),
        ("我要去找消费者协会，还要曝光你们", ["regulator", "press"]),
        ("I am going to the press about this", ["press"]),
        ("I'll file a charge-back with my bank", ["chargeback"]),
        ("我已经联系银行，向银行申请拒付", ["chargeback"]),
        ("The kettle caught fire and burned my hand", ["safety"]),
        ("充电器冒烟了，差点起火", ["safety"]),
        ("我女儿吃了过敏，住院了", ["safety"]),
        ("You sent me somebody else's address", ["privacy"]),
        ("我的个人信息被泄露了", ["privacy"]),
        ("Please press the button to confirm", []),
        ("我用工商银行付的款", []),
        ("照片曝光过度，看不清", []),
        ("Which card do you accept?", []),
        ("", []),
    ],
)
def test_alarms(text: str, expected: list[str]) -> None:
    assert alarms(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It says delivered but I never got it", "CAR.SIGNED_NOT_RECEIVED"),
        ("显示已签收，可是我没收到", "CAR.SIGNED_NOT_RECEIVED"),
        ("The vase arrived broken", "CAR.DAMAGED"),
        ("包裹破了，杯子碎了", "CAR.DAMAGED"),
        ("You sent the wrong size", "WH.WRONG_ITEM"),
        ("你们发错颜色了", "WH.WRONG_ITEM"),
        ("I only got two of three", "WH.SHORT"),
        ("少发了一件", "WH.SHORT"),
        ("I am still waiting for my refund", "AS.REFUND_LATE"),
        ("退款还没到", "AS.REFUND_LATE"),
        ("You charged me twice", "PAY.DUPLICATE"),
        ("重复扣款了", "PAY.DUPLICATE"),
        ("客服态度太差", "SVC.RUDE"),
        ("Nobody answers my mails", "SVC.NO_REPLY"),
        ("等了十天还没到", "CAR.LATE"),
    ],
)
def test_symptoms(text: str, expected: str) -> None:
    assert expected in symptoms(text)


@given(st.text(max_size=300))
def test_whatever_is_written_gives_known_codes(text: str) -> None:
    assert set(alarms(text)) <= set(ALARMS)
    assert set(symptoms(text)) <= CAUSES.keys()


def test_everything_has_a_name_and_the_worst_counts() -> None:
    assert CAUSES.keys() == CAUSE_WORDS.keys()
    assert set(STAGES) == STAGE_WORDS.keys() == {cause.stage for cause in CAUSES.values()}
    assert set(REMEDIES) == REMEDY_WORDS.keys()
    assert set(ALARMS) <= ESCALATION_WORDS.keys()
    assert worst(["P3", "P1", "P4"]) == "P1"
    assert severity_of(["CAR.LATE", "CAR.LOST"]) == "P2"
    assert severity_of(["CAR.LATE"], 1_000_01, "USD") == "P1"
    assert severity_of(["CAR.LATE"], 1_000_00, "USD") == "P3"
    assert severity_of([], 10**9, "XAF") == "P4"
