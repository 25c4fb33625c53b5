"""WooCommerce's webhooks, as a simulated shop sends them: one status, refunds inside, tracking numbers in meta data."""

from datetime import UTC, datetime
from typing import Any

from app.gateways.simulators.order import SimLine, SimOrder, SimParcel
from app.gateways.simulators.wire import Letter, json_bytes, major, name_of
from orders.sources import woocommerce

_METHODS = {"card": "stripe", "wechat": "wechatpay", "bank_transfer": "bacs"}
_WEBHOOK = 7  # the id of the webhook in the shop's settings


def saved(order: SimOrder, at: datetime) -> Letter:
    """What the shop tells each time the order is saved."""
    topic = "order.created" if at == order.placed_at else "order.updated"
    headers = {
        "X-WC-Webhook-Source": order.shop.page_url,
        "X-WC-Webhook-Topic": topic,
        "X-WC-Webhook-Resource": "order",
        "X-WC-Webhook-Event": topic.partition(".")[2],
        "X-WC-Webhook-ID": str(_WEBHOOK),
        "X-WC-Webhook-Delivery-ID": name_of(_WEBHOOK, int(at.timestamp())),
    }
    return Letter(woocommerce.NAME, order.shop.key, json_bytes(_order(order, at)), headers)


def _order(order: SimOrder, at: datetime) -> dict[str, Any]:
    paid = next((attempt for attempt in order.known_attempts if attempt.state == "paid"), None)
    person = {
        "first_name": order.name.partition(" ")[0],
        "last_name": order.name.partition(" ")[2],
        "address_1": order.address.lines[0],
        "city": order.address.city,
        "state": order.address.region,
        "postcode": order.address.postcode,
        "country": order.address.country,
    }
    return {
        "id": int(order.id),
        "number": str(order.number),
        "status": _status(order),
        "currency": order.shop.currency,
        "date_created_gmt": _gmt(order.placed_at),
        "date_modified_gmt": _gmt(at),
        "date_paid_gmt": _gmt(paid.at) if paid else None,
        "payment_method": _METHODS.get(order.method, order.method),
        "payment_method_title": order.method,
        "transaction_id": paid.reference if paid else "",
        "discount_total": "0.00",
        "shipping_total": major(order.shipping),
        "total": major(order.total),
        "total_tax": "0.00",
        "billing": {**person, "email": order.email, "phone": order.phone},
        "shipping": person,
        "line_items": [_line(line) for line in order.lines],
        "refunds": [
            {"id": int(refund.id), "reason": "", "total": f"-{major(refund.amount)}"} for refund in order.refunds
        ],
        "meta_data": [{"key": "_wc_shipment_tracking_items", "value": [_parcel(parcel) for parcel in order.parcels]}],
    }


def _status(order: SimOrder) -> str:
    if order.cancelled_at:
        return "cancelled"
    if order.payment != "paid":
        return "failed" if order.known_attempts else "pending"
    if sum(refund.amount for refund in order.refunds) >= order.total:
        return "refunded"
    return "completed" if order.parcels and not order.unshipped() else "processing"


def _line(line: SimLine) -> dict[str, Any]:
    return {
        "id": int(line.id),
        "name": line.title,
        "sku": line.sku,
        "quantity": line.quantity,
        "subtotal": major(line.price * line.quantity),
        "total": major(line.price * line.quantity),
        "total_tax": "0.00",
        "meta_data": [{"key": "variant", "display_key": "Variant", "display_value": line.variant}],
    }


def _parcel(parcel: SimParcel) -> dict[str, Any]:
    return {
        "tracking_id": parcel.id,
        "tracking_number": parcel.number,
        "tracking_provider": "",
        "custom_tracking_provider": parcel.carrier,
        "custom_tracking_link": parcel.url,
        "date_shipped": str(int(parcel.label_at.timestamp())),
    }


def _gmt(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
