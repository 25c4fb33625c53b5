"""How long things normally take, and the one shipping time that is a rule rather than a promise. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

USUAL_CONFIRMATION = timedelta(hours=36)  # p90 from submission to approval over public marketplace orders: 35.2 h
ENOUGH_HISTORY = 20
SHIPPING_RULE = {"CN": timedelta(hours=48)}  # hand-over within 48 h of payment unless agreed otherwise


def usual_confirmation(history: Sequence[timedelta]) -> timedelta:
    """The time within which nine of ten orders are confirmed: the shop's own, or a general one for a new shop."""
    if len(history) < ENOUGH_HISTORY:
        return USUAL_CONFIRMATION
    return sorted(history)[min(len(history) * 9 // 10, len(history) - 1)]


def confirmation_expected(placed_at: datetime, paid_at: datetime | None, usual: timedelta) -> datetime:
    """When confirmation is normally done, counted from the later of order and payment, rounded up to five minutes.

    This is what usually happens, never a promise.
    """
    return _round_up(max(placed_at, paid_at or placed_at) + usual)


def ship_by_rule(country: str, paid_at: datetime | None) -> datetime | None:
    """The latest hand-over that the rules of the shop's country ask for; None without a rule or a payment.

    A time that the platform states always wins over this one.
    """
    rule = SHIPPING_RULE.get(country.upper())
    return paid_at + rule if rule and paid_at else None


def _round_up(at: datetime) -> datetime:
    step = timedelta(minutes=5)
    rest = timedelta(minutes=at.minute % 5, seconds=at.second, microseconds=at.microsecond)
    return at + (step - rest) if rest else at
