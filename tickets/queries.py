"""Reading tickets: the inbox in raw SQL, because it is what agents look at all day; one ticket's parts by the ORM.

Pages are cut by key (last change and id), so that the thousandth costs what the first does; counts stop at a thousand.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.clock import now
from core.errors import Invalid
from core.people import Agent, shop_ids_of
from core.sql import as_time, fetch
from tickets.models import Ticket, TicketLink, TimelineEntry
from tickets.statuses import ACTIVE, Status

PAGE_LIMIT = 100
COUNT_LIMIT = 1000  # "more than 999" is all that a badge needs to say
LIVE_FOR = timedelta(hours=1)
MOST_SHOPS = 200

# View → statuses (none: whatever status) and what else has to hold.
_VIEWS: dict[str, tuple[tuple[str, ...], str]] = {
    "open": (ACTIVE, " AND (t.assignee_id IS NULL OR t.assignee_id = {agent})"),
    "mine": (ACTIVE, " AND t.assignee_id = {agent}"),
    "unassigned": (ACTIVE, " AND t.assignee_id IS NULL"),
    "resolved": ((Status.RESOLVED,), ""),
    "all": ((), ""),
}
VIEWS = tuple(_VIEWS)

_UNREAD = (
    "(SELECT COUNT(*) FROM message AS m WHERE m.conversation_id = c.id AND m.number > c.desk_read"
    " AND m.author_kind = 'customer') AS unread"
)
_PAGE = (
    "SELECT t.id, t.number, t.public_id, t.kind, t.status, t.priority, t.subject, t.updated_at, t.first_reply_due_at,"
    " t.first_replied_at, u.name AS customer, c.public_id AS conversation, c.channel, c.language, c.last_text,"
    " c.last_message_at, c.handler, c.last_number, c.last_customer_number, c.last_customer_at, s.name AS shop,"
    " s.key AS shop_key, o.number AS order_number, o.headline AS order_headline,"
    " a.name AS assignee, {unread}"
    " FROM ticket AS t JOIN conversation AS c ON c.id = t.conversation_id JOIN customer AS u ON u.id = c.customer_id"
    " JOIN shop AS s ON s.id = t.shop_id LEFT JOIN agent AS a ON a.id = t.assignee_id"
    " LEFT JOIN ticket_link AS l ON l.id = (SELECT first.id FROM ticket_link AS first WHERE first.ticket_id = t.id"
    " ORDER BY first.confirmed DESC, first.id LIMIT 1) LEFT JOIN shop_order AS o ON o.id = l.order_id"
    " JOIN ({found}) AS found ON found.id = t.id ORDER BY t.updated_at DESC, t.id DESC LIMIT {{limit}}"
)
_NEWEST = " ORDER BY t.updated_at DESC, t.id DESC"
_AFTER = " AND (t.updated_at, t.id) < ({changed}, {id})"
_LIVE = (
    "SELECT c.public_id, c.handler, c.language, u.name AS customer, s.name AS shop, s.key AS shop_key, c.last_text,"  # noqa: S608
    " c.last_message_at, " + _UNREAD + " FROM conversation AS c JOIN customer AS u ON u.id = c.customer_id"
    " JOIN shop AS s ON s.id = c.shop_id WHERE c.shop_id IN ({shops}) AND c.channel = 'chat'"
    " AND c.handler IN ('bot', 'queue') AND c.last_message_at >= {since} AND NOT EXISTS"
    " (SELECT 1 FROM ticket AS t WHERE t.conversation_id = c.id AND t.status <> 'closed')"
    " ORDER BY c.last_message_at DESC, c.id DESC LIMIT {limit}"
)


_TIMES = ("updated_at", "first_reply_due_at", "first_replied_at", "last_customer_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    """One line of the inbox. Times in UTC; `unread` counts the customer's messages that the desk has not read."""

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
    unread: int


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
    unread: int


async def inbox(agent: Agent, view: str, after: str | None = None, limit: int = 50) -> list[InboxRow]:
    """A page of the view (open, mine, unassigned, resolved, all), what changed last first; `after` is a `cursor`.

    open is what is the agent's or nobody's. Raises Invalid (bad_view, bad_cursor).
    """
    if view not in _VIEWS:
        raise Invalid("no such view", code="bad_view", known=list(VIEWS))
    shops = await shop_ids_of(agent)
    values: dict[str, Any] = {"agent": agent.id, "limit": max(1, min(limit, PAGE_LIMIT))}
    if after is not None:
        values["changed"], values["id"] = _read_cursor(after)
    found = _tickets(view, shops, more=(_AFTER if after else "") + _NEWEST)
    rows = await fetch(_PAGE.format(unread=_UNREAD, found=found), **values, **_places(shops))
    return [InboxRow(**_times(row, *_TIMES)) for row in rows]


def cursor(row: InboxRow) -> str:
    """Where the page after `row` begins."""
    return base64.urlsafe_b64encode(f"{row.updated_at.isoformat()}|{row.id}".encode()).decode()


async def counts(agent: Agent) -> dict[str, int]:
    """How many tickets each view holds, at most `COUNT_LIMIT`."""
    shops = await shop_ids_of(agent)
    each = (f"(SELECT COUNT(*) FROM ({_tickets(view, shops)}) AS found) AS view_{view}" for view in VIEWS)  # noqa: S608
    rows = await fetch(f"SELECT {', '.join(each)}", agent=agent.id, limit=COUNT_LIMIT, **_places(shops))
    return {view: min(rows[0][f"view_{view}"], COUNT_LIMIT) for view in VIEWS}


async def live_conversations(agent: Agent, limit: int = 50) -> list[LiveRow]:
    """Chats of the last hour that have no ticket and no agent, newest first."""
    values = {"since": now() - LIVE_FOR, "limit": max(1, min(limit, PAGE_LIMIT))}
    rows = await fetch(_LIVE, shops=await shop_ids_of(agent), **values)
    return [LiveRow(**_times(row)) for row in rows]


async def tickets_of(conversation_id: int) -> list[Ticket]:
    """The conversation's tickets, newest first, with their assignees."""
    return await Ticket.filter(conversation_id=conversation_id).order_by("-id").select_related("assignee")


async def links_of(ticket_id: int) -> list[TicketLink]:
    """What the ticket is about, confirmed first, with orders, parcels and lines."""
    links = TicketLink.filter(ticket_id=ticket_id).order_by("-confirmed", "id")
    return await links.select_related("order", "shipment", "line")


async def timeline(ticket: Ticket) -> list[TimelineEntry]:
    """What happened to the ticket, oldest first."""
    return await TimelineEntry.filter(ticket_id=ticket.id).order_by("id")


def _tickets(view: str, shops: Sequence[int], *, more: str = "") -> str:
    """The ids of the view's first tickets.

    One part for each shop and status, for only then does the index (shop, status, last change) yield each part in
    order, however many tickets there are. Agents of very many shops share one part: SQLite joins 500 at most.
    """
    statuses, condition = _VIEWS[view]
    of_shops = [f"t.shop_id = {{shop{place}}}" for place in range(len(shops))]
    if not 0 < len(shops) <= MOST_SHOPS:
        of_shops = ["t.shop_id IN ({shops})"]
    wheres = [f"{shop} AND t.status = '{status}'" for shop in of_shops for status in statuses] or of_shops
    parts = (f"SELECT t.id FROM ticket AS t WHERE {where}{condition}{more} LIMIT {{limit}}" for where in wheres)  # noqa: S608
    return " UNION ALL ".join(f"SELECT id FROM ({part}) AS part" for part in parts)  # noqa: S608


def _places(shops: Sequence[int]) -> dict[str, Any]:
    return {"shops": shops} | {f"shop{place}": shop_id for place, shop_id in enumerate(shops)}


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
    return row | {name: as_time(row[name]) for name in (*columns, "last_message_at")}
