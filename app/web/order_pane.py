"""The order beside a conversation: the card, what only the desk may know, and what the customer was told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.i18n import gettext, when
from app.order_cards import destination, order_card
from app.web.ball import ball
from app.web.claim_panel import claim_panel
from app.web.labels import GATES, HEADLINE_ICONS, HOLDS, PARCEL_ICONS, PARCEL_TONES, PAYMENTS, TENDERS, headline, word
from app.web.times import iso
from conversations.models import AnswerReceipt, Message
from core.clock import now
from core.people import Agent, Customer
from orders.access import Viewer, note_listed, order_in_view
from orders.claims.models import Claim
from orders.models import Order
from orders.responsibility import Waiting
from orders.sights import glance_at, sight_of, write_sights
from orders.snapshots import OrderSnapshot, snapshot
from tickets.models import TicketLink

TOLD = 8


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


WHY = {
    "bot": _("The bot found it in the conversation."),
    "mail": _("The email names it; the sender isn’t verified."),
    "customer": _("The customer named it; nothing is verified yet."),
    "agent": _("An agent suggested it."),
}


@dataclass
class Sight:
    """What a pane is made from; gathered by the page that shows it."""

    agent: Agent
    shop_id: int
    base: str  # address of the page
    links: Sequence[TicketLink] = ()
    shown: Order | None = None  # the order the conversation shows live
    wanted: str = ""  # public id that the address asks for
    receipts: Sequence[AnswerReceipt] = ()
    messages: Sequence[Message] = ()
    customer: Customer | None = None
    proved: Sequence[str] = ()
    timezone: str = "UTC"
    turned: Mapping[int, datetime] = field(default_factory=dict)  # since when orders have their headlines, by id
    waiting: Waiting = field(default_factory=Waiting)
    claims: Sequence[Claim] = ()  # on its orders, newest first
    works: bool = False  # it is a ticket, on which things are done
    orders: list[Order] = field(default_factory=list)

    def __post_init__(self) -> None:
        confirmed = [link.order for link in self.links if link.confirmed]
        suggested = {link.order_id for link in self.links if not link.confirmed}
        live = [self.shown] if self.shown is not None and self.shown.id not in suggested else []
        self.orders = list({order.id: order for order in [*confirmed, *live]}.values())


async def order_pane(sight: Sight) -> dict[str, Any]:
    """Everything the pane shows. Reading the order is audited by the facts gate."""
    language = sight.agent.language
    chosen = next((order for order in sight.orders if order.public_id == sight.wanted), None)
    chosen = chosen or next(iter(sight.orders), None)
    picture = await seen_by_agent(sight.agent, sight.shop_id, chosen.public_id, "ticket") if chosen else None
    await note_listed(sight.agent, [link.order.public_id for link in sight.links if not link.confirmed], "suggestions")
    since = sight.turned.get(chosen.id) if chosen else None
    return {
        "ball": ball(picture, since, sight.waiting, language, now()) if picture else None,
        "card": order_card(picture, language, now(), for_desk=True) if picture else None,
        "inner": inner_facts(picture, language) if picture else None,
        "claims": claim_panel(picture, chosen.id, sight.claims, sight.base, language)
        if picture and chosen and sight.works
        else None,
        "sights": write_sights(
            {o.public_id: sight_of(picture) if picture and o is chosen else glance_at(o) for o in sight.orders}
        ),
        "tabs": [_tab(order, order is chosen, sight.base) for order in sight.orders],
        "suggestions": [_suggestion(link, sight.base, language) for link in sight.links if not link.confirmed],
        "told": _told(sight, picture, language),
        "customer": _customer(sight.customer, sight.proved, language) if sight.customer else None,
    }


async def seen_by_agent(agent: Agent, shop_id: int, name: str, purpose: str) -> OrderSnapshot:
    """The picture of an order of a shop that the agent has been let into. Raises NotFound."""
    return await snapshot(await order_in_view(Viewer.agent(agent.id, [shop_id], agent.name), name, purpose))


def inner_facts(picture: OrderSnapshot, language: str) -> dict[str, Any]:
    """What holds the order up, by its real name, and the record's times and money."""
    zone = picture.timezone
    gates = [(*GATES[gate.value], "calm") for gate in picture.gates if gate.value in GATES]
    holds = [(*HOLDS[hold.value], "warn") for hold in sorted(picture.holds) if hold.value in HOLDS]
    window = [moment for moment in (picture.promised_from, picture.promised_to) if moment]
    times = [
        (_("Placed"), picture.placed_at),
        (_("Paid"), picture.paid_at),
        (_("Confirmed"), picture.confirmed_at),
        (_("Confirm by"), None if picture.confirmed_at else picture.confirm_by),
        (_("Ship by"), picture.promised_ship_by),
        (_("Promised by"), window[-1] if window else None),
        (_("Cancelled"), picture.cancelled_at),
    ]
    tender = word(TENDERS, picture.payment_method, language)
    payment = word(PAYMENTS, picture.payment.value, language)
    facts = [
        (_("Payment"), f"{payment} · {tender}" if tender else payment),
        (_("To"), destination(picture.destination, language)),
        *((label, when(moment, zone, language)) for label, moment in times if moment),
        (_("Can be cancelled"), gettext(_("Yes") if picture.can_cancel else _("No"), language)),
        (_("As of"), when(picture.source_updated_at, zone, language)),
    ]
    return {
        "icon": HEADLINE_ICONS.get(picture.headline, "box"),
        "parcel_tones": PARCEL_TONES,
        "parcel_icons": PARCEL_ICONS,
        "blocks": [
            {"title": gettext(title, language), "text": gettext(text, language) if text else "", "tone": tone}
            for title, text, tone in [*holds, *gates]
        ],
        "facts": [{"label": gettext(label, language), "text": text} for label, text in facts if text],
    }


def _tab(order: Order, current: bool, base: str) -> dict[str, Any]:
    return {"number": order.number, "url": f"{base}?order={order.public_id}", "current": current}


def _suggestion(link: TicketLink, base: str, language: str) -> dict[str, str]:
    return {
        "number": link.order.number,
        "title": headline(link.order.headline, language)[0],
        "why": gettext(WHY.get(link.source, WHY["bot"]), language),
        "url": f"{base}/links/{link.id}",
    }


def _told(sight: Sight, picture: OrderSnapshot | None, language: str) -> list[dict[str, str]]:
    """The bot's answers with what they stood on, newest first; the texts come from the messages at hand."""
    told = []
    for receipt in sorted(sight.receipts, key=lambda receipt: -receipt.question_number)[:TOLD]:
        answer = next(
            (m for m in sight.messages if m.author_kind == "bot" and m.number > receipt.question_number), None
        )
        if answer is None:
            continue
        basis = gettext(_("Rule %(rule)s"), language) % {"rule": receipt.rule}
        if receipt.order_version is not None:
            basis += " · " + gettext(_("order version %(version)s"), language) % {"version": receipt.order_version}
            if (
                picture is not None
                and receipt.order_id in _ids(sight, picture)
                and receipt.order_version < picture.version
            ):
                basis += " · " + gettext(_("the order has moved on since"), language)
        text = answer.text if len(answer.text) <= 180 else answer.text[:179] + "…"
        told.append(
            {
                "iso": iso(receipt.as_of),
                "time": when(receipt.as_of, sight.timezone, language),
                "text": text,
                "basis": basis,
            }
        )
    return told


def _ids(sight: Sight, picture: OrderSnapshot) -> set[int]:
    return {order.id for order in sight.orders if order.public_id == picture.order_id}


def _customer(customer: Customer, proved: Sequence[str], language: str) -> dict[str, Any]:
    facts = [
        (_("Email"), customer.email),
        (_("Phone"), customer.phone),
        (_("Verified"), ", ".join(proved) or gettext(_("nothing yet"), language)),
        (_("Speaks"), {"en": "English", "zh": "中文"}.get(customer.language, customer.language)),
    ]
    return {
        "name": customer.name or gettext(_("Guest"), language),
        "facts": [{"label": gettext(label, language), "text": text} for label, text in facts if text],
    }
