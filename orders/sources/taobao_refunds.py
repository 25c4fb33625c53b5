"""Taobao's refunds: before the receipt is confirmed (`onsale`) and after (`aftersale`), with goods or without. Pure."""

from collections.abc import Collection
from typing import Any

from orders.facts import Kind, OrderFacts, RefundFacts, RefundLine, ShipmentFacts, Statement, Version
from orders.sources.china import CURRENCY, local
from orders.sources.loose import flag
from orders.sources.reading import Delivery, count, identifier, mapping, minor, text
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
    facts |= known_refund(word, warnings) | _case(refund, word)
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


def _case(refund: dict[str, Any], word: str) -> dict[str, Any]:
    """The case behind the refund. The platform's own time (`refund_remind_timeout`) holds for this status only."""
    time = mapping(refund.get("refund_remind_timeout"))
    due = local(time.get("timeout")) if flag(time.get("exist_timeout")) else None
    facts: dict[str, Any] = {"case_word": word, "case_due_at": due, "case_due_word": word}
    if "has_good_return" in refund:
        facts["case_goods"] = flag(refund["has_good_return"])
    if text(refund.get("oid")):
        facts["case_line"] = identifier(refund["oid"])
    reason = " ".join(part for part in (text(refund.get("reason")), text(refund.get("desc"))) if part)
    return facts | ({"case_reason": reason} if reason else {})


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
