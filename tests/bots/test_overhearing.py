"""Whole talks between customers and other people: which order, and what the customer came for."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from bots.asking import KINDS, asked_for
from bots.overhearing import overhear
from bots.rulebook import Rulebook

WRITTEN = Path(__file__).parent.parent / "data" / "bot" / "talks.txt"
WHO = {"C": "customer", "A": "agent"}
Talk = list[tuple[str, str]]

OPENINGS = {
    "en": [
        ("order_status", "Where is my order? It should have been here last week"),
        ("order_status", "I still haven't received my package"),
        ("refund_status", "When will I get my refund?"),
        ("return_exchange", "I want to return a jacket"),
        ("cancel_order", "I need to cancel my order"),
        ("account_login", "I forgot my password"),
    ],
    "zh": [
        ("order_status", "我的快递到哪了"),
        ("order_status", "怎么还没发货"),
        ("refund_status", "退款什么时候到账"),
        ("return_exchange", "我要退货"),
        ("cancel_order", "帮我取消订单"),
        ("human_handover", "转人工"),
    ],
}
# What the agent asks, and how customers answer: no order number in any of it.
DISTRACTIONS = {
    "en": [
        (
            "May I have your full name or account ID?",
            ["Dana Whitlock", "QK7ZPLM2XW", "Account ID: 9ZKPL2MQ7X", "88203114"],
        ),
        ("What is your username?", ["dwhitlock88", "Username: dw443120", "kp44"]),
        ("Could you give me the email address on the account?", ["dana.w8812@example.com", "Email: d@example.com"]),
        ("Can I get your phone number please?", ["4155550132", "(415) 555-0132", "415-555-0132", "it's 415 555 0132"]),
        ("And the zip code?", ["60614", "94110-2231", "zip is 60614"]),
        ("What is the shipping address?", ["1412 Maple Street, Chicago, IL 60614", "PO Box 9921, Austin, TX 78701"]),
        ("How much was it?", ["$94.50", "94", "1299 dollars"]),
        ("When did you buy it?", ["2025-03-12", "11/24/2025", "3 weeks ago", "in March 2025"]),
        ("What's your pin number?", ["447120", "Pin: 4471"]),
        ("Thanks, one moment please.", ["ok", "sure", "thanks"]),
    ],
    "zh": [
        ("请问您的手机号是多少", ["13912345678", "139 1234 5678", "手机13912345678"]),
        ("会员账号方便提供一下吗", ["20018844", "账号tb8812345", "tb8812345"]),
        ("收货地址是哪里呢", ["上海市静安区南京西路1266号2001室", "浙江省杭州市文一西路969号3号楼1203 张三"]),
        ("实付金额多少呢", ["299", "¥1299", "1299元"]),
        ("快递单号发一下", ["YT2512345678901", "75412345678901", "快递单号SF1412345678901"]),
        ("哪款商品呢，商品编号发我", ["100012043978", "https://item.jd.com/100012043978.html", "商品编号100012043978"]),
        ("什么时候下单的", ["2025年4月18日", "4月18号", "上周五"]),
        ("好的，请稍等", ["嗯", "好", "快点"]),
    ],
}
ASKS = {
    "en": ["May I have your order ID?", "What is the order number?", "Could you please share the order #?"],
    "zh": ["麻烦提供一下订单号", "亲，订单编号多少呢", "订单号发我看下"],
}
SAYS = {
    "en": ["{}", "Order ID: {}", "it's {}", "#{}", "my order number is {}"],
    "zh": ["{}", "订单号{}", "单号：{}", "是{}"],
}
CORRECTS = {
    "en": ["sorry, it's {1} not {0}", "no, {1}", "typo: {1}"],
    "zh": ["不对，是{1}", "发错了，{1}", "是{1}不是{0}"],
}


def written() -> Iterator[tuple[str | None, str, Talk]]:
    """The talks of the data file."""
    for block in WRITTEN.read_text(encoding="utf-8").split("\n\n"):
        lines = [line for line in block.splitlines() if line and not line.startswith("#")]
        if lines:
            number, intent = lines[0].split()
            yield (None if number == "-" else number), intent, [(WHO[line[0]], line[3:]) for line in lines[1:]]


def composed(seed: int) -> tuple[str | None, str, Talk]:
    """A talk made by chance: an opening, questions in any order, in most talks a number, at times a wrong one first."""
    chance = random.Random(seed)
    language = chance.choice(["en", "zh"])
    intent, opening = chance.choice(OPENINGS[language])
    talk: Talk = [("customer", opening)]
    asked = chance.sample(DISTRACTIONS[language], chance.randint(1, 5))
    rounds: list[Talk] = [[("agent", question), ("customer", chance.choice(answers))] for question, answers in asked]
    number = None
    if chance.random() < 0.7:
        number = str(chance.randint(1, 9)) + "".join(
            chance.choices("0123456789", k=chance.choice([4, 7, 9, 11, 15, 18]))
        )
        told: Talk = [
            ("agent", chance.choice(ASKS[language])),
            ("customer", chance.choice(SAYS[language]).format(number)),
        ]
        if chance.random() < 0.3:
            wrong, number = number, number[:-1] + str((int(number[-1]) + 1) % 10)
            told.append(("customer", chance.choice(CORRECTS[language]).format(wrong, number)))
        rounds.insert(chance.randint(0, len(rounds)), told)
    talk += [turn for each in rounds for turn in each]
    return number, intent, [*talk, ("customer", chance.choice({"en": ["thanks, bye"], "zh": ["好的谢谢"]}[language]))]


@pytest.mark.parametrize(("number", "intent", "talk"), list(written()))
def test_written_talk(number: str | None, intent: str, talk: Talk, rulebook: Rulebook) -> None:
    heard = overhear(talk, rulebook)
    assert (heard.order_number, heard.intent()) == (number, intent)


def test_composed_talks(rulebook: Rulebook) -> None:
    for seed in range(400):
        number, intent, talk = composed(seed)
        heard = overhear(talk, rulebook)
        assert (heard.order_number, heard.intent()) == (number, intent), (seed, talk)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("May I have your order ID?", {"order_number"}),
        ("Could I get your full name, account ID and order number", {"name", "account", "order_number"}),
        ("Which order is it?", {"order_number"}),
        ("zip?", {"zip"}),
        ("What's your username or email?", {"username", "email"}),
        ("请提供一下订单号和手机号", {"order_number", "phone"}),
        ("单号多少", {"order_number"}),
        ("邮编呢", {"zip"}),
        ("Your order 1001 left our warehouse yesterday and should be with you soon.", set()),
        ("and your zip code and phone number", {"zip", "phone"}),
        ("Great. I will need your account ID. Also the email", {"account", "email"}),
        ("May I have your name? Then I can pull up your account number.", {"name"}),
        ("Your account number is active again.", set()),
        ("Let me verify your zip code and phone number with the bank", set()),
        ("I have sent it to your email address.", set()),
        ("您的订单已经发货了", set()),
        ("Have a nice day", set()),
        ("", set()),
    ],
)
def test_what_is_asked_for(text: str, kinds: set[str]) -> None:
    assert asked_for(text) == kinds
    assert kinds <= KINDS


def test_long_and_odd_talks_end(rulebook: Rulebook) -> None:
    heard = overhear([("customer", "order 1001 " * 1000), ("agent", "order? " * 2000)] * 40, rulebook)
    assert heard.order_number == "1001"
    assert overhear([], rulebook).intent() is None
    assert overhear([("robot", "where is 1001?")], rulebook).order_number is None
