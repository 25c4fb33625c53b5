"""What a payment service keeps of a merchant: charges, and the money that went back of each."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class Back:
    """Money on its way back or back, in minor units; `name` is the merchant's, the same for each try."""

    name: str
    amount: int
    state: str  # pending · succeeded · failed
    at: datetime
    settled_at: datetime | None = None


@dataclass
class Charge:
    """Money taken, or not (`failed`); `amount` in minor units, `order` the number that the merchant gave."""

    reference: str
    order: str
    amount: int
    currency: str
    state: str  # paid · failed
    at: datetime
    refunds: dict[str, Back] = field(default_factory=dict)

    @property
    def given_back(self) -> int:
        """What has arrived at the customer's."""
        return sum(back.amount for back in self.refunds.values() if back.state == "succeeded")

    @property
    def leaving(self) -> int:
        """What is back or on its way."""
        return sum(back.amount for back in self.refunds.values() if back.state != "failed")
