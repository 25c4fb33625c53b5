"""Return policies: what holds for a shop and since when, each version with its rows, and trying a case on them."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.i18n import gettext
from app.policy_text import policy_name
from app.policy_words import POLICIES
from app.rendering import render
from app.web.desk import shell, signed_in
from app.web.forms import whole_number
from app.web.policy_pages import (
    HERE,
    changes_view,
    may_publish,
    rows_view,
    shop_view,
    timers_view,
    version_view,
)
from app.web.roles import OVERSEERS
from app.web.shop_choice import shop_of, shops_beside
from core.errors import NotFound
from core.people import Agent
from core.shops import Shop
from orders.policies.deciding import ReturnPolicy
from orders.policies.drafting import MOST_NUMBERS, draft_of, published_of
from orders.policies.files import FORMATS, policy_text
from orders.policies.presets import EARLIER, LAW, PRESETS, USUAL
from orders.policies.versions import PolicyVersion, policy_of

MOST_VERSIONS = 100


@signed_in
async def policies_page(request: Request, agent: Agent) -> Response:
    """GET: the laws, the shop's policy, its draft and all its versions; without a key for the first of the shops."""
    shop, language = await shop_of(agent, request.path_params.get("key")), agent.language
    current, draft = await published_of(shop), await draft_of(shop)
    own = policy_of(current) if current else USUAL
    versions = await PolicyVersion.filter(shop=shop).exclude(version=None).order_by("-version").limit(MOST_VERSIONS)
    await PolicyVersion.fetch_for_list(versions, "published_by")
    context = {
        "shell": shell(request, agent, current="policies"),
        "shop": shop_view(shop),
        "shops": await shops_beside(agent, shop, HERE + "/{key}"),
        "own": {"name": policy_name(own.name, own.version, language), "usual": current is None},
        "rows": rows_view(own.rows, language),
        "timers": timers_view(own.timers, language),
        "laws": [_link(policy, shop, language) for policy in LAW],
        "draft": {"revision": draft.revision, "based_on": draft.based_on} if draft else None,
        "versions": [version_view(each, shop, language) for each in versions],
        "may_draft": agent.role in OVERSEERS,
        "may_publish": may_publish(agent),
    }
    return render(request, "console/policies.html", context)


@signed_in
async def version_page(request: Request, agent: Agent) -> Response:
    """GET: one version of a policy, for ever as it was; ?against=N what differs from version N, ?as=toml a file."""
    shop, language = await shop_of(agent, request.path_params["key"]), agent.language
    policy = await _policy(shop, request.path_params["policy"], request.path_params["version"])
    form = request.query_params.get("as", "")
    if form in FORMATS:
        name = f"{shop.key}-{policy.name}-{policy.version}.{form}"
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        text = policy_text(policy.rows, policy.timers, form)
        return Response(text, media_type="text/plain; charset=utf-8", headers=headers)
    against = whole_number(request.query_params.get("against"), 0)
    other = await _policy(shop, policy.name, against) if against else None
    numbers: Any = PolicyVersion.filter(shop=shop, name=policy.name).exclude(version=None).order_by("-version")
    context = {
        "shell": shell(request, agent, current="policies"),
        "shop": shop_view(shop),
        "title": policy_name(policy.name, policy.version, language),
        "url": f"{HERE}/{shop.key}/{policy.name}/{policy.version}",
        "version": policy.version,
        "rows": rows_view(policy.rows, language),
        "timers": timers_view(policy.timers, language),
        "against": against,
        "others": [number for number in await numbers.values_list("version", flat=True) if number != policy.version],
        "changes": changes_view(other, policy, language) if other else None,
    }
    return render(request, "console/policy.html", context)


async def _policy(shop: Shop, name: str, number: int) -> ReturnPolicy:
    """A published version of the shop's, or one that comes with the desk. Raises NotFound."""
    for policy in (*PRESETS, *EARLIER):
        if (policy.name, policy.version) == (name, number):
            return policy
    version = await PolicyVersion.get_or_none(shop=shop, name=name, version=min(number, MOST_NUMBERS))
    if version is None:
        raise NotFound("no such version")
    return policy_of(version)


def _link(policy: ReturnPolicy, shop: Shop, language: str) -> dict[str, Any]:
    url = f"{HERE}/{shop.key}/{policy.name}/{policy.version}"
    return {"name": gettext(POLICIES[policy.name], language), "url": url, "rows": len(policy.rows)}


routes = [
    Route(HERE, policies_page, methods=["GET"]),
    Route(HERE + "/{key}", policies_page, methods=["GET"]),
    Route(HERE + "/{key}/{policy}/{version:int}", version_page, methods=["GET"]),
]
