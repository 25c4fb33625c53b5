"""Magento and Adobe Commerce: orders as the REST API gives them (`GET /V1/orders`), and shipments. Pure.

The open-source edition sends no webhooks, so a job fetches what has changed and hands it over.
"""

from typing import Any

from core.errors import Invalid, Malformed
from orders.sources import pulled
from orders.sources.magento_orders import read_order, read_shipment
from orders.sources.reading import Delivery, Reading, identifier, load, objects

NAME = "magento"
SECRETS = "magento"

verify = pulled.verify
topic = pulled.topic
delivery_key = pulled.delivery_key


def order_reference(_topic: str, body: bytes) -> str | None:
    """The id of the order that a document is about, if it is one document and can be read."""
    try:
        (document,) = documents(load(body))
        return identifier(document.get("order_id") if is_shipment(document) else document.get("entity_id"))
    except (Malformed, Invalid, ValueError):
        return None


def read(delivery: Delivery) -> Reading:
    """Read one order, one shipment, or a page of either. Raises Malformed or Invalid when it can never be read."""
    payload = load(delivery.body)
    if "message" in payload and "entity_id" not in payload and "items" not in payload:
        raise Invalid("the shop answered with an error instead of orders", code="no_access")
    found = documents(payload)
    orders = [read_shipment(delivery, one) if is_shipment(one) else read_order(delivery, one) for one in found]
    return Reading(orders=tuple(orders), ignored="" if orders else "a page without orders")


def documents(payload: dict[str, Any]) -> list[dict[str, Any]]:
    """The objects of a page; an order has `items`, too, but no search criteria."""
    return objects(payload.get("items")) if "search_criteria" in payload else [payload]


def is_shipment(document: dict[str, Any]) -> bool:
    return "order_id" in document and "state" not in document
