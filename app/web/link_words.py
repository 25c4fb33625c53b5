"""What a ticket is linked to, in words: the order, the line or the parcel, how many units, and why."""

from collections.abc import Sequence

from app.i18n import gettext
from app.web.aftersale_words import KINDS
from core.people import Agent
from orders.access import note_listed
from orders.models import OrderLine, Shipment
from tickets.models import TicketLink


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


REASONS = {
    "about": _("About it"),
    "late": _("Late"),
    "lost": _("Lost"),
    "damaged": _("Damaged"),
    "defective": _("Doesn’t work"),
    "wrong_item": _("Wrong item"),
    "not_as_described": _("Not as described"),
    "missing": _("Missing"),
    "changed_mind": _("Changed their mind"),
    "other": _("Something else"),
}


async def link_words(agent: Agent, links: Sequence[TicketLink], language: str) -> dict[int, str]:
    """Each link's words by its id; three statements at most. Orders that are named are noted as seen."""
    line_ids = [link.line_id for link in links if link.line_id is not None]
    parcel_ids = [link.shipment_id for link in links if link.shipment_id is not None]
    lines = {line.id: line for line in await OrderLine.filter(id__in=line_ids)} if line_ids else {}
    parcels = {parcel.id: parcel for parcel in await Shipment.filter(id__in=parcel_ids)} if parcel_ids else {}
    await note_listed(agent, [link.order.public_id for link in links], "links")
    return {
        link.id: describe(link, lines.get(link.line_id or 0), parcels.get(link.shipment_id or 0), language)
        for link in links
    }


def describe(link: TicketLink, line: OrderLine | None, parcel: Shipment | None, language: str) -> str:
    """`#1001 · 2 × Lamp · Damaged`."""
    parts = [link.order.number]
    if line is not None:
        parts.append(f"{link.units} × {line.title}" if link.units else str(line.title))
    if parcel is not None:
        parts.append(" ".join(part for part in (parcel.carrier, parcel.tracking_number) if part))
    if link.reason != "about" and (why := REASONS.get(link.reason) or KINDS.get(link.reason)):
        parts.append(gettext(why, language))  # the bot's other wishes are the kind of the ticket, which stands above
    return " · ".join(parts)
