"""An agent's own account, and for administrators the list of who works here."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.auth.agents import set_habits, set_password
from app.auth.models import Session
from app.auth.passwords import password_fits
from app.auth.sessions import client_address, end_other_sessions, session_of
from app.i18n import gettext
from app.rendering import error_page, render, wants_html
from app.web.desk import see_other, shell, signed_in
from app.web.forms import fields, whole_number
from app.web.labels import ROLES, initials, word
from app.web.refusals import refusal
from app.web.roles import require_admin
from app.web.times import ago
from conversations.holding import HOLD_CHOICES
from core.clock import now
from core.errors import Invalid, TooMany
from core.people import ADMIN, PRESENT, Actor, Agent, ShopMember


@signed_in
async def account_page(request: Request, agent: Agent) -> Response:
    """GET: password, habits of writing and sessions."""
    return await _account(request, agent)


@signed_in
async def password(request: Request, agent: Agent) -> Response:
    """POST: a new password, proved by the old one; all other sessions end."""
    form = await fields(request)
    try:
        await request.app.state.limiter.hit("login.account", f"password-{agent.id}")
        if not await password_fits(agent.password_hash, form.get("current", "")):
            raise Invalid("the current password is wrong", code="wrong_password")
        keep = await session_of(request)
        await set_password(agent, form.get("new", ""), keep=keep, actor=Actor.of(agent))
    except (Invalid, TooMany) as error:
        if not wants_html(request) or isinstance(error, TooMany):
            return error_page(error, request)
        return await _account(request, agent, refusal(error, agent.language), error.status)
    return see_other("/console/account", "password")


@signed_in
async def writing(request: Request, agent: Agent) -> Response:
    """POST: how long a reply can be undone, and whether single keys are shortcuts; only what is named changes."""
    form = await fields(request)
    keys = {"on": True, "off": False}.get(form.get("single_keys", ""), agent.single_keys)
    try:
        seconds = whole_number(form.get("undo_seconds", str(agent.undo_seconds)), -1)
        await set_habits(agent, undo_seconds=seconds, single_keys=keys)
    except Invalid as error:
        return error_page(error, request)
    return see_other("/console/account", "saved")


@signed_in
async def end_sessions(request: Request, agent: Agent) -> Response:
    """POST: sign out everywhere else."""
    await end_other_sessions(agent, await session_of(request))
    return see_other("/console/account")


@signed_in
async def agents_page(request: Request, agent: Agent) -> Response:
    """GET: who works at the desk; for administrators."""
    require_admin(agent)
    shops: dict[int, list[str]] = {}
    for member in await ShopMember.all().order_by("shop_id").select_related("shop"):
        shops.setdefault(member.agent_id, []).append(member.shop.name)
    people = [_person(person, shops, agent.language) for person in await Agent.all().order_by("-active", "name", "id")]
    return render(request, "console/agents.html", {"shell": shell(request, agent), "people": people})


async def _account(
    request: Request, agent: Agent, problem: dict[str, Any] | None = None, status: int = 200
) -> Response:
    here = await session_of(request)
    sessions = await Session.filter(agent_id=agent.id).order_by("-used_at")
    context = {
        "shell": shell(request, agent),
        "problem": problem,
        "address": client_address(request),
        "holds": HOLD_CHOICES,
        "sessions": [
            {
                "here": here is not None and session.id == here.id,
                "browser": session.user_agent,
                "ip": session.ip,
                "used": ago(session.used_at, now(), agent.language),
            }
            for session in sessions
        ],
    }
    return render(request, "console/account.html", context, status)


def _person(person: Agent, shops: dict[int, list[str]], language: str) -> dict[str, Any]:
    every = gettext("all shops", language)
    return {
        "id": person.public_id,
        "name": person.name,
        "initials": initials(person.name),
        "email": person.email,
        "role": word(ROLES, person.role, language),
        "shops": every if person.role == ADMIN else ", ".join(shops.get(person.id, [])),
        "active": person.active,
        "online": person.active and person.seen_at is not None and now() - person.seen_at <= PRESENT,
        "seen": ago(person.seen_at, now(), language) if person.seen_at else "",
    }


routes = [
    Route("/console/account", account_page, methods=["GET"]),
    Route("/console/account/password", password, methods=["POST"]),
    Route("/console/account/writing", writing, methods=["POST"]),
    Route("/console/account/sessions", end_sessions, methods=["POST"]),
    Route("/console/agents", agents_page, methods=["GET"]),
]
