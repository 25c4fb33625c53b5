"""Values in messages: what is an order number, and what only looks like one."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.entities import find_code, find_entities

DATA = Path(__file__).parent.parent / "data" / "bot"
NAMES = frozenset(
    {"12345", "12315", "12305", "12306", "10086", "10010", "10000", "95588", "95533", "95555", "1111", "1212"}
)
SHAPES = st.one_of(
    st.from_regex(r"[1-9][0-9]{3,5}", fullmatch=True).filter(lambda number: number not in NAMES),
    st.from_regex(r"0{2,6}[1-9][0-9]{3,5}", fullmatch=True),
    st.from_regex(r"[2-9][0-9]{9}", fullmatch=True),
    st.from_regex(r"[3-9][0-9]{11}", fullmatch=True),
    st.from_regex(r"[1-9][0-9]{15}", fullmatch=True),
    st.from_regex(r"[1-8][0-9]{18}", fullmatch=True),
    st.from_regex(r"42000[0-9]{23}", fullmatch=True),
    st.from_regex(r"2[0-9]0[1-9]1[0-9]-[0-9]{15}", fullmatch=True),
    st.from_regex(r"[0-9]{3}-[0-9]{7}-[0-9]{7}", fullmatch=True),
    st.from_regex(r"(SYN|ORD-|WEB-|EN|R|so-)[0-9]{5,9}", fullmatch=True),
    st.from_regex(r"[1-9][0-9]{3,5}-[A-D]", fullmatch=True),
    st.from_regex(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}", fullmatch=True),
)
CARRIERS = st.sampled_from(
    [
        "{}",
        "#{}",
        "order {}",
        "Order number: {}",
        "my order id is {}",
        "order no. {} has been processing since last Tuesday and I would really like to know what is going on with it",
        "Where is order {}? I paid $45.90 on 12/03/2025.",
        "cancel purchase {}",
        "Hi, this is Jo Park (jo.park@example.com), order #{}, call me at (415) 555-0132",
        "{} is my order number",
        "订单号：{}",
        "订单号{}到哪了",
        "我的订单{}怎么还没发货呀",
        "订单编号：{}\n商品编号：100077553311\n实付：¥59.90\n下单时间：2025-03-12 10:11:12",
        "单号是{}，电话13988887777，张三",
        "帮我看下订单{}，买了3件，付了299元",
        "{}这个订单能改地址吗",
    ]
)
OTHERS = st.one_of(
    st.from_regex(r"my (phone|account|zip code|tracking|invoice|member|sku) (number )?is [0-9]{5,12}", fullmatch=True),
    st.from_regex(r"\([2-9][0-9]{2}\) [0-9]{3}-[0-9]{4}", fullmatch=True),
    st.from_regex(r"I (paid|was charged) [$€£][1-9][0-9]{0,3}\.[0-9]{2} on [1-9]/[12][0-9]/202[0-9]", fullmatch=True),
    st.from_regex(r"(Account ID|Username|Coupon code|Model|Serial number): [A-Z][A-Z0-9]{4,11}[0-9]", fullmatch=True),
    st.from_regex(
        r"(手机号|邮编|身份证号|银行卡号|会员号|货号|发票号|快递单号|验证码|商品编号|QQ)[是：]?[0-9]{6,18}",
        fullmatch=True,
    ),
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    st.from_regex(r"(SF|YT|JT|STO)[0-9]{12,13}", fullmatch=True),
    st.from_regex(r"(买了|一共)[1-9][0-9]{0,3}件，(付了|花了)[1-9][0-9]{1,4}元", fullmatch=True),
    st.from_regex(r"https://[a-z]{3,8}\.com/[a-z]{1,6}/[0-9]{4,18}", fullmatch=True),
)


def cases() -> list[tuple[str, list[str]]]:
    """The written cases: expected numbers, a bar, the message."""
    lines = (DATA / "order_numbers.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split(" | ", 1) for line in lines if line and not line.startswith("# ")]
    return [(text.replace("\\n", "\n"), [] if numbers == "-" else numbers.split(",")) for numbers, text in pairs]


@pytest.mark.parametrize(("text", "numbers"), cases())
def test_order_numbers(text: str, numbers: list[str]) -> None:
    assert list(find_entities(text).order_numbers) == numbers


@settings(max_examples=400, deadline=None, derandomize=True)
@given(number=SHAPES, carrier=CARRIERS)
def test_any_number_in_any_sentence(number: str, carrier: str) -> None:
    assert find_entities(carrier.format(number)).order_numbers == (number,)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(text=OTHERS)
def test_no_other_value_is_an_order_number(text: str) -> None:
    assert find_entities(text).order_numbers == ()


def test_a_weak_number_counts_when_it_was_asked_for() -> None:
    text = "Well I think it must have been something like 1001 but I am honestly not so very sure about it"
    assert find_entities(text).order_numbers == ()
    assert find_entities(text, frozenset({"order_number"})).order_numbers == ("1001",)


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
