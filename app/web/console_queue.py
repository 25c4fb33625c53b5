"""The queue as the desk sees it: what comes next, and who holds what."""

from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.i18n import gettext
from app.rendering import render, wants_html
from app.web.desk import SAID, see_other, shell, signed_in
from app.web.forms import fields
from app.web.labels import AVAILABILITIES, CHANNELS, KINDS, LANGUAGE_NAMES, initials, word
from app.web.nearness import nearness_in_list
from app.web.roles import OVERSEERS
from app.web.times import due, iso, span
from conversations.models import Conversation
from core.clock import now
from core.people import AGENT, Agent, is_present, shop_ids_of
from core.shops import AUTOMATIC, Shop
from core.teams import Team, TeamMember
from tickets.draining import seats
from tickets.picking import fits, pick_next
from tickets.queue import waiting_in
from tickets.routing import Seat, Waiting
from tickets.staffing import set_availability

HERE = "/console/queue"
SHOWN = 50


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


@signed_in
async def queue_page(request: Request, agent: Agent) -> Response:
    """GET: what waits in its turn, and the people of the agent's shops with what they hold."""
    language, moment = agent.language, now()
    shop_ids = await shop_ids_of(agent)
    items = await waiting_in(shop_ids, request.app.state.settings.weights)
    shops = {shop.id: shop for shop in await Shop.filter(id__in=shop_ids).order_by("name", "id")}
    mine = await _teams_of(agent)
    context = {
        "shell": shell(request, agent, current="queue"),
        "waiting": await _rows(request, items[:SHOWN], shops, agent, mine, moment),
        "total": len(items),
        "oldest": _oldest(items, moment, language),
        "people": await _people(request, set(shop_ids), agent),
        "shops": [
            {"name": shop.name, "automatic": shop.assignment == AUTOMATIC, "key": shop.key} for shop in shops.values()
        ],
        "overseer": agent.role in OVERSEERS,
    }
    part = request.query_params.get("fragment") == "queue"
    return render(request, "console/_queue.html" if part else "console/queue.html", context)


@signed_in
async def next_one(request: Request, agent: Agent) -> Response:
    """POST: the agent takes what comes first, and lands there."""
    found = await pick_next(agent, await _teams_of(agent), request.app.state.settings.weights)
    if found is None:
        return see_other(HERE, "nothing_waits")
    return see_other(f"/console/conversations/{found.public_id}")


@signed_in
async def availability(request: Request, agent: Agent) -> Response:
    """POST: whether the agent wants new work."""
    form = await fields(request)
    await set_availability(agent, form.get("availability", ""))
    said = f"now_{agent.availability}"
    if not wants_html(request):
        return JSONResponse({"said": said, "text": gettext(SAID[said], agent.language), "url": HERE})
    return see_other(HERE, said)


async def _teams_of(agent: Agent) -> set[int]:
    return {member.team_id for member in await TeamMember.filter(agent_id=agent.id)}


async def _rows(
    request: Request,
    items: list[Waiting],
    shops: dict[int, Shop],
    agent: Agent,
    teams: set[int],
    moment: datetime,
) -> list[dict[str, Any]]:
    attendance = request.app.state.hub.attendance
    ids = [item.id for item in items]
    talks = {talk.id: talk for talk in await Conversation.filter(id__in=ids).select_related("customer", "team")}
    return [
        _row(number, item, talks[item.id], shops[item.shop_id], agent, teams, moment)
        | {"near": nearness_in_list(talks[item.id].public_id, attendance, agent.language)}
        for number, item in enumerate(items, 1)
        if item.id in talks
    ]


def _row(
    number: int, item: Waiting, talk: Conversation, shop: Shop, agent: Agent, teams: set[int], moment: datetime
) -> dict[str, Any]:
    language = agent.language
    channel, icon = CHANNELS.get(talk.channel, (talk.channel, "chat"))
    late, tone = due(item.due, moment, language) if item.due else ("", "")
    return {
        "number": number,
        "key": talk.public_id,
        "url": f"/console/conversations/{talk.public_id}",
        "customer": talk.customer.name or gettext(_("Guest"), language),
        "words": talk.last_text,
        "channel": gettext(channel, language),
        "channel_icon": icon,
        "kind": word(KINDS, item.kind, language),
        "language": gettext(LANGUAGE_NAMES.get(item.language, item.language), language),
        "team": talk.team.name if talk.team else "",
        "shop": shop.name,
        "since": iso(item.since),
        "waits": span(moment - item.since, language),
        "due": late,
        "due_tone": tone,
        "fits": fits(item, agent, teams),
    }


def _oldest(items: list[Waiting], moment: datetime, language: str) -> dict[str, str] | None:
    """The promise that is due first."""
    promised = [item.due for item in items if item.due is not None]
    if not promised:
        return None
    text, tone = due(min(promised), moment, language)
    return {"text": text, "tone": tone}


async def _people(request: Request, shop_ids: set[int], agent: Agent) -> list[dict[str, Any]]:
    """Everybody who works for one of the agent's shops: who has room first."""
    table = {seat.id: seat for seat in await seats(request.app.state.settings.weights)}
    here = [seat.id for seat in table.values() if seat.shops is None or seat.shops & shop_ids]
    names = {team.id: team.name for team in await Team.all()}
    people = await Agent.filter(id__in=here).order_by("name", "id")
    shown = [_person(person, table[person.id], names, agent.language) for person in people]
    return sorted(shown, key=lambda one: not one["available"])


def _person(person: Agent, seat: Seat, teams: dict[int, str], language: str) -> dict[str, Any]:
    state = person.availability if is_present(person) else "offline"
    label, tone = AVAILABILITIES[state]
    return {
        "id": person.public_id,
        "name": person.name,
        "initials": initials(person.name),
        "state": gettext(label, language),
        "tone": tone,
        "available": seat.available,
        "load": seat.load,
        "capacity": seat.capacity,
        "full": seat.load >= seat.capacity,
        "teams": ", ".join(teams[team_id] for team_id in sorted(seat.teams)),
        "languages": ", ".join(gettext(LANGUAGE_NAMES.get(code, code), language) for code in person.languages or ()),
        "role": person.role if person.role != AGENT else "",
    }


routes = [
    Route(HERE, queue_page, methods=["GET"]),
    Route(f"{HERE}/next", next_one, methods=["POST"]),
    Route("/console/availability", availability, methods=["POST"]),
]
