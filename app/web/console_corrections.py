"""What the bot said and the order has contradicted since: put right or let be, by a person."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.i18n import gettext, when
from app.rendering import error_page, render, wants_html
from app.web.desk import see_other, shell, signed_in
from app.web.forms import fields, whole_number
from app.web.refusals import refusal
from app.web.times import iso
from conversations.corrections import TEXT_LIMIT, dismiss_correction, open_corrections, send_correction
from conversations.models import Correction
from core.errors import Conflict, Invalid
from core.people import Agent, shop_ids_of
from orders.access import note_listed

HERE = "/console/corrections"
PAGE = 30


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


KINDS = {
    "moved": _("Later than promised"),
    "passed": _("The time given has passed"),
    "not_delivered": _("Not delivered after all"),
    "refund_failed": _("The refund failed"),
    "not_cancelled": _("Not cancelled after all"),
}


@signed_in
async def corrections_page(request: Request, agent: Agent) -> Response:
    """GET: customers whom the bot told what is no longer so, newest first, with words for each."""
    return await _page(request, agent)


@signed_in
async def settle_correction(request: Request, agent: Agent) -> Response:
    """POST: send the words (do=send) or let it be (do=dismiss)."""
    form, public_id = await fields(request), request.path_params["public_id"]
    try:
        if form.get("do") == "send":
            await send_correction(agent, public_id, form.get("text", ""))
            return see_other(HERE, "corrected")
        await dismiss_correction(agent, public_id)
    except (Invalid, Conflict) as error:
        if not wants_html(request):
            return error_page(error, request)
        return await _page(request, agent, refusal(error, agent.language), error.status)
    return see_other(HERE, "let_be")


async def _page(request: Request, agent: Agent, problem: dict[str, Any] | None = None, status: int = 200) -> Response:
    before = whole_number(request.query_params.get("before"), 0) or None
    found = await open_corrections(await shop_ids_of(agent), before, PAGE + 1)
    await note_listed(agent, [each.order.public_id for each in found[:PAGE]], "corrections")
    context = {
        "shell": shell(request, agent, current="corrections"),
        "problem": problem,
        "corrections": [_row(each, agent.language) for each in found[:PAGE]],
        "more": f"{HERE}?before={found[PAGE - 1].id}" if len(found) > PAGE else "",
        "most": TEXT_LIMIT,
    }
    return render(request, "console/corrections.html", context, status)


def _row(found: Correction, language: str) -> dict[str, Any]:
    conversation, zone = found.conversation, found.shop.timezone
    return {
        "url": f"{HERE}/{found.public_id}",
        "id": found.public_id,
        "customer": conversation.customer.name or gettext(_("Customer"), language),
        "conversation": f"/console/conversations/{conversation.public_id}",
        "number": found.order.number,
        "order": f"/console/orders/{found.order.public_id}",
        "kinds": [gettext(KINDS.get(kind, kind), language) for kind in found.kinds],
        "iso": iso(found.receipt.as_of),
        "said": when(found.receipt.as_of, zone, language),
        "text": found.text,
        "lang": "zh-Hans" if conversation.language == "zh" else conversation.language,
    }


routes = [
    Route(HERE, corrections_page, methods=["GET"]),
    Route(HERE + "/{public_id}", settle_correction, methods=["POST"]),
]
