"""One rule of the bot as a form: read, tried with a sentence, kept in the draft. For supervisors and administrators."""

from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app import rulebooks
from app.i18n import gettext
from app.rendering import error_page, render, wants_html
from app.web.bot_pages import HERE, RULES, reason, told
from app.web.bot_rules import FIELDS, posted_rule, rule_form
from app.web.bot_trial import trial
from app.web.desk import see_other, shell, signed_in
from app.web.forms import fields, whole_number
from app.web.roles import require_overseer
from bots.rulefiles import RuleFile, read_rule
from bots.rulewriting import rule_text
from core.errors import Conflict, Invalid, NotFound, WismoError
from core.people import Agent


@signed_in
async def rule_page(request: Request, agent: Agent) -> Response:
    """GET: one rule as a form; `new` for a rule that is not there yet."""
    require_overseer(agent)
    name = request.path_params["name"]
    return await _rule_page(request, agent, rule_form(await _rule(name) if name != "new" else None))


@signed_in
async def change_rule(request: Request, agent: Agent) -> Response:
    """POST: keep the rule in the draft (do=save), take it out (do=remove), or try a sentence on it (do=try)."""
    require_overseer(agent)
    form = await fields(request)
    name = request.path_params["name"]
    before = await _rule(name) if name != "new" else None
    revision = whole_number(form.get("revision"), 0)
    try:
        if form.get("do") == "remove" and before is not None:
            await rulebooks.save_rule(before.name, "", agent, revision)
            return see_other(HERE, "saved")
        rule = posted_rule(form, before)
        if form.get("do") == "try":
            return await _try_rule(request, agent, rule, form)
        await rulebooks.save_rule(rule.name, rule_text(rule), agent, revision)
    except ValidationError as error:
        told = Invalid(str(error), code="bad_rule", reason="; ".join(each["msg"] for each in error.errors()))
        return await _refused(request, agent, told, form)
    except (Invalid, Conflict) as error:
        return await _refused(request, agent, error, form)
    return see_other(f"{RULES}/{rule.name}", "saved")


async def _rule(name: str) -> RuleFile:
    texts = await rulebooks.texts_of(await rulebooks.draft() or await rulebooks.live())
    if name not in texts:
        raise NotFound("no such rule")
    return read_rule(name, texts[name])


async def _try_rule(request: Request, agent: Agent, rule: RuleFile, form: dict[str, str]) -> Response:
    """The sentence with the rule as the form has it, kept nowhere."""
    base = await rulebooks.draft() or await rulebooks.live()
    book = await rulebooks.compiled(base, {rule.name: rule_text(rule)})
    sentence = form.get("sentence", "")
    seen = trial(sentence, book, agent.language) if sentence.strip() else None
    if "fragment" in request.query_params:
        return render(request, "console/_bot_trial.html", {"trial": seen})
    return await _rule_page(request, agent, form, sentence=sentence, seen=seen)


async def _refused(request: Request, agent: Agent, error: WismoError, form: dict[str, str]) -> Response:
    if "fragment" in request.query_params:
        return render(request, "console/_bot_trial.html", {"trial": None, "reason": reason(error)})
    if not wants_html(request):
        return error_page(error, request)
    return await _rule_page(request, agent, form, problem=told(error, agent), status=error.status)


async def _rule_page(
    request: Request,
    agent: Agent,
    form: dict[str, str],
    *,
    sentence: str = "",
    seen: dict[str, Any] | None = None,
    problem: dict[str, Any] | None = None,
    status: int = 200,
) -> Response:
    name, draft = request.path_params["name"], await rulebooks.draft()
    context = {
        "shell": shell(request, agent, current="bot"),
        "url": f"{RULES}/{name}",
        "new": name == "new",
        "rule": form,
        "fields": [(key, gettext(label, agent.language), gettext(hint, agent.language)) for key, label, hint in FIELDS],
        "revision": draft.revision if draft else 0,
        "sentence": sentence,
        "trial": seen,
        "problem": problem,
    }
    return render(request, "console/bot_rule.html", context, status)


routes = [
    Route(RULES + "/{name}", rule_page, methods=["GET"]),
    Route(RULES + "/{name}", change_rule, methods=["POST"]),
]
