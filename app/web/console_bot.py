"""How the bot understands: its rules, trying a sentence, and the way from a draft to what customers meet."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app import rulebooks
from app.i18n import gettext, when
from app.rendering import error_page, render, wants_html
from app.web.bot_pages import HERE, RULES, told
from app.web.bot_trial import finding_row, trial
from app.web.desk import see_other, shell, signed_in
from app.web.forms import fields, whole_number
from app.web.roles import require_overseer
from bots.rehearsal import Finding
from bots.rulefiles import RulebookError, read_rule
from core.errors import Conflict, Invalid, NotFound, WismoError
from core.people import Agent
from core.rulebooks import LIVE, RulebookVersion

_MOST_VERSIONS = 20


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


_BY_THE_DESK = _("the command line")


@signed_in
async def bot_page(request: Request, agent: Agent) -> Response:
    """GET: what is live, the draft, every rule, and a place to try a sentence. For supervisors and administrators."""
    return await _page(request, require_overseer(agent))


@signed_in
async def try_sentence(request: Request, agent: Agent) -> Response:
    """POST: how a sentence is understood by the draft, or by what is live. With ?fragment only the answer."""
    require_overseer(agent)
    sentence = (await fields(request)).get("sentence", "")
    book = await rulebooks.compiled(await rulebooks.draft() or await rulebooks.live())
    seen = trial(sentence, book, agent.language) if sentence.strip() else None
    if "fragment" in request.query_params:
        return render(request, "console/_bot_trial.html", {"trial": seen})
    return await _page(request, agent, sentence=sentence, seen=seen)


@signed_in
async def rehearse(request: Request, agent: Agent) -> Response:
    """POST: play all examples and golden dialogues with the draft."""
    require_overseer(agent)
    try:
        return await _page(request, agent, findings=await rulebooks.rehearse_draft())
    except NotFound:
        return see_other(HERE)


@signed_in
async def publish(request: Request, agent: Agent) -> Response:
    """POST: let the bot speak by the draft; refused while anything fails."""
    require_overseer(agent)
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
    await rulebooks.discard_draft(require_overseer(agent))
    return see_other(HERE, "draft_discarded")


@signed_in
async def roll_back(request: Request, agent: Agent) -> Response:
    """POST: publish an earlier version again."""
    require_overseer(agent)
    number = whole_number((await fields(request)).get("number"), -1)
    try:
        await rulebooks.roll_back(number, agent)
    except (Invalid, NotFound) as error:
        return await _page_refused(request, agent, error)
    return see_other(HERE, "rules_published")


async def _page_refused(
    request: Request, agent: Agent, error: WismoError, findings: list[Finding] | None = None
) -> Response:
    if not wants_html(request):
        return error_page(error, request)
    return await _page(request, agent, findings=findings, problem=told(error, agent), status=error.status)


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
        means, examples = rule.meaning(language), (rule.en if language == "en" else rule.zh).must_catch
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


routes = [
    Route(HERE, bot_page, methods=["GET"]),
    Route(HERE + "/try", try_sentence, methods=["POST"]),
    Route(HERE + "/rehearse", rehearse, methods=["POST"]),
    Route(HERE + "/publish", publish, methods=["POST"]),
    Route(HERE + "/discard", discard, methods=["POST"]),
    Route(HERE + "/rollback", roll_back, methods=["POST"]),
]
