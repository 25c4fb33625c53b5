"""Money that does not move by itself: refunds that need a hand, what statements say otherwise, and the accounts."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.i18n import gettext, when
from app.rendering import error_page, render, wants_html
from app.web.desk import see_other, shell, signed_in
from app.web.forms import fields
from app.web.labels import word
from app.web.refund_rows import refund_row
from app.web.refund_steps import take_step
from app.web.refund_words import DIFFERENCES, GATEWAYS
from app.web.refusals import refusal
from app.web.roles import require_overseer
from app.web.times import iso
from core.errors import Conflict, Forbidden, Invalid, WismoError
from core.money import Money, format_money
from core.people import ADMIN, Agent, shop_ids_of
from orders.access import note_listed
from orders.models import OrderLine
from orders.refunds.attention import Attention, needing_attention
from orders.refunds.models import PaymentAccount, RefundPart
from orders.refunds.statement_models import StatementDifference
from orders.refunds.statements import open_differences
from tickets.approvals import tickets_of_cases
from tickets.models import Ticket

HERE = "/console/money"


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


# In the order in which they are shown: words, and what to do.
GROUPS = {
    "frozen": (
        _("Frozen"),
        _("The gateway reports something other than what was requested. Look there, then enter what was really paid."),
    ),
    "failed": (_("Failed"), _("The gateway has confirmed twice that no money left. It’s safe to try again.")),
    "by_hand": (_("Pay by hand"), _("Pay it, then note the reference.")),
    "no_answer": (
        _("No answer for an hour"),
        _("We keep asking with the same key. If it takes long, check at the gateway."),
    ),
}


@signed_in
async def money_page(request: Request, agent: Agent) -> Response:
    """GET: what needs a hand, why, and one action for each; for administrators the accounts too."""
    return await _page(request, agent)


@signed_in
async def money_step(request: Request, agent: Agent) -> Response:
    """POST: take the step of a refund that needs a hand."""
    require_overseer(agent)
    try:
        said = await take_step(request.path_params["step"], request.path_params["refund"], agent, await fields(request))
    except (Conflict, Forbidden, Invalid) as error:
        if not wants_html(request):
            return error_page(error, request)
        return await _page(request, agent, error)
    return see_other(HERE, said)


async def _page(request: Request, agent: Agent, error: WismoError | None = None) -> Response:
    require_overseer(agent)
    shop_ids, language = await shop_ids_of(agent), agent.language
    found = await needing_attention(shop_ids)
    tickets = await tickets_of_cases([each.intent.case_id for each in found])
    names: dict[int, dict[str, str]] = {}
    lines = OrderLine.filter(order_id__in=[each.intent.order_id for each in found])
    for order_id, line, title in await lines.values_list("order_id", "source_id", "title"):
        names.setdefault(int(str(order_id)), {})[str(line)] = str(title)
    await note_listed(agent, [each.intent.order.public_id for each in found], "money")
    rows = [_row(each, tickets, names, agent) for each in found]
    differences = await open_differences(shop_ids=shop_ids)
    context = {
        "shell": shell(request, agent, current="money"),
        "problem": refusal(error, language) if error else None,
        "groups": [
            {"title": gettext(title, language), "text": gettext(text, language), "rows": mine}
            for why, (title, text) in GROUPS.items()
            if (mine := [row for row in rows if row["why_here"] == why])
        ],
        "differences": await _differences(differences, language),
        "accounts": await _accounts(shop_ids, language) if agent.role == ADMIN else None,
    }
    return render(request, "console/money.html", context, error.status if error else 200)


def _row(
    found: Attention, tickets: Mapping[str, Ticket], names: Mapping[int, Mapping[str, str]], agent: Agent
) -> dict[str, Any]:
    intent, ticket = found.intent, tickets.get(found.intent.case_id)
    row = refund_row(intent, found.parts, agent, intent.shop.timezone, names=names.get(intent.order_id, {}), base=HERE)
    return row | {
        "why_here": found.why,
        "order": {"number": intent.order.number, "url": f"/console/orders/{intent.order.public_id}"},
        "ticket": {"number": ticket.number, "url": f"/console/tickets/{ticket.number}"} if ticket else None,
    }


async def _differences(found: Sequence[StatementDifference], language: str) -> list[dict[str, Any]]:
    keys = [each.key for each in found if each.key]
    parts = await RefundPart.filter(public_id__in=keys).select_related("intent__order") if keys else []
    orders = {part.public_id: part.intent.order for part in parts}
    return [_difference(each, orders.get(each.key), language) for each in found]


def _difference(found: StatementDifference, order: Any, language: str) -> dict[str, Any]:
    label, advice = DIFFERENCES[found.kind]
    zone = found.account.shop.timezone
    return {
        "what": gettext(label, language),
        "advice": gettext(advice, language),
        "ours": _money(found.ours, found.currency, language),
        "theirs": _money(found.theirs, found.currency, language),
        "gateway": word(GATEWAYS, found.account.gateway, language),
        "shop": found.account.shop.name,
        "reference": found.reference,
        "iso": iso(found.at),
        "at": when(found.at, zone, language),
        "order": {"number": order.number, "url": f"/console/orders/{order.public_id}"} if order else None,
    }


async def _accounts(shop_ids: Sequence[int], language: str) -> list[dict[str, Any]]:
    """Without what is secret: credentials do not even leave the database."""
    columns = ("shop__name", "shop__timezone", "gateway", "address", "serves", "enabled", "created_at")
    rows = await PaymentAccount.filter(shop_id__in=shop_ids).order_by("shop_id", "gateway").values(*columns)
    return [
        {
            "shop": row["shop__name"],
            "gateway": word(GATEWAYS, str(row["gateway"]), language),
            "address": str(row["address"]).partition("://")[2],
            "serves": ", ".join(str(each) for each in row["serves"]),
            "enabled": row["enabled"],
            "iso": iso(row["created_at"]),
            "since": when(row["created_at"], str(row["shop__timezone"]), language),
        }
        for row in rows
    ]


def _money(amount: int | None, currency: str, language: str) -> str:
    return "" if amount is None else format_money(Money(amount, currency), language)


routes = [
    Route(HERE, money_page, methods=["GET"]),
    Route(HERE + "/{refund}/{step}", money_step, methods=["POST"]),
]
