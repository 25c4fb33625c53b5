"""What shops have sent that could not be applied: look at it, and fold it again. For supervisors and administrators."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.i18n import gettext, when
from app.rendering import render
from app.web.desk import see_other, shell, signed_in
from app.web.forms import whole_number
from app.web.labels import DELIVERY_STATES
from app.web.raw import laid_out, shown_headers
from app.web.roles import require_admin, require_overseer
from app.web.times import iso
from core import audit
from core.people import ADMIN, Actor, Agent, shop_ids_of
from core.shops import Shop
from orders.models import Order, SourceEvent
from orders.replaying import PAGE, event_in_view, failed_events, replay

HERE = "/console/deliveries"
LONGEST_RAW = 200_000  # characters of a body that a page shows


@signed_in
async def deliveries_page(request: Request, agent: Agent) -> Response:
    """GET: deliveries that failed or wait for their order, newest first."""
    shop_ids = await _shop_ids(agent)
    after = whole_number(request.query_params.get("after"), 0) or None
    found = await failed_events(shop_ids, after, PAGE + 1)
    shops = await _shops(found)
    context = {
        "shell": shell(request, agent, current="deliveries"),
        "deliveries": [_row(event, shops[event.shop_id], agent.language) for event in found[:PAGE]],
        "more": f"{HERE}?after={found[PAGE - 1].id}" if len(found) > PAGE else "",
    }
    return render(request, "console/deliveries.html", context)


@signed_in
async def delivery_page(request: Request, agent: Agent) -> Response:
    """GET: one delivery and what became of it; its bytes for administrators only, which is audited."""
    event = await event_in_view(await _shop_ids(agent), request.path_params["public_id"])
    shop, is_admin = await Shop.get(id=event.shop_id), agent.role == ADMIN
    if is_admin:
        await audit.note(Actor.of(agent), "delivery.read", event.public_id)
    order = await Order.get_or_none(id=event.order_id) if event.order_id is not None else None
    raw = bytes(event.body).decode("utf-8", "replace")[:LONGEST_RAW] if is_admin else None
    context = {
        "shell": shell(request, agent, current="deliveries"),
        "delivery": _row(event, shop, agent.language),
        "order": {"number": order.number, "url": f"/console/orders/{order.public_id}"} if order else None,
        "headers": shown_headers(event.headers) if is_admin else "",
        "body": raw,
        "laid_out": laid_out(raw) if raw else "",
    }
    return render(request, "console/delivery.html", context)


@signed_in
async def raw_delivery(request: Request, agent: Agent) -> Response:
    """GET: the bytes of one delivery as a file, as they came; for administrators, audited."""
    event = await event_in_view(await _shop_ids(agent), request.path_params["public_id"])
    require_admin(agent)
    await audit.note(Actor.of(agent), "delivery.downloaded", event.public_id)
    headers = {"content-disposition": f'attachment; filename="{event.public_id}.bin"'}
    return Response(bytes(event.body), media_type="application/octet-stream", headers=headers)


@signed_in
async def replay_delivery(request: Request, agent: Agent) -> Response:
    """POST: fold a delivery again."""
    event = await event_in_view(await _shop_ids(agent), request.path_params["public_id"])
    result = await replay(event.id, Actor.of(agent))
    return see_other(f"{HERE}/{event.public_id}", "still_failed" if result.error else "replayed")


async def _shop_ids(agent: Agent) -> list[int]:
    require_overseer(agent)
    return await shop_ids_of(agent)


async def _shops(events: list[SourceEvent]) -> dict[int, Shop]:
    return {shop.id: shop for shop in await Shop.filter(id__in=list({event.shop_id for event in events}))}


def _row(event: SourceEvent, shop: Shop, language: str) -> dict[str, Any]:
    state, tone, icon = DELIVERY_STATES.get(event.state, (event.state, "", "clock"))
    return {
        "url": f"{HERE}/{event.public_id}",
        "id": event.public_id,
        "shop": shop.name,
        "source": event.source,
        "topic": event.topic,
        "order": event.order_ref or "",
        "iso": iso(event.received_at),
        "at": when(event.received_at, shop.timezone, language),
        "state": gettext(state, language),
        "tone": tone,
        "icon": icon,
        "error": event.error or "",
    }


routes = [
    Route(HERE, deliveries_page, methods=["GET"]),
    Route(HERE + "/{public_id}", delivery_page, methods=["GET"]),
    Route(HERE + "/{public_id}/raw", raw_delivery, methods=["GET"]),
    Route(HERE + "/{public_id}/replay", replay_delivery, methods=["POST"]),
]
