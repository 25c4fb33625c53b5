"""The kinds of fields in a written refund case: amounts in major units, counts, percentages, rates."""

import re
from decimal import Decimal
from functools import cache
from typing import Annotated, Any

from babel.numbers import list_currencies
from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationInfo
from pydantic_core import PydanticCustomError

from core.errors import Invalid
from core.money import parse_money

MOST_UNITS = 1_000_000
_PERCENT = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,2})?", re.ASCII)
_RATE = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,12})?", re.ASCII)


class Form(BaseModel):
    """A part of a written case. Fields that nobody knows are refused: a misspelt discount must not be paid out."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def check_currency(value: Any) -> str:
    """An ISO 4217 code. Raises Invalid (missing_field, unknown_currency)."""
    if value is None:
        raise Invalid("which currency is it?", code="missing_field", field="currency")
    if not isinstance(value, str) or value not in _currencies():
        raise Invalid("not an ISO 4217 code", code="unknown_currency", field="currency")
    return value


def _amount(value: Any, info: ValidationInfo) -> int:
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise PydanticCustomError("bad_amount", 'not an amount: write "109.00"')
    try:
        money = parse_money(value, _currency(info))
    except Invalid as error:
        raise PydanticCustomError("bad_amount", "{why}", {"why": error.detail}) from None
    if money.amount < 0:
        raise PydanticCustomError("negative", "an amount here is never below zero")
    return money.amount


def _amounts(value: Any, info: ValidationInfo) -> int:
    return sum(_amount(each, info) for each in value) if isinstance(value, list) else _amount(value, info)


def _quantity(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value > MOST_UNITS:
        raise PydanticCustomError("bad_quantity", "not a whole number of units up to {most}", {"most": MOST_UNITS})
    if value < 0:
        raise PydanticCustomError("negative", "units are never below zero")
    return value


def _percent(value: Any) -> int:
    written = str(value)
    if isinstance(value, bool) or not _PERCENT.fullmatch(written) or Decimal(written) > 100:
        raise PydanticCustomError("bad_percent", 'not a percentage from 0 to 100, at most two decimals: write "12.5"')
    return int(Decimal(written) * 100)


def _rate(value: Any) -> Decimal:
    written = str(value)
    if isinstance(value, bool) or not _RATE.fullmatch(written) or not Decimal(written):
        raise PydanticCustomError("bad_rate", 'not an exchange rate above zero: write "1.087"')
    return Decimal(written)


def _name(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _same_currency(value: Any, info: ValidationInfo) -> str:
    if value != _currency(info):
        raise PydanticCustomError("wrong_currency", "refunds are made in the currency of the charge")
    return str(value)


def _currency(info: ValidationInfo) -> str:
    return str((info.context or {})["currency"])


@cache
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies())


Amount = Annotated[int, BeforeValidator(_amount)]
Amounts = Annotated[int, BeforeValidator(_amounts)]
Quantity = Annotated[int, BeforeValidator(_quantity)]
Percent = Annotated[int, BeforeValidator(_percent)]
Rate = Annotated[Decimal, BeforeValidator(_rate)]
Name = Annotated[str, BeforeValidator(_name), StringConstraints(min_length=1, max_length=120)]
SameCurrency = Annotated[str, BeforeValidator(_same_currency)]
