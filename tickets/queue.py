"""The queue: what waits for a person, in the order of routing, where in it one is, and how long it usually takes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from conversations.events import HandlerChanged
from conversations.models import AGENT, QUEUE, Conversation
from core.bundles import Bundle, Later, alone
from core.clock import now
from core.shops import Shop
from core.sql import as_time, fetch
from core.transactions import transaction
from tickets.capacity import Weights
from tickets.models import QueueVisit
from tickets.routing import Waiting, in_turn

PASSED_FOR = timedelta(minutes=10)  # how long what somebody gave back does not come to them again
LONGEST_QUEUE = 1000  # what is looked at at a time
REMEMBERED = timedelta(days=28)  # waits that an estimate is made from
_FEWEST, _MOST = 5, 2000

_IN_QUEUE = (
    "c.shop_id IN ({shops}) AND c.handler = 'queue'"
    " AND (EXISTS (SELECT 1 FROM ticket AS k WHERE k.conversation_id = c.id AND k.status = 'open') OR NOT EXISTS"
    " (SELECT 1 FROM ticket AS r WHERE r.conversation_id = c.id AND r.status IN ('pending', 'resolved')))"
)
_WAITING = (
    "SELECT c.id, c.shop_id, c.channel, c.language, tm.id AS team_id, c.created_at, c.last_customer_at, v.entered_at,"  # noqa: S608
    " t.first_reply_due_at, t.first_replied_at, t.priority, t.kind, t.assignee_id, o.headline, o.total, o.currency,"
    " s.currency AS shop_currency, s.valuable_from, (SELECT p.assignee_id FROM ticket AS p"
    " JOIN conversation AS q ON q.id = p.conversation_id WHERE q.customer_id = c.customer_id"
    " AND p.assignee_id IS NOT NULL ORDER BY p.id DESC LIMIT 1) AS previous_id"
    " FROM conversation AS c JOIN shop AS s ON s.id = c.shop_id LEFT JOIN shop_order AS o ON o.id = c.order_id"
    " LEFT JOIN team AS tm ON tm.id = c.team_id AND tm.retired_at IS NULL"
    " LEFT JOIN queue_visit AS v ON v.id = (SELECT MAX(w.id) FROM queue_visit AS w"
    " WHERE w.conversation_id = c.id AND w.left_at IS NULL)"
    " LEFT JOIN ticket AS t ON t.id = (SELECT MAX(n.id) FROM ticket AS n"
    " WHERE n.conversation_id = c.id AND n.status = 'open')"
    f" WHERE {_IN_QUEUE} ORDER BY c.id LIMIT {{limit}}"
)
_COUNT = (
    "SELECT COUNT(*) AS found FROM"  # noqa: S608
    f" (SELECT c.id FROM conversation AS c WHERE {_IN_QUEUE} LIMIT {{limit}}) AS waiting"
)
_PASSED = (
    "SELECT conversation_id, agent_id FROM queue_visit WHERE conversation_id IN ({conversations})"
    " AND agent_id IS NOT NULL AND returned_at > {since}"
)
_WAITS = (
    "SELECT v.entered_at, v.left_at FROM queue_visit AS v JOIN conversation AS c ON c.id = v.conversation_id"
    " WHERE v.shop_id = {shop} AND v.left_at > {since} AND v.left_at > v.entered_at AND v.agent_id IS NOT NULL"
    " AND c.channel = 'chat' ORDER BY v.left_at DESC LIMIT {most}"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody stands in the queue, and how long it will usually still take; None when nobody can say."""

    number: int  # 1: next
    wait: timedelta | None
    due: datetime | None = None  # the promised first reply


async def waiting_in(shop_ids: Collection[int], weights: Weights) -> list[Waiting]:
    """What waits for a person in these shops, in the order in which it is served; two statements.

    What waits for the customer or is resolved is not in the queue, whoever would speak.
    """
    rows = await fetch(_WAITING, shops=list(shop_ids), limit=LONGEST_QUEUE)
    passed: dict[int, set[int]] = {}
    if rows:
        ids = [row["id"] for row in rows]
        for row in await fetch(_PASSED, conversations=ids, since=now() - PASSED_FOR):
            passed.setdefault(row["conversation_id"], set()).add(row["agent_id"])
    items = []
    for row in rows:
        since = as_time(row["entered_at"]) or as_time(row["last_customer_at"]) or as_time(row["created_at"])
        assert since is not None
        same_currency = row["currency"] == row["shop_currency"]
        valuable = row["valuable_from"] is not None and same_currency and row["total"] >= row["valuable_from"]
        items.append(
            Waiting(
                id=row["id"],
                shop_id=row["shop_id"],
                since=since,
                due=as_time(row["first_reply_due_at"]) if row["first_replied_at"] is None else None,
                priority=row["priority"] or "normal",
                kind=row["kind"] or "question",
                language=row["language"],
                cost=weights.of(row["channel"]),
                stage=row["headline"] or "",
                valuable=valuable,
                team_id=row["team_id"],
                owner_id=row["assignee_id"],
                previous_id=row["previous_id"],
                passed=frozenset(passed.get(row["id"], ())),
            )
        )
    return in_turn(items)


async def count_waiting(shop_ids: Collection[int]) -> int:
    """How many conversations wait for a person in these shops, up to `LONGEST_QUEUE`; one statement."""
    return await alone(lambda bundle: waiting_count_in(bundle, shop_ids))


def waiting_count_in(bundle: Bundle, shop_ids: Collection[int]) -> Later[int]:
    """What `count_waiting` gives, as part of a bundle."""
    rows = bundle.table("found", _COUNT, shops=list(shop_ids), limit=LONGEST_QUEUE)
    return lambda: int(rows[0]["found"])


async def place_in_queue(conversation: Conversation) -> Place | None:
    """Where the conversation stands; None when it does not wait for a person."""
    if conversation.handler != QUEUE:
        return None
    return (await places_in_queue(conversation.shop_id)).get(conversation.id)


async def places_in_queue(shop_id: int) -> dict[int, Place]:
    """The places of everything that waits in the shop, by the conversation's database id; four statements."""
    items = await waiting_in([shop_id], Weights())
    usual = await typical_wait(await Shop.get(id=shop_id), now()) if items else None
    return {item.id: Place(number, _left(usual, now() - item.since), item.due) for number, item in enumerate(items, 1)}


async def typical_wait(shop: Shop, at: datetime) -> timedelta | None:
    """The median of what chats waited that began in the same hour of the shop's day, within four weeks.

    None with fewer than five: nothing is promised that was not seen.
    """
    zone = ZoneInfo(shop.timezone)
    waits: list[float] = []
    for row in await fetch(_WAITS, shop=shop.id, since=at - REMEMBERED, most=_MOST):
        entered, left = as_time(row["entered_at"]), as_time(row["left_at"])
        assert entered is not None
        assert left is not None
        if entered.astimezone(zone).hour == at.astimezone(zone).hour:
            waits.append((left - entered).total_seconds())
    return timedelta(seconds=median(waits)) if len(waits) >= _FEWEST else None


async def follow_turn(event: HandlerChanged) -> None:
    """Keep the record of visits: one begins when the conversation waits for a person, and ends when it does not."""
    async with transaction():
        moment = now()
        visits = QueueVisit.filter(conversation_id=event.conversation_id)
        team_id = (await Conversation.get(id=event.conversation_id)).team_id
        if event.handler == event.before == QUEUE:  # it waits on, for a team
            await visits.filter(left_at=None).update(team_id=team_id)
            return
        if event.before == QUEUE:
            await visits.filter(left_at=None).update(left_at=moment, reason=event.reason, agent_id=event.agent_id)
        if event.handler == QUEUE:
            if event.before == AGENT and event.before_agent_id is not None:
                await _gave_back(event, event.before_agent_id, moment)
            await _visit(event, team_id=team_id, entered_at=moment)


async def _gave_back(event: HandlerChanged, agent_id: int, moment: datetime) -> None:
    """Remember from whom it came back, so that it does not go to the same person at once."""
    last = await QueueVisit.filter(conversation_id=event.conversation_id, agent_id=agent_id).order_by("-id").first()
    if last is None:  # they had it without a wait: answered in the place of the bot
        await _visit(event, entered_at=moment, left_at=moment, returned_at=moment, agent_id=agent_id, reason="reply")
    else:
        await QueueVisit.filter(id=last.id).update(returned_at=moment)


async def _visit(event: HandlerChanged, **values: Any) -> None:
    await QueueVisit.create(shop_id=event.shop_id, conversation_id=event.conversation_id, **values)


def _left(usual: timedelta | None, waited: timedelta) -> timedelta | None:
    """What is left of the usual wait; nothing is said to somebody who has waited longer already."""
    return usual - waited if usual is not None and usual > waited else None
