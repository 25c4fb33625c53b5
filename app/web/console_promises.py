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
from app.web.forms import fields, local_time, whole_number
from app.web.labels import CLOCKS
from app.web.refusals import refusal
from app.web.times import due, iso
from core.clock import now
from core.errors import Conflict, Invalid
from core.people import Actor, Agent, shop_ids_of
from tickets.models import Ticket
from tickets.pressing import late_clocks
from tickets.promised import Promised, promised
from tickets.promising import BY_AGENT, promise_to_customer, settle_promise

HERE = "/console/promises"
PAGE = 50


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


TABS = {"open": _("Open"), "soon": _("Due soon"), "broken": _("Broken"), "clocks": _("Clocks")}
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
    """GET: promises of a view (open, soon, broken), those that press most first; or tickets by clock."""
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
    view = view if view in TABS else "open"
    shops, after = await shop_ids_of(agent), request.query_params.get("after", "")
    language, at = agent.language, now()
    rows: list[dict[str, Any]]
    if view == "clocks":
        late = await late_clocks(shops, whole_number(after, 0), PAGE + 1)
        rows, keys = [_clock(ticket, language, at) for ticket in late], [str(ticket.number) for ticket in late]
    else:
        found = await promised(shops, view, after, PAGE + 1)
        rows, keys = [_row(each, language, at) for each in found], [each.made.public_id for each in found]
    context = {
        "shell": shell(request, agent, current="promises"),
        "problem": problem,
        "tabs": [_tab(key, view, language) for key in TABS],
        "rows": rows[:PAGE],
        "more": f"{HERE}?view={view}&after={keys[PAGE - 1]}" if len(keys) > PAGE else "",
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


def _clock(ticket: Ticket, language: str, at: datetime) -> dict[str, Any]:
    """A ticket as a row among the promises: its clock is one that the desk has made to itself."""
    due_at = ticket.clock_due_at or at
    left, tone = due(due_at, at, language)
    return {
        "url": f"/console/tickets/{ticket.number}",
        "about": gettext(_("Ticket %(number)s"), language) % {"number": ticket.number},
        "kind": gettext(CLOCKS.get(ticket.clock_kind or "", ticket.clock_kind or ""), language),
        "text": ticket.subject or gettext(_("(no subject)"), language),
        "who": ticket.assignee.name if ticket.assignee else gettext(_("Nobody"), language),
        "shop": ticket.shop.name,
        "iso": iso(due_at),
        "due": when(due_at, ticket.shop.timezone, language),
        "left": left,
        "tone": tone,
        "settle": "",
    }


routes = [
    Route(HERE, promises_page, methods=["GET"]),
    Route(HERE + "/{public_id}", settle, methods=["POST"]),
    Route("/console/tickets/{number}/promises", promise, methods=["POST"]),
]
