"""What waits for a second person: supervisors decide, agents see what they asked for."""

from collections import defaultdict
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.i18n import gettext, when
from app.rendering import error_page, render, wants_html
from app.web.compensation_panel import KIND_WORDS, basis_in_words
from app.web.desk import see_other, shell, signed_in
from app.web.forms import fields
from app.web.refund_rows import refund_row
from app.web.refund_steps import take_step
from app.web.refusals import refusal
from app.web.times import iso
from core.errors import Conflict, Forbidden, Invalid, WismoError
from core.money import Money, format_money
from core.people import AGENT, Agent, shop_ids_of
from orders.access import note_listed
from orders.models import OrderLine
from orders.refunds.models import RefundIntent, RefundPart
from tickets.approvals import MOST, Approval, waiting_approvals
from tickets.complaints import goodwill
from tickets.complaints.models import Compensation

HERE = "/console/approvals"


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


@signed_in
async def approvals_page(request: Request, agent: Agent) -> Response:
    """GET: refunds and compensation that wait, the oldest first."""
    return await _page(request, agent)


@signed_in
async def refund_step(request: Request, agent: Agent) -> Response:
    """POST: approve, refuse or withdraw a refund."""
    try:
        said = await take_step(request.path_params["step"], request.path_params["refund"], agent, await fields(request))
    except (Conflict, Forbidden, Invalid) as error:
        return await _refused(request, agent, error)
    return see_other(HERE, said)


@signed_in
async def compensation_step(request: Request, agent: Agent) -> Response:
    """POST: approve, refuse (with a reason) or withdraw a compensation."""
    form, name, step = await fields(request), request.path_params["compensation"], request.path_params["step"]
    try:
        if step == "approve":
            await goodwill.approve(agent, name)
        elif step == "refuse":
            await goodwill.refuse(agent, name, form.get("why", ""))
        else:
            await goodwill.withdraw(agent, name)
    except (Conflict, Forbidden, Invalid) as error:
        return await _refused(request, agent, error)
    return see_other(HERE, "saved")


async def _refused(request: Request, agent: Agent, error: WismoError) -> Response:
    if not wants_html(request):
        return error_page(error, request)
    return await _page(request, agent, error)


async def _page(request: Request, agent: Agent, error: WismoError | None = None) -> Response:
    found = await waiting_approvals(agent, await shop_ids_of(agent), limit=MOST)
    refunds = [each.asked for each in found if isinstance(each.asked, RefundIntent)]
    parts = defaultdict[int, list[RefundPart]](list)
    for part in await RefundPart.filter(intent_id__in=[intent.id for intent in refunds]).order_by("id"):
        parts[part.intent_id].append(part)
    names = defaultdict[int, dict[str, str]](dict)
    titles = OrderLine.filter(order_id__in=[intent.order_id for intent in refunds])
    for order_id, line, title in await titles.values_list("order_id", "source_id", "title"):
        names[int(str(order_id))][str(line)] = str(title)
    await note_listed(agent, [each.asked.order.public_id for each in found], "approvals")
    rows = [
        _common(each, agent)
        | (
            _refund(each.asked, parts[each.asked.id], names[each.asked.order_id], agent)
            if isinstance(each.asked, RefundIntent)
            else _compensation(each.asked, agent)
        )
        for each in found
    ]
    context = {
        "shell": shell(request, agent, current="approvals"),
        "problem": refusal(error, agent.language) if error else None,
        "rows": rows,
        "own": agent.role == AGENT,
        "full": len(rows) == MOST,
    }
    return render(request, "console/approvals.html", context, error.status if error else 200)


def _common(approval: Approval, agent: Agent) -> dict[str, Any]:
    order, ticket = approval.asked.order, approval.ticket
    customer = ticket.conversation.customer.name if ticket else ""
    return {
        "order": {"number": order.number, "url": f"/console/orders/{order.public_id}"},
        "ticket": {"number": ticket.number, "url": f"/console/tickets/{ticket.number}"} if ticket else None,
        "customer": customer or order.customer_name or gettext(_("Customer"), agent.language),
    }


def _refund(intent: RefundIntent, parts: list[RefundPart], names: dict[str, str], agent: Agent) -> dict[str, Any]:
    row = refund_row(intent, parts, agent, intent.shop.timezone, names=names, base=HERE)
    return {
        "refund": row,
        "id": intent.public_id,
        "amount": row["amount"],
        "kind": gettext(_("Refund"), agent.language),
    }


def _compensation(made: Compensation, agent: Agent) -> dict[str, Any]:
    language = agent.language
    mine = made.offered_by_id == agent.id
    return {
        "refund": None,
        "id": made.public_id,
        "url": f"{HERE}/compensations/{made.public_id}",
        "amount": format_money(Money(made.amount, made.currency), language),
        "kind": gettext(KIND_WORDS[made.kind], language),
        "basis": basis_in_words(made, language),
        "note": made.note,
        "asked_by": made.offered_by.name,
        "asked_at": when(made.offered_at, made.shop.timezone, language),
        "asked_iso": iso(made.offered_at),
        "mine": mine,
        "may_decide": agent.role != AGENT and not mine,
        "may_withdraw": mine,
    }


routes = [
    Route(HERE, approvals_page, methods=["GET"]),
    Route(HERE + "/compensations/{compensation}/{step}", compensation_step, methods=["POST"]),
    Route(HERE + "/{refund}/{step}", refund_step, methods=["POST"]),
]
