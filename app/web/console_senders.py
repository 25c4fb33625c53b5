"""The addresses that shops answer from: adding, names and signatures, own servers, signing. For administrators."""

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.gateways.mail import MailDeferred
from app.gateways.smtp import SmtpMailer
from app.i18n import gettext
from app.mail.dkim_keys import dns_record
from app.mail.identities import (
    Words,
    add_identity,
    change_identity,
    described,
    identities_of,
    identity_named,
    key_of,
    server_of,
    set_server,
    set_signing_key,
)
from app.mail.identity_models import MailIdentity
from app.mail.leaving.signing import can_sign
from app.rendering import render
from app.web.desk import see_other, shell, signed_in
from app.web.forms import fields
from app.web.mailbox_words import server_trouble
from app.web.refusals import refusal
from app.web.roles import require_admin
from app.web.shop_choice import shop_of
from core.clock import now
from core.errors import Conflict, Invalid, TooMany
from core.ids import as_id
from core.people import Actor, Agent, shop_ids_of
from core.shops import Shop
from core.teams import Team, teams_for

HERE = "/console/senders"
TEST_SECONDS = 30.0  # as long as a person waits for a page


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


LANGUAGES = (("en", _("English")), ("zh", _("Chinese")))


@signed_in
async def senders_page(request: Request, agent: Agent) -> Response:
    """GET: every address that the agent's shops answer from, and a form for another one."""
    require_admin(agent)
    return await _list(request, agent, {})


@signed_in
async def add(request: Request, agent: Agent) -> Response:
    """POST: let a shop answer from another address. What is wrong stays in the form with the reason."""
    require_admin(agent)
    form = await fields(request)
    shop = await shop_of(agent, form.get("shop"))
    try:
        identity = await add_identity(shop, form.get("address", ""), _words(form), Actor.of(agent))
    except (Invalid, Conflict) as error:
        return await _list(request, agent, form, refusal(error, agent.language), error.status)
    return see_other(f"{HERE}/{identity.public_id}", "saved")


@signed_in
async def sender_page(request: Request, agent: Agent) -> Response:
    """GET: one address; never its secrets."""
    require_admin(agent)
    return await _one(request, agent, await _identity(request, agent))


@signed_in
async def change(request: Request, agent: Agent) -> Response:
    """POST: what readers see (`do` is words), its own server (server), or its signing key (key)."""
    require_admin(agent)
    identity, form, actor = await _identity(request, agent), await fields(request), Actor.of(agent)
    secret: bytes = request.app.state.settings.secret
    try:
        match form.get("do"):
            case "test":
                await _tested(request, agent, identity, form.get("url", "").strip())
                return await _one(request, agent, identity, works=True)
            case "server":
                await set_server(identity, form.get("url", ""), actor, secret=secret)
            case "key":
                pem = form.get("pem", "")
                await set_signing_key(identity, form.get("selector", ""), actor, secret=secret, pem=pem)
            case _:
                team = await _team(identity.shop, form.get("team", ""))
                chosen: dict[str, Any] = {"main": form.get("main") == "1", "retired": form.get("retired") == "1"}
                await change_identity(identity, _words(form), actor, team=team, **chosen)
    except MailDeferred as error:
        problem = {"tone": "bad", "text": server_trouble(error.detail, agent.language), "said": error.detail}
        return await _one(request, agent, identity, problem, 422)
    except (Invalid, Conflict, TooMany) as error:
        return await _one(request, agent, identity, refusal(error, agent.language), error.status)
    return see_other(f"{HERE}/{identity.public_id}", "saved")


async def _tested(request: Request, agent: Agent, identity: MailIdentity, typed: str) -> None:
    """Sign in at the server that was typed, else at the one that its mail leaves through. Raises MailDeferred, Invalid
    (bad_smtp_url, no_smtp_server), TooMany."""
    settings = request.app.state.settings
    own = typed or server_of(identity, settings.secret)
    if not own and not settings.smtp_url:
        raise Invalid("the desk has no mail server", code="no_smtp_server")
    mailer = SmtpMailer(own or settings.smtp_url, private=settings.private_hosts if own else None)
    await request.app.state.limiter.hit("console.test.person", str(agent.id))
    try:
        async with asyncio.timeout(TEST_SECONDS):
            await mailer.check()
    except TimeoutError:
        raise MailDeferred("Timeout") from None
    finally:
        await mailer.close()


def _words(form: Mapping[str, str]) -> Words:
    names = ("name_en", "name_zh", "signature_en", "signature_zh")
    return Words(**{name: form.get(name, "") for name in names})


async def _identity(request: Request, agent: Agent) -> MailIdentity:
    return await identity_named(await shop_ids_of(agent), request.path_params["public_id"])


async def _team(shop: Shop, public_id: str) -> Team | None:
    teams = {team.public_id: team for team in await teams_for(shop.id)}
    return teams.get(as_id(public_id))


async def _list(
    request: Request, agent: Agent, form: Mapping[str, str], problem: Any = None, status: int = 200
) -> Response:
    shops = await Shop.filter(id__in=await shop_ids_of(agent)).order_by("name", "id")
    listed = [
        {
            "name": shop.name,
            "key": shop.key,
            "first": shop.mail_address,
            "senders": [{**described(row), "url": f"{HERE}/{row.public_id}"} for row in await identities_of(shop)],
        }
        for shop in shops
    ]
    context = {"shell": shell(request, agent), "shops": listed, "form": form, "problem": problem}
    return render(request, "console/senders.html", context, status)


async def _one(
    request: Request,
    agent: Agent,
    identity: MailIdentity,
    problem: Any = None,
    status: int = 200,
    *,
    works: bool = False,
) -> Response:
    pem = key_of(identity, request.app.state.settings.secret)
    context = {
        "shell": shell(request, agent),
        "problem": problem,
        "works": works,
        "sender": described(identity),
        "shop": identity.shop.name,
        "url": f"{HERE}/{identity.public_id}",
        "teams": [(team.public_id, team.name) for team in await teams_for(identity.shop_id)],
        "record": dns_record(pem) if pem else "",
        "next_selector": f"wismo{now():%Y%m}",
        "can_sign": can_sign(),
        "languages": [{"key": key, "name": gettext(name, agent.language)} for key, name in LANGUAGES],
    }
    return render(request, "console/sender.html", context, status)


routes = [
    Route(HERE, senders_page, methods=["GET"]),
    Route(HERE, add, methods=["POST"]),
    Route(HERE + "/{public_id}", sender_page, methods=["GET"]),
    Route(HERE + "/{public_id}", change, methods=["POST"]),
]
