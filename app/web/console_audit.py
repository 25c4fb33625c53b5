"""For administrators: who did and read what, found by person, action, subject and time."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.i18n import gettext
from app.rendering import render
from app.web.audit_words import ACTIONS, ACTORS
from app.web.desk import shell, signed_in
from app.web.forms import whole_number
from app.web.labels import word
from app.web.roles import require_admin
from app.web.times import iso, stamp
from core.audit import AuditWaiting
from core.audit_chain import chain_end
from core.audit_search import PAGE, Found, find_entries
from core.clock import now
from core.people import Agent

HERE = "/console/audit"
LONGEST_SUBJECT = 64
# Where a public id leads, by its beginning.
_PLACES = {
    "ord_": "/console/orders/",
    "agt_": "/console/agents/",
    "cnv_": "/console/conversations/",
}


@signed_in
async def audit_page(request: Request, agent: Agent) -> Response:
    """GET: entries that fit person, action, subject and days (UTC), newest first; for administrators."""
    require_admin(agent)
    people = {person.public_id: person for person in await Agent.all().order_by("name", "id")}
    asked = {
        name: request.query_params.get(name, "").strip() for name in ("agent", "action", "subject", "since", "until")
    }
    who, since, until = people.get(asked["agent"]), _day(asked["since"]), _day(asked["until"])
    found = await find_entries(
        actor_id=who.id if who else None,
        action=asked["action"] if asked["action"] in ACTIONS else "",
        subject=asked["subject"][:LONGEST_SUBJECT],
        since=since,
        until=until + timedelta(days=1) if until else None,
        before=whole_number(request.query_params.get("before"), 0) or None,
        limit=PAGE + 1,
    )
    names = {person.id: person for person in people.values()}
    filters = {name: value for name, value in asked.items() if value}
    context = {
        "shell": shell(request, agent, current="audit"),
        "asked": asked,
        "people": [{"key": key, "label": person.name} for key, person in people.items()],
        "actions": sorted(((key, gettext(text, agent.language)) for key, text in ACTIONS.items()), key=lambda a: a[1]),
        "entries": [_entry(entry, names, agent.language) for entry in found[:PAGE]],
        "more": f"{HERE}?{urlencode(filters | {'before': found[PAGE - 1].id})}" if len(found) > PAGE else "",
        "filtered": bool(filters),
        "sealed": (await chain_end())[0],
        "waiting": await AuditWaiting.all().count(),
    }
    return render(request, "console/audit.html", context)


def _day(text: str) -> datetime | None:
    """The beginning of a day (UTC) from a date field; what is no date is not asked for."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None


def _entry(entry: Found, names: dict[int, Agent], language: str) -> dict[str, Any]:
    person = names.get(entry.actor_id) if entry.actor_kind == "agent" and entry.actor_id is not None else None
    place = _PLACES.get(entry.subject[:4])
    return {
        "iso": iso(entry.at),
        "at": stamp(entry.at, "UTC", language, now()),
        "who": person.name if person else word(ACTORS, entry.actor_kind, language),
        "action": word(ACTIONS, entry.action, language),
        "subject": entry.subject,
        "url": place + entry.subject if place else "",
        "about": f"{HERE}?{urlencode({'subject': entry.subject})}",
        "detail": json.dumps(entry.detail, ensure_ascii=False) if entry.detail else "",
        "place": entry.place,
    }


routes = [Route(HERE, audit_page, methods=["GET"])]
