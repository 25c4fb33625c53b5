"""All rows that speak of an order's money, read together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from core.bundles import Bundle
from core.shops import Shop
from orders.models import Dispute, Order, OrderLine, Payment, Refund
from orders.refunds.models import PaymentAccount, RefundIntent, RefundPart
from orders.statuses import DisputeState

_OPEN_DISPUTES = (DisputeState.NEEDS_RESPONSE, DisputeState.UNDER_REVIEW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """All rows that speak of an order's money."""

    shop: Shop
    order: Order
    lines: Sequence[OrderLine]
    payments: Sequence[Payment]
    refunds: Sequence[Refund]
    intents: Sequence[RefundIntent]
    parts: Sequence[RefundPart]
    accounts: Sequence[PaymentAccount]
    disputed: bool = False

    def without(self, intent: RefundIntent) -> "Books":
        """As if `intent` had never been."""
        return replace(
            self,
            intents=[each for each in self.intents if each.id != intent.id],
            parts=[each for each in self.parts if each.intent_id != intent.id],
        )


async def read_books(order: Order) -> Books:
    """Read the rows, in one statement. Within a change that has locked the order, nothing of it moves until the
    commit."""
    bundle, of = Bundle(), {"order": order.id}
    mine = "WHERE t.order_id = {order} ORDER BY "
    shops = bundle.rows(Shop, "WHERE t.id = {shop}", shop=order.shop_id)
    lines = bundle.rows(OrderLine, mine + "t.position, t.id", **of)
    payments = bundle.rows(Payment, mine + "t.at, t.id", **of)
    refunds = bundle.rows(Refund, mine + "t.at, t.id", **of)
    intents = bundle.rows(RefundIntent, mine + "t.id", **of)
    parts = bundle.rows(RefundPart, mine + "t.id", **of)
    accounts = bundle.rows(PaymentAccount, "WHERE t.shop_id = {shop} ORDER BY t.id", shop=order.shop_id)
    disputes = bundle.rows(Dispute, "WHERE t.order_id = {order}", **of)
    await bundle.read()
    return Books(
        shop=shops[0],
        order=order,
        lines=lines,
        payments=payments,
        refunds=refunds,
        intents=intents,
        parts=parts,
        accounts=accounts,
        disputed=is_disputed(disputes),
    )


def is_disputed(disputes: Iterable[Dispute]) -> bool:
    """Whether a bank has yet to decide about the money."""
    return any(dispute.state in _OPEN_DISPUTES for dispute in disputes)
