"""Shopify's webhooks: signature, duplicate key, and which reader a topic goes to. Pure.

Header names come with and without the `X-` prefix and in any case. Deliveries are not ordered: the payload's
`updated_at` says what is newer, `Triggered-At` decides within the same second.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from core.errors import Invalid, Malformed, Unauthenticated
from orders.facts import OrderFacts
from orders.sources.reading import Delivery, Reading, identifier, load, mapping
from orders.sources.shopify_disputes import names_order, read_dispute
from orders.sources.shopify_graphql import TOPIC as POLLED
from orders.sources.shopify_graphql import read_node
from orders.sources.shopify_holds import read_hold
from orders.sources.shopify_orders import read_order
from orders.sources.shopify_parcels import read_fulfillment, read_fulfillment_event
from orders.sources.shopify_payments import read_refund, read_transaction
from orders.sources.shopify_stock import STOCK_READERS, stock_reference

NAME = "shopify"
SECRETS = "shopify"
SIGNATURES = 4  # one delivery is tried against at most so many secrets

_READERS: Mapping[str, Callable[[Delivery, dict[str, object]], OrderFacts]] = {
    "orders/create": read_order,
    "orders/updated": read_order,
    "orders/paid": read_order,
    "orders/cancelled": read_order,
    "orders/fulfilled": read_order,
    "orders/partially_fulfilled": read_order,
    "fulfillments/create": read_fulfillment,
    "fulfillments/update": read_fulfillment,
    "fulfillment_events/create": read_fulfillment_event,
    "refunds/create": read_refund,
    "order_transactions/create": read_transaction,
    "disputes/create": read_dispute,
    "disputes/update": read_dispute,
}
_SEVERAL: Mapping[str, Callable[[Delivery, dict[str, object]], tuple[OrderFacts, ...]]] = {
    POLLED: read_node,
    "fulfillment_orders/placed_on_hold": read_hold,
    "fulfillment_orders/hold_released": read_hold,
    "fulfillment_orders/moved": read_hold,
    "fulfillment_orders/rescheduled": read_hold,
    "fulfillment_orders/scheduled_fulfillment_order_ready": read_hold,
    "fulfillment_orders/cancelled": read_hold,
}
_STOCK = ("inventory_level", "inventory_item", "product")
_IGNORED = {
    "orders/edited": "the edit is told again, complete, by orders/updated",
    "orders/delete": "deleted orders stay on record here",
}


def verify(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, _now: datetime) -> None:
    """Check the HMAC-SHA256 of the raw body against each secret. Raises Unauthenticated(bad_signature)."""
    given = header(headers, "hmac-sha256").encode()
    matches = [hmac.compare_digest(given, _signature(secret, body)) for secret in secrets[:SIGNATURES]]
    if not any(matches):
        raise Unauthenticated("the signature does not fit the body", code="bad_signature")


def sign(secret: str, body: bytes) -> str:
    """The value of the signature header."""
    return _signature(secret, body).decode()


def topic(headers: Mapping[str, str]) -> str:
    return header(headers, "topic").lower()[:120]


def delivery_key(headers: Mapping[str, str], body: bytes) -> str:
    """What a repeated delivery has in common with the first; one event may send several topics and objects."""
    event = header(headers, "event-id") or header(headers, "webhook-id")
    digest = hashlib.sha256(body).hexdigest()
    return f"{event}:{topic(headers)}:{digest[:16]}" if 0 < len(event) <= 50 else digest


def order_reference(topic: str, body: bytes) -> str | None:
    """The id of the order (or `stock:…` and the thing) that a delivery is about, if it can be read."""
    try:
        payload = _inner(load(body))
        if topic in STOCK_READERS:
            return stock_reference(topic, payload)
        own = None if topic.startswith("disputes/") else payload.get("id")
        return identifier(payload.get("order_id") or own)
    except (Malformed, Invalid):
        return None


def read(delivery: Delivery) -> Reading:
    """Read a delivery. Raises Malformed or Invalid when it can never be read."""
    several = _SEVERAL.get(delivery.topic)
    if several is not None:
        return Reading(orders=several(delivery, load(delivery.body)))
    if delivery.topic in STOCK_READERS:
        return Reading(stock=STOCK_READERS[delivery.topic](delivery, _inner(load(delivery.body))))
    reader = _READERS.get(delivery.topic)
    if reader is None:
        return Reading(ignored=_IGNORED.get(delivery.topic, "a topic that is not used"))
    payload = _inner(load(delivery.body))
    if reader is read_dispute and not names_order(payload):
        return Reading(ignored="a dispute of a payment that belongs to no order")
    return Reading(orders=(reader(delivery, payload),))


def header(headers: Mapping[str, str], name: str) -> str:
    return headers.get(f"x-shopify-{name}") or headers.get(f"shopify-{name}") or ""


def _inner(payload: dict[str, object]) -> dict[str, object]:
    """Webhooks carry the object itself; the same objects from the REST API come in an envelope."""
    for name in ("order", "fulfillment", "fulfillment_event", "refund", "transaction", "dispute", *_STOCK):
        if "id" not in payload and isinstance(payload.get(name), dict):
            return mapping(payload[name])
    return payload


def _signature(secret: str, body: bytes) -> bytes:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
