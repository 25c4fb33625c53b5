"""Orders for the desk: one order with everything its shop has said about it, and finding orders, tickets and words."""

from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.i18n import gettext, when
from app.order_cards import order_card
from app.rendering import render
from app.web.desk import OVERSEERS, shell, signed_in
from app.web.labels import DELIVERY_STATES, KINDS, STATUSES, headline, word
from app.web.order_money import dispute_hints, hints, money_rows
from app.web.order_pane import inner_facts
from app.web.times import ago, iso
from conversations.search import search_messages
from core.clock import now
from core.people import Agent, shop_ids_of
from orders.access import Viewer, order_in_view
from orders.finding import MOST_FOUND, cursor, find_orders
from orders.models import Dispute, Order, Payment, Refund, SourceEvent
from orders.snapshots import snapshot
from orders.twins import twins_of
from tickets.models import Ticket, TicketLink

EVENTS, HITS, TICKETS, SCANS = 100, 30, 20, 500
LONGEST_QUERY = 200


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


@signed_in
async def order_page(request: Request, agent: Agent) -> Response:
    """GET: the order, its tickets and the events it was made from."""
    language = agent.language
    viewer = Viewer.agent(agent.id, await shop_ids_of(agent), agent.name)
    order = await order_in_view(viewer, _public_id(request), "order_page")
    picture = await snapshot(order, most_scans=SCANS)
    payments = await Payment.filter(order_id=order.id).order_by("at", "id")
    refunds = await Refund.filter(order_id=order.id).order_by("at", "id")
    disputes = await Dispute.filter(order_id=order.id).order_by("id")
    events = await SourceEvent.filter(order_id=order.id).order_by("-id").limit(EVENTS)
    links = TicketLink.filter(order_id=order.id, ticket__shop_id=order.shop_id).order_by("-id").limit(TICKETS)
    tickets = {link.ticket.id: link.ticket for link in await links.select_related("ticket")}
    context = {
        "shell": shell(request, agent),
        "card": order_card(picture, language, now(), for_desk=True),
        "inner": inner_facts(picture, language),
        "customer": [text for text in (order.customer_name, order.email, order.phone) if text],
        "hints": [
            *dispute_hints(disputes, picture.timezone, language),
            *hints(order, payments, await twins_of(order), language),
        ],
        "money": money_rows(payments, refunds, disputes, picture.timezone, language),
        "events": [_event(event, picture.timezone, agent) for event in events],
        "tickets": [_ticket(ticket, language) for ticket in tickets.values()],
    }
    return render(request, "console/order.html", context)


@signed_in
async def search_page(request: Request, agent: Agent) -> Response:
    """GET: orders by number, tracking number, contact, goods or name; tickets by number; words in messages."""
    query = request.query_params.get("q", "").strip()[:LONGEST_QUERY]
    after = request.query_params.get("after")  # the next page is one of orders only
    context: dict[str, Any] = {"shell": shell(request, agent, current="search"), "query": query}
    context |= {"orders": [], "tickets": [], "messages": [], "more": ""}
    if query:
        shop_ids, language = await shop_ids_of(agent), agent.language
        orders = await find_orders(Viewer.agent(agent.id, shop_ids, agent.name), query, after, MOST_FOUND + 1)
        context["orders"] = [_order(order, language) for order in orders[:MOST_FOUND]]
        if len(orders) > MOST_FOUND:
            context["more"] = f"/console/search?q={quote(query, safe='')}&after={cursor(orders[MOST_FOUND - 1])}"
        if after is None:
            context["tickets"] = [_ticket(ticket, language) for ticket in await _tickets(shop_ids, query)]
            found = await search_messages(shop_ids, query, HITS)
            context["messages"] = [_message(message, language) for message in found]
    return render(request, "console/search.html", context)


def _public_id(request: Request) -> str:
    """Only a public id: an order number is ambiguous between shops."""
    name: str = request.path_params["public_id"]
    return name if name.startswith("ord_") else "ord_"


async def _tickets(shop_ids: list[int], query: str) -> list[Ticket]:
    digits = query.removeprefix("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
        return []
    return await Ticket.filter(number=int(digits), shop_id__in=shop_ids)


def _event(event: SourceEvent, timezone: str, agent: Agent) -> dict[str, str]:
    language = agent.language
    state, tone, icon = DELIVERY_STATES.get(event.state, (event.state, "", "clock"))
    updated = when(event.source_updated_at, timezone, language) if event.source_updated_at else ""
    return {
        "url": f"/console/deliveries/{event.public_id}" if agent.role in OVERSEERS else "",
        "topic": event.topic,
        "source": event.source,
        "iso": iso(event.received_at),
        "at": when(event.received_at, timezone, language),
        "updated": updated,
        "state": gettext(state, language),
        "tone": tone,
        "icon": icon,
        "error": event.error or "",
    }


def _order(order: Order, language: str) -> dict[str, str]:
    title, tone, icon = headline(order.headline, language)
    return {
        "url": f"/console/orders/{order.public_id}",
        "number": order.number,
        "title": title,
        "tone": tone,
        "icon": icon,
        "name": order.customer_name or order.email or "",
        "placed": when(order.placed_at, "UTC", language),
    }


def _ticket(ticket: Ticket, language: str) -> dict[str, str]:
    status, tone, icon = STATUSES.get(ticket.status, (ticket.status, "", "inbox"))
    return {
        "url": f"/console/tickets/{ticket.number}",
        "number": str(ticket.number),
        "subject": ticket.subject,
        "kind": word(KINDS, ticket.kind, language),
        "status": gettext(status, language),
        "tone": tone,
        "icon": icon,
    }


def _message(message: Any, language: str) -> dict[str, str]:
    conversation = message.conversation
    return {
        "url": f"/console/conversations/{conversation.public_id}",
        "name": conversation.customer.name or gettext(_("Guest"), language),
        "author": message.author_name,
        "text": message.text[:400],
        "lang": "zh-Hans" if message.language == "zh" else message.language,
        "iso": iso(message.created_at),
        "ago": ago(message.created_at, now(), language),
    }


routes = [
    Route("/console/orders/{public_id}", order_page, methods=["GET"]),
    Route("/console/search", search_page, methods=["GET"]),
]
