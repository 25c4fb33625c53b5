"""For administrators: what each agent takes, the teams, and how each shop gives out work."""

from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.i18n import gettext
from app.rendering import error_page, render, wants_html
from app.web.desk import see_other, shell, signed_in
from app.web.forms import choices, fields, whole_number
from app.web.labels import KINDS, LANGUAGE_NAMES, word
from app.web.refusals import refusal
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.ids import as_id
from core.money import exponent, parse_money
from core.people import ADMIN, Actor, Agent
from core.shops import ASSIGNMENTS, MANUAL, Shop
from core.teams import Team, TeamMember, create_team
from tickets.staffing import LANGUAGES, MOST_CAPACITY, set_assignment, set_teams, set_work

PEOPLE = "/console/agents"
TEAMS = "/console/teams"


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


MODES = {"manual": _("Agents pick for themselves"), "automatic": _("Given out automatically")}


@signed_in
async def agent_page(request: Request, agent: Agent) -> Response:
    """GET: what one agent takes; for administrators."""
    return await _agent_page(request, agent, await _person(request, agent))


@signed_in
async def change_agent(request: Request, agent: Agent) -> Response:
    """POST: capacity, languages, kinds of work and teams of an agent."""
    person = await _person(request, agent)
    form, chosen = await fields(request), await choices(request)
    teams = [team for team in await Team.all() if team.public_id in chosen.get("team", [])]
    try:
        await set_work(
            person,
            capacity=whole_number(form.get("capacity"), MOST_CAPACITY + 1),
            languages=chosen.get("language", []),
            skills=chosen.get("kind", []),
            actor=Actor.of(agent),
        )
        await set_teams(person, teams, Actor.of(agent))
    except Invalid as error:
        if not wants_html(request):
            return error_page(error, request)
        return await _agent_page(request, agent, person, refusal(error, agent.language), error.status)
    return see_other(f"{PEOPLE}/{person.public_id}", "saved")


@signed_in
async def teams_page(request: Request, agent: Agent) -> Response:
    """GET: the teams, and how each shop gives out work; for administrators."""
    return await _teams_page(request, _require_admin(agent))


@signed_in
async def add_team(request: Request, agent: Agent) -> Response:
    """POST: a new team, for one shop or for all."""
    _require_admin(agent)
    form = await fields(request)
    shop = await Shop.get_or_none(key=form["shop"]) if form.get("shop") else None
    try:
        await create_team(form.get("name", ""), shop)
    except (Invalid, Conflict) as error:
        if not wants_html(request):
            return error_page(error, request)
        return await _teams_page(request, agent, refusal(error, agent.language), error.status)
    return see_other(TEAMS, "saved")


@signed_in
async def change_shop(request: Request, agent: Agent) -> Response:
    """POST: how one shop gives out work, and from which total its orders come sooner."""
    _require_admin(agent)
    shop = await Shop.get_or_none(key=request.path_params["key"])
    if shop is None:
        raise NotFound("no such shop")
    form = await fields(request)
    try:
        total = form.get("valuable_from", "").strip()
        valuable_from = parse_money(total, shop.currency).amount if total else None
        await set_assignment(shop, form.get("assignment", ""), valuable_from, Actor.of(agent))
    except Invalid as error:
        if not wants_html(request):
            return error_page(error, request)
        return await _teams_page(request, agent, refusal(error, agent.language), error.status)
    return see_other(TEAMS, "saved")


def _require_admin(agent: Agent) -> Agent:
    if agent.role != ADMIN:
        raise Forbidden("for administrators", code="not_your_role")
    return agent


async def _person(request: Request, agent: Agent) -> Agent:
    _require_admin(agent)
    person = await Agent.get_or_none(public_id=as_id(request.path_params["public_id"]))
    if person is None:
        raise NotFound("no such agent")
    return person


async def _agent_page(
    request: Request, agent: Agent, person: Agent, problem: dict[str, Any] | None = None, status: int = 200
) -> Response:
    language, settings = agent.language, request.app.state.settings
    member_of = {member.team_id for member in await TeamMember.filter(agent_id=person.id)}
    context = {
        "shell": shell(request, agent),
        "problem": problem,
        "person": {"name": person.name, "email": person.email, "capacity": person.capacity},
        "url": f"{PEOPLE}/{person.public_id}",
        "most": MOST_CAPACITY,
        "points": {"chat": settings.chat_points, "other": settings.mail_points},
        "languages": [
            {"key": code, "label": gettext(LANGUAGE_NAMES[code], language), "on": code in (person.languages or ())}
            for code in LANGUAGES
        ],
        "kinds": [
            {"key": kind, "label": word(KINDS, kind, language), "on": kind in (person.skills or ())} for kind in KINDS
        ],
        "teams": [
            {"key": team.public_id, "label": team.name, "on": team.id in member_of}
            for team in await Team.all().order_by("name", "id")
        ],
    }
    return render(request, "console/agent.html", context, status)


async def _teams_page(
    request: Request, agent: Agent, problem: dict[str, Any] | None = None, status: int = 200
) -> Response:
    language = agent.language
    members: dict[int, list[str]] = {}
    for member in await TeamMember.all().select_related("agent").order_by("agent__name"):
        members.setdefault(member.team_id, []).append(member.agent.name)
    shops = await Shop.all().order_by("name", "id")
    names = {shop.id: shop.name for shop in shops}
    every = gettext("all shops", language)
    context = {
        "shell": shell(request, agent),
        "problem": problem,
        "teams": [
            {
                "name": team.name,
                "shop": names[team.shop_id] if team.shop_id is not None else every,
                "members": ", ".join(members.get(team.id, [])),
            }
            for team in await Team.all().order_by("name", "id")
        ],
        "shops": [_shop(shop, language) for shop in shops],
    }
    return render(request, "console/teams.html", context, status)


def _shop(shop: Shop, language: str) -> dict[str, Any]:
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
    Route(PEOPLE + "/{public_id}", agent_page, methods=["GET"]),
    Route(PEOPLE + "/{public_id}", change_agent, methods=["POST"]),
    Route(TEAMS, teams_page, methods=["GET"]),
    Route(TEAMS, add_team, methods=["POST"]),
    Route(TEAMS + "/assignment/{key}", change_shop, methods=["POST"]),
]
