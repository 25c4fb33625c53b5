"""Money as integers in the currency's minor unit, with its ISO 4217 code. Never floats."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from babel import Locale
from babel.numbers import format_currency

from core.errors import Invalid

_AMOUNT = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{0,12})?", re.ASCII)
# The currencies that do not have two decimals, by how many they have (ISO 4217, list one).
_UNUSUAL = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_EXPONENTS = {currency: decimals for decimals, currencies in _UNUSUAL.items() for currency in currencies.split()}


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
    """Read a decimal string in major units ("199.00") exactly.

    Raises Invalid (bad_amount) when it is no amount of that currency, or not below a million million.
    """
    written = str(text).strip()
    if not _AMOUNT.fullmatch(written):
        raise Invalid("not an amount of money", code="bad_amount", value=written[:40])
    decimals = exponent(currency)
    scaled = Decimal(written).scaleb(decimals)
    if scaled != scaled.to_integral_value():
        raise Invalid("more decimals than the currency has", code="bad_amount", value=written[:40])
    return Money(int(scaled), currency)


def format_money(money: Money, language: str) -> str:
    """Write the amount for people: `$199.00`, `¥199.00`."""
    decimals = exponent(money.currency)
    major = Decimal(money.amount).scaleb(-decimals)
    locale = "zh_Hans_CN" if language == "zh" else "en"
    # Babel would round to what is usual in cash (no decimals in Belgrade); a refund has to show every unit.
    return format_currency(
        major, money.currency, format=_pattern(locale, decimals), locale=locale, currency_digits=False
    )


def plain_amount(amount: int, currency: str) -> str:
    """Minor units as the decimal string that `parse_money` reads: "199.00", "-0.50", "1000" of yen."""
    return f"{Decimal(amount).scaleb(-exponent(currency)):f}"


def exponent(currency: str) -> int:
    """How many decimals the currency has (ISO 4217): 2 for USD and CNY, 0 for JPY, 3 for KWD."""
    return _EXPONENTS.get(currency, 2)


@cache
def _pattern(locale: str, decimals: int) -> str:
    standard: str = Locale.parse(locale).currency_formats["standard"].pattern
    return standard.replace(".00", "." + "0" * decimals if decimals else "")
