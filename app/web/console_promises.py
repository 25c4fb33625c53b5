"""What customers were told with a time: open, due soon, broken; and the two ends a person may give a promise."""

from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.i18n import gettext, when
from app.rendering import error_page, render, wants_html
from app.web.console_work import work
from app.web.desk import see_other, shell, signed_in
from app.web.forms import fields, local_time
from app.web.refusals import refusal
from app.web.times import due, iso
from core.clock import now
from core.errors import Conflict, Invalid
from core.people import Actor, Agent, shop_ids_of
from tickets.models import Ticket
from tickets.promised import VIEWS, Promised, promised
from tickets.promising import BY_AGENT, promise_to_customer, settle_promise

HERE = "/console/promises"
PAGE = 50


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


TABS = {"open": _("Open"), "soon": _("Due soon"), "broken": _("Broken")}
KINDS = {
    "first_reply": _("First reply"),
    "arrival": _("Arrival"),
    BY_AGENT: _("Promise"),
    "decision": _("Decision"),
    "cancellation": _("Cancellation"),
}
SAID = {
    "first_reply": _("A person answers"),
    "arrival": _("The order arrives"),
    "decision": _("A complaint is decided"),
    "cancellation": _("A final answer about a cancellation"),
}


@signed_in
async def promises_page(request: Request, agent: Agent) -> Response:
    """GET: promises of a view (open, soon, broken), those that press most first."""
    return await _page(request, agent)


@signed_in
async def settle(request: Request, agent: Agent) -> Response:
    """POST: it was kept (do=kept), or it is not owed any more (do=withdrawn)."""
    form = await fields(request)
    try:
        await settle_promise(agent, request.path_params["public_id"], form.get("do", ""))
    except (Invalid, Conflict) as error:
        if not wants_html(request):
            return error_page(error, request)
        return await _page(request, agent, refusal(error, agent.language), error.status)
    return see_other(HERE, "promise_settled")


@work
async def promise(request: Request, agent: Agent, ticket: Ticket) -> str:
    """Write down what the customer was told; `at` is a time in the shop's zone."""
    form = await fields(request)
    moment = local_time(form.get("at", ""), ticket.shop.timezone)
    await promise_to_customer(ticket.id, form.get("text", ""), moment, Actor.of(agent))
    return "promised"


async def _page(request: Request, agent: Agent, problem: dict[str, Any] | None = None, status: int = 200) -> Response:
    view = request.query_params.get("view", "open")
    view = view if view in VIEWS else "open"
    found = await promised(await shop_ids_of(agent), view, request.query_params.get("after", ""), PAGE + 1)
    language, at = agent.language, now()
    context = {
        "shell": shell(request, agent, current="promises"),
        "problem": problem,
        "tabs": [_tab(key, view, language) for key in VIEWS],
        "rows": [_row(each, language, at) for each in found[:PAGE]],
        "more": f"{HERE}?view={view}&after={found[PAGE - 1].made.public_id}" if len(found) > PAGE else "",
    }
    return render(request, "console/promises.html", context, status)


def _tab(key: str, view: str, language: str) -> dict[str, Any]:
    return {"url": f"{HERE}?view={key}", "label": gettext(TABS[key], language), "current": key == view}


def _row(found: Promised, language: str, at: datetime) -> dict[str, Any]:
    made = found.made
    left, tone = due(made.due_at, at, language) if made.state == "open" else (gettext(_("Broken"), language), "bad")
    about = gettext(_("Ticket %(number)s") if found.ticket else _("Order %(number)s"), language)
    return {
        "id": made.public_id,
        "url": f"/console/tickets/{found.ticket}" if found.ticket else f"/console/orders/{made.subject}",
        "about": about % {"number": found.ticket or found.order},
        "kind": gettext(KINDS.get(made.kind, made.kind), language),
        "text": made.text or gettext(SAID.get(made.kind, made.kind), language),
        "who": made.actor_name or "",
        "shop": made.shop.name,
        "iso": iso(made.due_at),
        "due": when(made.due_at, made.shop.timezone, language),
        "left": left,
        "tone": tone,
        "settle": f"{HERE}/{made.public_id}" if made.kind == BY_AGENT and made.state == "open" else "",
    }


routes = [
    Route(HERE, promises_page, methods=["GET"]),
    Route(HERE + "/{public_id}", settle, methods=["POST"]),
    Route("/console/tickets/{number}/promises", promise, methods=["POST"]),
]
