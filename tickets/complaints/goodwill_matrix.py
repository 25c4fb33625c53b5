"""What a customer is given for what went wrong: by root cause, days of delay and what the goods cost. Pure data.

The same case gets the same offer. Only for faults of the shop, its warehouse, its people or its carrier.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from core.people import ADMIN, AGENT, SUPERVISOR


@dataclass(frozen=True, slots=True)
class Row:
    """From so many days of delay on, this share of what the goods cost is given."""

    code: str
    causes: frozenset[str]
    from_days: int
    percent: int


class Caps(NamedTuple):
    """The most that is given, minor units: for an order, to a customer in 90 days, by one agent in a day."""

    order: int
    customer: int
    agent: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the matrix gives: `amount` in minor units, from which row."""

    row: str
    percent: int
    amount: int


def _rows(name: str, causes: str, *steps: tuple[int, int]) -> list[Row]:
    return [Row(f"{name}.{days}", frozenset(causes.split()), days, percent) for days, percent in steps]


MATRIX: tuple[Row, ...] = (
    *_rows(
        "late",
        "CONF.SLOW STK.BACKORDER_MOVED WH.LATE_SHIP WH.FAKE_SHIP CAR.NO_SCAN CAR.STUCK CAR.LATE AS.REFUND_LATE"
        " AS.EXCHANGE_LATE",
        (0, 0),
        (3, 5),
        (7, 10),
        (14, 15),
    ),
    *_rows(
        "not_there",
        "STK.OUT_AFTER_SALE STK.SYNC_ERROR CAR.LOST CAR.MISDELIVERED CAR.SIGNED_NOT_RECEIVED AS.RETURN_LOST",
        (0, 5),
        (7, 10),
        (14, 15),
    ),
    *_rows("wrong", "WH.WRONG_ITEM WH.SHORT WH.PACKING CAR.DAMAGED", (0, 10), (14, 15)),
    *_rows("product", "PRD.DEFECT PRD.NOT_AS_DESCRIBED PRD.EXPIRED", (0, 10)),
    *_rows("safety", "PRD.SAFETY SVC.PRIVACY", (0, 20)),
    *_rows("money", "CONF.DUPLICATE_ORDER CONF.PRICE_ERROR PAY.DUPLICATE PAY.WRONG_AMOUNT AS.REFUND_AMOUNT", (0, 5)),
    *_rows(
        "service",
        "CONF.SYSTEM_ERROR CONF.REJECTED PAY.INVOICE CAR.COURIER_BEHAVIOUR AS.REFUSED SVC.NO_REPLY SVC.WRONG_INFO"
        " SVC.RUDE",
        (0, 5),
    ),
)
MOST_PERCENT = 20  # of what the goods cost, for one order
CAPS: Mapping[str, Caps] = {
    "USD": Caps(100_00, 150_00, 300_00),
    "EUR": Caps(100_00, 150_00, 300_00),
    "GBP": Caps(80_00, 120_00, 240_00),
    "CNY": Caps(700_00, 1_000_00, 2_000_00),
    "HKD": Caps(800_00, 1_200_00, 2_400_00),
    "JPY": Caps(15_000, 22_000, 45_000),
}
# What one person may give alone, minor units; None: as much as the caps allow. Other currencies: nothing.
LIMITS: Mapping[str, Mapping[str, int | None]] = {
    "USD": {AGENT: 30_00, SUPERVISOR: 300_00, ADMIN: None},
    "EUR": {AGENT: 30_00, SUPERVISOR: 300_00, ADMIN: None},
    "GBP": {AGENT: 25_00, SUPERVISOR: 250_00, ADMIN: None},
    "CNY": {AGENT: 200_00, SUPERVISOR: 2_000_00, ADMIN: None},
    "HKD": {AGENT: 250_00, SUPERVISOR: 2_500_00, ADMIN: None},
    "JPY": {AGENT: 4_500, SUPERVISOR: 45_000, ADMIN: None},
}


def propose(cause: str, delay_days: int, net: int, currency: str) -> Proposal | None:
    """What the matrix gives for an order whose goods cost `net` (minor units); None for what is nobody's fault here."""
    fitting = [row for row in MATRIX if cause in row.causes and row.from_days <= delay_days]
    if not fitting:
        return None
    row = max(fitting, key=lambda fits: fits.from_days)
    amount = (2 * max(0, net) * row.percent + 100) // 200  # half up
    caps = CAPS.get(currency)
    return Proposal(row.code, row.percent, min(amount, caps.order) if caps else amount)


def order_cap(net: int, currency: str) -> int:
    """The most that is given for one order: a share of what its goods cost, and never more than so much."""
    share = max(0, net) * MOST_PERCENT // 100
    return min(share, CAPS[currency].order) if currency in CAPS else share


def alone(role: str, currency: str) -> int | None:
    """What a person of this role may give alone in `currency`, minor units; None: no limit."""
    return LIMITS[currency].get(role, 0) if currency in LIMITS else 0
