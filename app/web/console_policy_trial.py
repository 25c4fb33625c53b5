"""Trying a case on a shop's return policy, and on its draft, before anybody has it."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.i18n import gettext
from app.policy_words import CATEGORIES, JURISDICTIONS, STAGES
from app.refund_text import WORDS
from app.rendering import render
from app.web.desk import shell, signed_in
from app.web.forms import whole_number
from app.web.policy_form import INFORMED
from app.web.policy_pages import HERE, decision_view, shop_view
from app.web.roles import OVERSEERS
from app.web.shop_choice import shop_of, shops_beside
from core.clock import now
from core.people import Agent
from core.shops import Shop
from orders.policies.deciding import Category, Stage, Wish, decide
from orders.policies.drafting import draft_of
from orders.policies.jurisdictions import law_of
from orders.policies.presets import LAW
from orders.policies.versions import policies_of, policy_of
from orders.refunds.case import Jurisdiction, Reason

MOST_DAYS = 3650


@signed_in
async def trial_page(request: Request, agent: Agent) -> Response:
    """GET: a case by its marks (?law, stage, reason, category, days, informed), and what is decided by which row."""
    shop = await shop_of(agent, request.path_params["key"])
    asked = request.query_params
    wish, draft = _wish(asked, shop), await draft_of(shop) if agent.role in OVERSEERS else None
    answers = []
    if "reason" in asked:
        answers.append(decision_view(decide(wish, await policies_of(shop.id)), agent.language) | {"draft": False})
        if draft is not None:
            answers.append(decision_view(decide(wish, [*LAW, policy_of(draft)]), agent.language) | {"draft": True})
    context = {
        "shell": shell(request, agent, current="policies"),
        "shop": shop_view(shop),
        "shops": await shops_beside(agent, shop, HERE + "/{key}/try"),
        "fields": _fields(wish, agent.language),
        "days": (wish.asked - wish.received).days if wish.received else "",
        "answers": answers,
    }
    return render(request, "console/policy_try.html", context)


def _wish(asked: Mapping[str, str], shop: Shop) -> Wish:
    """What cannot be read is taken as the first choice: the form shows it."""
    today: date = now().astimezone(ZoneInfo(shop.timezone)).date()
    stage, days = Stage(_code(Stage, asked.get("stage"), "delivered")), asked.get("days", "3").strip()
    known = bool(days) and stage is Stage.DELIVERED
    received = today - timedelta(days=min(whole_number(days, 3), MOST_DAYS)) if known else None
    return Wish(
        jurisdiction=Jurisdiction(_code(Jurisdiction, asked.get("law"), law_of(shop.country).value)),
        stage=stage,
        reason=Reason(_code(Reason, asked.get("reason"), "changed_mind")),
        category=Category(_code(Category, asked.get("category"), "standard")),
        asked=today,
        received=received,
        informed=asked.get("informed") != "no",
    )


def _code(codes: Any, given: str | None, otherwise: str) -> str:
    return given if given and given in {each.value for each in codes} else otherwise


def _fields(wish: Wish, language: str) -> dict[str, list[dict[str, Any]]]:
    told = {key: word for key, word in INFORMED.items() if key}
    words = {"law": JURISDICTIONS, "stage": STAGES, "reason": WORDS, "category": CATEGORIES, "informed": told}
    codes = {"law": Jurisdiction, "stage": Stage, "reason": Reason, "category": Category, "informed": tuple(told)}
    chosen = {
        "law": wish.jurisdiction,
        "stage": wish.stage,
        "reason": wish.reason,
        "category": wish.category,
        "informed": "yes" if wish.informed else "no",
    }
    return {
        name: [
            {"key": str(code), "label": gettext(words[name][code], language), "on": code == chosen[name]}
            for code in codes[name]
        ]
        for name in words
    }


routes = [Route(HERE + "/{key}/try", trial_page, methods=["GET"])]
