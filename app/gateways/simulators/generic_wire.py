"""Our own order API, as a simulated shop uses it: the whole order each time."""

from datetime import datetime
from typing import Any

from app.gateways.simulators.order import SimLine, SimOrder, SimParcel, SimRefund
from app.gateways.simulators.wire import Letter, json_bytes, major, time_text
from orders.sources import generic


def upsert(order: SimOrder, at: datetime) -> Letter:
    """The order as it is at `at`."""
    return Letter(generic.NAME, order.shop.key, json_bytes(_document(order, at)))


def _document(order: SimOrder, at: datetime) -> dict[str, Any]:
    return {
        "id": order.id,
        "updated_at": time_text(at),
        "number": str(order.number),
        "currency": order.shop.currency,
        "placed_at": time_text(order.placed_at),
        "language": order.shop.language,
        "customer": {"name": order.name, "email": order.email, "phone": order.phone or None},
        "ship_to": {**order.address.model_dump(), "lines": list(order.address.lines)},
        "totals": {"goods": major(order.goods), "shipping": major(order.shipping), "total": major(order.total)},
        "gates": {"stock": not order.stock_checked},
        "confirmation": "confirmed" if order.stock_checked else "awaiting",
        "payment": order.payment,
        "pay_by": time_text(order.pay_by),
        "holds": order.holds,
        "cancelled_at": time_text(order.cancelled_at),
        "cancel_reason": order.cancel_reason or None,
        "completed_at": time_text(order.completed_at),
        "promises": {
            "ship_by": time_text(order.ship_by),
            "deliver_from": time_text(order.promised_from),
            "deliver_to": time_text(order.promised_to),
        },
        "lines": [_document_line(line) for line in order.lines],
        "payments": [
            {
                "id": attempt.id,
                "method": attempt.method,
                "reference": attempt.reference,
                "state": attempt.state,
                "captured": major(order.total if attempt.state == "paid" else 0),
                "at": time_text(attempt.at),
            }
            for attempt in order.known_attempts
        ],
        "shipments": [_document_parcel(parcel, scans=order.scans_by_shop) for parcel in order.parcels],
        "refunds": [_document_refund(order, refund) for refund in order.refunds],
    }


def _document_line(line: SimLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "title": line.title,
        "variant": line.variant,
        "sku": line.sku,
        "quantity": line.quantity,
        "unit_price": major(line.price),
        "backordered": line.backorder_eta is not None,
        "backorder_eta": time_text(line.backorder_eta),
    }


def _document_parcel(parcel: SimParcel, *, scans: bool) -> dict[str, Any]:
    pickup = {"point": parcel.pickup_point, "code": parcel.pickup_code, "until": time_text(parcel.pickup_until)}
    return {
        "id": parcel.id,
        "carrier": parcel.carrier,
        "tracking_number": parcel.number,
        "tracking_url": parcel.url,
        "lines": [{"line": line, "quantity": units} for line, units in parcel.lines],
        "label_at": time_text(parcel.label_at),
        "eta_from": time_text(parcel.eta),
        "eta_to": time_text(parcel.eta),
        "signed_by": (parcel.signed_by or None) if scans else None,
        **({"pickup": pickup} if parcel.pickup_code and scans else {}),
        "scans": [
            {"at": time_text(s.at), "code": s.code, "state": s.state.value, "text": s.text, "location": s.location}
            for s in parcel.scans
            if scans
        ],
    }


def _document_refund(order: SimOrder, refund: SimRefund) -> dict[str, Any]:
    return {
        "id": refund.id,
        "amount": major(refund.amount),
        "state": refund.state,
        "method": order.method,
        "reference": refund.reference,
        "at": time_text(refund.at),
        "lines": [{"line": line, "quantity": units, "cancelled": refund.cancelled} for line, units in refund.lines],
    }
