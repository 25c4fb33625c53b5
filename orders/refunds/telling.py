"""What this desk has sent back becomes a fact of the order, like any other.

So its refund axis and the customer's notice do not wait for a platform that may never tell. When the platform does
tell, both are one refund (`orders.joining_money`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from core.clock import now
from core.errors import NotFound
from core.shops import Shop
from core.sql import Program, carry_out
from core.transactions import transaction
from orders.applying import apply_facts
from orders.facts import Kind, OrderFacts, RefundFacts, Statement, Version
from orders.linking import lock_links
from orders.models import Order, Refund
from orders.refunds.matching import our_part
from orders.refunds.models import RefundIntent, RefundPart
from orders.refunds.states import IntentState, PartState
from orders.refunds.tenders import held_by
from orders.sheets import Name


@dataclass(frozen=True, slots=True)
class Whole:
    """All that this desk has sent back together, of which an order's record tells a part."""

    intent: RefundIntent
    parts: Sequence[RefundPart]

    @property
    def has_ended(self) -> bool:
        """Whether each part has arrived or failed."""
        return self.intent.state in (IntentState.SUCCEEDED, IntentState.FAILED)

    @property
    def arrived(self) -> list[RefundPart]:
        return [part for part in self.parts if part.state == PartState.SUCCEEDED]


async def whole_of(refund: Refund) -> Whole | None:
    """What the refund of an order's record is a part of; None for one that was made elsewhere."""
    parts = await RefundPart.filter(order_id=refund.order_id).order_by("id").select_related("intent")
    ours = our_part(refund, parts)
    return Whole(ours.intent, [part for part in parts if part.intent_id == ours.intent_id]) if ours else None


async def tell_order(key: str) -> None:
    """Note on the order that the part with this key has arrived, or has failed after it was said to have arrived.

    May run again without harm. Raises NotFound.
    """
    async with transaction():
        part = await RefundPart.get_or_none(public_id=key)
        if part is None:
            raise NotFound("no such refund")
        if not await _is_news(part):
            return
        order = await Order.get(id=part.order_id)
        shop = await Shop.get(id=order.shop_id)
        await carry_out(_told(shop, order, OrderFacts(order.source_id, (_statement(part),))))


async def _is_news(part: RefundPart) -> bool:
    if part.state == PartState.SUCCEEDED:
        return True
    told = Refund.filter(order_id=part.order_id, key=part.public_id, state="succeeded")
    return bool(part.state == PartState.FAILED and await told.exists())


def _statement(part: RefundPart) -> Statement:
    """The digest is the key's own, so that the same again is no news."""
    at = part.settled_at or now()
    facts = RefundFacts(
        amount=held_by(part) if part.state == PartState.SUCCEEDED else part.amount,
        currency=part.currency,
        state=part.state,
        tender=part.tender,
        reference=part.gateway_ref,
        key=part.public_id,
        payment=part.payment_ref or None,
        at=at,
    )
    rank = "1" if part.state == PartState.FAILED else "0"  # it comes after the success, if at the same moment
    return Statement(Kind.REFUND, part.public_id, facts, Version(at, rank, part.public_id[-16:]))


def _told(shop: Shop, order: Order, facts: OrderFacts) -> Program[None]:
    yield from lock_links(shop, alone=False)
    yield from apply_facts(shop, {Name(order.source, order.source_id): [facts]}, announce=True)
