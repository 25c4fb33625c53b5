"""What a ticket is about: its links in words, the checklist of its reasons, and what else may be linked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from app.i18n import gettext
from app.web.link_words import REASONS, describe
from core.bundles import Bundle, Later
from orders.models import OrderLine, Shipment
from tickets.evidence import evidence_in
from tickets.kinds import ASKABLE, ASKED, GIVEN, MISSING, WAIVED, Item
from tickets.models import Ticket, TicketLink

_LINKED = (
    "WHERE t.order_id IN (SELECT l.order_id FROM ticket_link AS l WHERE l.ticket_id = {ticket} AND l.confirmed)"
    " ORDER BY t.order_id, t.id LIMIT {most}"
)
MOST = 200


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


NEEDS = {
    "photo": _("A photo of it"),
    "line": _("Which item it is"),
    "units": _("How many pieces"),
    "parcel": _("Which parcel it is"),
}
STATES = {
    GIVEN: (_("There"), "good", "check"),
    WAIVED: (_("Not needed"), "", "check"),
    ASKED: (_("Requested"), "warn", "clock"),
    MISSING: (_("Still missing"), "warn", "alert"),
}
# What the customer is asked, in their language.
INTRODUCTION = _("So that we can sort this out for you quickly:")
QUESTIONS = {
    "photo": _("Please send us a photo that shows what is wrong."),
    "line": _("Which item is it about?"),
    "units": _("How many pieces are missing?"),
}


@dataclass
class Subject:
    """The rows behind the section."""

    lines: list[OrderLine] = field(default_factory=list)
    parcels: list[Shipment] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)


def subject_in(bundle: Bundle, ticket: Ticket | None) -> Later[Subject]:
    """Lines and parcels of the linked orders, and the checklist; part of a bundle."""
    if ticket is None:
        return Subject
    lines = bundle.rows(OrderLine, _LINKED, ticket=ticket.id, most=MOST)
    parcels = bundle.rows(Shipment, _LINKED, ticket=ticket.id, most=MOST)
    items = evidence_in(bundle, ticket.id)
    return lambda: Subject(lines, [parcel for parcel in parcels if not parcel.cancelled], items())


def about(subject: Subject, links: Sequence[TicketLink], base: str, language: str) -> dict[str, Any]:
    """What the section shows; nothing for a ticket without a confirmed order."""
    confirmed = [link for link in links if link.confirmed]
    lines = {line.id: line for line in subject.lines}
    parcels = {parcel.id: parcel for parcel in subject.parcels}
    numbers = {link.order_id: link.order.number for link in confirmed}
    several = len(numbers) > 1
    return {
        "url": base,
        "links": [
            {
                "text": describe(link, lines.get(link.line_id or 0), parcels.get(link.shipment_id or 0), language),
                "url": f"{base}/links/{link.id}/removal",
            }
            for link in confirmed
        ],
        "items": [_item(item, base, language) for item in subject.items],
        "open": any(item.open for item in subject.items),
        "ask": [item.code for item in subject.items if item.state == MISSING and item.code in ASKABLE],
        "choices": [
            *(
                (f"line:{line.id}", f"{numbers[line.order_id]} · {line.title}" if several else line.title)
                for line in subject.lines
            ),
            *((f"parcel:{parcel.id}", _parcel(parcel)) for parcel in subject.parcels),
        ],
        "reasons": [(key, gettext(label, language)) for key, label in REASONS.items()],
    }


def question(needs: Sequence[str], language: str) -> str:
    """What to ask the customer for, in their language."""
    sentences = [gettext(QUESTIONS[need], language) for need in needs if need in QUESTIONS]
    return gettext(INTRODUCTION, language) + "\n" + "\n".join(sentences)


def _item(item: Item, base: str, language: str) -> dict[str, Any]:
    state, tone, icon = STATES[item.state]
    return {
        "label": gettext(NEEDS[item.code], language),
        "state": gettext(state, language),
        "tone": tone if item.blocks or item.state == GIVEN else "",
        "icon": icon,
        "blocks": item.blocks,
        "waive": f"{base}/evidence/{item.code}/waiver" if item.open else "",
    }


def _parcel(parcel: Shipment) -> str:
    return " ".join(part for part in (parcel.carrier, parcel.tracking_number) if part) or parcel.public_id
