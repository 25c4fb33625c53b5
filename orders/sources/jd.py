"""JD: orders as its open platform gives them (`jingdong.pop.order.get` and `.search`), in either spelling. Pure.

JD pushes nothing to other people's desks, so a job fetches what has changed and hands it over.
"""

from typing import Any

from core.errors import Invalid, Malformed
from orders.sources import china, pulled
from orders.sources.jd_orders import read_order
from orders.sources.loose import snake
from orders.sources.reading import Delivery, Reading, identifier, load

NAME = "jd"
SECRETS = "jd"
_ENVELOPES = ("order_info", "order_info_list")

verify = pulled.verify
topic = pulled.topic
delivery_key = pulled.delivery_key


def order_reference(_topic: str, body: bytes) -> str | None:
    """The id of the order that a document is about, if it is one document and can be read."""
    try:
        (document,) = documents(load(body))
        return identifier(document.get("order_id"))
    except (Malformed, Invalid, ValueError):
        return None


def read(delivery: Delivery) -> Reading:
    """Read one order, bare or in its envelope, or a page. Raises Malformed or Invalid when it can never be read."""
    orders = tuple(read_order(delivery, document) for document in documents(load(delivery.body)))
    return Reading(orders=orders, ignored="" if orders else "a page without orders")


def documents(payload: dict[str, Any]) -> list[dict[str, Any]]:
    """The orders in an answer, with the names of their fields in snake_case."""
    plain = snake(payload)
    if "order_id" in plain:
        return [plain]
    return [document for _, document in china.unwrapped(plain, *_ENVELOPES)]
