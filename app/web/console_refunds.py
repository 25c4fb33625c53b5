"""Giving money back from a ticket: the form with its calculation, the confirmed sum, and the steps after it."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.i18n import gettext
from app.rendering import render
from app.web.console_signals import WORDS as SIGNALS
from app.web.console_work import work
from app.web.desk import see_other, shell, signed_in
from app.web.forms import fields, whole_number
from app.web.refund_form import Form, form_view, wish_of
from app.web.refund_steps import take_step
from app.web.refund_sums import money_refusal, moved, sums_view
from app.web.ticket_orders import order_of
from core.errors import Conflict, Forbidden, Invalid, WismoError
from core.ids import new_id
from core.people import Actor, Agent
from core.text import clean
from orders.access import Viewer, order_in_view
from orders.models import Order
from orders.refunds.preview import preview
from orders.refunds.requesting import request_refund
from tickets.abuse_signals import signals_for
from tickets.access import ticket_for
from tickets.models import Ticket

_MOVED = ("stale_order", "amount_changed")


@signed_in
async def new_refund(request: Request, agent: Agent) -> Response:
    """GET: choose units, reason and deductions, for `order` of the ticket. Looking is audited."""
    ticket = await ticket_for(agent, request.path_params["number"])
    order = await order_of(ticket, request.query_params.get("order", ""))
    await order_in_view(Viewer.agent(agent.id, [ticket.shop_id], agent.name), order.public_id, "refund")
    return await _page(request, agent, ticket, order, {})


@signed_in
async def refunds(request: Request, agent: Agent) -> Response:
    """POST: calculate (do=preview; do=try: that part of the page alone), or ask for exactly the sum that was shown."""
    ticket, form = await ticket_for(agent, request.path_params["number"]), await fields(request)
    order = await order_of(ticket, form.get("order", ""))
    if form.get("do") != "send":
        return await _page(request, agent, ticket, order, form)
    try:
        said = await _send(ticket, order, agent, form)
    except (Conflict, Forbidden, Invalid) as error:
        return await _page(request, agent, ticket, order, form, error)
    return see_other(f"/console/tickets/{ticket.number}", said)


async def step(request: Request, agent: Agent, ticket: Ticket) -> str:
    """POST: approve, refuse, withdraw, retry, paid, unfreeze."""
    return await take_step(request.path_params["step"], request.path_params["refund"], agent, await fields(request))


async def _send(ticket: Ticket, order: Order, agent: Agent, form: Form) -> str:
    wish = wish_of(order, form)
    intent = await request_refund(
        order.id,
        ticket.public_id,
        wish.request,
        Actor.of(agent),
        attempt=whole_number(form.get("attempt"), 0),
        client_key=clean(form.get("client_key", ""), limit=64) or None,
        goodwill=wish.goodwill,
        currency=form.get("currency", ""),
        order_version=whole_number(form.get("version"), 0),
        expected_total=whole_number(form.get("expected"), 0),
        note=wish.note,
        restock=wish.restock,
        typed_details=wish.typed_details,
    )
    return "refund_waits" if intent.needs else "refund_sent"


async def _page(
    request: Request, agent: Agent, ticket: Ticket, order: Order, form: Form, refused: WismoError | None = None
) -> Response:
    """The form with what was filled in, and the calculation as far as it can be made now."""
    view = await form_view(order, form, agent.language)
    sums, problem, change = None, refused, ""
    if form:
        try:
            seen = await preview(order.id, ticket.public_id, wish_of(order, form), Actor.of(agent))
            sums = sums_view(seen, view["names"], agent.language)
            if refused is not None and refused.code in _MOVED:
                change = moved(whole_number(form.get("expected"), 0), seen.total, order.currency, agent.language)
        except Invalid as error:
            problem = refused or error
    context = {
        "url": f"/console/tickets/{ticket.number}",
        "ticket": ticket.number,
        "f": view,
        "sums": sums,
        "change": change,
        "problem": money_refusal(problem, order.currency, agent.language) if problem else None,
        "client_key": _client_key(form, refused),
        "live": form.get("do") == "try",
    }
    if context["live"]:
        return render(request, "console/_refund_sums.html", context)
    context |= {"shell": shell(request, agent), "signals": await _signals(order, agent.language)}
    return render(request, "console/refund.html", context, refused.status if refused else 200)


def _client_key(form: Form, refused: WismoError | None) -> str:
    """The same for all tries of one form; another one once it stands for another refund."""
    return new_id("web") if refused and refused.code == "other_request" else form.get("client_key") or new_id("web")


async def _signals(order: Order, language: str) -> list[str]:
    found: list[Any] = list(await signals_for(order))
    return [gettext(SIGNALS[each.code], language) % each.figures for each in found]


_BASE = "/console/tickets/{number}/refunds"
routes = [
    Route(f"{_BASE}/new", new_refund, methods=["GET"]),
    Route(_BASE, refunds, methods=["POST"]),
    Route(_BASE + "/{refund}/{step}", work(step), methods=["POST"]),
]
