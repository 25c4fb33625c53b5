"""What is done to a ticket: each change is a resource of its own."""

from collections.abc import Awaitable, Callable, Mapping
from functools import wraps

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.web.console_ticket import answered, refused
from app.web.desk import signed_in
from app.web.forms import fields, whole_number
from conversations.holding import release_all
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.people import Actor, Agent
from tickets.access import ticket_for
from tickets.assignment import ANYBODY, assign
from tickets.bulk import start_bulk
from tickets.linking import confirm_link, unlink
from tickets.models import Ticket, TicketLink
from tickets.parents import open_children
from tickets.presence import agents_of
from tickets.prioritising import set_priority
from tickets.promising import open_promises, settle_promise
from tickets.queries import links_of
from tickets.reclassifying import change_kind
from tickets.resolution import close, reopen, resolve

Act = Callable[[Request, Agent, Ticket], Awaitable[str]]


def work(act: Act) -> Callable[[Request], Awaitable[Response]]:
    """A door to one change of a ticket; `act` does it and returns what to say."""

    @signed_in
    @wraps(act)  # the list of routes shows its docstring
    async def endpoint(request: Request, agent: Agent) -> Response:
        ticket = await ticket_for(agent, request.path_params["number"])
        try:
            said = await act(request, agent, ticket)
        except (Conflict, Forbidden, Invalid) as error:
            return await refused(request, agent, error)
        return answered(request, f"/console/tickets/{ticket.number}", said)

    return endpoint


async def assignment(request: Request, agent: Agent, ticket: Ticket) -> str:
    """Give it to somebody of the shop, or to nobody; `expected` is whom the page showed."""
    form = await fields(request)
    people = {person.public_id: person for person in await agents_of(ticket.shop_id)}
    wanted = form.get("agent", "")
    if wanted and wanted not in people:
        raise NotFound("no such agent in this shop")
    expected: int | None = ANYBODY
    if "expected" in form:
        seen = people.get(form["expected"])
        expected = seen.id if seen else None
    await assign(ticket.id, people.get(wanted), Actor.of(agent), expected=expected)
    return "assigned"


async def priority(request: Request, agent: Agent, ticket: Ticket) -> str:
    """Say how urgent it is."""
    form = await fields(request)
    await set_priority(ticket.id, form.get("priority", ""), Actor.of(agent), seen=_seen(form))
    return "prioritised"


async def kind(request: Request, agent: Agent, ticket: Ticket) -> str:
    """Say what kind of work it is."""
    form = await fields(request)
    await change_kind(ticket.id, form.get("kind", ""), Actor.of(agent), seen=_seen(form))
    return "reclassified"


async def resolution(request: Request, agent: Agent, ticket: Ticket) -> str:
    """It is done; the customer may still answer. A problem with open cases asks what becomes of them: with `cases`,
    they are resolved too (all), or stay (stay). So do open promises of agents: kept, withdrawn, or stay."""
    form = await fields(request)
    owed = await open_promises(ticket)
    if owed and form.get("promises") not in ("kept", "withdrawn", "stay"):
        raise Conflict("a promise is open", code="promises_open", count=len(owed))
    cases = await open_children(ticket.id)
    if cases and form.get("cases") not in ("all", "stay"):
        raise Conflict("it has open cases", code="cases_open", count=len(cases))
    await release_all(ticket.conversation_id, agent)  # what was sent before is said before
    await resolve(ticket.id, Actor.of(agent), seen=_seen(form))
    if form.get("promises") in ("kept", "withdrawn"):
        for made in owed:
            await settle_promise(agent, made.public_id, form["promises"])
    if cases and form.get("cases") == "all":
        await start_bulk(agent, "resolve", "", [case.id for case in cases])
        return "cases_resolved"
    return "resolved"


async def reopening(request: Request, agent: Agent, ticket: Ticket) -> str:
    """It is not done after all."""
    await reopen(ticket.id, Actor.of(agent), seen=_seen(await fields(request)))
    return "reopened"


async def closing(request: Request, agent: Agent, ticket: Ticket) -> str:
    """It is over: a new question opens a new ticket."""
    form = await fields(request)
    await release_all(ticket.conversation_id, agent)
    await close(ticket.id, Actor.of(agent), seen=_seen(form))
    return "closed"


async def link_confirmation(request: Request, agent: Agent, ticket: Ticket) -> str:
    """The suggested order is the right one."""
    await confirm_link((await link_of(request, ticket)).id, Actor.of(agent))
    return "linked"


async def link_dismissal(request: Request, agent: Agent, ticket: Ticket) -> str:
    """Only suggestions are dismissed: a page that is out of date must not undo what a colleague has confirmed."""
    link = await link_of(request, ticket)
    if link.confirmed:
        raise Conflict("the link is confirmed", code="link_confirmed")
    await unlink(link.id, Actor.of(agent))
    return "dismissed"


def _seen(form: Mapping[str, str]) -> int | None:
    """The newest entry of the timeline that the page showed; None for scripts that do not say."""
    return whole_number(form["known"], 0) if "known" in form else None


async def link_of(request: Request, ticket: Ticket) -> TicketLink:
    """The link that the address names, if it is one of this ticket. Raises NotFound."""
    wanted = whole_number(request.path_params["link"], 0)
    for link in await links_of(ticket.id):
        if link.id == wanted:
            return link
    raise NotFound("no such link")


_BASE = "/console/tickets/{number}"
routes = [
    Route(f"{_BASE}/assignment", work(assignment), methods=["POST"]),
    Route(f"{_BASE}/priority", work(priority), methods=["POST"]),
    Route(f"{_BASE}/kind", work(kind), methods=["POST"]),
    Route(f"{_BASE}/resolution", work(resolution), methods=["POST"]),
    Route(f"{_BASE}/reopening", work(reopening), methods=["POST"]),
    Route(f"{_BASE}/closing", work(closing), methods=["POST"]),
    Route(_BASE + "/links/{link}/confirmation", work(link_confirmation), methods=["POST"]),
    Route(_BASE + "/links/{link}/dismissal", work(link_dismissal), methods=["POST"]),
]
