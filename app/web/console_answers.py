"""What a shop's people have the bot say about delivery, returns, payment and the like, by topic and language."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.rendering import error_page, render, wants_html
from app.web.bot_pages import HERE
from app.web.desk import see_other, shell, signed_in
from app.web.forms import fields
from app.web.refusals import refusal
from app.web.roles import require_overseer
from app.web.shop_choice import shop_of, shops_beside
from bots.phrases import render as phrase
from bots.shop_facts import TOPICS
from core.errors import Invalid, NotFound
from core.people import Actor, Agent
from core.shop_answers import LANGUAGES, LONGEST, answers_of, write_answers
from core.shops import Shop

ANSWERS = HERE + "/answers"


@signed_in
async def answers_page(request: Request, agent: Agent) -> Response:
    """GET: every topic with the shop's words on it; ?shop=key chooses among several. For supervisors."""
    return await _page(request, require_overseer(agent), await shop_of(agent, request.query_params.get("shop")))


@signed_in
async def save_answer(request: Request, agent: Agent) -> Response:
    """POST: the words on one topic, in both languages; an empty text takes one away."""
    require_overseer(agent)
    shop, topic = await shop_of(agent, request.path_params["key"]), request.path_params["topic"]
    if topic not in TOPICS:
        raise NotFound("no such topic")
    form = await fields(request)
    texts = {language: form.get(language, "") for language in LANGUAGES}
    try:
        await write_answers(shop, topic, texts, Actor.of(agent))
    except Invalid as error:
        if not wants_html(request):
            return error_page(error, request)
        problem = refusal(error, agent.language)
        return await _page(request, agent, shop, unsaved={topic: texts}, problem=problem, status=error.status)
    return see_other(f"{ANSWERS}?shop={shop.key}", "answers_saved")


async def _page(
    request: Request,
    agent: Agent,
    shop: Shop,
    *,
    unsaved: dict[str, dict[str, str]] | None = None,
    problem: dict[str, Any] | None = None,
    status: int = 200,
) -> Response:
    written = await answers_of(shop.id)
    topics = [_topic(topic, written, (unsaved or {}).get(topic), agent.language) for topic in TOPICS]
    context = {
        "shell": shell(request, agent, current="bot"),
        "problem": problem,
        "shop": {"name": shop.name, "url": f"{ANSWERS}/{shop.key}"},
        "shops": await shops_beside(agent, shop, ANSWERS + "?shop={key}"),
        "topics": topics,
        "longest": LONGEST,
    }
    return render(request, "console/answers.html", context, status)


def _topic(
    topic: str, written: dict[tuple[str, str], str], unsaved: dict[str, str] | None, language: str
) -> dict[str, Any]:
    name = phrase(f"wish_{topic}", language)
    return {
        "key": topic,
        "name": name[0].upper() + name[1:],
        "texts": unsaved or {each: written.get((topic, each), "") for each in LANGUAGES},
    }


routes = [
    Route(ANSWERS, answers_page, methods=["GET"]),
    Route(ANSWERS + "/{key}/{topic}", save_answer, methods=["POST"]),
]
