"""Macros where they are used: the menu behind the slash, and the words of one, filled for this conversation."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.i18n import gettext
from app.macro_values import CHOOSE, Bound, values_for
from app.rendering import render, wants_html
from app.web.composer import Draft
from app.web.console_macros import reading
from app.web.console_ticket import Place, place_of
from app.web.desk import shell, signed_in
from app.web.forms import fields, whole_number
from app.web.scene import gather
from app.web.ticket_page import ticket_page
from core.people import Agent
from tickets.macros.keeping import macro_for, macros_for
from tickets.macros.models import Macro


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


THINGS = {"order": _("Order"), "line": _("Item"), "parcel": _("Parcel")}


@signed_in
async def menu(request: Request, agent: Agent) -> Response:
    """GET: what the agent may use here; for people without scripts a page to choose from."""
    place = await place_of(request, agent)
    language = place.conversation.language
    items = [_item(macro, language) for macro in await macros_for(agent, place.shop.id)]
    if not wants_html(request):
        return JSONResponse({"macros": items})
    context = {"shell": shell(request, agent), "items": items, "base": place.base, "choices": [], "chosen": ""}
    return render(request, "console/macro_choice.html", context)


@signed_in
async def use(request: Request, agent: Agent) -> Response:
    """POST: the words of a macro, filled with what is chosen (`order`, `line`, `parcel`); nothing is sent yet."""
    place, form = await place_of(request, agent), await fields(request)
    macro = await macro_for(agent, place.shop.id, form.get("macro", ""))
    words = words_of(macro, place.conversation.language)
    bound = Bound(form.get("order", ""), whole_number(form.get("line"), 0), form.get("parcel", ""))
    values = await values_for(words, agent, place.shop, place.conversation, place.ticket, bound)
    read = reading(words, values, agent.language)
    open_choices = {thing for thing, label in THINGS.items() if thing in values.choices and not getattr(bound, thing)}
    choosing = bool(open_choices) and CHOOSE in values.why.values()
    choices = [
        {
            "name": thing,
            "label": gettext(THINGS[thing], agent.language),
            "options": [{"id": key, "label": label} for key, label in options],
        }
        for thing, options in values.choices.items()
    ]
    if not wants_html(request):
        answer = {"choices": choices if choosing else [], "order": values.number, "macro": macro.public_id}
        return JSONResponse(read | answer)
    if choosing:
        context = {"shell": shell(request, agent), "items": [_item(macro, place.conversation.language)]}
        context |= {"base": place.base, "choices": choices, "chosen": macro.public_id}
        return render(request, "console/macro_choice.html", context)
    return await _composing(request, agent, place, Draft(text=read["text"], macro=macro.public_id))


async def _composing(request: Request, agent: Agent, place: Place, draft: Draft) -> Response:
    """The ticket's page with the words in the composer."""
    return await ticket_page(request, await gather(agent, place.conversation, place.shop, place.ticket, None), draft)


def words_of(macro: Macro, language: str) -> str:
    """What the macro says to a customer of this language; in the other one if it has no words in it."""
    return str(macro.words.get(language) or next(iter(macro.words.values())))


def _item(macro: Macro, language: str) -> dict[str, Any]:
    return {
        "id": macro.public_id,
        "name": macro.name,
        "shortcut": macro.shortcut,
        "words": words_of(macro, language)[:160],
        "other_language": language not in macro.words,
    }


routes = [
    route
    for base in ("/console/tickets/{number}", "/console/conversations/{public_id}")
    for route in (Route(f"{base}/macros", menu, methods=["GET"]), Route(f"{base}/macros", use, methods=["POST"]))
]
