"""For supervisors: how much open time each clock of a shop's tickets gives, by priority."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.i18n import gettext
from app.rendering import error_page, render, wants_html
from app.web.desk import see_other, shell, signed_in
from app.web.forms import fields
from app.web.labels import CLOCKS, PRIORITIES
from app.web.refusals import refusal
from app.web.roles import require_overseer
from core.errors import Invalid, NotFound
from core.people import Actor, Agent, shop_ids_of
from core.shops import Shop
from tickets.clock_targets import LONGEST, set_targets
from tickets.clocks import CLOCKS as KINDS
from tickets.clocks import TARGETS
from tickets.models import PRIORITIES as KEYS

HERE = "/console/targets"


@signed_in
async def targets_page(request: Request, agent: Agent) -> Response:
    """GET: the targets of each shop in minutes of open time, empty where they are the usual ones."""
    return await _page(request, agent, await _shops(agent))


@signed_in
async def change_targets(request: Request, agent: Agent) -> Response:
    """POST: the whole table of one shop; an empty field is the usual target."""
    shops, form = await _shops(agent), await fields(request)
    shop = next((each for each in shops if each.key == request.path_params["key"]), None)
    if shop is None:
        raise NotFound("no such shop")
    typed = {name: text.strip() for name, text in form.items() if "." in name and text.strip()}
    try:
        await set_targets(shop, _read(typed), actor=Actor.of(agent))
    except Invalid as error:
        if not wants_html(request):
            return error_page(error, request)
        return await _page(request, agent, shops, (shop.key, typed, refusal(error, agent.language)), error.status)
    return see_other(HERE, "saved")


async def _shops(agent: Agent) -> list[Shop]:
    require_overseer(agent)
    return await Shop.filter(id__in=await shop_ids_of(agent)).order_by("name", "id")


def _read(typed: dict[str, str]) -> dict[str, dict[str, int]]:
    """`{"urgent.first_reply": "15"}` as targets. What is no number becomes 0, which is refused."""
    found: dict[str, dict[str, int]] = {}
    for name, text in typed.items():
        priority, _, clock = name.partition(".")
        found.setdefault(priority, {})[clock] = int(text) if text.isascii() and text.isdigit() else 0
    return found


async def _page(
    request: Request,
    agent: Agent,
    shops: list[Shop],
    wrong: tuple[str, dict[str, str], dict[str, Any]] | None = None,
    status: int = 200,
) -> Response:
    key, typed, problem = wrong or ("", {}, None)
    language = agent.language
    context = {
        "shell": shell(request, agent),
        "problem": problem,
        "longest": LONGEST,
        "clocks": [gettext(CLOCKS[clock], language) for clock in KINDS],
        "shops": [
            {
                "key": shop.key,
                "name": shop.name,
                "rows": [_row(shop, priority, typed if shop.key == key else None, language) for priority in KEYS[::-1]],
            }
            for shop in shops
        ],
    }
    return render(request, "console/targets.html", context, status)


def _row(shop: Shop, priority: str, typed: dict[str, str] | None, language: str) -> dict[str, Any]:
    own = (shop.targets or {}).get(priority, {})
    cells = []
    for clock in KINDS:
        name = f"{priority}.{clock}"
        value = typed.get(name, "") if typed is not None else str(own.get(clock, ""))
        usual = int(getattr(TARGETS[priority], clock).total_seconds() // 60)
        cells.append({"name": name, "value": value, "usual": usual, "clock": gettext(CLOCKS[clock], language)})
    return {"label": gettext(PRIORITIES[priority][0], language), "cells": cells}


routes = [
    Route(HERE, targets_page, methods=["GET"]),
    Route(HERE + "/{key}", change_targets, methods=["POST"]),
]
