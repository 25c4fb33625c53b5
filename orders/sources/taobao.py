"""Taobao and Tmall: trades and refunds as the open platform gives them (`taobao.trade.fullinfo.get` and others). Pure.

A job fetches what has changed and hands it over: trades for the order, refunds for what comes after.
"""

from typing import Any

from core.errors import Invalid, Malformed
from orders.facts import OrderFacts
from orders.sources import china, pulled
from orders.sources.reading import Delivery, Reading, identifier, load
from orders.sources.taobao_refunds import read_refund
from orders.sources.taobao_trades import read_trade, trade_id

NAME = "taobao"
SECRETS = "taobao"

verify = pulled.verify
topic = pulled.topic
delivery_key = pulled.delivery_key


def order_reference(_topic: str, body: bytes) -> str | None:
    """The id of the trade that a document is about, if it is one document and can be read."""
    try:
        (document,) = documents(load(body))
        return trade_id(document)
    except (Malformed, Invalid, ValueError):
        return None


def read(delivery: Delivery) -> Reading:
    """Read one trade or refund, bare or in its envelope, or a page. Raises Malformed or Invalid for anything else."""
    orders = tuple(_read(delivery, document) for document in documents(load(delivery.body)))
    return Reading(orders=orders, ignored="" if orders else "a page without trades")


def documents(payload: dict[str, Any]) -> list[dict[str, Any]]:
    """The trades or refunds in an answer."""
    if "tid" in payload:
        return [payload]
    return [document for _, document in china.unwrapped(payload, "trade", "refund", "trades", "refunds")]


def _read(delivery: Delivery, document: dict[str, Any]) -> OrderFacts:
    if "refund_id" in document and "orders" not in document:
        return read_refund(delivery, document)
    identifier(document.get("tid_str") or document.get("tid"))
    return read_trade(delivery, document)
