"""What a ticket is about: link a line or a parcel, take links away, ask the customer for what is missing."""

from starlette.requests import Request
from starlette.routing import Route

from app.web.console_work import link_of, work
from app.web.forms import choices, fields, whole_number
from app.web.link_words import REASONS
from app.web.ticket_about import question
from conversations.models import CHAT, EMAIL
from conversations.posting import post
from core.errors import Invalid, NotFound
from core.ids import new_id
from core.people import Actor, Agent
from orders.models import OrderLine, Shipment
from tickets.evidence import note_asked, waive
from tickets.kinds import ASKABLE
from tickets.linking import link_order, unlink
from tickets.models import Ticket
from tickets.queries import links_of


async def linking(request: Request, agent: Agent, ticket: Ticket) -> str:
    """Link a line (`what`=line:…) or a parcel (parcel:…) of an order that the ticket is about, with a reason."""
    form = await fields(request)
    kind, _, row_id = form.get("what", "").partition(":")
    reason, number = form.get("reason", "about"), whole_number(row_id, 0)
    if reason not in REASONS:
        raise Invalid("no such reason", code="bad_choice")
    line = await OrderLine.get_or_none(id=number) if kind == "line" else None
    parcel = await Shipment.get_or_none(id=number) if kind == "parcel" else None
    part = line or parcel
    known = {link.order_id for link in await links_of(ticket.id) if link.confirmed}
    if part is None or part.order_id not in known:
        raise NotFound("no such line or parcel")
    await link_order(
        ticket.id,
        part.order_id,
        Actor.of(agent),
        reason=reason,
        shipment_id=parcel.id if parcel else None,
        line_id=line.id if line else None,
        units=whole_number(form.get("units"), -1) if form.get("units") and line else None,
    )
    return "linked"


async def link_removal(request: Request, agent: Agent, ticket: Ticket) -> str:
    """The ticket is not about that."""
    await unlink((await link_of(request, ticket)).id, Actor.of(agent))
    return "unlinked"


async def asking(request: Request, agent: Agent, ticket: Ticket) -> str:
    """Ask the customer, in their language, for each `need` of the checklist; an answer like any other."""
    form = await choices(request)
    needs = [need for need in dict.fromkeys(form.get("need", [])) if need in ASKABLE]
    if not needs:
        raise Invalid("nothing to ask for", code="bad_choice")
    talk = ticket.conversation
    await post(
        talk.id,
        Actor.of(agent),
        question(needs, talk.language),
        client_id=form.get("client_id", [new_id("web")])[-1],
        channel=EMAIL if talk.channel == EMAIL else CHAT,
    )
    await note_asked(ticket.id, needs, agent)
    return "asked"


async def waiver(request: Request, agent: Agent, ticket: Ticket) -> str:
    """This need does not apply here."""
    await waive(ticket.id, request.path_params["need"], agent)
    return "waived"


_BASE = "/console/tickets/{number}"
routes = [
    Route(f"{_BASE}/links", work(linking), methods=["POST"]),
    Route(_BASE + "/links/{link}/removal", work(link_removal), methods=["POST"]),
    Route(f"{_BASE}/evidence/asking", work(asking), methods=["POST"]),
    Route(_BASE + "/evidence/{need}/waiver", work(waiver), methods=["POST"]),
]
