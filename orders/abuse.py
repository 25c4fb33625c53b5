"""Signs that returns and refunds may be abused: what is known of a customer's orders, weighed. Pure.

A sign is a reason to look, to ask for a photo or to inspect before money moves. None of them refuses anything, alone or
together, and no customer ever hears of one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from orders.refunds.case import Reason

# More than 15 % of orders with money back is above what shops in e-commerce see on average.
RATE_PERCENT, RATE_ORDERS, RATE_REFUNDED = 15, 5, 3
CLAIMS, CLAIM_WINDOW = 2, timedelta(days=90)
AT_ONCE = timedelta(hours=1)
LAST_DAYS = 2
ACCOUNTS = 3
NOT_RECEIVED = frozenset({Reason.MISSING, Reason.LOST})


class SignalCode(StrEnum):
    """What was noticed."""

    REFUND_RATE = "refund_rate"
    NOT_RECEIVED = "not_received"
    CLAIM_AT_ONCE = "claim_at_once"
    LAST_DAYS = "last_days"
    SHARED_CONTACT = "shared_contact"
    REFUND_AND_CHARGEBACK = "refund_and_chargeback"


POINTS = {
    SignalCode.REFUND_RATE: 30,
    SignalCode.NOT_RECEIVED: 30,
    SignalCode.CLAIM_AT_ONCE: 20,
    SignalCode.LAST_DAYS: 10,
    SignalCode.SHARED_CONTACT: 20,
    SignalCode.REFUND_AND_CHARGEBACK: 40,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownOrder:
    """An order of the same contact. `sent`: goods have left; money that goes back before that is no sign."""

    id: str
    sent: bool = True
    refunded: bool = False
    disputed: bool = False
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A case of the same contact. `delivered`: the last scan of that before it; `last_day`: None without such a day."""

    id: str
    reason: Reason
    at: datetime
    delivered: datetime | None = None
    last_day: bool | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """What was noticed, how much it weighs, the figures, and the orders or cases that show it."""

    code: SignalCode
    points: int
    figures: dict[str, int]
    evidence: tuple[str, ...] = field(default=())


def find_signals(orders: Sequence[KnownOrder], claims: Sequence[Claim], now: datetime) -> tuple[Signal, ...]:
    """All signs in what is known of one contact, the heaviest first."""
    found = [
        *_refund_rate(orders),
        *_not_received(claims, now),
        *_claim_at_once(claims),
        *_last_days(claims),
        *_shared_contact(orders),
        *_refund_and_chargeback(orders),
    ]
    return tuple(sorted(found, key=lambda each: (-each.points, each.code)))


def score(signals: Iterable[Signal]) -> int:
    """Their weight together, 100 at most."""
    return min(100, sum(each.points for each in signals))


def _signal(code: SignalCode, evidence: Iterable[str], **figures: int) -> Signal:
    return Signal(code, POINTS[code], figures, tuple(evidence))


def _refund_rate(orders: Sequence[KnownOrder]) -> Iterable[Signal]:
    sent = [order for order in orders if order.sent]
    refunded = [order.id for order in sent if order.refunded]
    if len(sent) >= RATE_ORDERS and len(refunded) >= RATE_REFUNDED and len(refunded) * 100 > RATE_PERCENT * len(sent):
        yield _signal(SignalCode.REFUND_RATE, refunded, refunded=len(refunded), orders=len(sent))


def _not_received(claims: Sequence[Claim], now: datetime) -> Iterable[Signal]:
    recent = [each.id for each in claims if each.reason in NOT_RECEIVED and each.at > now - CLAIM_WINDOW]
    if len(recent) >= CLAIMS:
        yield _signal(SignalCode.NOT_RECEIVED, recent, claims=len(recent), days=CLAIM_WINDOW.days)


def _claim_at_once(claims: Sequence[Claim]) -> Iterable[Signal]:
    for each in claims:
        if each.reason in NOT_RECEIVED and each.delivered and timedelta() <= each.at - each.delivered <= AT_ONCE:
            minutes = int((each.at - each.delivered).total_seconds() // 60)
            yield _signal(SignalCode.CLAIM_AT_ONCE, [each.id], minutes=minutes)
            return


def _last_days(claims: Sequence[Claim]) -> Iterable[Signal]:
    dated = [each for each in claims if each.last_day is not None]
    if len(dated) >= LAST_DAYS and all(each.last_day for each in dated):
        yield _signal(SignalCode.LAST_DAYS, [each.id for each in dated], cases=len(dated))


def _shared_contact(orders: Sequence[KnownOrder]) -> Iterable[Signal]:
    """One number under several addresses, or one address under several numbers."""
    for one, other in (("phone", "email"), ("email", "phone")):
        under: dict[str, set[str]] = {}
        for order in orders:
            if getattr(order, one) and getattr(order, other):
                under.setdefault(getattr(order, one), set()).add(getattr(order, other))
        most = max(under.values(), key=len, default=set())
        if len(most) >= ACCOUNTS:
            evidence = [order.id for order in orders if getattr(order, other) in most]
            yield _signal(SignalCode.SHARED_CONTACT, evidence, accounts=len(most))
            return


def _refund_and_chargeback(orders: Sequence[KnownOrder]) -> Iterable[Signal]:
    both = [order.id for order in orders if order.refunded and order.disputed]
    if both:
        yield _signal(SignalCode.REFUND_AND_CHARGEBACK, both, orders=len(both))
