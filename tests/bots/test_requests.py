"""Requests over several turns: what counts as a yes, what is read from free words, and what may interrupt."""

import pytest

from bots.decisions import OpenTicket, RequestCode
from bots.entities import find_entities
from bots.golden import Talk, owned
from bots.queueing import other_wishes
from bots.rulebook import Rulebook
from bots.summaries import wish_of


@pytest.fixture
def cancelling(rulebook: Rulebook) -> Talk:
    talk = Talk(rulebook, owned({"1001": "processing"}), proved=True)
    talk.say("cancel my order")
    return talk


@pytest.mark.parametrize(
    "words",
    [
        "yes",
        "Yes, please",
        "ok do it",
        "sure, go ahead",
        "yes cancel it",
        "是的",
        "好的，取消吧",
        "确认",
        "嗯嗯",
        "可以",
        "对的，谢谢",
    ],
)
def test_an_explicit_yes_is_enough(cancelling: Talk, words: str) -> None:
    assert any(isinstance(action, OpenTicket) for action in cancelling.say(words).actions)


@pytest.mark.parametrize(
    "words",
    [
        "hmm",
        "yes but not today",
        "ok wait",
        "are you sure?",
        "yes?",
        "I see",
        "好像是吧？",
        "等等",
        "我看看",
        "知道了",
        "是吗",
        "可以不取消吗",
    ],
)
def test_nothing_else_is_a_yes(cancelling: Talk, words: str) -> None:
    decision = cancelling.say(words)
    assert not decision.actions
    assert decision.replies


@pytest.mark.parametrize(
    "words", ["no", "No, leave it", "don't", "never mind", "不用了", "算了", "别取消", "先不取消了"]
)
def test_a_no_leaves_everything_as_it_is(cancelling: Talk, words: str) -> None:
    decision = cancelling.say(words)
    assert not decision.actions
    assert decision.dialogue.awaiting is None
    assert decision.dialogue.details == {}


def test_a_reason_that_sounds_like_another_wish_is_a_reason(rulebook: Rulebook) -> None:
    talk = Talk(rulebook, owned({"1001": "delivered"}), proved=True)
    talk.say("I want my money back")
    (ticket,) = (each for each in talk.say("it never arrived").actions if isinstance(each, OpenTicket))
    assert (ticket.kind, "Reason: it never arrived" in ticket.summary) == ("refund", True)


def test_a_foreign_script_in_a_value_does_not_change_the_language(rulebook: Rulebook) -> None:
    talk = Talk(rulebook, owned({"1001": "processing"}), proved=True, language="zh")
    talk.say("帮我改一下收货地址")
    decision = talk.say("12 Harbour Lane, 20095 Hamburg")
    assert decision.dialogue.language == "zh"
    assert "核对" in decision.replies[-1].text


def test_the_order_is_kept_while_another_is_asked_about(rulebook: Rulebook) -> None:
    talk = Talk(rulebook, owned({"1001": "processing", "1002": "in_transit"}), proved=True)
    talk.say("please change the delivery address of order 1001")
    talk.say("where is 1002?")
    decision = talk.say("12 Harbour Lane, 20095 Hamburg")
    assert "1001" in decision.replies[-1].text
    (ticket,) = (each for each in talk.say("yes").actions if isinstance(each, OpenTicket))
    assert ticket.order_id == "ord_1001"


def test_a_request_that_waits_for_its_order_is_not_forgotten(rulebook: Rulebook) -> None:
    talk = Talk(rulebook, owned({"1001": "processing", "1002": "in_transit"}), proved=True)
    assert talk.say("please change my delivery address").replies[-1].phrase == "choose_order"
    said = [reply.phrase for reply in talk.say("where is 1002?").replies]
    assert said[:2] == ["order_shipped", "back_to_wish"]


def test_a_number_that_is_not_proved_never_becomes_the_proved_order(rulebook: Rulebook) -> None:
    talk = Talk(rulebook, owned({"1001": "delivered"}), proved=True)
    assert talk.say("I want my money back for order 73011").actions == (RequestCode("73011"),)
    talk = Talk(rulebook, owned({"1001": "delivered"}), proved=True)
    talk.say("The lamp of order 73011 arrived broken")
    (ticket,) = (each for each in talk.say("I have no photo").actions if isinstance(each, OpenTicket))
    assert (ticket.order_id, ticket.order_number) == (None, "73011")


@pytest.mark.parametrize(
    ("text", "main", "others"),
    [
        ("Where is 1001? And I need an invoice", "order_status", ["invoice"]),
        ("我的快递到哪了，另外帮我开个发票", "order_status", ["invoice"]),
        ("I want to return this and get a refund", "return_exchange", []),
        ("The lamp is broken. I want my money back!", "item_problem", []),
        ("订单还没到，什么时候能到，着急", "order_status", []),
        ("Please cancel my order. Thank you and have a nice day", "cancel_order", []),
    ],
)
def test_several_wishes(text: str, main: str, others: list[str], rulebook: Rulebook) -> None:
    from_parts = other_wishes(text, main, lambda part: rulebook.understand(find_entities(part)))
    assert [wish_of(each) for each in from_parts] == others
