"""An order as plain text for a terminal: everything `orders.overview` has, a line for each thing."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from core.money import Money, format_money
from orders.documents import time_text

_COUNTS = ("shipped", "delivered", "cancelled", "refunded")


def order_text(order: dict[str, Any], now: datetime) -> Iterator[str]:
    """The lines of the text; `now` tells how old the record is."""
    money = order["money"]
    yield f"Order {order['number']}  {order['headline']}"
    yield _joined("  ", order["id"], f"shop {order['shop']}", order["source"], order["source_id"])
    yield f"  version {order['version']}, as of {order['as_of']}, now {time_text(now.replace(microsecond=0))}"
    yield "Axes      " + " · ".join(f"{name} {value}" for name, value in order["axes"].items())
    yield f"Holds     {word(order['holds'])}"
    yield f"Gates     {word(order['gates'])}"
    yield f"Money     {_amount(money['total'], money['currency'])}"
    yield "Times"
    yield from (f"  {name:<18}{value}" for name, value in order["times"].items() if value)
    for title, key, lines in (
        ("Lines", "lines", _line),
        ("Parcels", "parcels", _parcel),
        ("Payments", "payments", _payment),
        ("Refunds", "refunds", _refund),
        ("Disputes", "disputes", _dispute),
        ("Made from", "events", _event),
    ):
        yield title if order[key] else f"{title:<10}–"
        for item in order[key]:
            yield from lines(item)


def word(value: Any) -> str:
    """A value as people read it; a dash for none."""
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "–"
    return "–" if value in (None, "") else str(value)


def _line(line: dict[str, Any]) -> Iterator[str]:
    counts = ", ".join(f"{line[name]} {name}" for name in _COUNTS if line[name])
    yield _joined(
        "  ", f"{line['quantity']} ×", line["sku"], line["title"], line["variant"], f"({counts})" if counts else ""
    )


def _parcel(parcel: dict[str, Any]) -> Iterator[str]:
    back = "return" if parcel["direction"] == "return" else ""
    gone = "cancelled" if parcel["cancelled"] else ""
    yield _joined("  ", parcel["carrier"], parcel["tracking_number"], back, gone, parcel["state"])
    for scan in parcel["scans"]:
        yield _joined("    ", scan["at"], scan["state"] or scan["code"], scan["text"], scan["location"])


def _payment(payment: dict[str, Any]) -> Iterator[str]:
    amount = _amount(payment["captured"], payment["currency"])
    yield _joined("  ", payment["tender"], payment["state"], amount, payment["at"], payment["reference"])


def _refund(refund: dict[str, Any]) -> Iterator[str]:
    amount = _amount(refund["amount"], refund["currency"])
    yield _joined("  ", refund["state"], amount, refund["at"], refund["reference"])


def _dispute(dispute: dict[str, Any]) -> Iterator[str]:
    amount = _amount(dispute["amount"], dispute["currency"])
    due = f"evidence by {dispute['evidence_due_by']}" if dispute["evidence_due_by"] else ""
    yield _joined("  ", dispute["state"], amount, dispute["reason"], due, dispute["id"])


def _event(event: dict[str, Any]) -> Iterator[str]:
    yield _joined(
        "  ", event["id"], event["received_at"], event["source"], event["topic"], event["state"], event["error"]
    )


def _amount(amount: int, currency: str) -> str:
    return format_money(Money(amount, currency), "en")


def _joined(indent: str, *parts: str | None) -> str:
    return indent + "  ".join(part for part in parts if part)
