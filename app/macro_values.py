"""What stands in the blanks of a macro: facts of the order, line, parcel and refund it is bound to, as the customer
reads them. Of an order that the customer has not proved nothing is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.i18n import day, when
from app.order_cards import order_card
from conversations.blanks import BLANKS, blanks, needs
from conversations.models import EMAIL, Conversation
from conversations.proofs import proven_contacts
from core.clock import now
from core.errors import NotFound
from core.money import format_money
from core.people import Agent
from core.promises import OPEN, Promise
from core.shops import Shop
from orders.access import Viewer, note_listed, order_in_view
from orders.models import Order
from orders.snapshots import LineSnapshot, OrderSnapshot, ParcelSnapshot, snapshot
from tickets.models import Ticket
from tickets.queries import links_of

NOT_PROVED, CHOOSE, NONE = "not_proved", "choose", "none"
PURPOSE = "macro"


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


WORDS = {
    "customer.name": _("Customer’s name"),
    "agent.name": _("Your name"),
    "shop.name": _("Name of the shop"),
    "ticket.number": _("Ticket number"),
    "promise.due": _("When the promise is due"),
    "order.number": _("Order number"),
    "order.state": _("Where the order stands"),
    "order.next": _("What happens next"),
    "order.placed": _("When it was ordered"),
    "order.total": _("Order total"),
    "order.promised": _("Promised delivery"),
    "line.title": _("Item"),
    "line.units": _("Units of the item"),
    "line.expected": _("When the item is expected"),
    "parcel.carrier": _("Carrier"),
    "parcel.tracking_number": _("Tracking number"),
    "parcel.state": _("Where the parcel is"),
    "parcel.expected": _("Expected arrival"),
    "parcel.pickup_point": _("Pick-up point"),
    "refund.amount": _("Refund amount"),
    "refund.state": _("Where the refund stands"),
}


@dataclass(frozen=True, slots=True)
class Bound:
    """Which order (public id), line (position from 1) and parcel (public id) an agent has chosen; "" and 0: not yet."""

    order: str = ""
    line: int = 0
    parcel: str = ""


@dataclass
class Values:
    """The values by name; why a blank has none; what can be chosen from, as (name to give back, label) by thing."""

    known: dict[str, str] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    number: str = ""  # of the order that was used


async def values_for(
    words: str, agent: Agent | None, shop: Shop, conversation: Conversation, ticket: Ticket | None, bound: Bound
) -> Values:
    """What can stand in the blanks of `words`, in the customer's language and the shop's time zone. Without an agent
    the shop itself speaks.

    The order is one that the ticket is linked to or that the conversation shows. An agent's look at it is audited.
    """
    found, wanted = Values(), needs(words)
    found.known |= {
        "customer.name": conversation.customer.name,
        "agent.name": agent.name if agent else shop.name,
        "shop.name": shop.name,
        "ticket.number": str(ticket.number) if ticket else "",
    }
    if ticket is not None and "promise.due" in blanks(words):
        promise = await Promise.filter(subject=ticket.public_id, state=OPEN).order_by("due_at").first()
        found.known["promise.due"] = when(promise.due_at, shop.timezone, conversation.language) if promise else ""
    if wanted:
        order = await _of_the_order(found, wanted, shop, conversation, ticket, bound)
        if order is not None and agent is not None:
            await note_listed(agent, [order.public_id], PURPOSE)
    for name in blanks(words):
        if not found.known.get(name):
            found.why.setdefault(name, NONE)
    return found


async def _of_the_order(
    found: Values,
    wanted: frozenset[str],
    shop: Shop,
    conversation: Conversation,
    ticket: Ticket | None,
    bound: Bound,
) -> Order | None:
    """Add what the order says; returns the order that was read."""
    orders = await _linked(conversation, ticket)
    if len(orders) > 1:
        found.choices["order"] = [(order.public_id, order.number) for order in orders]
    chosen = next((one for one in orders if one.public_id == bound.order), orders[0] if len(orders) == 1 else None)
    order = await _as_told(chosen, shop, conversation) if chosen else None
    if order is not None:
        picture = await snapshot(order)
        found.number = picture.number
        _tell(found, picture, wanted, bound, conversation.language)
    reason = NONE if order else NOT_PROVED if chosen else CHOOSE if orders else NONE
    for name, depends in BLANKS.items():
        if depends in wanted and not found.known.get(name):
            found.why.setdefault(name, reason)
    return order


async def _linked(conversation: Conversation, ticket: Ticket | None) -> list[Order]:
    """The orders that the ticket is about, those that an agent has confirmed; without any, the one in view."""
    links = await links_of(ticket.id) if ticket else []
    orders = [link.order for link in links if link.confirmed]
    if not orders and conversation.order is not None:
        orders = [conversation.order]
    return list({order.id: order for order in orders}.values())


async def _as_told(order: Order, shop: Shop, conversation: Conversation) -> Order | None:
    """The order, if this customer may hear of it; an answer by mail goes to its address and to nobody else."""
    proved = list(await proven_contacts(conversation.id))
    if conversation.channel == EMAIL and conversation.customer.email:
        proved.append(conversation.customer.email)
    try:
        return await order_in_view(Viewer.customer(shop.id, proved), order.public_id, PURPOSE)
    except NotFound:
        return None


def _tell(found: Values, picture: OrderSnapshot, wanted: frozenset[str], bound: Bound, language: str) -> None:
    card, zone = order_card(picture, language, now()), picture.timezone
    promised = picture.promised_to
    found.known |= {
        "order.number": picture.number,
        "order.state": card["title"],
        "order.next": card["next"] or "",
        "order.placed": card["placed"],
        "order.total": card["total"],
        "order.promised": day(promised, zone, language) if promised and promised > now() else "",
    }
    if "line" in wanted:
        _tell_line(found, picture.lines, bound, zone, language)
    if "parcel" in wanted:
        _tell_parcel(found, picture.parcels, card["parcels"], bound)
    if "refund" in wanted and picture.refunds:
        refund = picture.refunds[0]
        found.known |= {"refund.amount": format_money(refund.amount, language), "refund.state": card["refund"] or ""}


def _tell_line(found: Values, lines: Sequence[LineSnapshot], bound: Bound, zone: str, language: str) -> None:
    if len(lines) > 1:
        found.choices["line"] = [(str(place), line.title) for place, line in enumerate(lines, 1)]
    place = bound.line or (1 if len(lines) == 1 else 0)
    if not 0 < place <= len(lines):
        found.why |= dict.fromkeys(("line.title", "line.units", "line.expected"), CHOOSE if lines else NONE)
        return
    line = lines[place - 1]
    found.known |= {
        "line.title": line.title,
        "line.units": str(line.quantity - line.quantity_cancelled),
        "line.expected": day(line.backorder_eta, zone, language) if line.backorder_eta else "",
    }


def _tell_parcel(
    found: Values, parcels: Sequence[ParcelSnapshot], shown: Sequence[Mapping[str, Any]], bound: Bound
) -> None:
    """`shown` are the same parcels as the card shows them."""
    if len(parcels) > 1:
        found.choices["parcel"] = [
            (parcel.parcel_id, f"{card['title']} {parcel.tracking_number}".rstrip())
            for parcel, card in zip(parcels, shown, strict=True)
        ]
    chosen = [
        (parcel, card)
        for parcel, card in zip(parcels, shown, strict=True)
        if parcel.parcel_id == bound.parcel or len(parcels) == 1
    ]
    if not chosen:
        found.why |= {name: CHOOSE if parcels else NONE for name, depends in BLANKS.items() if depends == "parcel"}
        return
    parcel, card = chosen[0]
    found.known |= {
        "parcel.carrier": parcel.carrier,
        "parcel.tracking_number": parcel.tracking_number,
        "parcel.state": card["state_text"],
        "parcel.expected": card["eta"] or "",
        "parcel.pickup_point": parcel.pickup_point,
    }
