"""The draft of a shop's return policy: its rows one by one, its timers, or all of it as a file. For supervisors."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.rendering import error_page, render, wants_html
from app.web.bot_pages import told
from app.web.desk import see_other, shell, signed_in
from app.web.forms import choices, whole_number
from app.web.policy_form import Form, posted_row, posted_timers, row_choices, row_fields, timer_fields
from app.web.policy_pages import HERE, changes_view, findings_view, may_publish, rows_view, shop_view
from app.web.roles import require_overseer
from app.web.shop_choice import shop_of
from core.errors import Conflict, Invalid, NotFound, WismoError
from core.people import Agent
from core.shops import Shop
from orders.policies import drafting
from orders.policies.checking import check
from orders.policies.deciding import Row
from orders.policies.files import policy_text, read_policy
from orders.policies.presets import USUAL
from orders.policies.versions import PolicyVersion, policy_of

DRAFT = HERE + "/{key}/draft"


@signed_in
async def draft_page(request: Request, agent: Agent) -> Response:
    """GET: the draft with what the check found, and what differs from what is in force."""
    return await _page(request, require_overseer(agent), await shop_of(agent, request.path_params["key"]))


@signed_in
async def change_draft(request: Request, agent: Agent) -> Response:
    """POST: begin a draft (of version `number`), discard it, move or remove a row, keep the times or the text."""
    shop = await shop_of(require_overseer(agent), request.path_params["key"])
    form = await choices(request)
    do = (form.get("do") or [""])[-1]
    try:
        if do == "discard":
            await drafting.discard_draft(shop, agent)
            return see_other(f"{HERE}/{shop.key}", "draft_discarded")
        if do == "begin":
            await drafting.begin_draft(shop, agent, whole_number((form.get("number") or [""])[-1], 0) or None)
        else:
            await _change(shop, agent, do, form)
    except (Invalid, Conflict) as error:
        if not wants_html(request):
            return error_page(error, request)
        return await _page(request, agent, shop, problem=error, text=form["text"][-1] if "text" in form else None)
    return see_other(f"{HERE}/{shop.key}/draft", "" if do == "begin" else "saved")


@signed_in
async def row_page(request: Request, agent: Agent) -> Response:
    """GET: one row of the draft as a form; `new` for one that is not there yet."""
    shop = await shop_of(require_overseer(agent), request.path_params["key"])
    rows = policy_of(await _draft(shop)).rows
    name = request.path_params["row"]
    row = None if name == "new" else _row(rows, name)
    place = len(rows) + 1 if row is None else rows.index(row) + 1
    return await _row_page(request, agent, shop, row_fields(row) | {"place": [str(place)]})


@signed_in
async def change_row(request: Request, agent: Agent) -> Response:
    """POST: keep the row in the draft, at its place."""
    shop = await shop_of(require_overseer(agent), request.path_params["key"])
    form, name = await choices(request), request.path_params["row"]
    try:
        draft = policy_of(await _draft(shop))
        rows = list(draft.rows)
        place = whole_number((form.get("place") or [""])[-1], len(rows) + 1)
        row = posted_row(form)
        if name != "new":
            rows.remove(_row(draft.rows, name))
        rows.insert(max(0, place - 1), row)
        await drafting.save_draft(shop, agent, _revision(form), rows, draft.timers)
    except (Invalid, Conflict) as error:
        if not wants_html(request):
            return error_page(error, request)
        return await _row_page(request, agent, shop, form, problem=error)
    return see_other(f"{HERE}/{shop.key}/draft", "saved")


async def _change(shop: Shop, agent: Agent, do: str, form: Form) -> None:
    draft = policy_of(await _draft(shop))
    rows, timers = list(draft.rows), draft.timers
    if do in ("up", "down", "remove"):
        row = _row(draft.rows, (form.get("row") or [""])[-1])
        place = rows.index(row)
        rows.remove(row)
        if do != "remove":
            rows.insert(max(0, place - 1) if do == "up" else place + 1, row)
    elif do == "timers":
        timers = posted_timers(form)
    elif do == "text":
        rows[:], timers = read_policy((form.get("text") or [""])[-1].encode(), "toml")
    else:
        raise NotFound("no such change")
    await drafting.save_draft(shop, agent, _revision(form), rows, timers)


async def _draft(shop: Shop) -> PolicyVersion:
    draft = await drafting.draft_of(shop)
    if draft is None:
        raise NotFound("there is no draft")
    return draft


def _row(rows: tuple[Row, ...], name: str) -> Row:
    for row in rows:
        if row.id == name:
            return row
    raise NotFound("no such row")


def _revision(form: Form) -> int:
    return whole_number((form.get("revision") or [""])[-1], 0)


async def _page(
    request: Request, agent: Agent, shop: Shop, *, problem: WismoError | None = None, text: str | None = None
) -> Response:
    draft, current, language = await _draft(shop), await drafting.published_of(shop), agent.language
    policy, in_force = policy_of(draft), policy_of(current) if current else USUAL
    found = await asyncio.to_thread(check, policy.rows, policy.timers)
    context = {
        "shell": shell(request, agent, current="policies"),
        "shop": shop_view(shop),
        "revision": draft.revision,
        "rows": rows_view(policy.rows, language),
        "timers": timer_fields(policy.timers, language),
        "findings": findings_view(found, language),
        "changes": changes_view(in_force, policy, language),
        "text": policy_text(policy.rows, policy.timers, "toml") if text is None else text,
        "text_open": text is not None,
        "may_publish": may_publish(agent),
        "problem": told(problem, agent) if problem else None,
    }
    return render(request, "console/policy_draft.html", context, problem.status if problem else 200)


async def _row_page(
    request: Request, agent: Agent, shop: Shop, form: Form, *, problem: WismoError | None = None
) -> Response:
    draft = await _draft(shop)
    values: dict[str, Any] = {name: (each or [""])[-1] for name, each in form.items()}
    context = {
        "shell": shell(request, agent, current="policies"),
        "shop": shop_view(shop),
        "url": f"{HERE}/{shop.key}/draft/rows/{request.path_params['row']}",
        "new": request.path_params["row"] == "new",
        "revision": draft.revision,
        "places": len(draft.rows) + (request.path_params["row"] == "new"),
        "row": values,
        "choices": row_choices(form, agent.language),
        "problem": told(problem, agent) if problem else None,
    }
    return render(request, "console/policy_row.html", context, problem.status if problem else 200)


routes = [
    Route(DRAFT, draft_page, methods=["GET"]),
    Route(DRAFT, change_draft, methods=["POST"]),
    Route(DRAFT + "/rows/{row}", row_page, methods=["GET"]),
    Route(DRAFT + "/rows/{row}", change_row, methods=["POST"]),
]
