"""Questions about the shop: its own words, its stock, and a person for what neither tells."""

from dataclasses import replace
from datetime import datetime

import pytest

from bots.decisions import Decision, OpenTicket
from bots.dialogue import Dialogue
from bots.engine import decide
from bots.question import Question
from bots.rulebook import Rulebook
from bots.sample_orders import NOW, ago, ahead
from bots.shop_facts import NOTHING_KNOWN, ShopFacts, Stocked, goods_named

POLICY = ShopFacts(answers={("policy_info", "en"): "Thirty days, {no} questions."}, timezone="Europe/Berlin")
KETTLE = Stocked(sku="KT-17", title="Kettle 1.7 l", units=0)


def say(text: str, rulebook: Rulebook, shop: ShopFacts = NOTHING_KNOWN, dialogue: Dialogue | None = None) -> Decision:
    return decide(Question(text), dialogue or Dialogue(), [], NOW, rulebook, shop)


def test_the_shop_speaks_in_its_own_words(rulebook: Rulebook) -> None:
    decision = say("What is your return policy?", rulebook, POLICY)
    assert [reply.text for reply in decision.replies] == ["Thirty days, {no} questions."]
    again = say("What is your return policy?", rulebook, POLICY, decision.dialogue)
    assert [reply.phrase for reply in again.replies] == ["pass_on_wish"], "asked again: it was no answer"


@pytest.mark.parametrize("shop", [NOTHING_KNOWN, ShopFacts(answers={("policy_info", "zh"): "三十天"})])
def test_without_words_in_this_language_a_person_answers(shop: ShopFacts, rulebook: Rulebook) -> None:
    decision = say("What is your return policy?", rulebook, shop)
    assert [reply.phrase for reply in decision.replies] == ["pass_on_wish"]
    assert any(isinstance(action, OpenTicket) for action in decision.actions)


@pytest.mark.parametrize(
    ("units", "gone", "back_at", "said"),
    [
        (4, False, None, ["stock_yes"]),
        (0, True, None, ["stock_gone"]),
        (0, False, None, ["stock_none", "confirm_stock"]),
        (-2, False, ahead(days=9), ["stock_later", "confirm_stock"]),
        (0, False, ago(days=1), ["stock_none", "confirm_stock"]),
        (None, False, None, ["ask_product"]),
    ],
)
def test_stock(units: int | None, gone: bool, back_at: datetime | None, said: list[str], rulebook: Rulebook) -> None:
    shop = ShopFacts(stock=(replace(KETTLE, units=units, gone=gone, back_at=back_at),))
    decision = say("Do you have the kettle in stock?", rulebook, shop)
    assert [reply.phrase for reply in decision.replies] == said
    assert decision.actions == ()


def test_the_wish_for_what_is_sold_out_is_taken_down(rulebook: Rulebook) -> None:
    offered = say("Is the kettle in stock?", rulebook, ShopFacts(stock=(KETTLE,)))
    (ticket,) = (
        action
        for action in say("yes please", rulebook, dialogue=offered.dialogue).actions
        if isinstance(action, OpenTicket)
    )
    assert "Product: Kettle 1.7 l" in ticket.summary


def test_several_that_fit_are_asked_about(rulebook: Rulebook) -> None:
    two = ShopFacts(stock=(KETTLE, replace(KETTLE, sku="KT-20")))
    assert [reply.phrase for reply in say("Is the kettle in stock?", rulebook, two).replies] == ["ask_product"]


@pytest.mark.parametrize(
    ("text", "skus", "words"),
    [
        ("Do you have the blue kettle in stock?", [], ["blue", "kettle"]),
        ("is LO-ALD available", ["LO-ALD"], ["LO-ALD"]),
        ("蓝色电热水壶还有货吗", [], ["蓝色电热水壶"]),
        ("有货吗", [], []),
    ],
)
def test_goods_that_are_named(text: str, skus: list[str], words: list[str]) -> None:
    assert goods_named(text) == (skus, words)
