"""An agent's word on what a mail seems to be: it belongs elsewhere, somebody takes part, whose mail was passed on."""

from starlette.requests import Request
from starlette.routing import Route

from app.mail.arriving.settling import confirm_forwarded, dismiss_suggestion, join_suggested, let_take_part
from app.web.console_work import work
from app.web.forms import fields
from core.people import Agent
from tickets.models import Ticket


async def joining(request: Request, agent: Agent, ticket: Ticket) -> str:
    """The mail belongs to the other ticket: merge this one into it."""
    await join_suggested(request.path_params["suggestion"], ticket, agent)
    return "merged"


async def participation(request: Request, agent: Agent, ticket: Ticket) -> str:
    """Whoever wrote it may take part in the other conversation."""
    await let_take_part(request.path_params["suggestion"], ticket, agent)
    return "takes_part"


async def customer(request: Request, agent: Agent, ticket: Ticket) -> str:
    """Whose mail a colleague has passed on (`address`, `name`)."""
    form = await fields(request)
    suggestion = request.path_params["suggestion"]
    await confirm_forwarded(suggestion, ticket, agent, address=form.get("address", ""), name=form.get("name", ""))
    return "customer_named"


async def dismissal(request: Request, agent: Agent, ticket: Ticket) -> str:
    """It is not so."""
    await dismiss_suggestion(request.path_params["suggestion"], ticket, agent)
    return "dismissed"


_BASE = "/console/tickets/{number}/mail-suggestions/{suggestion}"
routes = [
    Route(f"{_BASE}/joining", work(joining), methods=["POST"]),
    Route(f"{_BASE}/participation", work(participation), methods=["POST"]),
    Route(f"{_BASE}/customer", work(customer), methods=["POST"]),
    Route(f"{_BASE}/dismissal", work(dismissal), methods=["POST"]),
]
