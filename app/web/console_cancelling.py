"""Cancelling and readdressing from the desk: what has not left of an order of a ticket, and a person's answer where one
has to look."""

import re
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from app.web.console_work import work
from app.web.forms import fields, whole_number
from core.errors import Invalid, NotFound
from core.people import Actor, Agent
from core.text import clean
from orders.claims.cancellation import request_address, request_cancellation
from orders.claims.models import BY_SHOP, LIVE, Claim
from orders.claims.rules import Units
from orders.claims.settling import answer_claim
from orders.models import Order
from tickets.models import Ticket
from tickets.queries import links_of

MOST_LINES, LONGEST = 4, 120  # of an address, characters of a line

_PREFIX = "units:"
_PLACE = ("name", "postcode", "city", "region", "country", "phone")
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)  # ISO 3166-1 alpha-2


async def cancellation(request: Request, agent: Agent, ticket: Ticket) -> str:
    """Cancel units of an order of the ticket; the answer comes to the page, and to the customer by itself."""
    form = await fields(request)
    order_id, actor = (await _order(form, ticket)).id, Actor.of(agent)
    about: dict[str, Any] = {"case_id": ticket.public_id, "order_version": _version(form)}
    return _said(await request_cancellation(order_id, _units(form), "customer", actor, **about))


async def address(request: Request, agent: Agent, ticket: Ticket) -> str:
    """Send what has not left of an order of the ticket to another address; answered like a cancellation."""
    form = await fields(request)
    order_id, actor = (await _order(form, ticket)).id, Actor.of(agent)
    wanted: dict[str, Any] = {name: clean(form.get(name, ""), limit=LONGEST) for name in _PLACE}
    wanted["lines"] = [words for line in form.get("lines", "").splitlines() if (words := clean(line, limit=LONGEST))]
    wanted["country"] = wanted["country"].upper()
    if not _COUNTRY.fullmatch(wanted["country"]) or len(wanted["lines"]) > MOST_LINES:
        raise Invalid("an address has a country code and few lines", code="bad_address")
    about: dict[str, Any] = {"case_id": ticket.public_id, "order_version": _version(form)}
    return _said(await request_address(order_id, wanted, actor, **about))


async def answer(request: Request, agent: Agent, ticket: Ticket) -> str:
    """Somebody has looked: it is still there (and, where nobody else can do it, cancelled by hand), or it has left."""
    possible = (await fields(request)).get("possible") == "1"
    await answer_claim(agent, request.path_params["claim"], possible=possible)
    return "claim_answered"


async def _order(form: dict[str, str], ticket: Ticket) -> Order:
    """The order that the form names, if the ticket is about it. Raises NotFound."""
    orders = {link.order.public_id: link.order for link in await links_of(ticket.id) if link.confirmed}
    if (shown := ticket.conversation.order) is not None:
        orders.setdefault(shown.public_id, shown)
    if form.get("order", "") not in orders:
        raise NotFound("no such order in this ticket")
    return orders[form["order"]]


def _version(form: dict[str, str]) -> int | None:
    return whole_number(form["version"], 0) if "version" in form else None


def _said(claim: Claim) -> str:
    if claim.state in LIVE:
        return "claim_requested" if claim.way == BY_SHOP else "claim_asked"
    return f"claim_{claim.state}"


def _units(form: dict[str, str]) -> Units | None:
    """The lines that the form names with a number above 0; None: all of the order."""
    given = {name: value for name, value in form.items() if name.startswith(_PREFIX)}
    named = {name.removeprefix(_PREFIX): whole_number(value, 0) for name, value in given.items()}
    return tuple((line, count) for line, count in named.items() if count > 0) if named else None


_BASE = "/console/tickets/{number}"
routes = [
    Route(f"{_BASE}/cancellation", work(cancellation), methods=["POST"]),
    Route(f"{_BASE}/address", work(address), methods=["POST"]),
    Route(_BASE + "/claims/{claim}/answer", work(answer), methods=["POST"]),
]
