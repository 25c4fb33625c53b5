"""The answer to a refund case: every step of the calculation, and what comes of it. Amounts are minor units."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.errors import Invalid
from orders.refunds.case import Case, Deduction


@dataclass(frozen=True, slots=True)
class Step:
    """One step: the rule that was used, on what, with which amount. `figures` are what the rule looked at.

    The figures named in `AMOUNTS` are minor units, the others are counts or words.
    """

    rule: str
    amount: int
    about: str = ""
    figures: Mapping[str, int | str] = field(default_factory=dict)


AMOUNTS = frozenset({"whole", "net", "gross", "paid", "given", "price", "before", "kept", "value", "captured", "held"})


@dataclass(frozen=True, slots=True)
class UnitValue:
    """What one unit is worth: without tax on top, and that tax; `pays` on the gateway's grid, if that is coarser."""

    number: int
    net: int
    tax: int
    pays: int


@dataclass(frozen=True, slots=True)
class LineValue:
    """What the units of one line that go back are worth; `units` is left out for very many."""

    id: str
    quantity: int
    net: int
    tax: int
    units: tuple[UnitValue, ...] = ()

    @property
    def amount(self) -> int:
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class Withheld:
    """A deduction; `asked` differs from `amount` where the law or the policy does not allow it."""

    kind: Deduction
    asked: int
    amount: int


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that one limit lets go back."""

    kind: str
    most: int
    about: str = ""


@dataclass(frozen=True, slots=True)
class TenderPart:
    """What goes back to one tender; `units` when it is points."""

    payment: str
    method: str
    amount: int
    units: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing is paid, with the most that would be."""

    code: str
    most: int
    asked: int


@dataclass(frozen=True, slots=True)
class GoodwillPart:
    """The gift beside the refund, of which the customer gets `amount`."""

    amount: int
    refused: Refusal | None


@dataclass(frozen=True, slots=True)
class Booking:
    """The refund in the currency of the books at the original rate; `difference` is what the rate has moved since."""

    currency: str
    amount: int
    difference: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What may go back, and why. `entitled` is before caps, `most` after them, `total` what is paid of it.

    `remaining` is what stays refundable afterwards: of the order, and on all payments (None where nothing is known).
    """

    case: Case
    kind: str
    steps: tuple[Step, ...]
    allocation: Mapping[str, int]
    lines: tuple[LineValue, ...] = ()
    shipping: int = 0
    shipping_tax: int = 0
    return_label: int = 0
    withheld: tuple[Withheld, ...] = ()
    clawed_back: int = 0
    entitled: int
    caps: tuple[Cap, ...]
    most: int
    total: int
    tenders: tuple[TenderPart, ...]
    customer_pays: int = 0
    remaining_order: int | None
    remaining_payments: int | None
    goodwill: GoodwillPart | None = None
    booking: Booking | None = None
    refused: Refusal | None = None

    @property
    def not_covered(self) -> int:
        """What the customer is owed and no payment can carry any more; it needs another way."""
        owed = min([self.entitled, *(cap.most for cap in self.caps if cap.kind == "order")])
        return max(0, owed - self.most)

    def require(self) -> "Quote":
        """The quote itself. Raises Invalid (above_refundable with `max`) when more was asked than may go back."""
        if self.refused:
            raise Invalid("more than may be refunded", code=self.refused.code, max=self.refused.most)
        return self
