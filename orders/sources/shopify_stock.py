"""Shopify's inventory: levels by item and location, and the products that join variant, item and SKU. Pure.

`available` already leaves out units that open orders have reserved, and is below zero when too much was sold
(shopify.dev, "Inventory states"). A product's list of variants is complete: what it leaves out is sold no more.
"""

from collections.abc import Callable, Mapping
from typing import Any

from orders.sources.reading import Delivery, count, identifier, objects, text
from orders.sources.shopify_versions import version_of
from orders.stock.facts import ItemFacts, LevelFacts, StockFacts, StockStatement

_PRODUCT = "product:"
_GONE = frozenset({"archived"})


def stock_reference(topic: str, payload: Mapping[str, Any]) -> str:
    """The thing that a delivery is about: deliveries about one are folded one after the other."""
    name = payload.get("inventory_item_id") or payload.get("id")
    return f"stock:{_PRODUCT if topic.startswith('products/') else ''}{identifier(name)}"


def _level(delivery: Delivery, payload: dict[str, Any]) -> tuple[StockFacts, ...]:
    """inventory_levels/update and /connect."""
    raw = payload.get("available")
    facts = LevelFacts(quantity=None if raw is None else count(raw), counts="available", closed=False)
    return _at_place(delivery, payload, facts)


def _disconnect(delivery: Delivery, payload: dict[str, Any]) -> tuple[StockFacts, ...]:
    return _at_place(delivery, payload, LevelFacts(closed=True))


def _at_place(delivery: Delivery, payload: dict[str, Any], facts: LevelFacts) -> tuple[StockFacts, ...]:
    place = identifier(payload.get("location_id"))
    statement = StockStatement(facts, version_of(delivery, payload), place)
    return (StockFacts(identifier(payload.get("inventory_item_id")), (statement,)),)


def _item(delivery: Delivery, payload: dict[str, Any]) -> tuple[StockFacts, ...]:
    """inventory_items/create and /update."""
    stated: dict[str, Any] = {"sku": text(payload.get("sku"))} if "sku" in payload else {}
    if isinstance(payload.get("tracked"), bool):
        stated["tracked"] = payload["tracked"]
    return _thing(delivery, payload, identifier(payload.get("id")), ItemFacts(**stated))


def _item_deleted(delivery: Delivery, payload: dict[str, Any]) -> tuple[StockFacts, ...]:
    return _thing(delivery, payload, identifier(payload.get("id")), ItemFacts(discontinued=True))


def _product(delivery: Delivery, payload: dict[str, Any]) -> tuple[StockFacts, ...]:
    """products/create and /update: which variants there are, and what each is called."""
    product, title = _PRODUCT + identifier(payload.get("id")), text(payload.get("title"))
    variants = [item for item in objects(payload.get("variants")) if item.get("inventory_item_id")]
    names = tuple(identifier(variant.get("inventory_item_id")) for variant in variants)
    is_gone = text(payload.get("status")).lower() in _GONE
    found = [_thing(delivery, payload, product, ItemFacts(children=names, discontinued=is_gone))]
    for name, variant in zip(names, variants, strict=True):
        called = text(variant.get("title"))
        facts = ItemFacts(
            sku=text(variant.get("sku")),
            title=f"{title} · {called}" if called and called != "Default Title" else title,
            parent=product,
            backorderable=text(variant.get("inventory_policy")).lower() == "continue",
        )
        found.append(_thing(delivery, payload, name, facts))
    return tuple(facts for part in found for facts in part)


def _product_deleted(delivery: Delivery, payload: dict[str, Any]) -> tuple[StockFacts, ...]:
    return _thing(
        delivery, payload, _PRODUCT + identifier(payload.get("id")), ItemFacts(discontinued=True, children=())
    )


def _thing(delivery: Delivery, payload: dict[str, Any], ref: str, facts: ItemFacts) -> tuple[StockFacts, ...]:
    return (StockFacts(ref, (StockStatement(facts, version_of(delivery, payload)),)),)


STOCK_READERS: Mapping[str, Callable[[Delivery, dict[str, Any]], tuple[StockFacts, ...]]] = {
    "inventory_levels/update": _level,
    "inventory_levels/connect": _level,
    "inventory_levels/disconnect": _disconnect,
    "inventory_items/create": _item,
    "inventory_items/update": _item,
    "inventory_items/delete": _item_deleted,
    "products/create": _product,
    "products/update": _product,
    "products/delete": _product_deleted,
}
