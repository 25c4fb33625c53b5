"""Saleor's webhooks: signature, duplicate key, and which events are about orders. Pure.

A webhook has the payload that its subscription query asks for, the classic one (a list with one object in snake_case),
or that of a notification; all three are read.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from core.errors import Invalid, Malformed
from orders.sources.loose import snake
from orders.sources.reading import Delivery, Reading, identifier, load, mapping, objects, text
from orders.sources.saleor_orders import read_order, word
from orders.sources.saleor_signature import check

NAME = "saleor"
SECRETS = "saleor"  # a JWKS document, or the secret key of a webhook of the old kind

_ABOUT_ORDERS = ("order_", "fulfillment_", "notify_user")


def verify(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, _now: datetime) -> None:
    """Check the detached JWS (or the old HMAC) over the raw body. Raises Unauthenticated(bad_signature)."""
    check(secrets, header(headers, "signature"), body)


def topic(headers: Mapping[str, str]) -> str:
    return header(headers, "event").lower()[:120]


def delivery_key(headers: Mapping[str, str], body: bytes) -> str:
    """Saleor names no delivery, but what it sends again is the same bytes."""
    return hashlib.sha256(topic(headers).encode() + b"\n" + body).hexdigest()


def order_reference(topic: str, body: bytes) -> str | None:
    """The id of the order that a delivery is about, if it can be read."""
    try:
        return next((identifier(order.get("id")) for order, _ in _orders(_load(body))), None) if _used(topic) else None
    except (Malformed, Invalid):
        return None


def read(delivery: Delivery) -> Reading:
    """Read a delivery. Raises Malformed or Invalid when it can never be read."""
    if not _used(delivery.topic):
        return Reading(ignored="an event that is not about orders")
    found = list(_orders(_load(delivery.body)))
    placed = [(order, around) for order, around in found if word(order.get("status")) != "draft"]
    if found and not placed:
        return Reading(ignored="a draft: the customer has not ordered yet")
    if not found:
        return Reading(ignored="the payload has no order: put one into the webhook's query")
    return Reading(orders=tuple(read_order(delivery, order, around) for order, around in placed))


def header(headers: Mapping[str, str], name: str) -> str:
    return headers.get(f"saleor-{name}") or headers.get(f"x-saleor-{name}") or ""


def _used(topic: str) -> bool:
    return not topic or topic.startswith(_ABOUT_ORDERS)


def _load(body: bytes) -> Any:
    """Any JSON: the classic payload is a list."""
    return snake(load(b'{"found":' + body + b"}")["found"])


def _orders(found: Any) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each order with what stands around it: the time of the event, a fulfilment by itself."""
    for payload in objects(found) if isinstance(found, list) else [mapping(found)]:
        inner = payload.get("data") or payload.get("payload") or payload.get("event")
        if isinstance(inner, dict):
            yield from _orders({**inner, "issued_at": inner.get("issued_at") or payload.get("issued_at")})
        elif isinstance(payload.get("order"), dict):
            is_fulfillment = text(payload.get("type")) == "Fulfillment"
            yield payload["order"], {**payload, "fulfillment": payload} if is_fulfillment else payload
        elif "orders" in payload:
            yield from ((order, payload) for order in objects(payload["orders"]))
        elif "id" in payload and text(payload.get("type")) in {"", "Order"}:
            yield payload, payload
        else:  # { "orderCreated": { "order": … } } or { "fulfillment": { "order": … } }
            for name, value in payload.items():
                if isinstance(value, dict) and "order" in value:
                    around = {"issued_at": payload.get("issued_at"), **value}
                    yield from _orders(around | {"type": "Fulfillment"} if name == "fulfillment" else around)
