"""An agent lets letters to an address leave again."""

from starlette.requests import Request
from starlette.routing import Route

from app.mail.holding import LASTS, addresses_of, lift
from app.web.console_work import work
from app.web.forms import fields
from core.errors import NotFound
from core.people import Agent
from tickets.models import Ticket


async def lifting(request: Request, agent: Agent, ticket: Ticket) -> str:
    """The address (`address`) exists, or the machine there is silent now."""
    form, kind = await fields(request), request.path_params["kind"]
    address = form.get("address", "").lower()
    if kind not in LASTS or address not in await addresses_of(ticket.conversation_id):
        raise NotFound("no such hold")
    await lift(ticket, address, kind, agent)
    return "mail_again"


routes = [Route("/console/tickets/{number}/mail-holds/{kind}/lifting", work(lifting), methods=["POST"])]
