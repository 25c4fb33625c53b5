"""How the bot understands: its rules, trying a sentence, and the way from a draft to what customers meet."""

from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app import rulebooks
from app.i18n import gettext, when
from app.rendering import error_page, render, wants_html
from app.web.bot_rules import FIELDS, posted_rule, rule_form
from app.web.bot_trial import finding_row, trial
from app.web.desk import OVERSEERS, see_other, shell, signed_in
from app.web.forms import fields, whole_number
from app.web.refusals import refusal
from bots.rehearsal import Finding
from bots.rulefiles import RulebookError, RuleFile, read_rule
from bots.rulewriting import rule_text
from core.errors import Conflict, Forbidden, Invalid, NotFound, WismoError
from core.people import Agent
from core.rulebooks import LIVE, RulebookVersion

HERE = "/console/bot"
RULES = HERE + "/rules"
_MOST_VERSIONS = 20


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


_BY_THE_DESK = _("the command line")


@signed_in
async def bot_page(request: Request, agent: Agent) -> Response:
    """GET: what is live, the draft, every rule, and a place to try a sentence. For supervisors and administrators."""
    return await _page(request, _require_overseer(agent))


@signed_in
async def try_sentence(request: Request, agent: Agent) -> Response:
    """POST: how a sentence is understood by the draft, or by what is live. With ?fragment only the answer."""
    _require_overseer(agent)
    sentence = (await fields(request)).get("sentence", "")
    book = await rulebooks.compiled(await rulebooks.draft() or await rulebooks.live())
    seen = trial(sentence, book, agent.language) if sentence.strip() else None
    if "fragment" in request.query_params:
        return render(request, "console/_bot_trial.html", {"trial": seen})
    return await _page(request, agent, sentence=sentence, seen=seen)


@signed_in
async def rule_page(request: Request, agent: Agent) -> Response:
    """GET: one rule as a form; `new` for a rule that is not there yet."""
    _require_overseer(agent)
    name = request.path_params["name"]
    return await _rule_page(request, agent, rule_form(await _rule(name) if name != "new" else None))


@signed_in
async def change_rule(request: Request, agent: Agent) -> Response:
    """POST: keep the rule in the draft (do=save), take it out (do=remove), or try a sentence on it (do=try)."""
    _require_overseer(agent)
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


@signed_in
async def rehearse(request: Request, agent: Agent) -> Response:
    """POST: play all examples and golden dialogues with the draft."""
    _require_overseer(agent)
    try:
        return await _page(request, agent, findings=await rulebooks.rehearse_draft())
    except NotFound:
        return see_other(HERE)


@signed_in
async def publish(request: Request, agent: Agent) -> Response:
    """POST: let the bot speak by the draft; refused while anything fails."""
    _require_overseer(agent)
    form = await fields(request)
    try:
        await rulebooks.publish(agent, whole_number(form.get("revision"), 0), form.get("note", ""))
    except Invalid as error:
        if error.code != "rehearsal_failed" or not wants_html(request):
            return await _page_refused(request, agent, error)
        return await _page_refused(request, agent, error, await rulebooks.rehearse_draft())
    except (Conflict, NotFound) as error:
        return await _page_refused(request, agent, error)
    return see_other(HERE, "rules_published")


@signed_in
async def discard(request: Request, agent: Agent) -> Response:
    """POST: throw the draft away."""
    await rulebooks.discard_draft(_require_overseer(agent))
    return see_other(HERE, "draft_discarded")


@signed_in
async def roll_back(request: Request, agent: Agent) -> Response:
    """POST: publish an earlier version again."""
    _require_overseer(agent)
    number = whole_number((await fields(request)).get("number"), -1)
    try:
        await rulebooks.roll_back(number, agent)
    except (Invalid, NotFound) as error:
        return await _page_refused(request, agent, error)
    return see_other(HERE, "rules_published")


def _require_overseer(agent: Agent) -> Agent:
    if agent.role not in OVERSEERS:
        raise Forbidden("for supervisors and administrators", code="not_your_role")
    return agent


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
        return render(request, "console/_bot_trial.html", {"trial": None, "reason": _reason(error)})
    if not wants_html(request):
        return error_page(error, request)
    return await _rule_page(request, agent, form, problem=_told(error, agent), status=error.status)


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


async def _page_refused(
    request: Request, agent: Agent, error: WismoError, findings: list[Finding] | None = None
) -> Response:
    if not wants_html(request):
        return error_page(error, request)
    return await _page(request, agent, findings=findings, problem=_told(error, agent), status=error.status)


async def _page(
    request: Request,
    agent: Agent,
    *,
    sentence: str = "",
    seen: dict[str, Any] | None = None,
    findings: list[Finding] | None = None,
    problem: dict[str, Any] | None = None,
    status: int = 200,
) -> Response:
    draft, live = await rulebooks.draft(), await rulebooks.live()
    texts, changed = await rulebooks.texts_of(draft or live), _changed(draft, live)
    context = {
        "shell": shell(request, agent, current="bot"),
        "problem": problem,
        "sentence": sentence,
        "trial": seen,
        "draft": {"revision": draft.revision, "rules": sorted(changed)} if draft else None,
        "findings": None if findings is None else [finding_row(each, agent.language) for each in findings],
        "rules": [_row(name, text, changed, live, agent.language) for name, text in texts.items()],
        "versions": await _versions(agent.language),
        "on_shipped": live is None,
    }
    return render(request, "console/bot.html", context, status)


def _changed(draft: RulebookVersion | None, live: RulebookVersion | None) -> set[str]:
    """Names of the rules that the draft would change."""
    if draft is None:
        return set()
    ours, theirs = draft.changes, live.changes if live else {}
    return {name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name)}


def _row(name: str, text: str, changed: set[str], live: RulebookVersion | None, language: str) -> dict[str, Any]:
    try:
        rule = read_rule(name, text)
        means, examples = rule.means, (rule.en if language == "en" else rule.zh).must_catch
    except RulebookError:
        means, examples = "", ()
    return {
        "name": name,
        "url": f"{RULES}/{name}",
        "means": means,
        "example": examples[0] if examples else "",
        "changed": name in changed,
        "own": live is not None and name in live.changes,
    }


async def _versions(language: str) -> list[dict[str, Any]]:
    found = await RulebookVersion.exclude(number=None).order_by("-number").limit(_MOST_VERSIONS)
    await RulebookVersion.fetch_for_list(found, "published_by")
    return [
        {
            "number": version.number,
            "live": version.place == LIVE,
            "at": when(version.published_at, "UTC", language) if version.published_at else "",
            "by": version.published_by.name if version.published_by else gettext(_BY_THE_DESK, language),
            "note": version.note,
            "rules": ", ".join(sorted(version.changes)),
        }
        for version in found
    ]


def _told(error: WismoError, agent: Agent) -> dict[str, Any]:
    told = refusal(error, agent.language)
    return told | {"text": f"{told['text']} {_reason(error)}".strip()}


def _reason(error: WismoError) -> str:
    return str(error.data.get("reason", ""))


routes = [
    Route(HERE, bot_page, methods=["GET"]),
    Route(HERE + "/try", try_sentence, methods=["POST"]),
    Route(HERE + "/rehearse", rehearse, methods=["POST"]),
    Route(HERE + "/publish", publish, methods=["POST"]),
    Route(HERE + "/discard", discard, methods=["POST"]),
    Route(HERE + "/rollback", roll_back, methods=["POST"]),
    Route(RULES + "/{name}", rule_page, methods=["GET"]),
    Route(RULES + "/{name}", change_rule, methods=["POST"]),
]
