"""For administrators, and for supervisors within their shops: the teams, and how each shop gives out work."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from functools import wraps
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.i18n import gettext
from app.rendering import error_page, render, wants_html
from app.web.desk import see_other, shell, signed_in
from app.web.forms import fields
from app.web.refusals import refusal
from app.web.roles import require_admin, require_overseer
from app.web.shop_choice import shop_of
from core.errors import Conflict, Invalid, NotFound
from core.ids import as_id
from core.money import exponent, parse_money
from core.people import ADMIN, Actor, Agent, shop_ids_of
from core.shops import ASSIGNMENTS, MANUAL, Shop
from core.teams import Team, TeamMember, create_team, rename_team
from tickets.retiring import retire_team, revive_team
from tickets.staffing import set_assignment

HERE = "/console/teams"
Act = Callable[[Request, Agent, dict[str, str]], Awaitable[None]]


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


MODES = {"manual": _("Agents pick their own work"), "automatic": _("Assigned automatically")}


@signed_in
async def teams_page(request: Request, agent: Agent) -> Response:
    """GET: the teams, and how each shop gives out work."""
    return await _page(request, require_overseer(agent))


def change(act: Act) -> Callable[[Request], Awaitable[Response]]:
    """A door to one change; what it refuses is said on the page."""

    @signed_in
    @wraps(act)  # the list of routes shows its docstring
    async def endpoint(request: Request, agent: Agent) -> Response:
        require_overseer(agent)
        try:
            await act(request, agent, await fields(request))
        except (Invalid, Conflict) as error:
            if not wants_html(request):
                return error_page(error, request)
            return await _page(request, agent, refusal(error, agent.language), error.status)
        return see_other(HERE, "saved")

    return endpoint


async def add_team(request: Request, agent: Agent, form: dict[str, str]) -> None:
    """A new team, for one shop or (by administrators) for all."""
    if not form.get("shop"):
        require_admin(agent)
    shop = await shop_of(agent, form["shop"]) if form.get("shop") else None
    await create_team(form.get("name", ""), shop, actor=Actor.of(agent))


async def change_name(request: Request, agent: Agent, form: dict[str, str]) -> None:
    """Another name for a team."""
    await rename_team(await _team(request, agent), form.get("name", ""), Actor.of(agent))


async def retire(request: Request, agent: Agent, form: dict[str, str]) -> None:
    """The end of a team: what waits for it waits for everybody."""
    await retire_team(await _team(request, agent), Actor.of(agent))


async def revive(request: Request, agent: Agent, form: dict[str, str]) -> None:
    """A retired team works again."""
    await revive_team(await _team(request, agent), Actor.of(agent))


async def change_shop(request: Request, agent: Agent, form: dict[str, str]) -> None:
    """How one shop gives out work, and from which total its orders come sooner."""
    shop = await shop_of(agent, request.path_params["key"])
    total = form.get("valuable_from", "").strip()
    valuable_from = parse_money(total, shop.currency).amount if total else None
    await set_assignment(shop, form.get("assignment", ""), valuable_from, Actor.of(agent))


async def _team(request: Request, agent: Agent) -> Team:
    """A team that the agent may change: of one of their shops. Raises NotFound."""
    team = await Team.get_or_none(public_id=as_id(request.path_params["public_id"]))
    if team is None or not _may_change(team, agent, await shop_ids_of(agent)):
        raise NotFound("no such team")
    return team


def _may_change(team: Team, agent: Agent, shop_ids: list[int]) -> bool:
    return agent.role == ADMIN or team.shop_id in shop_ids


async def _page(request: Request, agent: Agent, problem: dict[str, Any] | None = None, status: int = 200) -> Response:
    shop_ids, language = await shop_ids_of(agent), agent.language
    shops = {shop.id: shop for shop in await Shop.filter(id__in=shop_ids).order_by("name", "id")}
    members: dict[int, list[str]] = {}
    for member in await TeamMember.all().select_related("agent").order_by("agent__name"):
        members.setdefault(member.team_id, []).append(member.agent.name)
    teams = [
        {
            "name": team.name,
            "shop": shops[team.shop_id].name if team.shop_id is not None else gettext("all shops", language),
            "members": ", ".join(members.get(team.id, [])),
            "url": f"{HERE}/{team.public_id}" if _may_change(team, agent, shop_ids) else "",
            "id": team.public_id,
            "retired": team.retired_at is not None,
        }
        for team in await Team.all().order_by("name", "id")
        if team.shop_id is None or team.shop_id in shops
    ]
    context = {
        "shell": shell(request, agent),
        "problem": problem,
        "teams": [team for team in teams if not team["retired"]],
        "retired": [team for team in teams if team["retired"]],
        "for_all": agent.role == ADMIN,
        "shops": [_mode(shop, language) for shop in shops.values()],
    }
    return render(request, "console/teams.html", context, status)


def _mode(shop: Shop, language: str) -> dict[str, Any]:
    return {
        "key": shop.key,
        "name": shop.name,
        "currency": shop.currency,
        "valuable_from": _plain(shop),
        "modes": [
            {"key": mode, "label": gettext(MODES[mode], language), "on": mode == (shop.assignment or MANUAL)}
            for mode in ASSIGNMENTS
        ],
    }


def _plain(shop: Shop) -> str:
    """The shop's total as a field holds it: `500.00`."""
    if shop.valuable_from is None:
        return ""
    return str(Decimal(shop.valuable_from).scaleb(-exponent(shop.currency)))


routes = [
    Route(HERE, teams_page, methods=["GET"]),
    Route(HERE, change(add_team), methods=["POST"]),
    Route(HERE + "/assignment/{key}", change(change_shop), methods=["POST"]),
    Route(HERE + "/{public_id}/name", change(change_name), methods=["POST"]),
    Route(HERE + "/{public_id}/retirement", change(retire), methods=["POST"]),
    Route(HERE + "/{public_id}/return", change(revive), methods=["POST"]),
]
