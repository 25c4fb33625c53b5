"""The mailboxes that mail is fetched from, and answered from: how they do, testing, adding, changing, removing. For
administrators."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.gateways.imap_troubles import FOLDER_MISSING
from app.i18n import gettext, when
from app.mail.answering import answered_through
from app.mail.mailbox_models import Mailbox
from app.mail.mailboxes import (
    Place,
    add_mailbox,
    change_mailbox,
    checked,
    credentials_of,
    keep_credentials,
    pause_mailbox,
    remove_mailbox,
    resume_mailbox,
)
from app.mail.presets import PROVIDERS, provider_of
from app.mail.trying import Trial, try_account
from app.rendering import error_page, render, wants_html
from app.web.desk import see_other, shell, signed_in
from app.web.forms import fields, local_time
from app.web.mailbox_form import given_credentials, keeps_to_its_servers, new_form, place_in, shown_form
from app.web.mailbox_words import choices, state_of, trouble_words
from app.web.refusals import refusal
from app.web.roles import require_admin
from app.web.sending_words import OURS, refused, sending_securities
from app.web.shop_choice import shop_of
from app.web.times import iso
from core.clock import now
from core.errors import Conflict, Invalid, NotFound, TooMany, WismoError
from core.ids import as_id
from core.people import Actor, Agent, shop_ids_of
from core.shops import Shop

HERE = "/console/mailboxes"


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


@signed_in
async def mailboxes_page(request: Request, agent: Agent) -> Response:
    """GET: every mailbox of the agent's shops."""
    require_admin(agent)
    found = await Mailbox.filter(shop_id__in=await shop_ids_of(agent)).order_by("address", "id").select_related("shop")
    context = {"shell": shell(request, agent), "mailboxes": [_row(mailbox, agent.language) for mailbox in found]}
    return render(request, "console/mailboxes.html", context)


@signed_in
async def new_mailbox_page(request: Request, agent: Agent) -> Response:
    """GET: the providers to choose from; with `?provider=`, the form."""
    require_admin(agent)
    provider = PROVIDERS.get(request.query_params.get("provider", ""))
    if provider is None:
        context = {"shell": shell(request, agent), "providers": [(key, each.name) for key, each in PROVIDERS.items()]}
        return render(request, "console/mailbox_new.html", context)
    return await _form_page(request, agent, None, new_form(provider))


@signed_in
async def add(request: Request, agent: Agent) -> Response:
    """POST: test a new mailbox, or add it when the test goes well. What is wrong stays in the form with the reason."""
    require_admin(agent)
    form = await fields(request)
    shop = await shop_of(agent, form.get("shop"))
    try:
        place, credentials = checked(place_in(form)), given_credentials(form)
        begin_at = local_time(form["begin"], shop.timezone) if form.get("begin") else None
        settings = request.app.state.settings
        trial = await _trial(request, agent, place, credentials)
        if form.get("do") == "test" or not trial.works:
            return await _tried(request, agent, None, form, trial)
        begin = None if begin_at or trial.sight is None else trial.sight.cursor
        given, actor = trial.credentials, Actor.of(agent)
        await add_mailbox(shop, place, given, actor, secret=settings.secret, begin=begin, begin_at=begin_at)
    except (Invalid, Conflict, TooMany) as error:
        return await _refused(request, agent, None, form, error)
    return see_other(HERE, "saved")


@signed_in
async def mailbox_page(request: Request, agent: Agent) -> Response:
    """GET: one mailbox; never its password."""
    mailbox = await _mailbox(request, agent)
    return await _form_page(request, agent, mailbox, shown_form(mailbox, request.app.state.settings.trusted_checkers))


@signed_in
async def change(request: Request, agent: Agent) -> Response:
    """POST: test, change, pause, resume or remove a mailbox. An empty password keeps the one there is."""
    mailbox, form = await _mailbox(request, agent), await fields(request)
    actor, secret = Actor.of(agent), request.app.state.settings.secret
    act = {"pause": pause_mailbox, "resume": resume_mailbox, "remove": remove_mailbox}.get(form.get("do", ""))
    if act is not None:
        await act(mailbox, actor)
        return see_other(HERE, "saved")
    try:
        place, given = checked(place_in(form)), given_credentials(form)
        fresh = given if any(value for name, value in given.items() if name != "token_url") else None
        if fresh is None and not keeps_to_its_servers(place, mailbox):
            raise Invalid("another server gets no password that it was not given", code="password_again")
        used = fresh or credentials_of(mailbox, secret)
        trial = await _trial(request, agent, place, used)
        if fresh is None and trial.credentials != used:
            await keep_credentials(mailbox, trial.credentials, secret=secret)
        if form.get("do") == "test" or not trial.works:
            return await _tried(request, agent, mailbox, form, trial)
        await change_mailbox(mailbox, place, trial.credentials if fresh else None, actor, secret=secret)
    except (Invalid, Conflict, TooMany) as error:
        return await _refused(request, agent, mailbox, form, error)
    return see_other(HERE, "saved")


async def _mailbox(request: Request, agent: Agent) -> Mailbox:
    require_admin(agent)
    public_id = as_id(request.path_params["public_id"])
    mine = Mailbox.filter(public_id=public_id, shop_id__in=await shop_ids_of(agent))
    mailbox = await mine.select_related("shop").first()
    if mailbox is None:
        raise NotFound("no such mailbox")
    return mailbox


async def _trial(request: Request, agent: Agent, place: Place, credentials: Mapping[str, str]) -> Trial:
    await request.app.state.limiter.hit("console.test.person", str(agent.id))
    return await try_account(place, credentials, private=request.app.state.settings.private_hosts)


async def _refused(
    request: Request, agent: Agent, mailbox: Mailbox | None, form: Mapping[str, str], error: WismoError
) -> Response:
    if not wants_html(request):
        return error_page(error, request)
    problem = refusal(error, agent.language) | {"said": ""}
    return await _form_page(request, agent, mailbox, form, problem, status=error.status)


async def _tried(
    request: Request, agent: Agent, mailbox: Mailbox | None, form: Mapping[str, str], trial: Trial
) -> Response:
    """The form again, and what became of a test: both ways, each with its reason."""
    broken = trial.fetching or trial.sending
    if broken is not None and not wants_html(request):
        return error_page(broken, request)
    folders = trial.fetching.data.get("folders") if trial.fetching and trial.fetching.code == FOLDER_MISSING else None
    status = 200 if broken is None else 422
    return await _form_page(request, agent, mailbox, form, trial=trial, folders=folders, status=status)


def _results(trial: Trial, language: str) -> list[dict[str, Any]]:
    """A notice for each way that was tried."""
    found: list[dict[str, Any]] = []
    works: dict[str, Any] = {"tone": "good", "text": gettext(_("It works."), language), "said": ""}
    if trial.fetching is not None:
        words, said = trouble_words(trial.fetching.code, language), trial.fetching.detail
        said = "" if trial.fetching.code in OURS else said
        found.append({"way": _("Fetching:"), "tone": "bad", "text": words, "said": said})
    elif trial.sight is not None:
        found.append(works | {"way": _("Fetching:"), "mails": trial.sight.mails})
    if trial.sending is not None:
        found.append(refused(trial.sending, language) | {"way": _("Sending:")})
    elif trial.sends:
        found.append(works | {"way": _("Sending:")})
    return [result | {"way": gettext(str(result["way"]), language)} for result in found]


async def _form_page(
    request: Request,
    agent: Agent,
    mailbox: Mailbox | None,
    form: Mapping[str, str],
    problem: dict[str, Any] | None = None,
    *,
    trial: Trial | None = None,
    folders: Any = None,
    status: int = 200,
) -> Response:
    shops = await Shop.filter(id__in=await shop_ids_of(agent)).order_by("name", "id")
    provider = provider_of(form.get("address", ""), form.get("host", ""))
    context = {
        "shell": shell(request, agent),
        "problem": problem,
        "results": _results(trial, agent.language) if trial else (),
        "answered": await answered_through(mailbox) if mailbox else (),
        "folders": folders or (),
        "form": form,
        "hint": gettext(provider.hint, agent.language),
        "provider": provider.name,
        "checkers": ", ".join(provider.checkers),
        "shops": [(shop.key, shop.name) for shop in shops],
        "mailbox": _row(mailbox, agent.language) if mailbox else None,
        "url": f"{HERE}/{mailbox.public_id}" if mailbox else f"{HERE}/new",
        "private": request.app.state.settings.private_hosts,
        "smtp_securities": sending_securities(agent.language),
        **choices(agent.language),
    }
    return render(request, "console/mailbox.html", context, status)


def _row(mailbox: Mailbox, language: str) -> dict[str, Any]:
    moment, zone = now(), mailbox.shop.timezone
    state, tone, icon = state_of(mailbox, moment)
    failing = mailbox.failing_since if mailbox.enabled else None
    return {
        "url": f"{HERE}/{mailbox.public_id}",
        "address": mailbox.address,
        "user": mailbox.user,
        "shop": mailbox.shop.name,
        "host": mailbox.host,
        "folder": mailbox.folder,
        "smtp_host": mailbox.smtp_host,
        "enabled": mailbox.enabled,
        "state": gettext(state, language),
        "tone": tone,
        "icon": icon,
        "trouble": trouble_words(mailbox.last_error, language) if mailbox.last_error and mailbox.enabled else "",
        "said": mailbox.last_error_detail or "",
        "since": {"iso": iso(failing), "at": when(failing, zone, language)} if failing else None,
        "last": {"iso": iso(mailbox.last_mail_at), "at": when(mailbox.last_mail_at, zone, language)}
        if mailbox.last_mail_at
        else None,
        "aside": len(mailbox.aside),
    }


routes = [
    Route(HERE, mailboxes_page, methods=["GET"]),
    Route(HERE + "/new", new_mailbox_page, methods=["GET"]),
    Route(HERE + "/new", add, methods=["POST"]),
    Route(HERE + "/{public_id}", mailbox_page, methods=["GET"]),
    Route(HERE + "/{public_id}", change, methods=["POST"]),
]
