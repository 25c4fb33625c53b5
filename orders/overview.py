"""One stored order as plain data, for the operator at the command line: the record and where it came from."""

from collections import defaultdict
from typing import Any

from core import audit
from core.errors import Conflict, NotFound
from core.people import SYSTEM
from core.shops import Shop
from core.text import clean, reference
from orders.documents import axes_document, time_text
from orders.models import Dispute, Order, OrderLine, Payment, Refund, Shipment, SourceEvent, TrackingEvent
from orders.snapshots import axes_of

EVENTS = 200
_TIMES = (
    "placed_at",
    "paid_at",
    "confirmed_at",
    "cancelled_at",
    "pay_by",
    "confirm_by",
    "promised_ship_by",
    "promised_from",
    "promised_to",
)
_PARCEL_TIMES = (
    "label_at",
    "first_scan_at",
    "out_for_delivery_at",
    "delivered_at",
    "last_event_at",
    "eta_from",
    "eta_to",
)
_SUMS = ("total", "goods", "discount", "shipping", "tax")


async def named_order(number: str, shop_key: str | None = None) -> Order:
    """The order of a number or public id. Raises NotFound, or Conflict (several_orders) when several shops have it."""
    is_id, key = number.startswith("ord_"), reference(number)[:120]
    orders = Order.filter(public_id=clean(number, limit=40)) if is_id else Order.filter(number_key=key)
    orders = orders.filter(shop__key=shop_key) if shop_key else orders
    found = await orders.order_by("-placed_at", "-id").limit(10).select_related("shop")
    if not found:
        raise NotFound("there is no such order", code="order_not_found")
    if len(found) > 1:
        names = ", ".join(f"{order.public_id} ({order.shop.key})" for order in found)
        raise Conflict(f"several orders have this number: {names}", code="several_orders")
    return found[0]


async def overview(order: Order) -> dict[str, Any]:
    """Everything that is recorded about `order`; amounts in minor units, times in UTC. The look is audited."""
    await audit.note(SYSTEM, "order.read", order.public_id, purpose="command line")
    shop = await Shop.get(id=order.shop_id)
    axes = axes_of(order)
    return {
        "id": order.public_id,
        "shop": shop.key,
        "source": order.source,
        "source_id": order.source_id,
        "number": order.number,
        "version": order.version,
        "headline": order.headline,
        "axes": axes_document(axes),
        "holds": list(order.holds),
        "gates": list(order.gates),
        "times": {name: time_text(getattr(order, name)) for name in _TIMES},
        "money": {"currency": order.currency, **{name: getattr(order, name) for name in _SUMS}},
        "customer": {"name": order.customer_name, "email": order.email, "phone": order.phone},
        "ship_to": order.ship_to,
        "lines": [_line(row) for row in await OrderLine.filter(order_id=order.id).order_by("position", "id")],
        "parcels": await _parcels(order),
        "payments": [_payment(row) for row in await Payment.filter(order_id=order.id).order_by("at", "id")],
        "refunds": [_refund(row) for row in await Refund.filter(order_id=order.id).order_by("at", "id")],
        "disputes": [_dispute(row) for row in await Dispute.filter(order_id=order.id).order_by("id")],
        "events": [_event(row) for row in await SourceEvent.filter(order_id=order.id).order_by("-id").limit(EVENTS)],
        "as_of": time_text(order.source_updated_at),
    }


def _line(row: OrderLine) -> dict[str, Any]:
    return {
        "id": row.source_id,
        "sku": row.sku,
        "title": row.title,
        "variant": row.variant,
        "quantity": row.quantity,
        "cancelled": row.quantity_cancelled,
        "shipped": row.quantity_shipped,
        "delivered": row.quantity_delivered,
        "refunded": row.quantity_refunded,
        "unit_price": row.unit_price,
        "backordered": row.backordered,
        "backorder_eta": time_text(row.backorder_eta),
    }


async def _parcels(order: Order) -> list[dict[str, Any]]:
    shipments = await Shipment.filter(order_id=order.id).order_by("id")
    scans: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for scan in await TrackingEvent.filter(shipment_id__in=[row.id for row in shipments]).order_by("-at", "-id"):
        told = {"at": time_text(scan.at), "state": scan.state, "code": scan.code, "text": scan.text}
        scans[scan.shipment_id].append(told | {"location": scan.location})
    return [
        {
            "id": row.public_id,
            "source_id": row.source_id,
            "direction": row.direction,
            "carrier": row.carrier,
            "tracking_number": row.tracking_number,
            "state": row.state,
            "cancelled": row.cancelled,
            **{name: time_text(getattr(row, name)) for name in _PARCEL_TIMES},
            "lines": row.lines,
            "scans": scans[row.id],
        }
        for row in shipments
    ]


def _payment(row: Payment) -> dict[str, Any]:
    return {
        "id": row.source_id,
        "tender": row.tender,
        "gateway": row.gateway,
        "reference": row.gateway_ref,
        "state": row.state,
        "authorised": row.authorised,
        "captured": row.captured,
        "currency": row.currency,
        "at": time_text(row.at),
    }


def _refund(row: Refund) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "source_id": row.source_id,
        "amount": row.amount,
        "currency": row.currency,
        "state": row.state,
        "tender": row.tender,
        "reference": row.reference,
        "at": time_text(row.at),
    }


def _dispute(row: Dispute) -> dict[str, Any]:
    return {
        "id": row.source_id,
        "state": row.state,
        "inquiry": row.inquiry,
        "amount": row.amount,
        "currency": row.currency,
        "reason": row.reason,
        "evidence_due_by": time_text(row.evidence_due_by),
        "opened_at": time_text(row.opened_at),
        "closed_at": time_text(row.closed_at),
    }


def _event(row: SourceEvent) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "source": row.source,
        "topic": row.topic,
        "state": row.state,
        "received_at": time_text(row.received_at),
        "as_of": time_text(row.source_updated_at),
        "error": row.error,
    }
