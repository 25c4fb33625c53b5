"""What a refund is computed from: an order's money, what has gone back, what is asked, and the rules that hold.

All amounts are minor units of the case's currency, quantities are units, percentages are hundredths of a percent.
docs/refunds.md describes each field as it is written in JSON.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Jurisdiction(StrEnum):
    """Whose consumer law holds."""

    CN = "CN"
    EU = "EU"
    US = "US"
    OTHER = "other"


class Reason(StrEnum):
    """Why money goes back; what may be deducted and who bears the shipping depend on it."""

    CANCELLED = "cancelled"  # before it was sent
    WITHDRAWAL = "withdrawal"  # the EU's 14 days (2011/83/EU, art. 9)
    SEVEN_DAY = "seven_day"  # China's 7 days without a reason (Consumer Rights Law, art. 25)
    CHANGED_MIND = "changed_mind"  # a right that the shop itself grants
    OTHER = "other"
    DEFECTIVE = "defective"
    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"
    NOT_AS_DESCRIBED = "not_as_described"
    MISSING = "missing"
    LOST = "lost"
    LATE = "late"
    OUT_OF_STOCK = "out_of_stock"
    SELLER_FAULT = "seller_fault"


class ShippingRule(StrEnum):
    """How much of the shipping paid goes back."""

    ALL = "all"
    NONE = "none"
    STANDARD = "standard"  # at most what the cheapest standard delivery would have cost
    SHARE = "share"  # in proportion to the goods that go back


class Deduction(StrEnum):
    """What a shop may keep, where law and its own policy let it."""

    RESTOCKING = "restocking"
    RETURN_LABEL = "return_label"
    VALUE_LOSS = "value_loss"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line as it was sold. `gross` is after the line's own discounts, for all units.

    `allocated` is the platform's own share of order discounts, if it has told one; `tax` is for all units.
    `refunded_amount` (without tax on top) and `refunded_tax` are given when `refunded` units are not worth that.
    """

    id: str
    quantity: int
    gross: int
    allocated: int | None = None
    tax: int = 0
    tax_included: bool = False
    shipped: int = 0
    refunded: int = 0
    refunded_amount: int | None = None
    refunded_tax: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipping:
    """What delivery cost the customer; `tax` is on top, `standard` what the cheapest standard delivery costs."""

    paid: int = 0
    standard: int | None = None
    tax: int = 0
    refunded: int = 0
    refunded_tax: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One tender. `held` has gone back or is on its way, `held_duplicate` of that because it was paid twice.

    Points and coupons count with their value; `units` is how many points that was.
    """

    id: str
    method: str
    captured: int
    held: int = 0
    held_duplicate: int = 0
    at: str = ""
    units: int = 0

    @property
    def left(self) -> int:
        return max(0, self.captured - self.held)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """满减: `off` once the goods reach `threshold`; `repeats`: for each time they do."""

    threshold: int
    off: int
    repeats: bool = False

    def worth(self, goods: int) -> int:
        """The discount on goods of this price."""
        times = goods // self.threshold
        return min(goods, self.off * (times if self.repeats else min(times, 1)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """The label of a parcel that comes back, and whether the customer paid it."""

    amount: int
    by_customer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked. Without `units`: everything that is left. `amount`: no more than that much."""

    units: tuple[tuple[str, int | None], ...] | None = None  # line → units; None: all that are left
    amount: int | None = None
    reason: Reason = Reason.OTHER
    payment: str | None = None  # back to this one only
    restocking: int = 0
    restocking_percent: int = 0
    value_loss: int = 0
    value_loss_percent: int = 0
    return_label: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the shop has chosen where the law leaves it a choice."""

    jurisdiction: Jurisdiction = Jurisdiction.OTHER
    informed: bool = True  # the customer was told of the right of withdrawal
    deductions: frozenset[Deduction] = frozenset(Deduction)
    shipping: ShippingRule | None = None
    split: tuple[str, ...] = ()  # ids or methods in the order in which they are filled; empty: in proportion
    claw_back: bool = False
    grid: int = 1  # smallest step that the gateway pays, minor units


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What the goods that are sent instead cost, tax included, in all."""

    price: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceProtection:
    """Today's price of a line's unit, before tax on top, and what was given back for this reason already."""

    line: str
    price_now: int
    quantity: int | None = None
    given: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """The order was paid twice; `payment` is the one too many, else the latest of those that are equal."""

    payment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortShipment:
    """What was tendered, and what the goods that were shipped would have cost alone; both with shipping and tax."""

    tendered: int
    shipped_alone: int


Special = Exchange | PriceProtection | Duplicate | ShortShipment


@dataclass(frozen=True, slots=True, kw_only=True)
class Goodwill:
    """A gift beside the refund: what is asked, the most that is allowed, and what was given already."""

    amount: int
    cap: int
    given: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The currency of the books, and what one unit of the charge currency was worth in it at the charge and is now."""

    currency: str
    rate: Decimal
    rate_now: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One question: how much may go back? Lines and payments may be empty, not both."""

    currency: str
    lines: tuple[Line, ...] = ()
    order_discount: int = 0
    shipping: Shipping = Shipping()
    payments: tuple[Payment, ...] = ()
    request: Request = Request()
    policy: Policy = Policy()
    promotion: Promotion | None = None
    special: Special | None = None
    goodwill: Goodwill | None = None
    ledger: Ledger | None = None
