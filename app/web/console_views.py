"""Saved views: make, change and delete them."""

from collections.abc import Iterable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.i18n import gettext
from app.order_outlook import TITLES
from app.rendering import error_page, render, wants_html
from app.web.ball import PARTIES
from app.web.desk import HOME, see_other, shell, signed_in
from app.web.forms import choices, fields
from app.web.labels import CHANNELS, KINDS, LANGUAGE_NAMES, PRIORITIES, STATUSES
from app.web.refusals import refusal
from app.web.roles import OVERSEERS
from core.errors import Conflict, Invalid, NotFound
from core.people import Agent, shop_ids_of
from core.teams import Team
from tickets.conditions import ME, NOBODY
from tickets.presence import agents_of_shops
from tickets.views import delete_view, save_view, views_of

HERE = "/console/views"
_LISTS = ("statuses", "kinds", "priorities", "headlines", "parties", "channels", "languages")


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


GROUPS: tuple[tuple[str, str, Mapping[str, str]], ...] = (
    ("statuses", _("Status (open and waiting if none)"), {key: label for key, (label, *_rest) in STATUSES.items()}),
    ("kinds", _("Kind"), KINDS),
    ("priorities", _("Priority"), {key: label for key, (label, _tone) in PRIORITIES.items()}),
    ("parties", _("Whose turn it is"), {party.value: name for party, (_chip, name, _icon) in PARTIES.items()}),
    ("headlines", _("Stage of the order"), {stage.value: title for stage, (title, _tone) in TITLES.items()}),
    ("channels", _("Channel"), {key: label for key, (label, _icon) in CHANNELS.items()}),
    ("languages", _("Language"), LANGUAGE_NAMES),
)


@signed_in
async def view_page(request: Request, agent: Agent) -> Response:
    """GET: the form of a new view, or of one that exists."""
    key = request.path_params["public_id"]
    if key == "new":
        return await _form(request, agent, {}, "")
    view = next((view for view in await views_of(agent) if view.public_id == key), None)
    if view is None:
        raise NotFound("no such view")
    return await _form(request, agent, {**view.conditions, "name": view.name, "shared": view.shared}, key)


@signed_in
async def keep(request: Request, agent: Agent) -> Response:
    """POST: save it (a `name` and conditions), or forget it (do=delete)."""
    key = request.path_params["public_id"]
    key = "" if key == "new" else key
    form, ticked = await fields(request), await choices(request)
    if form.get("do") == "delete":
        await delete_view(agent, key)
        return see_other(HOME, "view_deleted")
    given: dict[str, Any] = {name: ticked.get(name, []) for name in _LISTS}
    given["tags"] = [word for word in map(_tag, form.get("tags", "").replace("，", ",").split(",")) if word]
    given |= {name: form.get(name, "") for name in ("assignee", "team", "due_hours")}
    shared = form.get("shared") == "1"
    try:
        view = await save_view(agent, form.get("name", ""), given, shared=shared, public_id=key)
    except (Invalid, Conflict) as error:
        if not wants_html(request):
            return error_page(error, request)
        kept = given | {"name": form.get("name", ""), "shared": shared}
        return await _form(request, agent, kept, key, refusal(error, agent.language), error.status)
    return see_other(f"{HOME}?view={view.public_id}")


async def _form(
    request: Request,
    agent: Agent,
    kept: Mapping[str, Any],
    key: str,
    problem: dict[str, Any] | None = None,
    status: int = 200,
) -> Response:
    language, shop_ids = agent.language, await shop_ids_of(agent)
    people = await agents_of_shops(shop_ids)
    teams = [team for team in await Team.filter(retired_at=None) if team.shop_id in (None, *shop_ids)]
    special = [("", gettext(_("Anyone"), language)), (ME, gettext(_("Whoever is looking"), language))]
    special.append((NOBODY, gettext(_("Nobody"), language)))
    context = {
        "shell": shell(request, agent, current=key or "new-view"),
        "problem": problem,
        "url": f"{HERE}/{key or 'new'}",
        "name": kept.get("name", ""),
        "new": not key,
        "may_share": agent.role in OVERSEERS,
        "shared": kept.get("shared", False),
        "tags": ", ".join(kept.get("tags", ())),
        "due_hours": kept.get("due_hours") or "",
        "people": _options([*special, *((each.public_id, each.name) for each in people)], kept.get("assignee", "")),
        "teams": _options([("", "–"), *((team.public_id, team.name) for team in teams)], kept.get("team", "")),
        "groups": [_group(name, title, words, kept.get(name, ()), language) for name, title, words in GROUPS],
    }
    return render(request, "console/view.html", context, status)


def _tag(words: str) -> str:
    return " ".join(words.casefold().lstrip(" #").split())


def _options(choices: Iterable[tuple[str, str]], chosen: str) -> list[tuple[str, str, bool]]:
    return [(key, label, key == chosen) for key, label in choices]


def _group(name: str, title: str, words: Mapping[str, str], ticked: Iterable[str], language: str) -> dict[str, Any]:
    chosen = set(ticked)
    return {
        "name": name,
        "title": gettext(title, language),
        "open": bool(chosen) or name in ("statuses", "kinds", "priorities"),
        "choices": [(key, gettext(label, language), key in chosen) for key, label in words.items()],
    }


routes = [
    Route(HERE + "/{public_id}", view_page, methods=["GET"]),
    Route(HERE + "/{public_id}", keep, methods=["POST"]),
]
