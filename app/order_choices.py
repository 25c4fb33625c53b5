"""One line of a list of orders to choose from, in the words of the order card."""

from app.i18n import full_day, gettext, ngettext
from app.order_outlook import PARCEL_TITLES, TITLES
from core.money import format_money
from orders.access import OrderToChoose
from orders.statuses import Headline, ParcelState


def choice(order: OrderToChoose, language: str, timezone: str) -> dict[str, str]:
    """Ready wordings in `language`, with the day in the shop's time zone."""
    title, tone = _state(order)
    return {
        "order": order.public_id,
        "number": order.number,
        "placed": full_day(order.placed_at, timezone, language),
        "items": _items(order, language),
        "state": gettext(title, language),
        "tone": tone,
        "total": format_money(order.total, language),
    }


def _state(order: OrderToChoose) -> tuple[str, str]:
    """As the card is headed: a parcel's own state says more than that the order is on its way."""
    usual = TITLES[Headline(order.headline)]
    if order.headline != Headline.SHIPPED or order.parcel_state is None:
        return usual
    return PARCEL_TITLES.get(ParcelState(order.parcel_state), usual)


def _items(order: OrderToChoose, language: str) -> str:
    if order.more_items == 0:
        return order.first_item
    words = ngettext("%(title)s and %(num)s more", "%(title)s and %(num)s more", order.more_items, language)
    return words % {"title": order.first_item, "num": order.more_items}
