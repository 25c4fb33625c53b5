"""Reading tickets: the inbox in raw SQL, because it is what agents look at all day; one ticket's parts by the ORM.

Pages are cut by key (last change and id), so that the thousandth costs what the first does; counts stop at a thousand.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.bundles import Bundle, Later, alone
from core.clock import now
from core.errors import Invalid
from core.people import Agent, shop_ids_of
from core.sql import as_time, dialect, fetch
from orders.models import Order
from tickets.models import Ticket, TicketLink, TimelineEntry
from tickets.view_parts import BUILT_IN, View, found, places

PAGE_LIMIT = 100
COUNT_LIMIT = 1000  # "more than 999" is all that a badge needs to say
LIVE_FOR = timedelta(hours=1)
MOST_LINKS, MOST_ENTRIES = 200, 500

VIEWS = tuple(BUILT_IN)

_UNREAD = "c.last_customer_number > c.desk_read AS unread"
_PAGE = (
    "SELECT t.id, t.number, t.public_id, t.kind, t.status, t.priority, t.subject, t.updated_at, t.first_reply_due_at,"
    " t.first_replied_at, t.clock_due_at, t.clock_stage,"
    " u.name AS customer, c.public_id AS conversation, c.channel, c.language, c.last_text,"
    " c.last_message_at, c.handler, c.last_number, c.last_customer_number, c.last_customer_at, s.name AS shop,"
    " s.key AS shop_key, o.number AS order_number, o.headline AS order_headline,"
    " a.name AS assignee, {tags} AS tags, {unread}"
    " FROM ticket AS t JOIN conversation AS c ON c.id = t.conversation_id JOIN customer AS u ON u.id = c.customer_id"
    " JOIN shop AS s ON s.id = t.shop_id LEFT JOIN agent AS a ON a.id = t.assignee_id"
    " LEFT JOIN ticket_link AS l ON l.id = (SELECT first.id FROM ticket_link AS first WHERE first.ticket_id = t.id"
    " ORDER BY first.confirmed DESC, first.id LIMIT 1) LEFT JOIN shop_order AS o ON o.id = l.order_id"
    " JOIN ({found}) AS found ON found.id = t.id ORDER BY t.updated_at DESC, t.id DESC"
)
# Names have no commas.
_OF_TICKET = (
    "(SELECT g.name FROM ticket_tag AS x JOIN tag AS g ON g.id = x.tag_id WHERE x.ticket_id = t.id ORDER BY g.name)"
)
_TAGS = {
    "sqlite": f"(SELECT group_concat(q.name, ',') FROM {_OF_TICKET} AS q)",  # noqa: S608
    "postgres": f"(SELECT string_agg(q.name, ',') FROM {_OF_TICKET} AS q)",  # noqa: S608
}
_NEWEST = " ORDER BY {owner}t.updated_at DESC, t.id DESC"
_FIRST = "SELECT id FROM ({}) AS every ORDER BY updated_at DESC, id DESC LIMIT {{limit}}"
_AFTER = " AND (t.updated_at, t.id) < ({changed}, {id})"
_LIVE = (
    "SELECT c.public_id, c.handler, c.language, u.name AS customer, s.name AS shop, s.key AS shop_key, c.last_text,"  # noqa: S608
    " c.last_message_at, " + _UNREAD + " FROM conversation AS c JOIN customer AS u ON u.id = c.customer_id"
    " JOIN shop AS s ON s.id = c.shop_id WHERE c.shop_id IN ({shops}) AND c.channel = 'chat'"
    " AND c.handler IN ('bot', 'queue') AND c.last_message_at >= {since} AND NOT EXISTS"
    " (SELECT 1 FROM ticket AS t WHERE t.conversation_id = c.id"
    " AND (t.status <> 'closed' OR t.merged_into_id IS NOT NULL))"
    " ORDER BY c.last_message_at DESC, c.id DESC LIMIT {limit}"
)


_TURNED = (
    "SELECT c.order_id, MAX(c.at) AS at FROM order_change AS c WHERE (c.order_id = {order} OR c.order_id IN"
    " (SELECT l.order_id FROM ticket_link AS l WHERE l.ticket_id = {ticket})) AND c.before <> c.after"
    " GROUP BY c.order_id"
)
_TIMES = ("updated_at", "first_reply_due_at", "first_replied_at", "clock_due_at", "last_customer_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    """One line of the inbox. Times in UTC; `unread`: the customer has said something that the desk has not read."""

    id: int
    number: int
    public_id: str
    kind: str
    status: str
    priority: str
    subject: str
    updated_at: datetime
    first_reply_due_at: datetime | None
    first_replied_at: datetime | None
    clock_due_at: datetime | None  # of the clock that is to stop first
    clock_stage: str | None  # its last warning
    customer: str
    conversation: str  # public id
    channel: str
    language: str
    last_text: str
    last_message_at: datetime | None
    handler: str
    last_number: int
    last_customer_number: int  # equal to last_number while the customer waits for an answer
    last_customer_at: datetime | None
    shop: str
    shop_key: str
    order_number: str | None  # of the first link, confirmed ones before suggestions
    order_headline: str | None
    assignee: str | None
    tags: str | None  # names by the alphabet, with commas between them
    unread: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRow:
    """A chat that goes on without a ticket: the bot talks, or somebody waits."""

    public_id: str
    handler: str
    language: str
    customer: str
    shop: str
    shop_key: str
    last_text: str
    last_message_at: datetime | None
    unread: bool


async def inbox(agent: Agent, view: str, after: str | None = None, limit: int = 50) -> list[InboxRow]:
    """A page of a built-in view, what changed last first; `after` is a `cursor`.

    open is what is the agent's or nobody's. Raises Invalid (bad_view, bad_cursor).
    """
    shops = await shop_ids_of(agent)
    return await alone(lambda bundle: inbox_in(bundle, agent, shops, view, after, limit))


def inbox_in(
    bundle: Bundle, agent: Agent, shops: Sequence[int], view: str | View, after: str | None = None, limit: int = 50
) -> Later[list[InboxRow]]:
    """What `inbox` gives, as part of a bundle; `shops` are the agent's, `view` may be one of conditions."""
    chosen = BUILT_IN.get(view) if isinstance(view, str) else view
    if chosen is None:
        raise Invalid("no such view", code="bad_view", known=list(VIEWS))
    values = places(chosen, agent.id, shops) | {"limit": max(1, min(limit, PAGE_LIMIT))}
    if after is not None:
        values["changed"], values["id"] = _read_cursor(after)
    # Cut before anything is joined: only rows that are shown are worth it.
    first = _FIRST.format(found(chosen, shops, after=_AFTER if after else "", order=_NEWEST))
    page = _PAGE.format(unread=_UNREAD, found=first, tags=_TAGS[dialect()])
    rows = bundle.table(" ".join(InboxRow.__slots__), page, **values)
    return lambda: [InboxRow(**_times(row, *_TIMES)) for row in rows]


def cursor(row: InboxRow) -> str:
    """Where the page after `row` begins."""
    return base64.urlsafe_b64encode(f"{row.updated_at.isoformat()}|{row.id}".encode()).decode()


async def counts(agent: Agent) -> dict[str, int]:
    """How many tickets each view holds, at most `COUNT_LIMIT`."""
    shops = await shop_ids_of(agent)
    return await alone(lambda bundle: counts_in(bundle, agent, shops))


def counts_in(bundle: Bundle, agent: Agent, shops: Sequence[int]) -> Later[dict[str, int]]:
    """What `counts` gives, as part of a bundle; `shops` are the agent's."""
    each = (
        f"(SELECT COUNT(*) FROM ({found(view, shops)} LIMIT {{limit}}) AS found) AS {key}_count"  # noqa: S608
        for key, view in BUILT_IN.items()
    )
    columns = " ".join(f"{key}_count" for key in VIEWS)
    values = places(BUILT_IN["open"], agent.id, shops) | {"limit": COUNT_LIMIT}
    rows = bundle.table(columns, f"SELECT {', '.join(each)}", **values)
    return lambda: {key: rows[0][f"{key}_count"] for key in VIEWS}


def count_in(bundle: Bundle, agent: Agent, shops: Sequence[int], view: View) -> Later[int]:
    """How many tickets a view of conditions holds, at most `COUNT_LIMIT`; part of a bundle."""
    values = places(view, agent.id, shops) | {"limit": COUNT_LIMIT}
    rows = bundle.table(
        "number",
        f"SELECT COUNT(*) AS number FROM ({found(view, shops)} LIMIT {{limit}}) AS found",  # noqa: S608
        **values,
    )
    return lambda: int(rows[0]["number"])


async def ids_in_view(agent: Agent, view: str | View, limit: int) -> list[int]:
    """The ids of the view's tickets, what changed last first, `limit` at most. Raises Invalid (bad_view)."""
    chosen = BUILT_IN.get(view) if isinstance(view, str) else view
    if chosen is None:
        raise Invalid("no such view", code="bad_view", known=list(VIEWS))
    shops = await shop_ids_of(agent)
    first = _FIRST.format(found(chosen, shops, order=_NEWEST))
    return [row["id"] for row in await fetch(first, **places(chosen, agent.id, shops), limit=limit)]


async def live_conversations(agent: Agent, limit: int = 50) -> list[LiveRow]:
    """Chats of the last hour that have no ticket and no agent, newest first."""
    shops = await shop_ids_of(agent)
    return await alone(lambda bundle: live_in(bundle, shops, limit))


def live_in(bundle: Bundle, shops: Sequence[int], limit: int = 50) -> Later[list[LiveRow]]:
    """What `live_conversations` gives, as part of a bundle; `shops` are the agent's."""
    values = {"since": now() - LIVE_FOR, "limit": max(1, min(limit, PAGE_LIMIT))}
    rows = bundle.table(" ".join(LiveRow.__slots__), _LIVE, shops=list(shops), **values)
    return lambda: [LiveRow(**_times(row)) for row in rows]


async def tickets_of(conversation_id: int) -> list[Ticket]:
    """The conversation's tickets, newest first, with their assignees."""
    return await Ticket.filter(conversation_id=conversation_id).order_by("-id").select_related("assignee")


async def links_of(ticket_id: int) -> list[TicketLink]:
    """What the ticket is about, confirmed first, with the orders."""
    return await alone(lambda bundle: links_in(bundle, ticket_id))


def links_in(bundle: Bundle, ticket_id: int) -> Later[list[TicketLink]]:
    """What `links_of` gives, as part of a bundle."""
    which = "WHERE t.ticket_id = {ticket} ORDER BY t.confirmed DESC, t.id LIMIT {most}"
    links = bundle.rows(TicketLink, which, ticket=ticket_id, most=MOST_LINKS)
    linked = "WHERE t.id IN (SELECT l.order_id FROM ticket_link AS l WHERE l.ticket_id = {ticket})"
    orders = bundle.rows(Order, linked, ticket=ticket_id)

    def found() -> list[TicketLink]:
        by_id = {order.id: order for order in orders}
        for link in links:
            link.order = by_id[link.order_id]
        return links

    return found


def turned_in(bundle: Bundle, ticket_id: int | None, order_id: int | None) -> Later[dict[int, datetime]]:
    """Since when the orders of a ticket, and this one, have their headlines (UTC), by id; part of a bundle."""
    rows = bundle.table("order_id at", _TURNED, ticket=ticket_id or 0, order=order_id or 0)
    return lambda: {row["order_id"]: at for row in rows if (at := as_time(row["at"])) is not None}


async def timeline(ticket: Ticket) -> list[TimelineEntry]:
    """What happened to the ticket, oldest first; of very many entries the newest."""
    return await alone(lambda bundle: timeline_in(bundle, ticket.id))


def timeline_in(bundle: Bundle, ticket_id: int) -> Later[list[TimelineEntry]]:
    """What `timeline` gives, as part of a bundle."""
    which = "WHERE t.ticket_id = {ticket} ORDER BY t.id DESC LIMIT {most}"
    newest = bundle.rows(TimelineEntry, which, ticket=ticket_id, most=MOST_ENTRIES)
    return lambda: newest[::-1]


def _read_cursor(text: str) -> tuple[datetime, int]:
    try:
        changed, _, row_id = base64.b64decode(text, altchars=b"-_", validate=True).decode().partition("|")
        moment = as_time(changed)
        if moment is None or not row_id.isascii() or not row_id.isdigit() or len(row_id) > 18:
            raise ValueError("no cursor")
    except (ValueError, OverflowError):
        raise Invalid("not a cursor of this list", code="bad_cursor") from None
    return moment, int(row_id)


def _times(row: dict[str, Any], *columns: str) -> dict[str, Any]:
    times = {name: as_time(row[name]) for name in (*columns, "last_message_at")}
    return row | times | {"unread": bool(row["unread"])}
