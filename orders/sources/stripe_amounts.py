"""Amounts as Stripe counts them, which is not everywhere as ISO 4217 does (docs.stripe.com/currencies). Pure."""

from typing import Any

from core.errors import Invalid
from core.money import exponent
from orders.sources.reading import count

# What Stripe counts in whole units, in thousandths, and (against ISO 4217) in hundredths
_WHOLE = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF"
_THOUSANDTHS = "BHD JOD KWD OMR TND"
_COARSE = 10  # of thousandths it pays only tens


def minor_of(value: Any, currency: str) -> int:
    """An amount of Stripe's in our minor units. Raises Invalid when that is no whole number of them."""
    return _exactly(count(value), _decimals(currency), exponent(currency))


def stripe_amount(minor: int, currency: str) -> int:
    """Minor units as Stripe wants to have them. Raises Invalid (bad_amount) for what it cannot pay exactly."""
    amount = _exactly(minor, exponent(currency), _decimals(currency))
    if currency in _THOUSANDTHS.split() and amount % _COARSE:
        raise Invalid("Stripe pays this currency in coarser steps", code="bad_amount", value=str(minor)[:40])
    return amount


def _decimals(currency: str) -> int:
    return 0 if currency in _WHOLE.split() else 3 if currency in _THOUSANDTHS.split() else 2


def _exactly(amount: int, given: int, wanted: int) -> int:
    whole, rest = divmod(amount * int(10**wanted), int(10**given))
    if rest:
        raise Invalid("not an amount of this currency", code="bad_amount", value=str(amount)[:40])
    return whole
