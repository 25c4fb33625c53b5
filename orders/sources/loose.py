"""Numbers and names of platforms with looser habits: floats, four decimals, halves of a unit, camelCase. Pure."""

import re
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Any

from core.errors import Invalid, Malformed
from core.money import exponent
from orders.sources.reading import text

_NUMBER = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{0,40})?(?:[eE][-+]?[0-9]{1,2})?", re.ASCII)
_MOST = 10**15
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def rounded(value: Any, currency: str) -> int:
    """An amount in major units, as its shop computes it ("8.2569"), in whole minor units, half up; 0 for null.

    For prices and taxes of lines. Sums that people pay go through `reading.minor`, which refuses what it would have to
    round. Raises Invalid (bad_amount).
    """
    if value is None or value == "":
        return 0
    return _whole(_decimal(value, "bad_amount").scaleb(exponent(currency)), ROUND_HALF_UP, "bad_amount")


def units(value: Any) -> int:
    """A number of units; a started unit (1.5 metres) counts whole. 0 for null; raises Invalid (bad_quantity)."""
    if value is None or value == "":
        return 0
    return _whole(_decimal(value, "bad_quantity"), ROUND_CEILING, "bad_quantity")


def snake(value: Any) -> Any:
    """The same JSON with the names of its fields in snake_case, so that one reader serves both spellings."""
    try:
        return _snake(value)
    except RecursionError as error:
        raise Malformed("the body is nested too deep", code="bad_json") from error


def flag(value: Any) -> bool:
    """Yes or no as platforms write it: true, 1, "1", "true", "yes"."""
    return value is True or text(value).lower() in {"1", "true", "yes"}


def _snake(value: Any) -> Any:
    if isinstance(value, dict):
        return {_HUMP.sub("_", name).lower(): _snake(item) for name, item in value.items()}
    return [_snake(item) for item in value] if isinstance(value, list) else value


def _decimal(value: Any, code: str) -> Decimal:
    written = text(value)
    if not _NUMBER.fullmatch(written):
        raise Invalid("not a number", code=code, value=str(value)[:40])
    return Decimal(written)


def _whole(number: Decimal, how: str, code: str) -> int:
    if abs(number) >= _MOST:
        raise Invalid("a number without measure", code=code, value=str(number)[:40])
    return int(number.to_integral_value(rounding=how))
