"""Orders and payments that were probably made twice by accident: hints for a person, never acts. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

WITHIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What tells two orders of the same customer apart. `goods` are SKUs, or titles where there are none."""

    order: str
    contacts: frozenset[str]
    address: str = ""  # where it goes, in one form; counts only between orders without contacts
    goods: frozenset[str]
    placed_at: datetime
    unshipped: bool  # and still alive


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """Money that came in, in minor units of the order's currency."""

    payment: str
    amount: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Surplus:
    """More was captured than the order costs: by how much, and by which later captures."""

    amount: int
    captures: tuple[Capture, ...]


def twins(order: Purchase, others: Iterable[Purchase]) -> list[Purchase]:
    """Orders of the same customer with the same goods, placed within ten minutes, as long as both are unshipped.

    The same customer is who shares a contact; where one order has none, who has it sent to the same address.
    """
    if not order.unshipped or not order.goods:
        return []
    alike = [
        other
        for other in others
        if other.order != order.order
        and other.unshipped
        and _same_customer(order, other)
        and other.goods == order.goods
        and abs(other.placed_at - order.placed_at) <= WITHIN
    ]
    return sorted(alike, key=lambda other: (other.placed_at, other.order))


def _same_customer(one: Purchase, other: Purchase) -> bool:
    if one.contacts and other.contacts:
        return bool(one.contacts & other.contacts)
    return bool(one.address) and one.address == other.address


def surplus(total: int, captures: Collection[Capture]) -> Surplus | None:
    """What was captured beyond `total`; the captures that came after it was paid are the ones to send back."""
    captured = sum(capture.amount for capture in captures)
    if not captured > total > 0:
        return None
    paid, later = 0, []
    for capture in sorted(captures, key=lambda capture: (capture.at, capture.payment)):
        if paid >= total and capture.amount:
            later.append(capture)
        paid += capture.amount
    return Surplus(amount=captured - total, captures=tuple(later))
