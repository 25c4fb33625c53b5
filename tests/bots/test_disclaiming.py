"""What is declined before the real wish is said is no wish; Chinese typed in Latin letters is Chinese."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.disclaiming import without_disclaimed, without_disclaimed_zh
from bots.entities import find_entities
from bots.features import english_kinds
from bots.rulebook import Rulebook
from bots.wording import plain


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("i dont want a replacement, i want a refund", "refund_request"),
        ("No exchange, I want my money back", "refund_request"),
        ("I'm not asking for a refund but where is my order", "order_status"),
        ("I don't want a refund or a voucher, just tell me where my parcel is", "order_status"),
        ("I don't want a coupon, I want to speak to a manager", "human_handover"),
        ("我不要退款 我就要货 赶紧给我发", "order_status"),
        ("不换货 我要退款", "refund_request"),
        ("我不退货，我要换新", "return_exchange"),
        ("不要补偿 就问什么时候到", "order_status"),
        ("我不要退款", "deny"),
        ("Please don't cancel it", "deny"),
        ("tk", "refund_request"),
        ("rg", "human_handover"),
        ("qx订单", "cancel_order"),
        ("kuaidi 到哪了", "order_status"),
        ("fp怎么开", "invoice"),
    ],
)
def test_the_wish_that_is_left(text: str, intent: str, rulebook: Rulebook) -> None:
    heard = rulebook.understand(find_entities(text))
    assert (heard.intent, heard.confidence >= 0.5) == (intent, True), heard


@pytest.mark.parametrize("text", ["I don't want a refund", "no refund", "I want a refund", "not happy, refund me"])
def test_a_remedy_alone_stays(text: str, rulebook: Rulebook) -> None:
    assert "refund" in plain(find_entities(text), rulebook.hearing.words).en[-1]


@given(st.text(alphabet="我不要退款换货，就 i want no refund,", max_size=60))
def test_something_is_always_left(text: str) -> None:
    assert without_disclaimed(f" {text} ").strip() or not text.strip(" ,")
    assert without_disclaimed_zh(text) or not text.strip(",")


def test_plural_and_singular_name_the_same_kind() -> None:
    kinds = english_kinds()
    assert kinds["kettle"] == kinds["kettles"] == kinds["dresses"] == "@goods"
    assert kinds["phone"] == "@goods"  # the first kind that names a word counts
