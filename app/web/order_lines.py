"""The lines of an order: how many units were ordered, cancelled, shipped, delivered and refunded, at a glance."""

from datetime import datetime
from typing import Any

from app.i18n import gettext
from app.order_outlook import waits_for_stock
from app.web.times import stamp
from core.money import Money, format_money
from orders.snapshots import LineSnapshot, OrderSnapshot


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


# The first is always shown, the next two once something may have left, the others when there is anything in them.
COUNTS = {
    "quantity": _("Ordered"),
    "quantity_shipped": _("Shipped"),
    "quantity_delivered": _("Delivered"),
    "quantity_cancelled": _("Cancelled"),
    "quantity_refunded": _("Refunded"),
}
_ALWAYS = ("quantity", "quantity_shipped", "quantity_delivered")


def line_rows(picture: OrderSnapshot, language: str, now: datetime) -> dict[str, Any]:
    """Lines with their units in columns; a column that says nothing is left out."""
    names = [name for name in COUNTS if name in _ALWAYS or any(getattr(line, name) for line in picture.lines)]
    return {
        "columns": [gettext(COUNTS[name], language) for name in names],
        "rows": [_row(line, names, picture, language, now) for line in picture.lines],
    }


def _row(line: LineSnapshot, names: list[str], picture: OrderSnapshot, language: str, now: datetime) -> dict[str, Any]:
    cancelled = line.quantity_cancelled >= line.quantity > 0
    return {
        "title": line.title,
        "variant": line.variant,
        "sku": line.sku,
        "units": [_units(getattr(line, name), name, line.quantity - line.quantity_cancelled) for name in names],
        "gone": cancelled,
        "notes": [_backorder(line, picture.timezone, language, now)] if waits_for_stock(line, picture) else [],
        "price": format_money(line.unit_price, language),
        "sum": format_money(Money(line.unit_price.amount * line.quantity, line.unit_price.currency), language),
    }


def _units(count: int, name: str, due: int) -> dict[str, str]:
    """A number and how it looks: all that is due, a part of it, or nothing."""
    tone = ""
    if name in ("quantity_shipped", "quantity_delivered") and due > 0:
        tone = "good" if count >= due else "warn" if count else ""
    elif name in ("quantity_cancelled", "quantity_refunded") and count:
        tone = "warn"
    return {"text": str(count) if count else "–", "tone": tone, "empty": "" if count else "yes"}


def _backorder(line: LineSnapshot, zone: str, language: str, now: datetime) -> dict[str, str]:
    if line.backorder_eta is None:
        return {"text": gettext(_("Waiting for stock, no date known"), language), "tone": "warn"}
    text = _("Waiting for stock, expected %(time)s") if line.backorder_eta >= now else _("Stock was due %(time)s")
    values = {"time": stamp(line.backorder_eta, zone, language, now)}
    return {"text": gettext(text, language) % values, "tone": "warn" if line.backorder_eta >= now else "bad"}
