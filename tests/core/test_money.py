"""Money: whole minor units, exact both ways, nothing that is no amount."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid
from core.money import Money, exponent, format_money, parse_money

CURRENCIES = ["USD", "CNY", "EUR", "JPY", "KWD", "RSD", "HUF", "CLF", "TWD", "IQD"]


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("199.00", "USD", 19900),
        ("199", "CNY", 19900),
        ("0.07", "EUR", 7),
        ("199.990000", "EUR", 19999),
        ("-5.00", "USD", -500),
        ("199.", "USD", 19900),
        (" 12.50 ", "USD", 1250),
        (12, "USD", 1200),
        ("980", "JPY", 980),
        ("980.00", "JPY", 980),
        ("1.234", "KWD", 1234),
        ("199.50", "RSD", 19950),  # two decimals by ISO 4217, whatever is usual in cash
        ("999999999999.99", "USD", 99999999999999),
    ],
)
def test_amounts(text: str | int, currency: str, amount: int) -> None:
    assert parse_money(text, currency) == Money(amount, currency)


LONG = ["1e999999999", "1" * 13, "9" * 100_000, "0." + "0" * 100_000 + "1"]
ODD = [
    "",
    "-",
    ".",
    "x",
    "NaN",
    "Infinity",
    "1e3",
    "1_000",
    "1,50",
    "1 0",
    "１２",
    "0x10",
    "--1",
    "1.2.3",
    "$5",
    "1\x002",
]


@pytest.mark.parametrize("text", [*ODD, *LONG, "True"])
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_money(text, "USD")
    assert refused.value.code == "bad_amount"
    assert len(str(refused.value.data["value"])) <= 40


@pytest.mark.parametrize(
    ("text", "currency"), [("0.001", "USD"), ("1.5", "JPY"), ("1.2345", "KWD"), ("0.000000000001", "EUR")]
)
def test_more_decimals_than_the_currency_has(text: str, currency: str) -> None:
    with pytest.raises(Invalid):
        parse_money(text, currency)


@given(st.integers(-(10**14) + 1, 10**14 - 1).filter(lambda amount: abs(amount) < 10**12), st.sampled_from(CURRENCIES))
def test_reading_what_was_written_gives_the_same(amount: int, currency: str) -> None:
    decimals = exponent(currency)
    digits = str(abs(amount)).rjust(decimals + 1, "0")
    text = ("-" if amount < 0 else "") + (f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits)
    assert parse_money(text, currency) == Money(amount, currency)


@pytest.mark.parametrize(
    ("money", "language", "text"),
    [
        (Money(19900, "USD"), "en", "$199.00"),
        (Money(19900, "CNY"), "zh", "¥199.00"),
        (Money(19900, "CNY"), "en", "CN¥199.00"),
        (Money(123456789, "EUR"), "en", "€1,234,567.89"),
        (Money(980, "JPY"), "en", "¥980"),
        (Money(980, "JPY"), "zh", "JP¥980"),
        (Money(-500, "USD"), "en", "-$5.00"),
        (Money(19950, "RSD"), "en", "RSD199.50"),
        (Money(1234, "KWD"), "en", "KWD1.234"),
    ],
)
def test_for_people(money: Money, language: str, text: str) -> None:
    assert format_money(money, language) == text


@given(st.integers(-(10**12), 10**12), st.sampled_from(CURRENCIES), st.sampled_from(["en", "zh"]))
def test_people_see_every_minor_unit(amount: int, currency: str, language: str) -> None:
    shown = "".join(character for character in format_money(Money(amount, currency), language) if character.isdigit())
    assert int(shown) == abs(amount)


def test_only_the_same_currency_adds_up() -> None:
    assert Money(1, "USD") + Money(2, "USD") - Money(5, "USD") == Money(-2, "USD")
    for calculate in (Money.__add__, Money.__sub__):
        with pytest.raises(ValueError, match="do not add up"):
            calculate(Money(1, "USD"), Money(1, "CNY"))
