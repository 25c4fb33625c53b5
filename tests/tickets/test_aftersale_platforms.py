"""What platforms call the states of a case, and back."""

import pytest

from orders.sources.taobao_refunds import REFUNDS
from tickets.aftersales.platforms import PLATFORM_STATES, state_of, words_of
from tickets.aftersales.states import OVER, State

# normalised → Taobao, WeChat shop, Youzan, LinkedMall, as their documents name them
TABLE = {
    State.REQUESTED: ("WAIT_SELLER_AGREE", "2", "1", "1"),
    State.REJECTED: ("SELLER_REFUSE_BUYER", "4", "10", "6"),
    State.AWAITING_RETURN: ("WAIT_BUYER_RETURN_GOODS", "6", "20", "2"),
    State.RETURN_IN_TRANSIT: ("WAIT_SELLER_CONFIRM_GOODS", "8", "30", "3"),
    State.REPLACING: ("", "17", "45", ""),
    State.REFUND_PENDING: ("", "12", "", ""),
    State.REFUNDED: ("SUCCESS", "13", "60", "5"),
    State.REFUND_FAILED: ("", "16", "", ""),
    State.CLOSED: ("CLOSED", "7", "50", "4"),
}


@pytest.mark.parametrize("state", TABLE)
def test_every_word_has_its_state_and_every_state_its_word(state: State) -> None:
    for platform, word in zip(("taobao", "wechat_shop", "youzan", "linkedmall"), TABLE[state], strict=True):
        if word:
            assert state_of(platform, word) is state
            assert word in words_of(platform, state)
        else:
            assert words_of(platform, state) == ()


def test_goods_that_have_arrived_are_received() -> None:
    for platform in PLATFORM_STATES:
        [word] = words_of(platform, State.RECEIVED)
        assert state_of(platform, word, goods_here=True) is State.RECEIVED
        assert state_of(platform, word) is State.RETURN_IN_TRANSIT


def test_words_that_nobody_knows_say_nothing() -> None:
    assert state_of("taobao", "SOMETHING_NEW") is None
    assert state_of("elsewhere", "1") is None
    assert state_of("wechat_shop", " 13 ") is State.REFUNDED


def test_taobaos_words_agree_with_what_they_say_of_the_money() -> None:
    assert set(PLATFORM_STATES["taobao"]) == set(REFUNDS)
    for word, money in REFUNDS.items():
        state = state_of("taobao", word)
        assert (money == "succeeded") is (state is State.REFUNDED)
        assert money != "requested" or state not in OVER
