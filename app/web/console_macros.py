"""The macros of a desk: a list, a form for each, and how one reads for a ticket before it is used."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.i18n import gettext
from app.macro_values import NOT_PROVED, WORDS, Bound, Values, values_for
from app.rendering import render
from app.web.desk import see_other, shell, signed_in
from app.web.forms import fields
from app.web.labels import PRIORITIES, STATUSES
from app.web.refusals import refusal
from app.web.roles import OVERSEERS
from app.web.shop_choice import shop_of, shops_beside
from conversations.blanks import LONGEST, fill
from core.errors import Conflict, Forbidden, Invalid, NotFound, WismoError
from core.people import Agent
from core.shops import Shop
from tickets.access import ticket_for
from tickets.macros.keeping import LANGUAGES, macro_for, macros_for, retire_macro, save_macro
from tickets.macros.keeping import STATUSES as STEPS
from tickets.macros.models import Macro

MACROS = "/console/macros"
DOES = ("assign", "priority", "tag", "status")
FIELDS = ("name", "shortcut", *LANGUAGES, *DOES, "shared")


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


WHY = {
    "none": _("not known"),
    "choose": _("choose which one"),
    NOT_PROVED: _("the customer hasn’t verified this order"),
}


@signed_in
async def list_page(request: Request, agent: Agent) -> Response:
    """GET: the macros that the agent may use, by shop; ?shop=key chooses among several."""
    shop = await shop_of(agent, request.query_params.get("shop"))
    rows = [_row(macro, agent) for macro in await macros_for(agent, shop.id)]
    context = {
        "shell": shell(request, agent, current="macros"),
        "shop": {"name": shop.name, "key": shop.key},
        "shops": await shops_beside(agent, shop, MACROS + "?shop={key}"),
        "mine": [row for row in rows if not row["shared"]],
        "shared": [row for row in rows if row["shared"]],
    }
    return render(request, "console/macros.html", context)


@signed_in
async def edit_page(request: Request, agent: Agent) -> Response:
    """GET: the form of one macro (`new` for another); ?ticket=number shows how it reads there."""
    shop = await shop_of(agent, request.path_params["key"])
    public_id = request.path_params["public_id"]
    macro = None if public_id == "new" else await macro_for(agent, shop.id, public_id)
    return await _form_page(request, agent, shop, _written(macro), macro)


@signed_in
async def save(request: Request, agent: Agent) -> Response:
    """POST: keep what the form says, or with `do=try` only show how it reads for the ticket in `ticket`."""
    shop, form = await shop_of(agent, request.path_params["key"]), await fields(request)
    public_id = request.path_params["public_id"]
    macro = None if public_id == "new" else await macro_for(agent, shop.id, public_id)
    if form.get("do") == "try":
        return await _form_page(request, agent, shop, form, macro)
    try:
        if form.get("do") == "retire":
            await retire_macro(agent, shop, public_id)
            return see_other(f"{MACROS}?shop={shop.key}", "macro_retired")
        await save_macro(
            agent,
            shop,
            macro.public_id if macro else "",
            name=form.get("name", ""),
            words={language: form.get(language, "") for language in LANGUAGES},
            shortcut=form.get("shortcut", ""),
            actions={name: form.get(name, "") for name in DOES if form.get(name)},
            shared=form.get("shared") == "1",
        )
    except (Invalid, Conflict, Forbidden) as error:
        return await _form_page(request, agent, shop, form, macro, error)
    return see_other(f"{MACROS}?shop={shop.key}", "macro_saved")


async def _form_page(
    request: Request,
    agent: Agent,
    shop: Shop,
    form: dict[str, str],
    macro: Macro | None,
    error: WismoError | None = None,
) -> Response:
    language = agent.language
    may_write = macro is None or macro.owner_id == agent.id or agent.role in OVERSEERS
    context = {
        "shell": shell(request, agent, current="macros"),
        "problem": refusal(error, language) if error else None,
        "form": dict.fromkeys(FIELDS, "") | form,
        "url": f"{MACROS}/{shop.key}/{macro.public_id if macro else 'new'}",
        "back": f"{MACROS}?shop={shop.key}",
        "name": macro.name if macro else "",
        "may_write": may_write,
        "may_share": agent.role in OVERSEERS,
        "retire": macro is not None and may_write,
        "blanks": [{"name": name, "label": gettext(label, language)} for name, label in WORDS.items()],
        "priorities": [(key, gettext(label, language)) for key, (label, _tone) in PRIORITIES.items()],
        "statuses": [(key, gettext(STATUSES[key][0], language)) for key in STEPS],
        "longest": LONGEST,
        "ticket": form.get("ticket", request.query_params.get("ticket", "")),
        "tried": await _tried(agent, shop, form, request),
    }
    return render(request, "console/macro.html", context, error.status if error else 200)


async def _tried(agent: Agent, shop: Shop, form: dict[str, str], request: Request) -> list[dict[str, Any]]:
    """How the words read for a ticket of the shop, in both languages; nothing without a ticket."""
    number = form.get("ticket", request.query_params.get("ticket", "")).strip().lstrip("#")
    if not number:
        return []
    try:
        ticket = await ticket_for(agent, number)
    except NotFound:
        return [{"problem": gettext(_("There is no such ticket in this shop."), agent.language)}]
    if ticket.shop_id != shop.id:
        return [{"problem": gettext(_("There is no such ticket in this shop."), agent.language)}]
    shown = []
    for code in LANGUAGES:
        if words := form.get(code, "").strip():
            ticket.conversation.language = code
            values = await values_for(words, agent, shop, ticket.conversation, ticket, Bound())
            shown.append({"language": code, **reading(words, values, agent.language)})
    return shown


def reading(words: str, values: Values, language: str) -> dict[str, Any]:
    """Filled words for a page: the pieces, and for each blank without a value what it is and why."""
    filled = fill(words, values.known)
    missing = [
        {"name": name, "label": gettext(WORDS[name], language), "why": gettext(WHY[values.why[name]], language)}
        for name in filled.missing
    ]
    pieces = [
        {"text": piece.text, "blank": piece.name, "empty": piece.name in filled.missing} for piece in filled.pieces
    ]
    return {"text": filled.text, "pieces": pieces, "missing": missing}


def _written(macro: Macro | None) -> dict[str, str]:
    """A macro as its form shows it."""
    if macro is None:
        return {}
    shared = {"shared": "1"} if macro.owner_id is None else {}
    return {"name": macro.name, "shortcut": macro.shortcut, **macro.words, **macro.actions, **shared}


def _row(macro: Macro, agent: Agent) -> dict[str, Any]:
    language = agent.language
    return {
        "name": macro.name,
        "shortcut": macro.shortcut,
        "words": macro.words.get(language) or next(iter(macro.words.values())),
        "languages": [{"en": "English", "zh": "中文"}[code] for code in LANGUAGES if code in macro.words],
        "uses": macro.uses,
        "shared": macro.owner_id is None,
        "public_id": macro.public_id,
    }


routes = [
    Route(MACROS, list_page, methods=["GET"]),
    Route(MACROS + "/{key}/{public_id}", edit_page, methods=["GET"]),
    Route(MACROS + "/{key}/{public_id}", save, methods=["POST"]),
]
