"""Comparing what a desk has recorded with what its simulator knows to be true."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.gateways.simulators.truth import Truth
from core.shops import Shop
from orders.models import Order, OrderLine, Payment, Refund, Shipment, SourceEvent, TrackingEvent
from orders.stock.models import Shortage

_TOGETHER = 200


@dataclass(frozen=True, slots=True)
class Finding:
    """An order that is not as it should be: not there, or fields with what is true and what is recorded."""

    truth: Truth
    missing: bool
    wrong: Mapping[str, tuple[Any, Any]]


async def check(truths: Sequence[Truth], shop: Shop) -> list[Finding]:
    """What is wrong with the simulated orders of `shop`; nothing, if all is well. Eight queries for 200 orders.

    The simulator knows nothing of the desk's stock: the headline of an order that stock does not reach is not compared.
    """
    findings: list[Finding] = []
    for start in range(0, len(truths), _TOGETHER):
        some = truths[start : start + _TOGETHER]
        recorded = await _recorded(shop, [truth.source_id for truth in some])
        for truth in some:
            found = recorded.get(truth.source_id)
            if found is None:
                findings.append(Finding(truth, missing=True, wrong={}))
                continue
            told = [(name, value) for name, value in truth.fields.items() if name in found]
            wrong = {name: (value, found[name]) for name, value in told if found[name] != value}
            if wrong:
                findings.append(Finding(truth, missing=False, wrong=wrong))
    return findings


async def waiting(shop: Shop) -> int:
    """How many deliveries of the shop nobody has folded yet."""
    return await SourceEvent.filter(shop_id=shop.id, state="received").count()


async def _recorded(shop: Shop, source_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The same fields as in Truth, by the source id of the order."""
    orders = await Order.filter(shop_id=shop.id, source=shop.platform, source_id__in=list(source_ids))
    ids = [order.id for order in orders]
    shipped, delivered = defaultdict[int, int](int), defaultdict[int, int](int)
    for line in await OrderLine.filter(order_id__in=ids):
        shipped[line.order_id] += line.quantity_shipped
        delivered[line.order_id] += line.quantity_delivered
    captured, refunded = defaultdict[int, int](int), defaultdict[int, int](int)
    for payment in await Payment.filter(order_id__in=ids):
        captured[payment.order_id] += payment.captured
    for refund in await Refund.filter(order_id__in=ids, state="succeeded"):
        refunded[refund.order_id] += refund.amount
    parcels = await _parcels(ids)
    short = set(await Shortage.filter(order_id__in=ids).values_list("order_id", flat=True))
    return {
        order.source_id: {
            "currency": order.currency,
            "total": order.total,
            "email": order.email,
            "payment": order.payment,
            "captured": captured[order.id],
            "refunded": refunded[order.id],
            "cancelled": order.cancelled_at is not None,
            "parcels": parcels.get(order.id, {}),
            "shipped": shipped[order.id],
            "delivered": delivered[order.id],
        }
        | ({} if order.id in short else {"headline": order.headline})
        for order in orders
    }


async def _parcels(order_ids: Sequence[int]) -> dict[int, dict[str, tuple[str, int]]]:
    shipments = await Shipment.filter(order_id__in=list(order_ids))
    scans = defaultdict[int, int](int)
    named = TrackingEvent.filter(shipment_id__in=[row.id for row in shipments])
    for shipment_id in await named.values_list("shipment_id", flat=True):
        scans[int(str(shipment_id))] += 1
    parcels: dict[int, dict[str, tuple[str, int]]] = defaultdict(dict)
    for row in shipments:
        parcels[row.order_id][row.tracking_number] = (row.state, scans[row.id])
    return parcels
