"""Mails by signed HTTP: where they go, the secret (shown once), what came last. For administrators."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.i18n import gettext, when
from app.mail.hook_models import MailHook
from app.mail.hooks import (
    SECRETS,
    SIGNATURE,
    TIME,
    close_hook,
    deliveries_in,
    end_former,
    is_former_good,
    renew_secret,
)
from app.rendering import render
from app.web.console_mails import mail_row
from app.web.desk import see_other, shell, signed_in
from app.web.forms import fields
from app.web.roles import require_admin
from app.web.shop_choice import shop_of
from app.web.times import iso
from core.bundles import Bundle
from core.people import Actor, Agent, shop_ids_of
from core.shops import Shop

HERE = "/console/mail-hook"
SHOWN = 10  # deliveries of a shop


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


REFUSALS = {
    SIGNATURE: _("The signature did not fit: the secret is another one, or the mail was changed on its way."),
    TIME: _("The time was more than five minutes off: look at the sender’s clock."),
}


@signed_in
async def hook_page(request: Request, agent: Agent) -> Response:
    """GET: the door of each of the agent's shops."""
    require_admin(agent)
    return await _page(request, agent)


@signed_in
async def change(request: Request, agent: Agent) -> Response:
    """POST: a new secret (`do` is renew), which this answer alone shows; end the former one (end), or all (close)."""
    require_admin(agent)
    shop, actor = await shop_of(agent, request.path_params["key"]), Actor.of(agent)
    match (await fields(request)).get("do"):
        case "renew":
            fresh = (shop.id, await renew_secret(shop, actor))
            answer = await _page(request, agent, fresh)
            answer.headers["Cache-Control"] = "no-store"
            return answer
        case "end":
            await end_former(shop, actor)
        case "close":
            await close_hook(shop, actor)
    return see_other(HERE, "saved")


async def _page(request: Request, agent: Agent, fresh: tuple[int, str] = (0, "")) -> Response:
    shops = await Shop.filter(id__in=await shop_ids_of(agent)).order_by("name", "id")
    base = request.app.state.settings.public_url
    hooks = {hook.shop_id: hook for hook in await MailHook.filter(shop_id__in=[shop.id for shop in shops])}
    bundle = Bundle()
    deliveries = {shop.id: deliveries_in(bundle, shop.id, SHOWN) for shop in shops}
    await bundle.read()
    shown = [
        _shop(shop, hooks.get(shop.id), agent.language)
        | {
            "address": f"{base}/hooks/mail/{shop.key}",
            "fresh": fresh[1] if shop.id == fresh[0] else "",
            "deliveries": [mail_row(mail, shop, agent.language) for mail in deliveries[shop.id]()],
        }
        for shop in shops
    ]
    context = {"shell": shell(request, agent, current="mail-hook"), "shops": shown}
    return render(request, "console/mail_hook.html", context)


def _shop(shop: Shop, hook: MailHook | None, language: str) -> dict[str, Any]:
    secrets = shop.secrets.get(SECRETS, [])
    former = hook.former_until if hook and len(secrets) > 1 and is_former_good(hook) else None
    return {
        "key": shop.key,
        "name": shop.name,
        "url": f"{HERE}/{shop.key}",
        "open": bool(secrets),
        "former": {"iso": iso(former), "at": when(former, shop.timezone, language)} if former else None,
        "refused": _refused(hook, shop, language) if hook else None,
    }


def _refused(hook: MailHook, shop: Shop, language: str) -> dict[str, str] | None:
    if hook.refused_at is None:
        return None
    why = gettext(REFUSALS.get(hook.refused_why, REFUSALS[SIGNATURE]), language)
    return {"iso": iso(hook.refused_at), "at": when(hook.refused_at, shop.timezone, language), "why": why}


routes = [
    Route(HERE, hook_page, methods=["GET"]),
    Route(HERE + "/{key}", change, methods=["POST"]),
]
