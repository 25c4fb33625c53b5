"""After-sales cases at the desk: the form of a new or amended one with a preview, and a door for each step."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.rendering import render
from app.web.aftersale_form import Form, asked_before, form_view, judgement_view, wanted_of
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
from tickets.aftersales.opening import amend_case, open_case, preview
from tickets.models import Ticket

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
    decision = judgement_view(judged, await _versions(ticket), agent.language)
    return await _page(request, agent, ticket, order, form, judged=decision)


@signed_in
async def amend(request: Request, agent: Agent) -> Response:
    """What a rejected case asks for; look at the decision on something else (do=preview), or ask for it (do=open)."""
    ticket = await ticket_for(agent, request.path_params["number"])
    case = await _case_of(request, ticket)
    order = await Order.get(id=case.order_id)
    if request.method == "GET":
        return await _page(request, agent, ticket, order, await asked_before(case), amends=case)
    form = await choices(request)
    try:
        wanted = wanted_of(order, form)
        judged = await preview(order, wanted, amends=case.id)
        if _one(form, "do") == "open":
            version = whole_number(_one(form, "version"), 0)
            await amend_case(case.public_id, Actor.of(agent), wanted, version=version)
            return see_other(f"/console/tickets/{ticket.number}?pane=order", "case_moved")
    except (Conflict, Forbidden, Invalid) as error:
        problem = refusal(error, agent.language)
        return await _page(request, agent, ticket, order, form, amends=case, problem=problem, status=error.status)
    decision = judgement_view(judged, await _versions(ticket), agent.language)
    return await _page(request, agent, ticket, order, form, amends=case, judged=decision)


async def step(request: Request, agent: Agent, ticket: Ticket) -> str:
    """POST: take a step of a case, as it was when the page showed it (`version`)."""
    form, case = await choices(request), await _case_of(request, ticket)
    act = STEPS.get(request.path_params["step"])
    if act is None:
        raise NotFound("no such step")
    await act(case.public_id, Actor.of(agent), form, whole_number(_one(form, "version"), 0), ticket)
    return "case_moved"


async def _case_of(request: Request, ticket: Ticket) -> AfterSale:
    """The case in the address, if it is one of this ticket. Raises NotFound."""
    name = as_id(request.path_params["case"])
    case = await AfterSale.get_or_none(public_id=name).select_related("ticket")
    if case is None or case.ticket is None or ticket.id not in (case.ticket_id, case.ticket.merged_into_id):
        raise NotFound("no such case of this ticket")
    return case


async def _versions(ticket: Ticket) -> list[PolicyVersion]:
    return await PolicyVersion.filter(shop_id=ticket.shop_id, version__not_isnull=True)


async def _page(
    request: Request,
    agent: Agent,
    ticket: Ticket,
    order: Order,
    form: Form,
    *,
    amends: AfterSale | None = None,
    problem: dict[str, Any] | None = None,
    judged: dict[str, Any] | None = None,
    status: int = 200,
) -> Response:
    context = {
        "shell": shell(request, agent),
        "url": f"/console/tickets/{ticket.number}",
        "action": f"/console/tickets/{ticket.number}/cases" + (f"/{amends.public_id}/amend" if amends else ""),
        "ticket": ticket.number,
        "problem": problem,
        "judged": judged,
        "f": await form_view(order, form, await _files(ticket), agent.language, amends=amends),
    }
    return render(request, "console/aftersale_new.html", context, status)


async def _files(ticket: Ticket) -> list[dict[str, Any]]:
    posted = Attachment.filter(conversation_id=ticket.conversation_id, message_id__not_isnull=True, state="ready")
    found = await posted.order_by("-id").limit(FILES)
    return [{"id": file.public_id, "name": file.name, "picture": file.width is not None} for file in found]


def _one(form: Form, name: str) -> str:
    return (form.get(name) or [""])[0]


_BASE = "/console/tickets/{number}/cases"
routes = [
    Route(f"{_BASE}/new", new_case, methods=["GET"]),
    Route(_BASE, cases, methods=["POST"]),
    Route(_BASE + "/{case}/amend", amend, methods=["GET", "POST"]),
    Route(_BASE + "/{case}/{step}", work(step), methods=["POST"]),
]
