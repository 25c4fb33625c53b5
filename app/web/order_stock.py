"""What stock does not reach of an order, as hints for the desk."""

from app.i18n import day, gettext
from orders.models import Order, OrderLine
from orders.stock import known_positions
from orders.stock_models import Shortage


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


async def stock_hints(order: Order, timezone: str, language: str) -> list[dict[str, str]]:
    """A hint for each line that stock does not reach, with the way to its SKU: one query, or two."""
    short = await Shortage.filter(order_id=order.id).order_by("line__position", "id").select_related("line")
    if not short:
        return []
    positions = await known_positions(order.shop_id, [row.sku for row in short])
    return [
        {
            "title": gettext(_("Stock does not reach it"), language),
            "text": _words(row, row.line, timezone, language),
            "url": f"/console/stock/{positions[row.sku].id}" if row.sku in positions else "",
        }
        for row in short
    ]


def _words(row: Shortage, line: OrderLine, timezone: str, language: str) -> str:
    values = {"units": row.units, "title": line.title}
    if row.gone:
        return gettext(_("%(units)s × %(title)s: gone for good."), language) % values
    if row.restock_eta is None:
        return gettext(_("%(units)s × %(title)s: there is no date."), language) % values
    values["day"] = day(row.restock_eta, timezone, language)
    return gettext(_("%(units)s × %(title)s: expected %(day)s."), language) % values
