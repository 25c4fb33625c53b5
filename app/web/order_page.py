"""The page of one order: where it stands, and everything that is recorded about it."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from app.i18n import country_name, gettext
from app.order_cards import order_card
from app.web.ball import ball
from app.web.labels import HEADLINE_ICONS, STATUSES, headline
from app.web.order_disputes import dispute_hints, dispute_rows
from app.web.order_history import delivery_rows, history_rows
from app.web.order_lines import line_rows
from app.web.order_money import hints, money
from app.web.order_pane import inner_facts
from app.web.order_parcels import parcel_rows
from app.web.order_records import OrderRecords, gather
from app.web.order_stock import stock_hints
from app.web.order_told import told_rows
from app.web.roles import OVERSEERS
from app.web.times import stamp, zone_name
from conversations.telling import told_about
from core.clock import now
from core.people import Agent
from orders.access import Viewer, order_in_view, orders_beside
from orders.history import deliveries_about, turned_at
from orders.models import Order
from orders.snapshots import OrderSnapshot, snapshot
from orders.twins import twins_of
from tickets.models import Ticket
from tickets.waiting import waiting_of

DELIVERIES, TOLD, SCANS = 25, 10, 500


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


async def order_sight(viewer: Viewer, agent: Agent, public_id: str, pages: dict[str, int | None]) -> dict[str, Any]:
    """Everything the page shows; `pages` say below which ids the lists of deliveries and of told words go on.

    Raises NotFound. A constant number of statements; the look is audited by the facts gate.
    """
    order = await order_in_view(viewer, public_id, "order_page")
    language, at = agent.language, now()
    picture, records = await snapshot(order, most_scans=SCANS), await gather(order)
    zone, clock = picture.timezone, (picture.timezone, at)
    tickets = {link.ticket_id: link.ticket for link in records.about}
    return {
        "card": order_card(picture, language, at, for_desk=True),
        "inner": inner_facts(picture, language),
        "ball": ball(picture, turned_at(records.changes), waiting_of(tickets.values()), language, at),
        "icon": HEADLINE_ICONS.get(picture.headline, "box"),
        "shop_name": records.shop.name,
        "zone": zone_name(zone, at),
        "fresh": stamp(picture.source_updated_at, zone, language, at),
        "source": order.source,
        "source_id": order.source_id,
        "hints": [
            *dispute_hints(records.disputes, zone, language),
            *stock_hints(records.short, records.positions, zone, language),
            *hints(order, records.payments, await twins_of(order), language),
        ],
        "disputes": dispute_rows(records.disputes, zone, language, at),
        "parcels": parcel_rows(picture, records.gone, language, at),
        "lines": line_rows(picture, language, at),
        "money": money(order, records.payments, records.refunds, records.titles, clock, language),
        "customer": _customer(order, language),
        "others": await _others(viewer, order, records.beside, zone, language, at),
        "tickets": [_ticket(ticket, language) for ticket in tickets.values()],
        **await _record(order, picture, records, agent, pages, at),
    }


async def _record(
    order: Order,
    picture: OrderSnapshot,
    records: OrderRecords,
    agent: Agent,
    pages: dict[str, int | None],
    at: datetime,
) -> dict[str, Any]:
    """What was told, what has changed, and what was sent; each with the address of its next page."""
    language, here = agent.language, f"/console/orders/{order.public_id}"
    changes = records.changes
    conversations = {link.ticket.conversation_id for link in records.about if link.confirmed}
    told, told_rest = await told_about(records.answers, conversations, pages["told"], TOLD)
    events = await deliveries_about(order, records.handles, pages["deliveries"], DELIVERIES + 1)
    more = len(events) > DELIVERIES
    return {
        "told": told_rows(told, picture, changes, language, at),
        "told_more": f"{here}?told={told_rest}#told" if told_rest else "",
        "history": history_rows(picture, changes, records.causes, language, at),
        "deliveries": delivery_rows(events[:DELIVERIES], changes, picture, language, at),
        "deliveries_more": f"{here}?deliveries={events[DELIVERIES - 1].id}#deliveries" if more else "",
        "later": any(pages.values()) and here,
        "may_look": agent.role in OVERSEERS,
    }


def _customer(order: Order, language: str) -> dict[str, Any]:
    to = order.ship_to
    return {
        "name": order.customer_name or to.get("name") or "",
        "email": order.email or "",
        "phone": order.phone or "",
        "speaks": {"en": "English", "zh": "中文"}.get(order.language, order.language),
        "receiver": to.get("name") if to.get("name") and to.get("name") != order.customer_name else "",
        "address": _address(to, language),
        "tags": [str(tag) for tag in order.tags],
    }


def _address(to: dict[str, Any], language: str) -> list[str]:
    """As the post of the country reads it: large to small in Chinese, the postcode where it is written."""
    code, lines = to.get("country") or "", [line for line in to.get("lines") or () if line]
    city, region, postcode = (to.get(name) or "" for name in ("city", "region", "postcode"))
    country = country_name(code, language) if code else ""
    if code in ("CN", "TW", "HK", "JP"):
        place = city if city.startswith(region) else f"{region}{city}"
        return [part for part in (country, f"{place} {postcode}".strip(), *lines) if part]
    behind = code in ("US", "CA", "AU", "GB", "IN", "NZ")
    town = " ".join(part for part in ((region, postcode) if behind else (postcode, city)) if part)
    place = ", ".join(part for part in ((city, town) if behind else (town, region)) if part)
    return [part for part in (*lines, place, country) if part]


async def _others(
    viewer: Viewer, order: Order, beside: Collection[str], zone: str, language: str, at: datetime
) -> list[dict[str, str]]:
    contacts = [contact for contact in (order.email, order.phone) if contact]
    rows = []
    for other in await orders_beside(viewer, order, beside):
        title, tone, icon = headline(other.headline, language)
        proved = not ({other.email, other.phone} & set(contacts))
        rows.append(
            {
                "url": f"/console/orders/{other.public_id}",
                "number": other.number,
                "title": title,
                "tone": tone,
                "icon": icon,
                "placed": stamp(other.placed_at, zone, language, at),
                "why": gettext(_("other contact, proved by the same person"), language) if proved else "",
            }
        )
    return rows


def _ticket(ticket: Ticket, language: str) -> dict[str, str]:
    status, tone, icon = STATUSES.get(ticket.status, (ticket.status, "", "inbox"))
    return {
        "url": f"/console/tickets/{ticket.number}",
        "number": str(ticket.number),
        "subject": ticket.subject,
        "status": gettext(status, language),
        "tone": tone,
        "icon": icon,
    }
