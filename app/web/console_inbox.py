"""The inbox: views of tickets, and the chats that go on without one."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.i18n import gettext
from app.realtime.attendance import Attendance
from app.rendering import render
from app.web.desk import HOME, VIEWS, shell, shown_counts, signed_in
from app.web.forms import whole_number
from app.web.nearness import nearness_in_list
from app.web.rows import live_row, ticket_row
from core.clock import now
from core.people import Agent, shop_ids_of
from tickets.queries import counts, cursor, inbox, live_conversations
from tickets.queue import count_waiting

PAGE, LONGEST = 50, 99


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


EMPTY = {
    "open": _("Everybody has an answer."),
    "mine": _("You have no open tickets."),
    "unassigned": _("Everything has somebody who works on it."),
    "resolved": _("What you resolve appears here."),
    "all": _("Tickets appear as soon as a customer needs you."),
    "live": _("When the bot talks with somebody, you can watch here."),
}


@signed_in
async def inbox_page(request: Request, agent: Agent) -> Response:
    """GET: one view. With `fragment=rows` only the rows, for scripts that keep the list alive."""
    view = request.query_params.get("view", "open")
    view = view if view in VIEWS else "open"
    size = min(whole_number(request.query_params.get("size"), PAGE), LONGEST) or PAGE
    after, current = request.query_params.get("after"), request.query_params.get("current")
    pane = await list_pane(agent, view, request.app.state.hub.attendance, limit=size, after=after, current=current)
    numbers = await counts(agent)
    if request.query_params.get("fragment") == "rows":
        numbers["queue"] = await count_waiting(await shop_ids_of(agent))
        return render(request, "console/_rows.html", {**pane, "numbers": shown_counts(numbers)})
    return render(
        request, "console/inbox.html", {"shell": shell(request, agent, counts=numbers, current=view), "list": pane}
    )


async def list_pane(
    agent: Agent,
    view: str,
    attendance: Attendance,
    *,
    after: str | None = None,
    limit: int = PAGE,
    current: str | None = None,
) -> dict[str, Any]:
    """The list of a view: its rows, where more begin, and what to say when there are none."""
    language, at = agent.language, now()
    more = ""
    if view == "live":
        rows = [live_row(row, at, language) for row in await live_conversations(agent, limit)]
    else:
        found = await inbox(agent, view, after, limit + 1)
        rows = [ticket_row(row, view, at, language) for row in found[:limit]]
        more = f"{HOME}?view={view}&after={cursor(found[limit - 1])}" if len(found) > limit else ""
    for row in rows:
        row["near"] = nearness_in_list(row["key"], attendance, language)
    return {
        "view": view,
        "title": gettext(VIEWS[view][0], language),
        "rows": rows,
        "more": more,
        "empty": gettext(EMPTY[view], language),
        "current": current,
        "url": f"{HOME}?view={view}",
    }
