"""The kinds of after-sales cases: whether goods come back, what money moves, when each fits and how it ends. Data."""

from dataclasses import dataclass
from enum import StrEnum

from orders.policies.deciding import Stage


class Kind(StrEnum):
    """What the customer wants."""

    CANCEL = "cancel"
    REFUND_ONLY = "refund_only"
    RETURN_REFUND = "return_refund"
    EXCHANGE = "exchange"
    RESEND = "resend"
    REPAIR = "repair"
    PRICE_PROTECTION = "price_protection"
    INVOICE = "invoice"
    COMPENSATION = "compensation"


class Condition(StrEnum):
    """How goods came back."""

    SELLABLE = "sellable"
    DAMAGED = "damaged"
    WRONG = "wrong"  # not what was sold
    MISSING = "missing"


# What the shop is to do with goods that came back (domain of stock): once for each line, at the inspection.
RESTOCK = {
    Condition.SELLABLE: "available",
    Condition.DAMAGED: "quarantine",
    Condition.WRONG: "quarantine",
    Condition.MISSING: "none",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What follows from a kind. `ends` is the fact that closes the case; `stages`: how far its goods may have come."""

    goods_back: bool = False
    money: bool = False
    units: bool = True  # it is about units of lines, which no other open case may have
    sends: bool = False  # something goes to the customer
    ends: str  # refunded · delivered · done
    stages: frozenset[Stage] = frozenset(Stage)


_ARRIVED = frozenset({Stage.DELIVERED})
_SENT = frozenset({Stage.SHIPPED, Stage.DELIVERED})

KINDS: dict[Kind, Traits] = {
    Kind.CANCEL: Traits(money=True, ends="refunded", stages=frozenset({Stage.UNSHIPPED})),
    Kind.REFUND_ONLY: Traits(money=True, ends="refunded"),
    Kind.RETURN_REFUND: Traits(goods_back=True, money=True, ends="refunded", stages=_SENT),
    Kind.EXCHANGE: Traits(goods_back=True, sends=True, ends="delivered", stages=_ARRIVED),
    Kind.RESEND: Traits(sends=True, ends="delivered", stages=_SENT),
    Kind.REPAIR: Traits(goods_back=True, sends=True, ends="delivered", stages=_ARRIVED),
    Kind.PRICE_PROTECTION: Traits(money=True, units=False, ends="refunded"),
    Kind.INVOICE: Traits(units=False, ends="done"),
    Kind.COMPENSATION: Traits(units=False, ends="done"),
}


def traits(kind: str) -> Traits:
    """What follows from `kind`. Raises ValueError for a word that is no kind."""
    return KINDS[Kind(kind)]
