"""For administrators: what each agent takes."""

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
from app.web.roles import require_admin
from core.errors import Invalid, NotFound
from core.ids import as_id
from core.people import Actor, Agent
from core.teams import Team, TeamMember
from tickets.staffing import LANGUAGES, MOST_CAPACITY, set_teams, set_work

PEOPLE = "/console/agents"


@signed_in
async def agent_page(request: Request, agent: Agent) -> Response:
    """GET: what one agent takes; for administrators."""
    return await _agent_page(request, agent, await _person(request, agent))


@signed_in
async def change_agent(request: Request, agent: Agent) -> Response:
    """POST: capacity, languages, kinds of work and teams of an agent."""
    person = await _person(request, agent)
    form, chosen = await fields(request), await choices(request)
    teams = [team for team in await Team.filter(retired_at=None) if team.public_id in chosen.get("team", [])]
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


async def _person(request: Request, agent: Agent) -> Agent:
    require_admin(agent)
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
            for team in await Team.filter(retired_at=None).order_by("name", "id")
        ],
    }
    return render(request, "console/agent.html", context, status)


routes = [
    Route(PEOPLE + "/{public_id}", agent_page, methods=["GET"]),
    Route(PEOPLE + "/{public_id}", change_agent, methods=["POST"]),
]
