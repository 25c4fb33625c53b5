"""Putting a return policy in force, going back to an earlier version, taking it out of force. For administrators."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.rendering import error_page, render, wants_html
from app.web.bot_pages import told
from app.web.desk import see_other, shell, signed_in
from app.web.forms import fields, whole_number
from app.web.policy_pages import HERE, changes_view, findings_view, may_publish, shop_view
from app.web.policy_replays import replay_view
from app.web.roles import require_overseer
from app.web.shop_choice import shop_of
from core.errors import Conflict, Invalid, NotFound, WismoError
from core.people import Agent
from core.shops import Shop
from orders.policies import drafting
from orders.policies.checking import check
from orders.policies.presets import USUAL
from orders.policies.versions import policy_of


@signed_in
async def publish_page(request: Request, agent: Agent) -> Response:
    """GET: what the draft changes, in words and in the cases of the last 90 days, and the button to publish it."""
    return await _page(request, require_overseer(agent), await shop_of(agent, request.path_params["key"]))


@signed_in
async def publish(request: Request, agent: Agent) -> Response:
    """POST: publish the draft (do=publish) or version `number` again (do=rollback), or withdraw what holds."""
    shop, form = await shop_of(require_overseer(agent), request.path_params["key"]), await fields(request)
    try:
        match form.get("do"):
            case "publish":
                await drafting.publish(shop, agent, whole_number(form.get("revision"), 0), form.get("note", ""))
            case "rollback":
                await drafting.roll_back(shop, agent, whole_number(form.get("number"), 0))
            case "withdraw":
                await drafting.withdraw(shop, agent)
            case _:
                raise NotFound("no such step")
    except (Invalid, Conflict) as error:
        if not wants_html(request) or await drafting.draft_of(shop) is None:
            return error_page(error, request)
        return await _page(request, agent, shop, problem=error)
    return see_other(f"{HERE}/{shop.key}", "policy_published" if form["do"] != "withdraw" else "policy_withdrawn")


async def _page(request: Request, agent: Agent, shop: Shop, *, problem: WismoError | None = None) -> Response:
    draft, current = await drafting.draft_of(shop), await drafting.published_of(shop)
    if draft is None:
        raise NotFound("there is no draft")
    policy, in_force = policy_of(draft), policy_of(current) if current else USUAL
    found = await asyncio.to_thread(check, policy.rows, policy.timers)
    context = {
        "shell": shell(request, agent, current="policies"),
        "shop": shop_view(shop),
        "revision": draft.revision,
        "replay": await replay_view(shop, policy, agent.language),
        "findings": findings_view(found, agent.language),
        "changes": changes_view(in_force, policy, agent.language),
        "may_publish": may_publish(agent),
        "problem": told(problem, agent) if problem else None,
    }
    return render(request, "console/policy_publish.html", context, problem.status if problem else 200)


routes = [
    Route(HERE + "/{key}/draft/publish", publish_page, methods=["GET"]),
    Route(HERE + "/{key}/publish", publish, methods=["POST"]),
]
