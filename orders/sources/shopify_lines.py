"""Shopify's lines, and what an edit has taken off an order. Pure.

Lines keep their `quantity` and the order its `total_price`. `current_quantity` and `current_total_price` leave out what
was removed, but also what was refunded; the refunds of the same payload tell the two apart (shopify.dev, Order).
"""

from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import Any

from orders.facts import Kind, LineFacts, Statement, Version
from orders.sources.reading import count, identifier, minor, objects, text, when

_CAME_BACK = frozenset({"return", "legacy_restock"})  # units that had left


def line_statements(payload: dict[str, Any], currency: str, zone: str, version: Version) -> list[Statement]:
    """The lines of an order. Raises Invalid when they cannot be true."""
    removed, whole = _unexplained(payload, by_money=False), _whole_order(payload)
    statements = []
    for position, line in enumerate(objects(payload.get("line_items"))):
        properties = {text(item.get("name")): item.get("value") for item in objects(line.get("properties"))}
        eta = properties.get("_backorder_eta")
        discounts = objects(line.get("discount_allocations"))
        name = identifier(line.get("id"))
        facts: dict[str, Any] = {
            "position": position,
            "sku": text(line.get("sku")),
            "title": text(line.get("title")) or text(line.get("name")),
            "variant": text(line.get("variant_title")),
            "quantity": count(line.get("quantity")),
            "unit_price": minor(line.get("price"), currency),
            "discount": sum(minor(part.get("amount"), currency) for part in discounts)
            or minor(line.get("total_discount"), currency),
            "tax": sum(minor(part.get("price"), currency) for part in objects(line.get("tax_lines"))),
            "requires_shipping": line.get("requires_shipping") is not False,
            "backordered": bool(eta) or text(properties.get("_backordered")).lower() == "true",
            "backorder_eta": when(eta, zone),
        }
        if whole:
            shares = [part for part in discounts if part.get("discount_application_index") in whole]
            facts["allocated"] = sum(minor(part.get("amount"), currency) for part in shares)
        facts |= {"quantity_cancelled": removed[name]} if name in removed else {}
        statements.append(Statement(Kind.LINE, name, LineFacts(**facts), version))
    return statements


def _whole_order(payload: dict[str, Any]) -> frozenset[int]:
    """The places of those discounts that are shared out over the lines (`allocation_method: across`)."""
    applications = objects(payload.get("discount_applications"))
    return frozenset(
        index for index, each in enumerate(applications) if text(each.get("allocation_method")) == "across"
    )


def total_price(payload: dict[str, Any], currency: str) -> Any:
    """What the order costs after its edits, in major units; as it is stated when no edit has taken anything off."""
    stated = payload.get("total_price")
    moves = [t for refund in objects(payload.get("refunds")) for t in objects(refund.get("transactions"))]
    is_foreign = any(text(move.get("currency")).upper() not in {"", currency} for move in moves)
    if payload.get("cancelled_at") or is_foreign or not any(_unexplained(payload, by_money=True).values()):
        return stated
    try:
        back = sum((Decimal(text(move.get("amount")) or "0") for move in moves), Decimal())
        return format(min(Decimal(text(stated)), Decimal(text(payload.get("current_total_price"))) + back), "f")
    except InvalidOperation:
        return stated


def _unexplained(payload: dict[str, Any], *, by_money: bool) -> dict[str, int]:
    """By line, the units that are gone from it and that no refund explains.

    Goods that came back explain them, and so does money for units whose stock was left alone; with `by_money` also that
    for units which never left. What an edit removes is listed as a refund, too, but one without a transaction.
    """
    explained: Counter[str] = Counter()
    for refund in objects(payload.get("refunds")):
        is_paid = bool(objects(refund.get("transactions")))
        for item in objects(refund.get("refund_line_items")):
            restock = text(item.get("restock_type")).lower()
            if restock in _CAME_BACK or (is_paid and (by_money or restock != "cancel")):
                explained[identifier(item.get("line_item_id"))] += count(item.get("quantity"))
    return {
        name: max(count(line.get("quantity")) - count(line["current_quantity"]) - explained[name], 0)
        for line in objects(payload.get("line_items"))
        if line.get("current_quantity") is not None
        for name in [identifier(line.get("id"))]
    }
