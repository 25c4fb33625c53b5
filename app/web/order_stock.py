"""What stock does not reach of an order, as hints for the desk."""

from collections.abc import Mapping, Sequence

from app.i18n import day, gettext
from orders.models import OrderLine
from orders.stock.models import Shortage, StockPosition


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


def stock_hints(
    short: Sequence[Shortage], positions: Mapping[str, StockPosition], timezone: str, language: str
) -> list[dict[str, str]]:
    """A hint for each line that stock does not reach, with the way to its SKU (`positions` are by SKU)."""
    return [
        {
            "title": gettext(_("Not enough stock for it"), language),
            "text": _words(row, row.line, timezone, language),
            "url": f"/console/stock/{positions[row.sku].id}" if row.sku in positions else "",
        }
        for row in short
    ]


def _words(row: Shortage, line: OrderLine, timezone: str, language: str) -> str:
    values = {"units": row.units, "title": line.title}
    if row.gone:
        return gettext(_("%(units)s × %(title)s: discontinued."), language) % values
    if row.restock_eta is None:
        return gettext(_("%(units)s × %(title)s: no date yet."), language) % values
    values["day"] = day(row.restock_eta, timezone, language)
    return gettext(_("%(units)s × %(title)s: expected %(day)s."), language) % values
