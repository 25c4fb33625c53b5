"""The composer's own doors: the draft that survives, and replies that can still be undone."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.rendering import wants_html
from app.web.composer import drafts_of
from app.web.console_ticket import BASES, Place, place_of, refused
from app.web.desk import see_other, signed_in
from app.web.forms import fields, whole_number
from app.web.mail_recipients import recipients_in_draft
from app.web.order_changes import with_words
from conversations.composing_models import SENT, STOPPED, HeldMessage, WrittenDraft
from conversations.drafting import Written, keep_draft
from conversations.holding import send_now, take_back
from conversations.models import EMAIL
from core.errors import Conflict
from core.people import Agent
from orders.sights import as_data, read_sights


@signed_in
async def drafts(request: Request, agent: Agent) -> Response:
    """GET: the agent's own drafts here, for another device that has changed one."""
    return JSONResponse(await _drafts(await place_of(request, agent), agent))


@signed_in
async def keep(request: Request, agent: Agent) -> Response:
    """POST: keep what is being written. 409 `draft_moved` when another device has changed it since."""
    place, form = await place_of(request, agent), await fields(request)
    written = Written(
        text=form.get("text", ""),
        client_id=form.get("client_id", ""),
        attachments=form.get("attachments", "").split(),
        seen=whole_number(form.get("seen"), 0),
        orders=as_data(read_sights(form.get("orders", ""))),
        addressing=recipients_in_draft(form) if place.conversation.channel == EMAIL else None,
    )
    version = whole_number(form.get("version"), 0)
    kept = await keep_draft(place.conversation.id, agent, form.get("mode", ""), written, version=version)
    return JSONResponse({"version": kept.version if kept else 0})


@signed_in
async def undo(request: Request, agent: Agent) -> Response:
    """POST: take a held reply back into the composer. 409 when it is said already."""
    place = await place_of(request, agent)
    try:
        await take_back(agent, request.path_params["held"])
    except Conflict as error:
        return await refused(request, agent, error)
    if wants_html(request):
        return see_other(place.base, "undone")
    return JSONResponse(await _drafts(place, agent))


@signed_in
async def at_once(request: Request, agent: Agent) -> Response:
    """POST: say a held reply without waiting. 409 with the reason when it may not be said any more."""
    place = await place_of(request, agent)
    held = await send_now(agent, request.path_params["held"])
    if held.state != SENT:
        return await refused(request, agent, with_words(_why(held), place.shop.timezone, agent.language))
    if wants_html(request):
        return see_other(place.base, "replied")
    return JSONResponse({"number": held.number})


def _why(held: HeldMessage) -> Conflict:
    if held.state == STOPPED:
        return Conflict(code=held.reason or "conflict", **(held.detail or {}))
    return Conflict("it was taken back", code="already_back")


async def _drafts(place: Place, agent: Agent) -> dict[str, Any]:
    return await drafts_of(await WrittenDraft.filter(conversation_id=place.conversation.id, agent_id=agent.id))


routes = [
    route
    for base in BASES
    for route in (
        Route(f"{base}/drafts", drafts, methods=["GET"]),
        Route(f"{base}/drafts", keep, methods=["POST"]),
        Route(f"{base}/held/{{held}}/undo", undo, methods=["POST"]),
        Route(f"{base}/held/{{held}}/now", at_once, methods=["POST"]),
    )
]
