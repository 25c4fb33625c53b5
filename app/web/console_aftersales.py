"""After-sales cases at the desk: the form of a new one with a preview of its decision, and a door for each step."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.rendering import render
from app.web.aftersale_form import form_view, judgement_view, wanted_of
from app.web.aftersale_steps import STEPS
from app.web.console_work import work
from app.web.desk import see_other, shell, signed_in
from app.web.forms import choices, whole_number
from app.web.refusals import refusal
from app.web.ticket_orders import order_of
from conversations.models import Attachment
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.ids import as_id
from core.people import Actor, Agent
from orders.models import Order
from orders.policies.versions import PolicyVersion
from tickets.access import ticket_for
from tickets.aftersales.models import AfterSale
from tickets.aftersales.opening import open_case, preview
from tickets.models import Ticket

Form = dict[str, list[str]]
FILES = 40


@signed_in
async def new_case(request: Request, agent: Agent) -> Response:
    """GET: choose lines, what is wanted and why, for `order` of the ticket."""
    ticket = await ticket_for(agent, request.path_params["number"])
    return await _page(request, agent, ticket, await order_of(ticket, request.query_params.get("order", "")), {})


@signed_in
async def cases(request: Request, agent: Agent) -> Response:
    """POST: look at the decision first (do=preview), or open the case."""
    ticket, form = await ticket_for(agent, request.path_params["number"]), await choices(request)
    order = await order_of(ticket, _one(form, "order"))
    try:
        wanted = wanted_of(order, form)
        judged = await preview(order, wanted)
        if _one(form, "do") == "open":
            await open_case(ticket.id, order.id, wanted, Actor.of(agent))
            return see_other(f"/console/tickets/{ticket.number}?pane=order", "case_opened")
    except (Conflict, Forbidden, Invalid) as error:
        return await _page(
            request, agent, ticket, order, form, problem=refusal(error, agent.language), status=error.status
        )
    own = await PolicyVersion.filter(shop_id=ticket.shop_id, version__not_isnull=True)
    return await _page(request, agent, ticket, order, form, judged=judgement_view(judged, own, agent.language))


async def step(request: Request, agent: Agent, ticket: Ticket) -> str:
    """POST: take a step of a case, as it was when the page showed it (`version`)."""
    form, name = await choices(request), as_id(request.path_params["case"])
    case = await AfterSale.get_or_none(public_id=name).select_related("ticket")
    if case is None or case.ticket is None or ticket.id not in (case.ticket_id, case.ticket.merged_into_id):
        raise NotFound("no such case of this ticket")
    act = STEPS.get(request.path_params["step"])
    if act is None:
        raise NotFound("no such step")
    await act(case.public_id, Actor.of(agent), form, whole_number(_one(form, "version"), 0), ticket)
    return "case_moved"


async def _page(
    request: Request,
    agent: Agent,
    ticket: Ticket,
    order: Order,
    form: Form,
    *,
    problem: dict[str, Any] | None = None,
    judged: dict[str, Any] | None = None,
    status: int = 200,
) -> Response:
    context = {
        "shell": shell(request, agent),
        "url": f"/console/tickets/{ticket.number}",
        "ticket": ticket.number,
        "problem": problem,
        "judged": judged,
        "f": await form_view(order, form, await _files(ticket), agent.language),
    }
    return render(request, "console/aftersale_new.html", context, status)


async def _files(ticket: Ticket) -> list[dict[str, Any]]:
    posted = Attachment.filter(conversation_id=ticket.conversation_id, message_id__not_isnull=True)
    found = await posted.order_by("-id").limit(FILES)
    return [{"id": file.public_id, "name": file.name, "picture": file.width is not None} for file in found]


def _one(form: Form, name: str) -> str:
    return (form.get(name) or [""])[0]


_BASE = "/console/tickets/{number}/cases"
routes = [
    Route(f"{_BASE}/new", new_case, methods=["GET"]),
    Route(_BASE, cases, methods=["POST"]),
    Route(_BASE + "/{case}/{step}", work(step), methods=["POST"]),
]
