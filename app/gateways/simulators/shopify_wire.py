"""Shopify's webhooks, as a simulated shop sends them."""

from datetime import datetime
from typing import Any

from app.gateways.simulators.lives import Told
from app.gateways.simulators.order import SimAttempt, SimLine, SimOrder, SimParcel, SimRefund, SimScan
from app.gateways.simulators.wire import Letter, json_bytes, major, time_text, uuid_of
from orders.sources import shopify
from orders.statuses import ParcelState

_GATEWAYS = {
    "card": "shopify_payments",
    "paypal": "paypal",
    "wechat": "wechat_pay",
    "bank_transfer": "Bank Deposit",
}


def webhook(order: SimOrder, told: Told, at: datetime) -> Letter:
    """What tells of `told`."""
    payloads = {
        "fulfillments/create": lambda: _fulfillment(order, told.part, at),
        "fulfillment_events/create": lambda: _fulfillment_event(order, told.part, told.scan),
        "refunds/create": lambda: _refund(order, told.part),
        "order_transactions/create": lambda: _transaction(order, told.part),
    }
    payload = payloads.get(told.topic, lambda: _order(order, at))()
    body = json_bytes(payload)
    event = uuid_of(order.shop.key, told.topic, body)
    headers = {
        "X-Shopify-Topic": told.topic,
        "X-Shopify-Shop-Domain": f"{order.shop.key}.myshopify.com",
        "X-Shopify-API-Version": "2026-01",
        "X-Shopify-Webhook-Id": event,
        "X-Shopify-Event-Id": event,
        "X-Shopify-Triggered-At": f"{at:%Y-%m-%dT%H:%M:%S.%f}Z",
    }
    return Letter(shopify.NAME, order.shop.key, body, headers)


def _order(order: SimOrder, at: datetime) -> dict[str, Any]:
    attributes = {
        "promised_ship_by": order.ship_by,
        "promised_from": order.promised_from,
        "promised_to": order.promised_to,
    }
    return {
        "id": int(order.id),
        "admin_graphql_api_id": f"gid://shopify/Order/{order.id}",
        "name": f"#{order.number}",
        "order_number": order.number,
        "created_at": time_text(order.placed_at),
        "updated_at": time_text(at),
        "cancelled_at": time_text(order.cancelled_at),
        "cancel_reason": order.cancel_reason or None,
        "closed_at": time_text(order.completed_at),
        "confirmed": order.stock_checked,
        "currency": order.shop.currency,
        "email": order.email,
        "phone": order.phone or None,
        "customer_locale": "en-US",
        "financial_status": _financial_status(order),
        "fulfillment_status": _fulfillment_status(order),
        "payment_gateway_names": [_GATEWAYS.get(order.method, order.method)],
        "payment_terms": {"payment_schedules": [{"due_at": time_text(order.pay_by), "completed_at": None}]}
        if order.pay_by
        else None,
        "total_line_items_price": major(order.goods),
        "total_discounts": "0.00",
        "total_tax": "0.00",
        "total_price": major(order.total),
        "shipping_lines": [{"title": "Standard", "price": major(order.shipping)}],
        "tags": ", ".join(f"hold:{hold}" for hold in order.holds),
        "note_attributes": [{"name": name, "value": time_text(value)} for name, value in attributes.items()],
        "customer": {
            "email": order.email,
            "first_name": order.name.partition(" ")[0],
            "last_name": order.name.partition(" ")[2],
        },
        "shipping_address": {
            "name": order.name,
            "address1": order.address.lines[0],
            "city": order.address.city,
            "province_code": order.address.region,
            "zip": order.address.postcode,
            "country_code": order.address.country,
        },
        "line_items": [_line_item(line, line.quantity) for line in order.lines],
        "fulfillments": [_fulfillment(order, parcel, at) for parcel in order.parcels],
        "refunds": [_refund(order, refund) for refund in order.refunds],
    }


def _financial_status(order: SimOrder) -> str:
    back = sum(refund.amount for refund in order.refunds)
    if order.payment != "paid":
        return "pending"
    return "refunded" if back >= order.total else "partially_refunded" if back else "paid"


def _fulfillment_status(order: SimOrder) -> str | None:
    if not order.parcels:
        return None
    return "partial" if order.unshipped() else "fulfilled"


def _line_item(line: SimLine, quantity: int) -> dict[str, Any]:
    eta = [{"name": "_backorder_eta", "value": time_text(line.backorder_eta)}] if line.backorder_eta else []
    return {
        "id": int(line.id),
        "title": line.title,
        "variant_title": line.variant,
        "sku": line.sku,
        "quantity": quantity,
        "price": major(line.price),
        "requires_shipping": True,
        "properties": eta,
        "tax_lines": [],
    }


def _fulfillment(order: SimOrder, parcel: Any, at: datetime) -> dict[str, Any]:
    assert isinstance(parcel, SimParcel)
    units = dict(parcel.lines)
    scan = parcel.scans[-1] if parcel.scans and order.scans_by_shop else None
    return {
        "id": int(parcel.id),
        "order_id": int(order.id),
        "status": "success",
        "created_at": time_text(parcel.label_at),
        "updated_at": time_text(scan.at if scan else parcel.label_at),
        "tracking_company": parcel.carrier,
        "tracking_number": parcel.number,
        "tracking_numbers": [parcel.number],
        "tracking_url": parcel.url,
        "shipment_status": scan.code if scan else None,
        "line_items": [_line_item(line, units[line.id]) for line in order.lines if line.id in units],
        **({"estimated_delivery_at": time_text(parcel.eta)} if parcel.eta else {}),
    }


def _fulfillment_event(order: SimOrder, parcel: Any, scan: SimScan | None) -> dict[str, Any]:
    assert isinstance(parcel, SimParcel)
    assert scan is not None
    city, _, province = scan.location.partition(", ")
    return {
        "id": int(parcel.id) * 100 + len(parcel.scans),
        "order_id": int(order.id),
        "fulfillment_id": int(parcel.id),
        "status": scan.code,
        "message": scan.text,
        "happened_at": time_text(scan.at),
        "created_at": time_text(scan.at),
        "updated_at": time_text(scan.at),
        "city": city,
        "province": province or order.address.region,
        "country": None,
        "address1": parcel.pickup_point if scan.state is ParcelState.AVAILABLE_FOR_PICKUP else None,
        "estimated_delivery_at": time_text(parcel.eta),
    }


def _refund(order: SimOrder, refund: Any) -> dict[str, Any]:
    assert isinstance(refund, SimRefund)
    restock = "cancel" if refund.cancelled else "no_restock"
    return {
        "id": int(refund.id),
        "order_id": int(order.id),
        "created_at": time_text(refund.at),
        "processed_at": time_text(refund.at),
        "refund_line_items": [
            {"line_item_id": int(line), "quantity": units, "restock_type": restock} for line, units in refund.lines
        ],
        "transactions": [
            {
                "id": int(refund.id) * 10,
                "kind": "refund",
                "status": "success" if refund.state == "succeeded" else "pending",
                "amount": major(refund.amount),
                "currency": order.shop.currency,
                "gateway": _GATEWAYS.get(order.method, order.method),
                "authorization": refund.reference,
            }
        ],
    }


def _transaction(order: SimOrder, attempt: Any) -> dict[str, Any]:
    assert isinstance(attempt, SimAttempt)
    return {
        "id": int(attempt.id),
        "order_id": int(order.id),
        "kind": "sale",
        "status": "success" if attempt.state == "paid" else "failure",
        "amount": major(order.total),
        "currency": order.shop.currency,
        "gateway": _GATEWAYS.get(attempt.method, attempt.method),
        "authorization": attempt.reference,
        "created_at": time_text(attempt.at),
        "processed_at": time_text(attempt.at),
    }
