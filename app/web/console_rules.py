"""Rules that work on tickets by themselves: the list, the form, what a rule would do, and what it has done."""

from collections import defaultdict
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.i18n import gettext, when
from app.rendering import render
from app.web import rule_form
from app.web.desk import see_other, shell, signed_in
from app.web.forms import fields, whole_number
from app.web.labels import PRIORITIES, STATUSES, word
from app.web.refusals import refusal
from app.web.roles import require_overseer
from app.web.shop_choice import shop_of, shops_beside
from app.web.times import iso
from core.errors import Forbidden, Invalid, WismoError
from core.people import Agent
from core.shops import Shop
from tickets.macros.keeping import macros_for
from tickets.presence import agents_of
from tickets.rules.facts import TIMED, Trigger
from tickets.rules.models import Rule, RuleFiring
from tickets.rules.templates import TEMPLATES
from tickets.rules.writing import (
    MOST_TRIED,
    Tried,
    firings_of,
    retire_rule,
    rule_for,
    rules_of,
    save_rule,
    switch_rule,
    times_fired,
    try_rule,
)

RULES = "/console/rules"
UNITS = {"minutes": 1, "hours": 60, "days": 1440}
TRIED_DAYS = 30


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


UNIT_WORDS = {"minutes": _("minutes"), "hours": _("hours"), "days": _("days")}


@signed_in
async def list_page(request: Request, agent: Agent) -> Response:
    """GET: the rules of a shop in their order; ?shop=key chooses among several. For supervisors."""
    shop = await _shop(agent, request.query_params.get("shop"))
    language = agent.language
    rules = await rules_of(shop.id)
    fired = await times_fired([rule.id for rule in rules])
    rows = [
        {
            "name": rule.name,
            "url": f"{RULES}/{shop.key}/{rule.public_id}",
            "trigger": gettext(rule_form.TRIGGERS[Trigger(rule.trigger)], language),
            "does": [_act_words(act, language) for act in rule.actions],
            "on": rule.enabled,
            "broken": rule.errors > 0 and not rule.enabled,
            "fired": fired.get(rule.id, 0),
        }
        for rule in rules
    ]
    context = {
        "shell": shell(request, agent, current="rules"),
        "shop": {"name": shop.name, "key": shop.key},
        "shops": await shops_beside(agent, shop, RULES + "?shop={key}"),
        "rules": rows,
        "templates": [{"key": key, "name": gettext(name, language)} for key, name in rule_form.TITLES.items()],
    }
    return render(request, "console/rules.html", context)


@signed_in
async def edit_page(request: Request, agent: Agent) -> Response:
    """GET: the form of one rule with what it did lately; `new` for another, ?like= begins with a ready one."""
    shop = await _shop(agent, request.path_params["key"])
    rule = await _rule(request, agent, shop)
    if rule is None:
        like = request.query_params.get("like", "")
        values = TEMPLATES.get(like, {})
        name = {"name": gettext(rule_form.TITLES[like], agent.language)} if values else {}
        return await _form_page(request, agent, shop, _form(values | name), None)
    return await _form_page(request, agent, shop, _form(_stored(rule)), rule)


@signed_in
async def save(request: Request, agent: Agent) -> Response:
    """POST: keep the rule; `do=try` lists what it would do, `on`, `off` and `retire` say what becomes of it."""
    shop, form = await _shop(agent, request.path_params["key"]), await fields(request)
    rule, do = await _rule(request, agent, shop), form.get("do", "save")
    try:
        if rule is not None and do in ("on", "off"):
            await switch_rule(agent, shop, rule.public_id, on=do == "on")
            return see_other(f"{RULES}/{shop.key}/{rule.public_id}", "rule_on" if do == "on" else "rule_off")
        if rule is not None and do == "retire":
            await retire_rule(agent, shop, rule.public_id)
            return see_other(f"{RULES}?shop={shop.key}", "rule_retired")
        values = _values(form)
        if do == "try":
            tried = await try_rule(shop, values, whole_number(form.get("days"), TRIED_DAYS))
            return await _form_page(request, agent, shop, form, rule, tried=tried)
        saved = await save_rule(agent, shop, rule.public_id if rule else "", **values)
    except (Invalid, Forbidden) as error:
        return await _form_page(request, agent, shop, form, rule, error=error)
    return see_other(f"{RULES}/{shop.key}/{saved.public_id}", "rule_saved")


def _values(form: dict[str, str]) -> dict[str, Any]:
    """The rule that the form describes, for `save_rule`."""
    wait = whole_number(form.get("wait"), 0) * UNITS.get(form.get("unit", ""), 1)
    return {
        "name": form.get("name", ""),
        "trigger": form.get("trigger", ""),
        "wait_minutes": wait,
        "open_time": form.get("open_time") == "1",
        "conditions": rule_form.tree_of(form),
        "actions": rule_form.actions_of(form),
        "once": form.get("once") == "1",
    }


def _stored(rule: Rule) -> dict[str, Any]:
    columns = ("name", "trigger", "wait_minutes", "open_time", "conditions", "actions", "once")
    return {column: getattr(rule, column) for column in columns}


def _form(values: dict[str, Any]) -> dict[str, str]:
    """A rule as its form shows it."""
    if not values:
        return {"once": "1"}
    wait = values.get("wait_minutes") or 0
    unit = next((unit for unit, minutes in reversed(UNITS.items()) if wait and wait % minutes == 0), "minutes")
    return {
        "name": values["name"],
        "trigger": values["trigger"],
        "wait": str(wait // UNITS[unit] or ""),
        "unit": unit,
        "open_time": "1" if values.get("open_time") else "",
        "once": "1" if values.get("once", True) else "",
        **rule_form.form_of(values["conditions"], values["actions"]),
    }


async def _form_page(
    request: Request,
    agent: Agent,
    shop: Shop,
    form: dict[str, str],
    rule: Rule | None,
    *,
    tried: list[Tried] | None = None,
    error: WismoError | None = None,
) -> Response:
    language = agent.language
    firings = await firings_of(rule.id, limit=20) if rule else []
    context = {
        "shell": shell(request, agent, current="rules"),
        "problem": refusal(error, language) if error else None,
        "form": defaultdict(str, form),
        "rule": {"name": rule.name, "on": rule.enabled, "broken": rule.errors > 0 and not rule.enabled}
        if rule
        else None,
        "url": f"{RULES}/{shop.key}/{rule.public_id if rule else 'new'}",
        "back": f"{RULES}?shop={shop.key}",
        "triggers": [(key.value, gettext(label, language), key in TIMED) for key, label in rule_form.TRIGGERS.items()],
        "units": [(key, gettext(label, language)) for key, label in UNIT_WORDS.items()],
        "modes": [(key, gettext(label, language)) for key, label in rule_form.MODES.items()],
        "questions": rule_form.questions(language),
        "groups": range(rule_form.GROUPS),
        "rows": range(rule_form.ROWS),
        "acts": range(rule_form.ACTS),
        "does": [(key, gettext(label, language)) for key, label in rule_form.DOES.items()],
        "choices": await _choices(agent, shop, language),
        "tried": _tried(tried, shop, language) if tried is not None else None,
        "firings": [_fired(firing, shop, language) for firing in firings],
    }
    return render(request, "console/rule.html", context, error.status if error else 200)


async def _choices(agent: Agent, shop: Shop, language: str) -> dict[str, list[tuple[str, str]]]:
    """What the actions that choose can choose from."""
    people = sorted(await agents_of(shop.id), key=lambda person: person.name)
    shared = [macro for macro in await macros_for(agent, shop.id) if macro.owner_id is None]
    return {
        "priority": [(key, gettext(label, language)) for key, (label, _tone) in PRIORITIES.items()],
        "status": [(key, gettext(STATUSES[key][0], language)) for key in ("open", "pending", "resolved")],
        "assign": [("nobody", gettext(_("nobody"), language)), *((one.public_id, one.name) for one in people)],
        "reply": [(macro.public_id, macro.name) for macro in shared],
    }


def _tried(tried: list[Tried], shop: Shop, language: str) -> dict[str, Any]:
    rows = [
        {
            "number": one.ticket.number,
            "subject": one.ticket.subject,
            "why": rule_form.explained(one.explanation, language),
            "changes": [_act_words(act, language) for act in one.changes],
        }
        for one in tried[:100]
    ]
    return {"count": len(tried), "rows": rows, "most": MOST_TRIED, "changing": sum(bool(one.changes) for one in tried)}


def _fired(firing: RuleFiring, shop: Shop, language: str) -> dict[str, Any]:
    return {
        "number": firing.ticket.number,
        "subject": firing.ticket.subject,
        "at": when(firing.at, shop.timezone, language),
        "iso": iso(firing.at),
        "version": firing.version,
        "why": rule_form.explained(firing.explanation, language),
        "did": [_act_words(act, language) for act in firing.actions],
    }


def _act_words(act: Any, language: str) -> str:
    """What an action does, in words; what was refused says so."""
    value = act["value"]
    if act["do"] == "priority":
        value = gettext(PRIORITIES[value][0], language)
    elif act["do"] == "status":
        value = gettext(STATUSES[value][0], language)
    elif act["do"] in ("assign", "reply"):
        value = ""  # who or which one may be gone since
    words = word(rule_form.DOES, act["do"], language) + (f": {value}" if value else "")
    return words + (f" ({gettext(_('refused'), language)})" if act.get("refused") else "")


async def _rule(request: Request, agent: Agent, shop: Shop) -> Rule | None:
    public_id = request.path_params["public_id"]
    return None if public_id == "new" else await rule_for(agent, shop, public_id)


async def _shop(agent: Agent, key: str | None) -> Shop:
    """The named shop of the supervisor's, else their first. Raises Forbidden, NotFound."""
    return await shop_of(require_overseer(agent), key)


routes = [
    Route(RULES, list_page, methods=["GET"]),
    Route(RULES + "/{key}/{public_id}", edit_page, methods=["GET"]),
    Route(RULES + "/{key}/{public_id}", save, methods=["POST"]),
]
