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
from app.web.inbox_views import LIVE, Chosen, all_counts_in, chosen_view, saved_views
from app.web.labels import PRIORITIES
from app.web.nearness import Standing, nearness_in_list
from app.web.rows import Row, live_row, marked, ticket_row
from conversations.drafting import drafted_in
from core.bundles import Bundle, Later
from core.clock import now
from core.people import Agent, shop_ids_of
from tickets.bulk import MOST_TICKETS
from tickets.presence import agents_of_shops_in
from tickets.pressing import pressing_in
from tickets.queries import cursor, inbox_in, live_in
from tickets.queue import waiting_count_in

PAGE, LONGEST = 50, 99


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


EMPTY = {
    "open": _("Everybody has been answered."),
    "mine": _("You have no open tickets."),
    "unassigned": _("Everything has an assignee."),
    "mentions": _("Notes that name you with an @ appear here until you have read them."),
    "following": _("Follow a ticket to see its updates here."),
    "resolved": _("What you resolve appears here."),
    "all": _("Tickets appear as soon as a customer needs you."),
    "live": _("Conversations the bot is having appear here."),
}
NOTHING = _("No tickets match this view right now.")


@signed_in
async def inbox_page(request: Request, agent: Agent) -> Response:
    """GET: one view. With `fragment=rows` only the rows, for scripts that keep the list alive."""
    saved = await saved_views(request, agent)
    view = chosen_view(request.query_params.get("view", "open"), saved)
    size = min(whole_number(request.query_params.get("size"), PAGE), LONGEST) or PAGE
    after, current = (request.query_params.get(name) for name in ("after", "current"))
    bundle, shop_ids = Bundle(), await shop_ids_of(agent)
    pane = list_in(
        bundle, agent, shop_ids, view, request.app.state.hub.attendance, after=after, limit=size, current=current
    )
    numbers = all_counts_in(bundle, agent, shop_ids, saved)
    waiting = waiting_count_in(bundle, shop_ids) if request.query_params.get("fragment") == "rows" else None
    pressing = pressing_in(bundle, agent, shop_ids) if waiting is not None else None
    people = agents_of_shops_in(bundle, shop_ids) if waiting is None else list
    await bundle.read()
    if waiting is not None and pressing is not None:
        shown = shown_counts(numbers() | {"queue": waiting(), "promises": pressing()})
        return render(request, "console/_rows.html", {**pane(), "numbers": shown})
    frame = shell(request, agent, counts=numbers(), current=view.key)
    return render(request, "console/inbox.html", {"shell": frame, "list": pane(), "bulk": _bulk(agent, people())})


def list_in(
    bundle: Bundle,
    agent: Agent,
    shop_ids: Sequence[int],
    view: Chosen,
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

    drafted = drafted_in(bundle, agent.id)
    if view.key == LIVE:
        live = live_in(bundle, shop_ids, limit)

        def talks() -> dict[str, Any]:
            rows = [live_row(row, now(), near(row.public_id), language) for row in live()]
            return _pane(view, [marked(row, drafted()) for row in rows], "", current, language)

        return talks
    tickets = inbox_in(bundle, agent, shop_ids, view.holds, after, limit + 1)

    def pane() -> dict[str, Any]:
        found, at = tickets(), now()
        more = f"{HOME}?view={view.key}&after={cursor(found[limit - 1])}" if len(found) > limit else ""
        rows = [ticket_row(row, view.key, at, near(row.conversation), language) for row in found[:limit]]
        return _pane(view, [marked(row, drafted()) for row in rows], more, current, language)

    return pane


def _pane(view: Chosen, rows: list[Row], more: str, current: str | None, language: str) -> dict[str, Any]:
    return {
        "view": view.key,
        "title": view.name or gettext(VIEWS[view.key][0], language),
        "edit": f"{HOME}/views/{view.key}" if view.name else "",
        "rows": rows,
        "more": more,
        "empty": gettext(EMPTY.get(view.key, NOTHING), language),
        "current": current,
        "url": f"{HOME}?view={view.key}",
    }


def _bulk(agent: Agent, people: Sequence[Agent]) -> dict[str, Any]:
    """What the bar above the list offers for many tickets at once."""
    return {
        "people": [{"id": person.public_id, "name": person.name, "me": person.id == agent.id} for person in people],
        "priorities": [(key, gettext(label, agent.language)) for key, (label, _tone) in PRIORITIES.items()],
        "most": MOST_TICKETS,
    }
