"""WooCommerce's webhooks: signature, duplicate key, the unsigned ping, and which topics are about orders. Pure.

A delivery is never repeated by the shop, and the id of a delivery is made of the webhook and the second: two orders
saved within one second share it. So the body is a part of the key.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from core.errors import Invalid, Malformed, Unauthenticated
from orders.sources.reading import Delivery, Reading, identifier, load, text
from orders.sources.woocommerce_orders import read_deleted, read_order
from orders.sources.woocommerce_stock import STOCK_TOPICS, read_product

NAME = "woocommerce"
SECRETS = "woocommerce"
SIGNATURES = 4  # one delivery is tried against at most so many secrets

_ORDERS = frozenset({"order.created", "order.updated", "order.restored", ""})  # "": an order from the REST API
_DELETED = "order.deleted"
_DRAFTS = frozenset({"checkout-draft", "auto-draft", "draft", "new"})
_PING = re.compile(rb"webhook_id=[0-9]{1,20}")


def verify(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, _now: datetime) -> None:
    """Check the HMAC-SHA256 of the raw body against each secret. Raises Unauthenticated(bad_signature)."""
    given = headers.get("x-wc-webhook-signature", "").encode()
    matches = [hmac.compare_digest(given, _signature(secret, body)) for secret in secrets[:SIGNATURES]]
    if not any(matches):
        raise Unauthenticated("the signature does not fit the body", code="bad_signature")


def sign(secret: str, body: bytes) -> str:
    """The value of the signature header."""
    return _signature(secret, body).decode()


def is_ping(headers: Mapping[str, str], body: bytes) -> bool:
    """Is it the form that a shop sends, unsigned, when a webhook is made? It says nothing and stores nothing."""
    return "x-wc-webhook-signature" not in headers and _PING.fullmatch(body.strip()) is not None


def topic(headers: Mapping[str, str]) -> str:
    return headers.get("x-wc-webhook-topic", "").lower()[:120]


def delivery_key(headers: Mapping[str, str], body: bytes) -> str:
    delivery, digest = headers.get("x-wc-webhook-delivery-id", ""), hashlib.sha256(body).hexdigest()
    return f"{delivery}:{topic(headers)}:{digest[:16]}" if 0 < len(delivery) <= 50 else digest


def order_reference(topic: str, body: bytes) -> str | None:
    """The id of the order (or `stock:…` and the product) that a delivery is about, if it can be read."""
    if topic not in _ORDERS and topic != _DELETED and topic not in STOCK_TOPICS:
        return None
    try:
        name = identifier(load(body).get("id"))
        return f"stock:{name}" if topic in STOCK_TOPICS else name
    except (Malformed, Invalid):
        return None


def read(delivery: Delivery) -> Reading:
    """Read a delivery. Raises Malformed or Invalid when it can never be read."""
    if delivery.topic == _DELETED:
        return Reading(orders=(read_deleted(delivery, load(delivery.body)),))
    if delivery.topic not in _ORDERS and delivery.topic not in STOCK_TOPICS:
        return Reading(ignored="a topic that is not about orders or stock")
    payload = load(delivery.body)
    if "id" not in payload and text(payload.get("code")).startswith("woocommerce_rest_"):
        raise Invalid("the webhook's user may not read them: choose another one in WooCommerce", code="no_access")
    if delivery.topic in STOCK_TOPICS:
        return Reading(stock=read_product(delivery, payload))
    if text(payload.get("status")).lower().removeprefix("wc-") in _DRAFTS:
        return Reading(ignored="a draft: the customer has not ordered yet")
    return Reading(orders=(read_order(delivery, payload),))


def _signature(secret: str, body: bytes) -> bytes:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
