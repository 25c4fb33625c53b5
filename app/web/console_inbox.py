"""The inbox: views of tickets, and the chats that go on without one."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.i18n import gettext
from app.realtime.attendance import Attendance
from app.rendering import render
from app.web.desk import HOME, VIEWS, shell, shown_counts, signed_in
from app.web.forms import whole_number
from app.web.nearness import Standing, nearness_in_list
from app.web.rows import Row, live_row, ticket_row
from core.bundles import Bundle, Later
from core.clock import now
from core.people import Agent, shop_ids_of
from tickets.queries import counts_in, cursor, inbox_in, live_in
from tickets.queue import waiting_count_in

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
    after, current = (request.query_params.get(name) for name in ("after", "current"))
    bundle, shop_ids = Bundle(), await shop_ids_of(agent)
    pane = list_in(
        bundle, agent, shop_ids, view, request.app.state.hub.attendance, after=after, limit=size, current=current
    )
    numbers = counts_in(bundle, agent, shop_ids)
    waiting = waiting_count_in(bundle, shop_ids) if request.query_params.get("fragment") == "rows" else None
    await bundle.read()
    if waiting is not None:
        shown = shown_counts(numbers() | {"queue": waiting()})
        return render(request, "console/_rows.html", {**pane(), "numbers": shown})
    return render(
        request, "console/inbox.html", {"shell": shell(request, agent, counts=numbers(), current=view), "list": pane()}
    )


def list_in(
    bundle: Bundle,
    agent: Agent,
    shop_ids: Sequence[int],
    view: str,
    attendance: Attendance,
    *,
    after: str | None = None,
    limit: int = PAGE,
    current: str | None = None,
) -> Later[dict[str, Any]]:
    """The list of a view, from a bundle: its rows, where more begin, and what to say when there are none."""
    language = agent.language

    def near(conversation: str) -> Standing:
        return nearness_in_list(conversation, attendance, language)

    if view == "live":
        live = live_in(bundle, shop_ids, limit)
        return lambda: _pane(
            view, [live_row(row, now(), near(row.public_id), language) for row in live()], "", current, language
        )
    tickets = inbox_in(bundle, agent, shop_ids, view, after, limit + 1)

    def pane() -> dict[str, Any]:
        found, at = tickets(), now()
        more = f"{HOME}?view={view}&after={cursor(found[limit - 1])}" if len(found) > limit else ""
        rows = [ticket_row(row, view, at, near(row.conversation), language) for row in found[:limit]]
        return _pane(view, rows, more, current, language)

    return pane


def _pane(view: str, rows: list[Row], more: str, current: str | None, language: str) -> dict[str, Any]:
    return {
        "view": view,
        "title": gettext(VIEWS[view][0], language),
        "rows": rows,
        "more": more,
        "empty": gettext(EMPTY[view], language),
        "current": current,
        "url": f"{HOME}?view={view}",
    }
