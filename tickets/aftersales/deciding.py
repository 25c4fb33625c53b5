"""What the policies say about a wish after the sale, before and when a case is opened."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from core.clock import now
from core.shops import Shop
from orders.models import Order, OrderLine, Shipment
from orders.policies.deciding import Category, Outcome, Stage, Wish, decide
from orders.policies.documents import decision_data
from orders.policies.versions import jurisdiction_of, policies_of
from orders.refunds.case import Jurisdiction, Reason
from tickets.aftersales.kinds import Kind

# Return policies have nothing to say on these: a person decides.
_FOR_A_PERSON = frozenset({Kind.PRICE_PROTECTION, Kind.INVOICE, Kind.COMPENSATION, Kind.REPAIR, Kind.RESEND})


@dataclass(frozen=True, slots=True)
class Judgement:
    """A wish and the decision on it, as the case keeps it."""

    wish: Wish
    decision: dict[str, Any]

    @property
    def outcome(self) -> Outcome:
        return Outcome(self.decision["outcome"])


async def judge(
    order: Order, shop: Shop, kind: Kind, stage: Stage, reason: Reason, category: Category, *, informed: bool
) -> Judgement:
    """Ask the policies that hold for this order. Days are those of the shop's zone."""
    if stage is Stage.DELIVERED and jurisdiction_of(shop, order) is Jurisdiction.EU and await _awaits_more(order):
        stage = Stage.SHIPPED  # art. 9 (2)(b)(i): the time has not begun before the last of the goods is there
    wish = Wish(
        jurisdiction=jurisdiction_of(shop, order),
        stage=stage,
        reason=reason,
        category=category,
        asked=_day(now(), shop),
        received=await _received(order, shop) if stage is Stage.DELIVERED else None,
        informed=informed,
    )
    decision = decision_data(decide(wish, await policies_of(order.shop_id, order.placed_at)))
    if kind in _FOR_A_PERSON:
        decision["outcome"] = Outcome.REVIEW.value
    return Judgement(wish, decision)


async def _received(order: Order, shop: Shop) -> date | None:
    """The day on which the last parcel with goods came (2011/83/EU art. 9 (2)(b): possession of the last good)."""
    parcels = Shipment.filter(order_id=order.id, direction="outbound", cancelled=False, delivered_at__not_isnull=True)
    last = await parcels.order_by("-delivered_at").first()
    return _day(last.delivered_at, shop) if last is not None and last.delivered_at else None


async def _awaits_more(order: Order) -> bool:
    """Whether goods that are still wanted have not come yet."""
    lines = await OrderLine.filter(order_id=order.id, requires_shipping=True)
    return any(line.quantity_delivered < line.quantity - line.quantity_cancelled for line in lines)


def _day(moment: datetime, shop: Shop) -> date:
    return moment.astimezone(ZoneInfo(shop.timezone)).date()
