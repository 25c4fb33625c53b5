"""Which orders, parcels and lines a ticket is about, why, and who said so. A suggestion waits for an agent's yes."""

from collections.abc import Sequence
from typing import Any

from core.bundles import Bundle, Later
from core.clock import now
from core.errors import Invalid, NotFound
from core.people import Actor
from core.transactions import transaction
from orders.models import Order, OrderLine, Shipment
from tickets.access import locked_ticket
from tickets.models import Ticket, TicketLink
from tickets.timeline import change

_ABOUT = (
    "FROM ticket_link AS l JOIN ticket AS k ON k.id = l.ticket_id"
    " WHERE l.order_id = {order} AND k.shop_id = {shop} ORDER BY l.id DESC LIMIT {most}"
)


async def link_order(
    ticket_id: int,
    order_id: int,
    actor: Actor,
    *,
    reason: str = "about",
    source: str = "agent",
    confirmed: bool = True,
    shipment_id: int | None = None,
    line_id: int | None = None,
    units: int | None = None,
) -> TicketLink:
    """Link an order, or one parcel or line of it, `units` of the line. The same again returns the first, confirmed now
    if it was not, with the units that are said now.

    Raises NotFound for what is not there or belongs to another shop or order, Invalid (bad_units) for more units than
    the line has.
    """
    async with transaction():
        ticket, _ = await locked_ticket(ticket_id, actor)
        if shipment_id is not None and not await Shipment.exists(id=shipment_id, order_id=order_id):
            raise NotFound("no such parcel")
        line = await OrderLine.get_or_none(id=line_id, order_id=order_id) if line_id is not None else None
        if line_id is not None and line is None:
            raise NotFound("no such line")
        if units is not None and not (line is not None and 1 <= units <= line.quantity):
            raise Invalid("not so many units", code="bad_units", most=line.quantity if line else 0)
        parts = (shipment_id, line_id)
        [link] = await add_links(
            ticket, [order_id], actor, reason=reason, source=source, confirmed=confirmed, parts=parts, units=units
        )
        if units is not None and link.units != units:
            link.units = units
            await link.save(update_fields=["units"])
    return link


def links_about_in(bundle: Bundle, order: Order, most: int) -> Later[list[TicketLink]]:
    """The newest links to `order` of its shop's tickets, newest first, with the tickets; part of a bundle."""
    of = {"order": order.id, "shop": order.shop_id, "most": most}
    links = bundle.rows(TicketLink, f"WHERE t.id IN (SELECT l.id {_ABOUT}) ORDER BY t.id DESC", **of)
    tickets = bundle.rows(Ticket, f"WHERE t.id IN (SELECT l.ticket_id {_ABOUT})", **of)

    def found() -> list[TicketLink]:
        by_id = {ticket.id: ticket for ticket in tickets}
        for link in links:
            link.ticket = by_id[link.ticket_id]
        return links

    return found


async def confirm_link(link_id: int, actor: Actor) -> TicketLink:
    """Accept a suggestion. Raises NotFound."""
    async with transaction():
        link, ticket = await _link_and_ticket(link_id, actor)
        if not link.confirmed:
            await _confirm(ticket, link, actor)
    return link


async def unlink(link_id: int, actor: Actor) -> None:
    """Remove a link or refuse a suggestion. Raises NotFound."""
    async with transaction():
        link, ticket = await _link_and_ticket(link_id, actor)
        await link.delete()
        await change(ticket, actor, "links", "unlinked", **await _named(link, link.order))


async def add_links(
    ticket: Ticket,
    order_ids: Sequence[int],
    actor: Actor,
    *,
    reason: str,
    source: str,
    confirmed: bool,
    parts: tuple[int | None, int | None] = (None, None),
    units: int | None = None,
) -> list[TicketLink]:
    """Link these orders to a ticket whose conversation is locked. Raises NotFound for an order of another shop."""
    shipment_id, line_id = parts
    orders = {order.id: order for order in await Order.filter(id__in=list(order_ids), shop_id=ticket.shop_id)}
    links = []
    for order_id in dict.fromkeys(order_ids):
        if order_id not in orders:
            raise NotFound("no such order")
        same = {"ticket_id": ticket.id, "order_id": order_id, "shipment_id": shipment_id, "line_id": line_id}
        link = await TicketLink.get_or_none(**same)
        if link is None:
            why: dict[str, Any] = {"reason": reason, "source": source}
            link = await TicketLink.create(**same, **why, confirmed=confirmed, units=units, created_at=now())
            action = "linked" if confirmed else "suggested"
            await change(ticket, actor, "links", action, **await _named(link, orders[order_id]), **why)
        elif confirmed and not link.confirmed:
            link.order = orders[order_id]
            await _confirm(ticket, link, actor)
        links.append(link)
    return links


async def _link_and_ticket(link_id: int, actor: Actor) -> tuple[TicketLink, Ticket]:
    known = await TicketLink.get_or_none(id=link_id)
    if known is None:
        raise NotFound("no such link")
    ticket, _ = await locked_ticket(known.ticket_id, actor)
    link = await TicketLink.get_or_none(id=link_id).select_related("order")
    if link is None:
        raise NotFound("no such link")
    return link, ticket


async def _confirm(ticket: Ticket, link: TicketLink, actor: Actor) -> None:
    link.confirmed = True
    await link.save(update_fields=["confirmed"])
    await change(ticket, actor, "links", "link_confirmed", **await _named(link, link.order))


async def _named(link: TicketLink, order: Order) -> dict[str, Any]:
    """What the entry says of it: the order and, if it is about one, the line or the parcel."""
    named: dict[str, Any] = {"order": order.public_id, "number": order.number}
    if link.line_id is not None:
        line = await OrderLine.get(id=link.line_id)
        named["part"] = f"{link.units} × {line.title}" if link.units else line.title
    elif link.shipment_id is not None:
        parcel = await Shipment.get(id=link.shipment_id)
        named["part"] = " ".join(each for each in (parcel.carrier, parcel.tracking_number) if each) or parcel.public_id
    return named
