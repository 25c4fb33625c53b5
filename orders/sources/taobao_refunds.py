"""Taobao's refunds: before the receipt is confirmed (`onsale`) and after (`aftersale`), with goods or without. Pure."""

from collections.abc import Collection
from typing import Any

from orders.facts import Kind, OrderFacts, RefundFacts, RefundLine, ShipmentFacts, Statement, Version
from orders.sources.china import CURRENCY, local
from orders.sources.loose import flag
from orders.sources.reading import Delivery, count, identifier, minor, text
from orders.statuses import ParcelState, Returns

NO_REFUND = frozenset({"", "NO_REFUND"})
REFUNDS = {
    "WAIT_SELLER_AGREE": "requested",
    "WAIT_BUYER_RETURN_GOODS": "requested",  # agreed: the goods are to come back first
    "WAIT_SELLER_CONFIRM_GOODS": "requested",  # the goods are on their way back
    "SELLER_REFUSE_BUYER": "failed",  # not granted, or given up: no money was ever to move
    "CLOSED": "failed",
    "SUCCESS": "succeeded",
}
_RANKS = tuple(REFUNDS)
RETURNS: dict[str, dict[str, Any]] = {
    "WAIT_BUYER_RETURN_GOODS": {"state": ParcelState.PENDING, "cancelled": False},
    "WAIT_SELLER_CONFIRM_GOODS": {"state": ParcelState.IN_TRANSIT, "cancelled": False},
    "SUCCESS": {"state": ParcelState.DELIVERED, "cancelled": False},
    "SELLER_REFUSE_BUYER": {"cancelled": True},
    "CLOSED": {"cancelled": True},
}


def read_refund(delivery: Delivery, refund: dict[str, Any]) -> OrderFacts:
    """One refund (`taobao.refund.get`). Raises Invalid when it cannot be true."""
    warnings: list[str] = []
    word = text(refund.get("status")).upper()
    stated = local(refund.get("modified")) or local(refund.get("created"))
    rank = _RANKS.index(word) if word in _RANKS else 0
    version = Version(stated or delivery.received_at, f"{rank:02d}", delivery.digest())
    name = identifier(refund.get("refund_id"))
    facts: dict[str, Any] = {"currency": CURRENCY, "tender": "alipay", "seen_at": version.at}
    facts |= known_refund(word, warnings)
    if text(refund.get("refund_fee")):
        facts["amount"] = minor(refund["refund_fee"], CURRENCY)
    made = local(refund.get("created"))
    facts |= {"at": made} if made else {}
    units = _units(refund)
    facts |= {"lines": tuple(RefundLine(line=line, quantity=number) for line, number in units)} if units else {}
    statements = [Statement(Kind.REFUND, name, RefundFacts(**facts), version)]
    if flag(refund.get("has_good_return")) and word in RETURNS:
        back = ShipmentFacts(
            direction="return",
            carrier=text(refund.get("company_name")),
            tracking_number=text(refund.get("sid")),
            **RETURNS[word],
            **({"lines": units} if units else {}),
        )
        statements.append(Statement(Kind.SHIPMENT, f"return-{name}", back, version))
    return OrderFacts(identifier(refund.get("tid_str") or refund.get("tid")), tuple(statements), tuple(warnings))


def _units(refund: dict[str, Any]) -> tuple[tuple[str, int], ...]:
    is_told = text(refund.get("oid")) and text(refund.get("num"))
    return ((identifier(refund["oid"]), count(refund["num"])),) if is_told else ()


def known_refund(word: str, warnings: list[str]) -> dict[str, Any]:
    """What a refund's status says; a word that no table knows is kept, and holds the order."""
    if word in REFUNDS:
        return {"state": REFUNDS[word], "withdrawn": REFUNDS[word] == "failed", "unknown": {}}
    warnings.append(f"refund_status={word[:40]}")
    return {"unknown": {"refund_status": word}}


def returns_of(words: Collection[str]) -> Returns:
    """Whether goods come back, as far as the lines of a trade tell; that they are here, only the refund tells."""
    if "WAIT_SELLER_CONFIRM_GOODS" in words:
        return Returns.IN_TRANSIT
    return Returns.REQUESTED if "WAIT_BUYER_RETURN_GOODS" in words else Returns.NONE
