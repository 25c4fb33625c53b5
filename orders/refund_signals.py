"""Signs of abuse around an order's buyer, for the agent's eyes alone. They never refuse anything by themselves.

The buyer is whoever shares the order's e-mail address or phone number in the same shop.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tortoise.expressions import Q

from core.clock import now
from orders.models import Dispute, Order, Refund, Shipment
from orders.refund_case import Reason
from orders.refund_models import RefundIntent
from orders.refund_states import IntentState

RATE_PERCENT, LEAST_ORDERS = 15, 4  # above the usual share of orders that are refunded; fewer orders say nothing
CLAIMS, WITHIN = 2, timedelta(days=90)
SOON = timedelta(hours=1)
ADDRESSES = 3
MOST_ORDERS = 500
_NOT_RECEIVED = (Reason.LOST.value, Reason.MISSING.value)
_NEVER_PAID = (IntentState.REFUSED, IntentState.WITHDRAWN, IntentState.FAILED)


@dataclass(frozen=True, slots=True)
class Signal:
    """`code`: refund_rate (percent) · not_received (claims in 90 days) · chargeback (disputes) · soon_after_delivery
    (minutes) · many_addresses (e-mail addresses with one phone number)."""

    code: str
    value: int


async def signals_of(order: Order, reason: Reason) -> tuple[Signal, ...]:
    """What speaks for a closer look before money goes back for `reason`."""
    theirs = await _orders_of_buyer(order)
    ids = [row["id"] for row in theirs]
    signals = []
    refunded: set[Any] = set(
        await Refund.filter(order_id__in=ids).exclude(state="failed").values_list("order_id", flat=True)
    )
    intents = await RefundIntent.filter(order_id__in=ids).exclude(state__in=_NEVER_PAID)
    refunded |= {intent.order_id for intent in intents}
    rate = 100 * len(refunded) // len(ids)
    if len(ids) >= LEAST_ORDERS and rate > RATE_PERCENT:
        signals.append(Signal("refund_rate", rate))
    claims = [each for each in intents if each.reason in _NOT_RECEIVED and each.created_at >= now() - WITHIN]
    if len(claims) >= CLAIMS:
        signals.append(Signal("not_received", len(claims)))
    disputes = await Dispute.filter(order_id__in=ids, inquiry=False).count()
    if disputes:
        signals.append(Signal("chargeback", disputes))
    if reason in (Reason.LOST, Reason.MISSING) and (minutes := await _minutes_since_delivery(order)) is not None:
        signals.append(Signal("soon_after_delivery", minutes))
    addresses = {row["email"] for row in theirs if order.phone and row["phone"] == order.phone and row["email"]}
    if len(addresses) >= ADDRESSES:
        signals.append(Signal("many_addresses", len(addresses)))
    return tuple(signals)


async def _orders_of_buyer(order: Order) -> list[dict[str, object]]:
    same = Q(id=order.id)
    same |= Q(email=order.email) if order.email else Q(id=order.id)
    same |= Q(phone=order.phone) if order.phone else Q(id=order.id)
    found = Order.filter(same, shop_id=order.shop_id).order_by("-placed_at").limit(MOST_ORDERS)
    return list(await found.values("id", "email", "phone"))


async def _minutes_since_delivery(order: Order) -> int | None:
    delivered = Shipment.filter(order_id=order.id, delivered_at__isnull=False, direction="outbound")
    last = await delivered.order_by("-delivered_at").first()
    if last is None or last.delivered_at is None or now() - last.delivered_at > SOON:
        return None
    return int((now() - last.delivered_at).total_seconds() // 60)
