"""One box for everything: orders by any of their names, tickets by number, words in messages."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.i18n import gettext
from app.rendering import render
from app.web.desk import shell, signed_in
from app.web.labels import KINDS, STATUSES, headline, word
from app.web.times import ago, iso, stamp
from conversations.models import Message
from conversations.search import search_messages
from core.clock import now
from core.people import Agent, shop_ids_of
from core.shops import Shop
from orders.access import Viewer
from orders.finding import MOST_FOUND, cursor, find_orders, why_found
from orders.fitting import Reason
from orders.models import Order
from tickets.models import Ticket

HITS = 30
LONGEST_QUERY = 200


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


REASONS = {
    "number": _("Order number"),
    "tracking": _("Tracking number"),
    "email": _("Email"),
    "phone": _("Phone"),
    "payment": _("Payment"),
    "refund": _("Refund"),
    "sku": _("SKU"),
    "goods": _("Goods"),
    "name": _("Name"),
}


@signed_in
async def search_page(request: Request, agent: Agent) -> Response:
    """GET: orders by number, tracking number, contact, reference, goods or name; tickets by number; words."""
    query = request.query_params.get("q", "").strip()[:LONGEST_QUERY]
    after = request.query_params.get("after")  # the next page is one of orders only
    context: dict[str, Any] = {"shell": shell(request, agent, current="search"), "query": query}
    context |= {"orders": [], "tickets": [], "messages": [], "more": ""}
    if query:
        shop_ids, language = await shop_ids_of(agent), agent.language
        viewer = Viewer.agent(agent.id, shop_ids, agent.name)
        found = await find_orders(viewer, query, after, MOST_FOUND + 1)
        context["orders"] = await _orders(viewer, found[:MOST_FOUND], query, language)
        if len(found) > MOST_FOUND:
            context["more"] = f"/console/search?q={quote(query, safe='')}&after={cursor(found[MOST_FOUND - 1])}"
        if after is None:
            context["tickets"] = [_ticket(ticket, language) for ticket in await _tickets(shop_ids, query)]
            words = await search_messages(shop_ids, query, HITS)
            context["messages"] = [_words(message, language) for message in words]
    return render(request, "console/search.html", context)


async def _tickets(shop_ids: list[int], query: str) -> list[Ticket]:
    digits = query.removeprefix("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
        return []
    return await Ticket.filter(number=int(digits), shop_id__in=shop_ids)


async def _orders(viewer: Viewer, orders: Sequence[Order], query: str, language: str) -> list[dict[str, Any]]:
    shops = {shop.id: shop for shop in await Shop.filter(id__in=list(viewer.shop_ids))}
    why = await why_found(viewer, orders, query)
    return [_order(order, shops[order.shop_id], why[order.id], len(shops) > 1, language) for order in orders]


def _order(order: Order, shop: Shop, why: Sequence[Reason], several: bool, language: str) -> dict[str, Any]:
    title, tone, icon = headline(order.headline, language)
    return {
        "url": f"/console/orders/{order.public_id}",
        "number": order.number,
        "title": title,
        "tone": tone,
        "icon": icon,
        "name": order.customer_name or order.email or "",
        "shop": shop.name if several else "",
        "placed": stamp(order.placed_at, shop.timezone, language, now()),
        "why": [{"label": gettext(REASONS[reason.kind], language), "text": reason.text} for reason in why],
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


def _words(message: Message, language: str) -> dict[str, str]:
    conversation = message.conversation
    return {
        "url": f"/console/conversations/{conversation.public_id}",
        "name": conversation.customer.name or gettext("Guest", language),
        "author": message.author_name,
        "text": message.text[:400],
        "lang": "zh-Hans" if message.language == "zh" else message.language,
        "iso": iso(message.created_at),
        "ago": ago(message.created_at, now(), language),
    }


routes = [Route("/console/search", search_page, methods=["GET"])]
