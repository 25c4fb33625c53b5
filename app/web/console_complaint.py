"""What is done to the complaint of a ticket: each step is a resource of its own."""

from starlette.requests import Request
from starlette.routing import Route

from app.web.console_work import work
from app.web.forms import choices, fields, local_time, whole_number
from core.errors import Invalid, NotFound
from core.ids import as_id, new_id
from core.money import parse_money
from core.people import Actor, Agent
from orders.models import Order
from tickets.complaints import goodwill
from tickets.complaints.handling import (
    assess,
    decide,
    dismiss,
    follow_up,
    inform,
    investigate,
    reconsider,
    set_external,
)
from tickets.complaints.intake import acknowledge, decision_due
from tickets.complaints.recovery import finish_recovery
from tickets.models import Ticket


async def acknowledgement(request: Request, agent: Agent, ticket: Ticket) -> str:
    """The agent has told the customer that it has arrived, on the phone."""
    await acknowledge(ticket.id, Actor.of(agent), await decision_due(ticket), how="phone")
    return "complaint_acknowledged"


async def assessment(request: Request, agent: Agent, ticket: Ticket) -> str:
    """How serious it is, what the customer sees and asks for."""
    form = await choices(request)
    await assess(
        ticket.id,
        agent,
        severity=_one(form, "severity"),
        symptoms=form.get("symptom", []),
        remedy_asked=_one(form, "remedy_asked"),
        seen=_seen(_one(form, "version")),
    )
    return "complaint_assessed"


async def investigation(request: Request, agent: Agent, ticket: Ticket) -> str:
    """Somebody finds out what happened; `again`: after a decision."""
    again = (await fields(request)).get("again") == "1"
    await (reconsider if again else investigate)(ticket.id, agent)
    return "complaint_investigating"


async def decision(request: Request, agent: Agent, ticket: Ticket) -> str:
    """Outcome, cause, remedy, what is put right and what keeps it away."""
    form = await fields(request)
    names = ("outcome", "cause", "remedy", "finding", "correction", "prevention")
    await decide(ticket.id, agent, **{name: form.get(name, "") for name in names}, seen=_seen(form.get("version", "")))
    return "complaint_decided"


async def information(request: Request, agent: Agent, ticket: Ticket) -> str:
    """Send the letter; or `phone`: the customer was told."""
    form = await fields(request)
    await inform(
        ticket.id,
        agent,
        form.get("text", ""),
        client_id=form.get("client_id") or new_id("web"),
        options_told=form.get("options_told") == "1",
        channel="phone" if form.get("phone") == "1" else "",
    )
    return "complaint_informed"


async def following_up(request: Request, agent: Agent, ticket: Ticket) -> str:
    """Whether the customer is content."""
    form = await fields(request)
    await follow_up(ticket.id, agent, satisfied=form.get("satisfied") == "1", note=form.get("note", ""))
    return "complaint_followed_up"


async def dismissal(request: Request, agent: Agent, ticket: Ticket) -> str:
    """It was none, the customer took it back, or another ticket has it."""
    await dismiss(ticket.id, agent, (await fields(request)).get("why", ""))
    return "complaint_dismissed"


async def outside(request: Request, agent: Agent, ticket: Ticket) -> str:
    """Who else has the case, under which number, and by when they want an answer (in the shop's zone)."""
    form = await fields(request)
    moment = local_time(form["at"], ticket.shop.timezone) if form.get("at") else None
    await set_external(ticket.id, agent, body=form.get("body", ""), number=form.get("number", ""), due_at=moment)
    return "saved"


async def offering(request: Request, agent: Agent, ticket: Ticket) -> str:
    """Give something; without an amount what the matrix says."""
    form = await fields(request)
    order = await Order.get_or_none(public_id=as_id(form.get("order", "")), shop_id=ticket.shop_id)
    if order is None:
        raise NotFound("no such order")
    written = form.get("amount", "").strip()
    amount = parse_money(written, order.currency).amount if written else None
    await goodwill.offer(
        ticket.id, agent, order.id, kind=form.get("kind", ""), amount=amount, note=form.get("note", "")
    )
    return "compensation_offered"


async def compensation(request: Request, agent: Agent, ticket: Ticket) -> str:
    """Approve, refuse, issue or withdraw what was offered."""
    form, name = await fields(request), request.path_params["compensation"]
    match form.get("do"):
        case "approve":
            await goodwill.approve(agent, name)
        case "refuse":
            await goodwill.refuse(agent, name, form.get("note", ""))
        case "issue":
            await goodwill.issue(agent, name, form.get("note", ""))
        case "withdraw":
            await goodwill.withdraw(agent, name)
        case _:
            raise Invalid("no such act", code="bad_act")
    return "saved"


async def recovery(request: Request, agent: Agent, ticket: Ticket) -> str:
    """What came of hearing a customer who rated badly."""
    form = await fields(request)
    await finish_recovery(agent, request.path_params["task"], form.get("result", ""), form.get("note", ""))
    return "saved"


def _one(form: dict[str, list[str]], name: str) -> str:
    return form.get(name, [""])[-1]


def _seen(version: str) -> int | None:
    return whole_number(version, 0) or None


_BASE = "/console/tickets/{number}/complaint"
routes = [
    Route(f"{_BASE}/acknowledgement", work(acknowledgement), methods=["POST"]),
    Route(f"{_BASE}/assessment", work(assessment), methods=["POST"]),
    Route(f"{_BASE}/investigation", work(investigation), methods=["POST"]),
    Route(f"{_BASE}/decision", work(decision), methods=["POST"]),
    Route(f"{_BASE}/information", work(information), methods=["POST"]),
    Route(f"{_BASE}/follow-up", work(following_up), methods=["POST"]),
    Route(f"{_BASE}/dismissal", work(dismissal), methods=["POST"]),
    Route(f"{_BASE}/outside", work(outside), methods=["POST"]),
    Route(f"{_BASE}/compensations", work(offering), methods=["POST"]),
    Route(_BASE + "/compensations/{compensation}", work(compensation), methods=["POST"]),
    Route(_BASE + "/recoveries/{task}", work(recovery), methods=["POST"]),
]
