"""The addresses that shops answer from: adding, names and signatures, own servers, signing. For administrators."""

from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.gateways.smtp_trial import attempt
from app.gateways.smtp_troubles import SmtpTrouble
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
    set_signing_key,
)
from app.mail.identity_models import MailIdentity
from app.mail.leaving.signing import can_sign
from app.mail.leaving.trial_letter import send_trial
from app.mail.outlets import set_server, use_account
from app.mail.tagging import envelope_sender
from app.rendering import render
from app.web.desk import see_other, shell, signed_in
from app.web.forms import fields
from app.web.refusals import refusal
from app.web.roles import require_admin
from app.web.sender_form import ACCOUNT, OWN, accounts_of, chosen_server, shown_server
from app.web.sending_words import refused, sending_securities
from app.web.shop_choice import shop_of
from core.clock import now
from core.errors import Conflict, Invalid, TooMany
from core.ids import as_id
from core.people import Actor, Agent, shop_ids_of
from core.shops import Shop
from core.teams import Team, teams_for

HERE = "/console/senders"


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
    """POST: what readers see (`do` is words), its server (server; try only tests it; letter sends a test mail to the
    agent), or its signing key (key)."""
    require_admin(agent)
    identity, form, actor = await _identity(request, agent), await fields(request), Actor.of(agent)
    try:
        match form.get("do"):
            case "server" | "try" | "letter":
                said = await _serve(request, agent, identity, form)
                if said is not None:
                    return await _one(request, agent, identity, said, form=form)
            case "key":
                pem, secret = form.get("pem", ""), request.app.state.settings.secret
                await set_signing_key(identity, form.get("selector", ""), actor, secret=secret, pem=pem)
            case _:
                team = await _team(identity.shop, form.get("team", ""))
                chosen: dict[str, Any] = {"main": form.get("main") == "1", "retired": form.get("retired") == "1"}
                await change_identity(identity, _words(form), actor, team=team, **chosen)
    except SmtpTrouble as error:
        return await _one(request, agent, identity, refused(error, agent.language), 422, form=form)
    except (Invalid, Conflict, TooMany) as error:
        problem = refusal(error, agent.language) | {"said": ""}
        return await _one(request, agent, identity, problem, error.status, form=form)
    return see_other(f"{HERE}/{identity.public_id}", "saved")


async def _serve(
    request: Request, agent: Agent, identity: MailIdentity, form: Mapping[str, str]
) -> dict[str, Any] | None:
    """Test the server in the form, and set it unless it was only to be tested. Returns a notice, if there is one."""
    settings, actor = request.app.state.settings, Actor.of(agent)
    await request.app.state.limiter.hit("console.test.person", str(agent.id))
    if form["do"] == "letter":
        said = await send_trial(identity, agent, settings)
        words = gettext(_("The server has taken the test mail. Look for it at %(address)s."), agent.language)
        return {"tone": "good", "text": words % {"address": agent.email}, "said": said}
    server, mailbox = chosen_server(form, identity, await accounts_of(identity.shop_id), settings)
    own = server is not None and form.get("way") in (ACCOUNT, OWN)
    if server is not None and (own or form["do"] == "try"):
        await attempt(server, envelope_sender(server, identity.address))
    if form["do"] == "try":
        if server is None:
            raise Invalid("the desk has no mail server", code="no_smtp_server")
        return {"tone": "good", "text": gettext(_("It works."), agent.language), "said": ""}
    if mailbox is not None:
        await use_account(identity, mailbox, actor)
    else:
        await set_server(identity, server if own else None, actor, secret=settings.secret)
    return None


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
            "senders": [_listed(row, shop) for row in sorted(await identities_of(shop), key=_is_first(shop))],
        }
        for shop in shops
    ]
    context = {"shell": shell(request, agent), "shops": listed, "form": form, "problem": problem}
    return render(request, "console/senders.html", context, status)


def _listed(row: MailIdentity, shop: Shop) -> dict[str, Any]:
    return {**described(row), "url": f"{HERE}/{row.public_id}", "first": row.address == shop.mail_address.lower()}


def _is_first(shop: Shop) -> Callable[[MailIdentity], bool]:
    """The key that puts the shop's first address first."""
    return lambda row: row.address != shop.mail_address.lower()


async def _one(
    request: Request,
    agent: Agent,
    identity: MailIdentity,
    problem: Any = None,
    status: int = 200,
    *,
    form: Mapping[str, str] | None = None,
) -> Response:
    settings, accounts = request.app.state.settings, await accounts_of(identity.shop_id)
    pem = key_of(identity, settings.secret)
    outlet = shown_server(identity, accounts, settings)
    context = {
        "shell": shell(request, agent),
        "problem": problem,
        "sender": _listed(identity, identity.shop),
        "me": agent.email,
        "outlet": outlet | {name: value for name, value in (form or {}).items() if name in outlet},
        "accounts": [(box.public_id, f"{box.address} · {box.smtp_host}") for box in accounts],
        "securities": sending_securities(agent.language),
        "private": settings.private_hosts,
        "served": settings.smtp_url.get_secret_value() != "",
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
