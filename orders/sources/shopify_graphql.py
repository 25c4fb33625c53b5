"""Shopify's order as the GraphQL Admin API gives it (version 2026-10). Pure.

The node is put into the form of the webhooks and read by their readers, so that both tell the same of the same order:
the ids are the same numbers (`legacyResourceId`, or the end of the global id). What only the API knows is added: holds
with their reasons, the risk, returns, all scans and all attempts to pay.
"""

from typing import Any

from orders.facts import HeaderFacts, HoldFacts, Kind, OrderFacts, Statement, Version
from orders.handles import number
from orders.sources.reading import Delivery, identifier, mapping, objects, text
from orders.sources.shopify_graphql_shape import fulfillment_order, nodes, order, scans, transaction
from orders.sources.shopify_holds import hold_statement, named_for
from orders.sources.shopify_orders import read_order
from orders.sources.shopify_parcels import read_fulfillment_event
from orders.sources.shopify_payments import read_transaction
from orders.sources.shopify_versions import version_of
from orders.statuses import Hold, Returns

TOPIC = "graphql/order"

_RETURNS = {
    "NO_RETURN": None,
    "RETURN_FAILED": None,
    "RETURN_REQUESTED": Returns.REQUESTED,
    "IN_PROGRESS": Returns.REQUESTED,  # agreed, but nobody says that a parcel is on its way
    "INSPECTION_COMPLETE": Returns.RECEIVED,
    "RETURNED": Returns.PARTIALLY_RETURNED,  # "some items in the order were returned"
}
_CANCEL = "CANCEL"
_SAFE, _RISKY = frozenset({"ACCEPT", "NONE"}), frozenset({"INVESTIGATE", _CANCEL})


def read_node(delivery: Delivery, node: dict[str, Any]) -> tuple[OrderFacts, ...]:
    """Everything that an `Order` node says; the order first. Raises Invalid when it cannot be true."""
    payload = order(node)
    version = version_of(delivery, payload)
    told = read_order(delivery, payload)
    warnings = list(told.warnings)
    own: list[Statement] = [*told.statements]
    for scan in scans(node):
        own += _of(read_fulfillment_event(delivery, scan), warnings)
    for attempt in objects(node.get("transactions")):
        own += _of(read_transaction(delivery, transaction(attempt, payload["id"])), warnings)
    own += _only_here(node, version, warnings)
    known_as: list[OrderFacts] = []
    for raw in nodes(node.get("fulfillmentOrders")):
        part = fulfillment_order(raw)
        of_part = version_of(delivery, part)
        own.append(hold_statement(part, of_part, warnings))
        name = number(identifier(payload["id"]))
        known_as += named_for(part, name, of_part) if name else ()
    return OrderFacts(told.source_id, tuple(own), tuple(dict.fromkeys(warnings))), *known_as


def _of(facts: OrderFacts, warnings: list[str]) -> tuple[Statement, ...]:
    warnings += facts.warnings
    return facts.statements


def _only_here(node: dict[str, Any], version: Version, warnings: list[str]) -> list[Statement]:
    """What no webhook of the order says: the risk, its returns, and that it is held."""
    facts: dict[str, Any] = {}
    holds: dict[str, tuple[tuple[Hold, ...], dict[str, str]]] = {}
    if "returnStatus" in node:
        word = text(node["returnStatus"])
        facts["returns"] = _RETURNS.get(word)
        holds["return"] = _held(word not in _RETURNS, "returnStatus", word, warnings)
    if "risk" in node:
        advice = text(mapping(node["risk"]).get("recommendation")) or "NONE"
        facts["risk_open"], facts["risk_high"] = advice in _RISKY, advice == _CANCEL
        holds["risk"] = _held(advice not in _SAFE | _RISKY, "risk", advice, warnings)
    if "displayFulfillmentStatus" in node:
        told = [raw for raw in nodes(node.get("fulfillmentOrders")) if text(raw.get("status")) == "ON_HOLD"]
        is_held = text(node["displayFulfillmentStatus"]) == "ON_HOLD"
        holds["display"] = ((Hold.MERCHANT,) if is_held and not told else (), {})
    header = [Statement(Kind.HEADER, "", HeaderFacts(**facts), version)] if facts else []
    return [
        *header,
        *(
            Statement(Kind.HOLD, f"api:{name}", HoldFacts(holds=held, unknown=unknown), version)
            for name, (held, unknown) in holds.items()
        ),
    ]


def _held(is_strange: bool, field: str, word: str, warnings: list[str]) -> tuple[tuple[Hold, ...], dict[str, str]]:
    """A word that no table of ours knows holds the order for the merchant to look at."""
    if not is_strange:
        return (), {}
    warnings.append(f"{field}={word[:40]}")
    return (Hold.MERCHANT,), {field: word}
