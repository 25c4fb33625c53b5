"""Money as integers in the currency's minor unit, with its ISO 4217 code. Never floats."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from babel.numbers import format_currency, get_currency_precision

from core.errors import Invalid


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in minor units (cents, fen; yen has none) of one currency."""

    amount: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        self._check_same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._check_same(other)
        return Money(self.amount - other.amount, self.currency)

    def _check_same(self, other: "Money") -> None:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up")


def parse_money(text: str | int, currency: str) -> Money:
    """Read a decimal string in major units ("199.00") exactly. Raises Invalid when it is no amount of that currency."""
    try:
        value = Decimal(str(text))
    except InvalidOperation:
        raise Invalid("not an amount of money", code="bad_amount", value=str(text)[:40]) from None
    if not value.is_finite():
        raise Invalid("not an amount of money", code="bad_amount", value=str(text)[:40])
    scaled = value.scaleb(exponent(currency))
    if scaled != scaled.to_integral_value():
        raise Invalid("more decimals than the currency has", code="bad_amount", value=str(text)[:40])
    return Money(int(scaled), currency)


def format_money(money: Money, language: str) -> str:
    """Write the amount for people: `$199.00`, `¥199.00`."""
    major = Decimal(money.amount).scaleb(-exponent(money.currency))
    locale = "zh_Hans_CN" if language == "zh" else "en"
    return format_currency(major, money.currency, locale=locale)


def exponent(currency: str) -> int:
    """How many decimals the currency has (ISO 4217): 2 for USD and CNY, 0 for JPY, 3 for KWD."""
    return int(get_currency_precision(currency))
