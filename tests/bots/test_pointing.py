"""Orders meant without a number: by what was in them, and by when they were placed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bots.golden import Talk, owned
from bots.goods import orders_with
from bots.rulebook import Rulebook
from bots.sample_orders import NOW
from orders.snapshots import OrderSnapshot


def mine() -> list[OrderSnapshot]:
    """A lamp from yesterday, a kettle from Friday, tea from three weeks ago."""
    goods = [("Desk lamp, brass", "LAMP-1", 1), ("Copper kettle 1.2 l", "KTL-77", 4), ("高山乌龙茶 250g", "TEA-9", 21)]
    orders = owned({"1001": "in_transit", "1002": "processing", "1003": "delivered"})
    return [
        replace(
            order,
            placed_at=NOW - timedelta(days=days),
            lines=(replace(order.lines[0], title=title, sku=sku),),
        )
        for order, (title, sku, days) in zip(orders, goods, strict=True)
    ]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("where is my lamp?", "1001"),
        ("where are the kettles", "1002"),
        ("KTL-77 where is it", "1002"),
        ("乌龙茶到哪了", "1003"),
        ("where is the order from last Friday", "1002"),
        ("昨天下的单到哪了", "1001"),
        ("我上周五买的到哪了", "1002"),
        ("I ordered it 3 weeks ago, where is it", "1003"),
    ],
)
def test_the_order_that_fits_is_taken(text: str, number: str, rulebook: Rulebook) -> None:
    decision = Talk(rulebook, mine(), proved=True).say(text)
    assert decision.replies[0].order_id == f"ord_{number}", decision.replies[0].text


@pytest.mark.parametrize(
    "text", ["where is my order", "where is my order with the sofa", "where is my order from last year", "订单到哪了"]
)
def test_without_a_hint_the_bot_asks_which(text: str, rulebook: Rulebook) -> None:
    assert Talk(rulebook, mine(), proved=True).say(text).replies[0].phrase == "choose_order"


def test_an_answer_to_which_one(rulebook: Rulebook) -> None:
    talk = Talk(rulebook, mine(), proved=True)
    talk.say("where is my order")
    assert talk.say("the kettle").replies[0].order_id == "ord_1002"


def test_a_word_that_fits_all_says_nothing() -> None:
    same = owned({"1001": "in_transit", "1002": "processing"})
    assert orders_with("my lamp", same) == []
