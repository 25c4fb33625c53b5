"""One change to many tickets: start it, watch it, and see what was refused and why."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.i18n import gettext
from app.rendering import error_page, render
from app.web.desk import see_other, shell, signed_in
from app.web.forms import choices, whole_number
from app.web.inbox_views import LIVE, chosen_view, saved_views
from app.web.labels import PRIORITIES
from app.web.refusals import reason_in_words
from core.errors import Invalid
from core.people import Agent, shop_ids_of
from tickets.bulk import MOST_TICKETS, progress, refusals, run_of, start_bulk
from tickets.models import Ticket
from tickets.queries import ids_in_view
from tickets.work_models import BulkRun

HERE = "/console/bulk"


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


TITLES = {
    "assign": _("Assign to %(value)s"),
    "unassign": _("Unassign"),
    "priority": _("Set the priority to %(value)s"),
    "tag": _("Add the tag %(value)s"),
    "untag": _("Remove the tag %(value)s"),
    "below": _("Make cases of ticket %(value)s"),
    "resolve": _("Resolve"),
    "close": _("Close"),
}


@signed_in
async def start(request: Request, agent: Agent) -> Response:
    """POST: `do` is the change, with its value behind a colon; `ticket` numbers, or `all` of the `view`."""
    form = await choices(request)
    action, _, value = form.get("do", [""])[-1].partition(":")
    given = {"tag": "tag", "untag": "tag", "below": "above"}
    if action in given:
        value = form.get(given[action], [""])[-1]
    try:
        run = await start_bulk(agent, action, value, await _chosen(request, agent, form))
    except Invalid as error:
        return error_page(error, request)
    return see_other(f"{HERE}/{run.public_id}")


@signed_in
async def watch(request: Request, agent: Agent) -> Response:
    """GET: how far the change has come; `fragment=progress` is for the script that keeps it alive."""
    run = await run_of(agent, request.path_params["public_id"])
    context = {"b": await _progress(run, agent.language)}
    if request.query_params.get("fragment") == "progress":
        return render(request, "console/_progress.html", context)
    return render(request, "console/bulk.html", context | {"shell": shell(request, agent)})


async def _chosen(request: Request, agent: Agent, form: dict[str, list[str]]) -> list[int]:
    """The ids of the tickets that are meant, in the order of the list."""
    if form.get("all"):
        view = chosen_view(form.get("view", ["open"])[-1], await saved_views(request, agent))
        return [] if view.key == LIVE else await ids_in_view(agent, view.holds, MOST_TICKETS)
    numbers = [whole_number(number, 0) for number in form.get("ticket", [])[: MOST_TICKETS + 1]]
    known = await Ticket.filter(number__in=numbers, shop_id__in=await shop_ids_of(agent))
    ids = {ticket.number: ticket.id for ticket in known}
    return [ids[number] for number in numbers if number in ids]


async def _progress(run: BulkRun, language: str) -> dict[str, Any]:
    state = await progress(run)
    return {
        "url": f"{HERE}/{run.public_id}",
        "title": await _title(run, language),
        "total": state.total,
        "done": state.done,
        "refused": state.refused,
        "waiting": state.waiting,
        "finished": run.finished_at is not None,
        "refusals": [
            {
                "number": item.ticket.number,
                "subject": item.ticket.subject or gettext("(no subject)", language),
                "why": reason_in_words(item.why, item.detail, language),
            }
            for item in await refusals(run)
        ],
    }


async def _title(run: BulkRun, language: str) -> str:
    action, value = run.action, run.value
    if action == "assign" and not value:
        action = "unassign"
    elif action == "assign":
        person = await Agent.get_or_none(public_id=value)
        value = person.name if person else ""
    elif action == "priority":
        value = gettext(PRIORITIES[value][0], language)
    return gettext(TITLES[action], language) % {"value": value}


routes = [Route(HERE, start, methods=["POST"]), Route(HERE + "/{public_id}", watch, methods=["GET"])]
