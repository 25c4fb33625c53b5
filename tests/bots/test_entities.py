"""Values in messages: what is an order number, and what only looks like one."""

import time

import pytest

from bots.entities import find_code, find_entities

NUMBERS = {
    "1001": ["1001"],
    "#1001": ["1001"],
    "SYN000247": ["SYN000247"],
    "ORD-2025-00123": ["ORD-2025-00123"],
    "12345678901234567890": ["12345678901234567890"],
    "Where is order 1001?": ["1001"],
    "where is 1001": ["1001"],
    "My order number is #1001.": ["1001"],
    "order no. 1001": ["1001"],
    "order1001": ["1001"],
    "no, 1002": ["1002"],
    "orders 1001 and 1002": ["1001", "1002"],
    "Hi this is joseph, the i.d. is 6133423209": ["6133423209"],
    "cancel purchase 00004587345": ["00004587345"],
    "订单号：1001": ["1001"],
    "我的订单1001到哪了": ["1001"],
    "单号是１００１": ["1001"],
    "訂單SYN000247": ["SYN000247"],
    "订单1001和1002": ["1001", "1002"],
    "1001这个订单，3月12日下单的": ["1001"],
    "订单1001,电话13812345678": ["1001"],
    "200101-123456789012345": ["200101-123456789012345"],
    "123-1234567-1234567": ["123-1234567-1234567"],
    "Order ID: 0066041981": ["0066041981"],
    "1001 ines@example.com": ["1001"],
}
NO_NUMBERS = [
    "I paid $1499 on 2026-11-24 at 10:42 for 3 items",
    "call me at 13812345678",
    "(436) 382-5519",
    "my phone is 5551234567",
    "+49 30 1234567",
    "I ordered 2 days ago",
    "refund 1499 dollars",
    "付了1999元",
    "2026年11月24日买的",
    "买了1000件",
    "invoice #12588",
    "Account ID: WIYBTLS2BL",
    "运单号 YT2512345678901",
    "SF1234567890123",
    "7767 2nd ave, brighton ca 3549",
    "since 2019 I buy here",
    "我要打12315",
    "身高170体重140",
    "https://shop.example/orders/1001",
    "20% off",
    "发票号码 12588123",
]


@pytest.mark.parametrize(("text", "numbers"), NUMBERS.items())
def test_order_numbers(text: str, numbers: list[str]) -> None:
    assert list(find_entities(text).order_numbers) == numbers


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_no_false_alarm(text: str) -> None:
    assert find_entities(text).order_numbers == ()


def test_a_weak_number_counts_when_it_was_asked_for() -> None:
    text = "Well I think it must have been something like 1001 but I am honestly not so very sure about it"
    assert find_entities(text).order_numbers == ()
    assert find_entities(text, asked_for_number=True).order_numbers == ("1001",)


def test_other_values() -> None:
    found = find_entities("Lin@Example.com, 13812345678, SF1234567890123")
    assert found.emails == ("lin@example.com",)
    assert found.phones == ("13812345678",)
    assert found.tracking_numbers == ("SF1234567890123",)


@pytest.mark.parametrize("text", ["482913", " 482 913 ", "the code is 482-913", "验证码：４８２９１３", "482913谢谢"])
def test_codes(text: str) -> None:
    assert find_code(text) == "482913"


@pytest.mark.parametrize(
    "text", ["48291", "4829133", "order 482913", "订单482913", "482913 or 482914", "no, 482913", "#482913", ""]
)
def test_no_codes(text: str) -> None:
    assert find_code(text) is None


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "a1-",
        "order ",
        "(12",
        "a.a@",
        "#",
        "1 ",
        "https://",
        "1,",
        "+1 ",
        "订单号是",
        "$ ",
        "jan 1 ",
        "\u200d",
        "ﷺ",
    ],
)
def test_hostile_text_costs_little(piece: str) -> None:
    text = piece * (2**20 // len(piece))
    started = time.process_time()
    find_entities(text)
    find_code(text)
    assert time.process_time() - started < 0.2
