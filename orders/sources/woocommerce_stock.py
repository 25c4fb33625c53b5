"""WooCommerce's products: what is in stock, whether more may be sold than that, and what is sold no more. Pure.

`stock_quantity` falls when an order is placed (and may fall below zero), so it is what is left after open orders.
A product that does not count its stock says only whether it can be bought: that tells nothing about open orders.
"""

from typing import Any

from orders.facts import Version
from orders.sources.reading import Delivery, count, identifier, text, when
from orders.stock.facts import ItemFacts, LevelFacts, StockFacts, StockStatement

STOCK_TOPICS = frozenset({"product.created", "product.updated", "product.restored", "product.deleted"})
_DELETED = "product.deleted"


def read_product(delivery: Delivery, payload: dict[str, Any]) -> tuple[StockFacts, ...]:
    """Topics product.*; variations come under the same topics, each by itself."""
    name = identifier(payload.get("id"))
    at = when(payload.get("date_modified_gmt"), "UTC") or delivery.received_at
    version = Version(at, "", delivery.digest())
    if delivery.topic == _DELETED:
        gone = StockStatement(ItemFacts(discontinued=True), Version(delivery.received_at, "", delivery.digest()))
        return (StockFacts(name, (gone,)),)
    counted = payload.get("manage_stock") is True and payload.get("stock_quantity") is not None
    item = ItemFacts(
        sku=text(payload.get("sku")),
        title=text(payload.get("name")),
        tracked=counted,
        backorderable=text(payload.get("backorders")).lower() in {"yes", "notify"},
        discontinued=text(payload.get("status")).lower() == "trash",
    )
    level = LevelFacts(counts="available", closed=not counted, quantity=_quantity(payload) if counted else None)
    return (StockFacts(name, (StockStatement(item, version), StockStatement(level, version, ""))),)


def _quantity(payload: dict[str, Any]) -> int:
    """Plugins count fractions of a unit; what is not whole is not there."""
    raw = text(payload.get("stock_quantity"))
    whole, _, fraction = raw.partition(".")
    return count(whole) - (1 if raw.startswith("-") and fraction.strip("0") else 0)
