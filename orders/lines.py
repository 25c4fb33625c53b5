"""The lines of an order with the quantities that follow from its parcels and refunds. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orders.facts import LineFacts, RefundFacts
from orders.parcels import Parcel, arrived


@dataclass(frozen=True, slots=True)
class Line:
    """A line with the quantities that follow from parcels and refunds."""

    facts: LineFacts
    quantity: int
    cancelled: int
    shipped: int
    delivered: int
    refunded: int

    @property
    def wanted(self) -> int:
        """Units that are to be delivered."""
        return self.quantity - self.cancelled if self.facts.requires_shipping is not False else 0

    @property
    def open(self) -> int:
        """Units that have not left yet."""
        return max(self.wanted - self.shipped, 0)


def lines_of(
    stated: Mapping[str, LineFacts], parcels: Mapping[str, Parcel], refunds: Iterable[RefundFacts]
) -> dict[str, Line]:
    """All lines by source id, in their order."""
    shipped: Counter[str] = Counter()
    delivered: Counter[str] = Counter()
    for parcel_id, parcel in parcels.items():
        if parcel.counts:
            units = dict(parcel.facts.lines or ())
            shipped.update(units)
            delivered.update(units if arrived(parcel_id, parcels) else {})
    cancelled: Counter[str] = Counter()
    refunded: Counter[str] = Counter()
    for refund in refunds:
        for part in refund.lines:
            refunded[part.line] += part.quantity if refund.amount != 0 else 0  # else it only took units off
            cancelled[part.line] += part.quantity if part.cancelled else 0
    return {
        line_id: _line(facts, cancelled[line_id], shipped[line_id], delivered[line_id], refunded[line_id])
        for line_id, facts in sorted(stated.items(), key=lambda item: (item[1].position or 0, item[0]))
    }


def _line(facts: LineFacts, cancelled: int, shipped: int, delivered: int, refunded: int) -> Line:
    quantity = facts.quantity or 0
    arrived = max(delivered, facts.quantity_delivered or 0)
    return Line(
        facts=facts,
        quantity=quantity,
        cancelled=min(max(cancelled, facts.quantity_cancelled or 0), quantity),
        shipped=min(max(shipped, facts.quantity_shipped or 0, arrived), quantity),
        delivered=min(arrived, quantity),
        refunded=min(refunded, quantity),
    )
