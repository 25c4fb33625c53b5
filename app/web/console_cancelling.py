"""Cancelling from the desk: what has not left of an order of a ticket, and a person's answer where one has to look."""

from starlette.requests import Request
from starlette.routing import Route

from app.web.console_work import work
from app.web.forms import fields, whole_number
from core.errors import NotFound
from core.people import Actor, Agent
from orders.cancel_rules import Units
from orders.cancellation import request_cancellation
from orders.claim_models import BY_SHOP, LIVE
from orders.claim_settling import answer_claim
from tickets.models import Ticket
from tickets.queries import links_of

_PREFIX = "units:"


async def cancellation(request: Request, agent: Agent, ticket: Ticket) -> str:
    """Cancel units of an order of the ticket; the answer comes to the page, and to the customer by itself."""
    form = await fields(request)
    orders = {link.order.public_id: link.order for link in await links_of(ticket.id) if link.confirmed}
    if (shown := ticket.conversation.order) is not None:
        orders.setdefault(shown.public_id, shown)
    if form.get("order", "") not in orders:
        raise NotFound("no such order in this ticket")
    claim = await request_cancellation(
        orders[form["order"]].id,
        _units(form),
        "customer",
        Actor.of(agent),
        case_id=ticket.public_id,
        order_version=whole_number(form["version"], 0) if "version" in form else None,
    )
    if claim.state in LIVE:
        return "claim_requested" if claim.way == BY_SHOP else "claim_asked"
    return f"claim_{claim.state}"


async def answer(request: Request, agent: Agent, ticket: Ticket) -> str:
    """Somebody has looked: it is still there (and, where nobody else can do it, cancelled by hand), or it has left."""
    possible = (await fields(request)).get("possible") == "1"
    await answer_claim(agent, request.path_params["claim"], possible=possible)
    return "claim_answered"


def _units(form: dict[str, str]) -> Units | None:
    """The lines that the form names with a number above 0; None: all of the order."""
    given = {name: value for name, value in form.items() if name.startswith(_PREFIX)}
    named = {name.removeprefix(_PREFIX): whole_number(value, 0) for name, value in given.items()}
    return tuple((line, count) for line, count in named.items() if count > 0) if named else None


_BASE = "/console/tickets/{number}"
routes = [
    Route(f"{_BASE}/cancellation", work(cancellation), methods=["POST"]),
    Route(_BASE + "/claims/{claim}/answer", work(answer), methods=["POST"]),
]
