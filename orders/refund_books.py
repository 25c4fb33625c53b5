"""All rows that speak of an order's money, read together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.shops import Shop
from orders.models import Dispute, Order, OrderLine, Payment, Refund
from orders.refund_models import PaymentAccount, RefundIntent, RefundPart


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
    """Read the rows. Within a change that has locked the order, nothing of it moves until the commit."""
    intents = await RefundIntent.filter(order_id=order.id).order_by("id")
    open_disputes = Dispute.filter(order_id=order.id, state__in=("needs_response", "under_review"))
    return Books(
        shop=await Shop.get(id=order.shop_id),
        order=order,
        lines=await OrderLine.filter(order_id=order.id).order_by("position", "id"),
        payments=await Payment.filter(order_id=order.id).order_by("at", "id"),
        refunds=await Refund.filter(order_id=order.id).order_by("at", "id"),
        intents=intents,
        parts=await RefundPart.filter(order_id=order.id).order_by("id") if intents else [],
        accounts=await PaymentAccount.filter(shop_id=order.shop_id).order_by("id"),
        disputed=await open_disputes.exists(),
    )
