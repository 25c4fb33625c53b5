"""Stock for the desk: SKUs that stock does not reach, and one SKU with its places and the orders that want it."""

from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.i18n import day, gettext, when
from app.rendering import render
from app.web.desk import see_other, shell, signed_in
from app.web.forms import fields, whole_number
from app.web.labels import headline
from app.web.roles import OVERSEERS, require_overseer
from app.web.times import ago
from core.clock import now
from core.people import Actor, Agent, shop_ids_of
from core.shops import Shop
from orders.access import note_listed
from orders.stock.demand import recompute
from orders.stock.intake import discontinue
from orders.stock.models import StockLevel, StockPosition
from orders.stock.queries import (
    PAGE,
    OpenOrder,
    cursor,
    find_positions,
    levels_at,
    open_orders_of,
    position_in_view,
    positions_in_trouble,
)

HERE = "/console/stock"
LONGEST_QUERY = 120


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


TURNS = {0: _("Paid or confirmed"), 1: _("Payment under way or under review"), 2: _("Not paid")}
COUNTS = {"on_hand": _("On hand"), "available": _("Available")}


@signed_in
async def stock_page(request: Request, agent: Agent) -> Response:
    """GET: SKUs in trouble, the longest first; with `q` every SKU whose name or title fits."""
    shop_ids, language = await shop_ids_of(agent), agent.language
    query, after = request.query_params.get("q", "").strip()[:LONGEST_QUERY], request.query_params.get("after")
    if query:
        found = await find_positions(shop_ids, query, whole_number(after, 0), PAGE + 1)
        more = f"{HERE}?q={quote(query, safe='')}&after={found[PAGE - 1].id}" if len(found) > PAGE else ""
    else:
        found = await positions_in_trouble(shop_ids, after, PAGE + 1)
        more = f"{HERE}?after={cursor(found[PAGE - 1])}" if len(found) > PAGE else ""
    shops = {shop.id: shop for shop in await Shop.filter(id__in=list({row.shop_id for row in found}))}
    context = {
        "shell": shell(request, agent, current="stock"),
        "query": query,
        "positions": [_position(row, shops[row.shop_id], language) for row in found[:PAGE]],
        "several": len(shop_ids) > 1,
        "more": more,
    }
    return render(request, "console/stock.html", context)


@signed_in
async def sku_page(request: Request, agent: Agent) -> Response:
    """GET: one SKU: what lies where, what open orders want, and who gets it."""
    position = await position_in_view(await shop_ids_of(agent), whole_number(request.path_params["id"], 0))
    language, after = agent.language, request.query_params.get("after")
    rows = await open_orders_of(position.shop_id, position.sku, after=after, limit=PAGE + 1)
    await note_listed(agent, [row.public_id for row in rows[:PAGE]], "stock")
    context = {
        "shell": shell(request, agent, current="stock"),
        "sku": _position(position, position.shop, language),
        "levels": [_level(row, position.shop.timezone, language) for row in await levels_at(position)],
        "orders": [_order(row, position.shop.timezone, language) for row in rows[:PAGE]],
        "more": f"{HERE}/{position.id}?after={rows[PAGE - 1].cursor}" if len(rows) > PAGE else "",
        "may_discontinue": agent.role in OVERSEERS,
    }
    return render(request, "console/sku.html", context)


@signed_in
async def discontinue_sku(request: Request, agent: Agent) -> Response:
    """POST: say that a SKU is gone for good, or that it is not. For supervisors and administrators."""
    require_overseer(agent)
    position = await position_in_view(await shop_ids_of(agent), whole_number(request.path_params["id"], 0))
    gone = (await fields(request)).get("gone") == "yes"
    await discontinue(position.shop, position.sku, Actor.of(agent), gone=gone)
    await recompute(position.shop_id, [position.sku])  # what the next page shows; the job finds nothing left to do
    return see_other(f"{HERE}/{position.id}", "gone" if gone else "not_gone")


def _position(row: StockPosition, shop: Shop, language: str) -> dict[str, Any]:
    zone = shop.timezone
    note, tone, icon = _state(row, zone, language)
    return {
        "url": f"{HERE}/{row.id}",
        "sku": row.sku,
        "title": row.title,
        "shop": shop.name,
        "on_hand": row.on_hand,
        "available": row.available,
        "demand": row.demand,
        "short": row.short,
        "orders": row.orders_short,
        "since": ago(row.first_short_at, now(), language) if row.first_short_at else "",
        "note": note,
        "tone": tone,
        "icon": icon,
        "gone": row.gone,
        "as_of": when(row.as_of, zone, language) if row.as_of else "",
    }


def _state(row: StockPosition, zone: str, language: str) -> tuple[str, str, str]:
    if row.gone:
        return gettext(_("Discontinued"), language), "bad", "cross-circle"
    if row.short and row.restock_eta is not None:
        text = gettext(_("Expected %(day)s"), language) % {"day": day(row.restock_eta, zone, language)}
        return text, "bad" if row.restock_eta < now() else "warn", "clock"
    if row.short:
        return gettext(_("No date"), language), "bad", "alert"
    return gettext(_("Covered"), language), "good", "check"


def _level(row: StockLevel, zone: str, language: str) -> dict[str, Any]:
    return {
        "place": row.location or "–",
        "source": row.item.source,
        "counts": gettext(COUNTS.get(row.counts, row.counts), language),
        "quantity": row.quantity,
        "at": when(row.source_updated_at, zone, language),
    }


def _order(row: OpenOrder, zone: str, language: str) -> dict[str, Any]:
    title, tone, icon = headline(row.headline, language)
    return {
        "url": f"/console/orders/{row.public_id}",
        "number": row.number,
        "customer": row.customer,
        "units": row.units,
        "short": row.short,
        "turn": gettext(TURNS[row.turn], language),
        "placed": when(row.placed_at, zone, language),
        "title": title,
        "tone": tone,
        "icon": icon,
    }


routes = [
    Route(HERE, stock_page, methods=["GET"]),
    Route(HERE + "/{id}", sku_page, methods=["GET"]),
    Route(HERE + "/{id}/discontinue", discontinue_sku, methods=["POST"]),
]
