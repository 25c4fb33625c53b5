"""Signs of abuse around an order: its customer's other orders, cases, parcels and disputes, read for `orders.abuse`."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tortoise.expressions import Q

from core.clock import now
from orders.abuse import NOT_RECEIVED, Claim, KnownOrder, Signal, find_signals
from orders.models import Dispute, Order, Shipment
from orders.refunds.case import Reason
from orders.refunds.models import RefundIntent
from orders.refunds.states import IntentState
from orders.statuses import Fulfilment, RefundState
from tickets.aftersales.models import AfterSale

MOST_ORDERS = 200
_UNSENT = (Fulfilment.UNFULFILLED, Fulfilment.BACKORDERED)
_BACK = (RefundState.PENDING, RefundState.PARTIAL, RefundState.FULL)
_NEVER_PAID = (IntentState.REFUSED.value, IntentState.WITHDRAWN.value, IntentState.FAILED.value)
_CASE = "afs_"  # refunds of after-sales cases: the case itself is the claim
_ORDER = ("id", "public_id", "email", "phone", "fulfilment", "refund")


async def signals_for(order: Order) -> tuple[Signal, ...]:
    """What is noticed about the contact of an order in its shop, the heaviest first. For agents only. Five statements.

    The newest 200 orders with the same e-mail address or phone number are looked at.
    """
    rows = await _orders(order)
    ids = [row["id"] for row in rows]
    disputed = set(await Dispute.filter(order_id__in=ids, inquiry=False).values_list("order_id", flat=True))
    cases = await AfterSale.filter(order_id__in=ids).order_by("-opened_at", "-id").limit(MOST_ORDERS)
    refunds = await _refunds(ids)
    lost = [each for each in refunds if each.reason in NOT_RECEIVED and not each.case_id.startswith(_CASE)]
    told = [case.order_id for case in cases if case.reason in NOT_RECEIVED]
    delivered = await _delivered([*told, *(each.order_id for each in lost)])
    refunded = {each.order_id for each in refunds}
    known = [_known(row, row["id"] in disputed, row["id"] in refunded) for row in rows]
    names = {row["id"]: row["public_id"] for row in rows}
    claims = [_claim(case, delivered[case.order_id]) for case in cases]
    claims += [_claim_of_refund(each, names[each.order_id], delivered[each.order_id]) for each in lost]
    return find_signals(known, claims, now())


async def _orders(order: Order) -> list[dict[str, Any]]:
    same = Q(id=order.id)
    if order.email:
        same |= Q(email=order.email)
    if order.phone:
        same |= Q(phone=order.phone)
    found = Order.filter(same, shop_id=order.shop_id).order_by("-placed_at", "-id").limit(MOST_ORDERS)
    return list(await found.values(*_ORDER))


async def _refunds(order_ids: Sequence[int]) -> list[RefundIntent]:
    """What this desk has sent back, or is about to."""
    made = RefundIntent.filter(order_id__in=list(order_ids)).exclude(state__in=_NEVER_PAID)
    return await made.order_by("-id").limit(MOST_ORDERS)


async def _delivered(order_ids: Sequence[int]) -> dict[int, list[datetime]]:
    moments: dict[int, list[datetime]] = defaultdict(list)
    parcels = Shipment.filter(order_id__in=list(order_ids), direction="outbound", delivered_at__not_isnull=True)
    for order_id, at in await parcels.values_list("order_id", "delivered_at"):
        moments[order_id].append(at)
    return moments


def _known(row: dict[str, Any], disputed: bool, refunded: bool) -> KnownOrder:
    return KnownOrder(
        id=row["public_id"],
        sent=row["fulfilment"] not in _UNSENT,
        refunded=refunded or row["refund"] in _BACK,
        disputed=disputed,
        email=row["email"],
        phone=row["phone"],
    )


def _claim(case: AfterSale, delivered: Sequence[datetime]) -> Claim:
    until, asked = case.decision.get("open_until"), case.wish.get("asked")
    return Claim(
        id=case.public_id,
        reason=Reason(case.reason),
        at=case.opened_at,
        delivered=max((at for at in delivered if at <= case.opened_at), default=None),
        last_day=asked == until if until and asked else None,
    )


def _claim_of_refund(intent: RefundIntent, order: str, delivered: Sequence[datetime]) -> Claim:
    """Money asked for without a case, because something was said not to have come; the order shows it."""
    before = max((at for at in delivered if at <= intent.created_at), default=None)
    return Claim(id=order, reason=Reason(intent.reason), at=intent.created_at, delivered=before)
