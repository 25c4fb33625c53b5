"""Giving out what waits in shops that assign automatically: on every change, by guarded claims, never over capacity."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from conversations.handover import claim_waiting, hand_to_queue
from conversations.models import AGENT, CHAT, Conversation, Message
from core.clock import now
from core.errors import Conflict
from core.jobs import READY, Plan, enqueued, wake
from core.people import ADMIN, ONLINE, SYSTEM, Agent, ShopMember, is_present
from core.shops import AUTOMATIC, Shop
from core.sql import as_time, carry_out, dialect, fetch
from core.teams import TeamMember
from core.transactions import on_commit, transaction
from tickets.capacity import Weights, loads
from tickets.models import QueueVisit
from tickets.queue import waiting_in
from tickets.routing import Assignment, Seat, Waiting, assign

DRAIN = "routing.drain"
ANSWER_WITHIN = timedelta(minutes=3)  # what was given out in a chat and has no word by then waits again
_UNANSWERED_AT_ONCE = 100
_MOST_PLANS = 100  # of one look; the next look goes on

# A job that is ready and cannot be claimed before our commit will see our change: no second one is needed.
_PLANNED = "SELECT id FROM job WHERE kind = {kind} AND state = {ready} AND run_at <= {now} LIMIT 1"
_IDLE_SINCE = "SELECT agent_id, MAX(left_at) AS at FROM queue_visit WHERE agent_id IN ({agents}) GROUP BY agent_id"


async def drain_later(shop_id: int | None = None) -> None:
    """Plan a look at the queue as part of the running change: once, however much changes.

    Nothing when the shop (or, without one, every shop) leaves the picking to its agents.
    """
    async with transaction():
        shops = Shop.filter(assignment=AUTOMATIC)
        if not await (shops if shop_id is None else shops.filter(id=shop_id)).exists():
            return
        held = " FOR UPDATE SKIP LOCKED" if dialect() == "postgres" else ""
        if not await fetch(_PLANNED + held, kind=DRAIN, ready=READY, now=now()):
            await carry_out(enqueued([Plan(kind=DRAIN, lane=DRAIN)]))
        on_commit("jobs", wake)  # a worker may have passed by the job while we held it


async def drain(weights: Weights) -> int:
    """Give out what waits in all shops that assign automatically. Returns how much found somebody.

    People may pick at the same time: each claim is decided by the database, and each agent is looked at again, locked,
    before they get anything. When one has left meanwhile the rest is planned anew, so that nothing is passed over.
    """
    shop_ids = [shop.id for shop in await Shop.filter(assignment=AUTOMATIC).order_by("id")]
    given = 0
    for _ in range(_MOST_PLANS if shop_ids else 0):
        items = await waiting_in(shop_ids, weights)
        found = assign(items, await seats(weights), now()) if items else []
        count = await _give_in_turn(found, {item.id: item for item in items}, weights)
        given += count
        if count == len(found):
            break
    return given


async def take_back_unanswered() -> int:
    """Put chats back into the queue that were given out and have not been answered in time. Returns how many."""
    late = QueueVisit.filter(reason="assigned", returned_at=None, left_at__lt=now() - ANSWER_WITHIN)
    late = late.filter(conversation__handler=AGENT, conversation__channel=CHAT, shop__assignment=AUTOMATIC)
    taken = 0
    for visit in await late.order_by("left_at", "id").limit(_UNANSWERED_AT_ONCE):
        taken += await _take_back(visit)
    return taken


async def seats(weights: Weights) -> list[Seat]:
    """Everybody who works at the desk, as routing sees them; five statements."""
    agents = await Agent.filter(active=True).order_by("id")
    ids = [agent.id for agent in agents]
    points = await loads(ids, weights)
    shops, teams = await _groups(ids)
    idle = {row["agent_id"]: as_time(row["at"]) for row in await fetch(_IDLE_SINCE, agents=ids)}
    return [
        Seat(
            id=agent.id,
            available=is_available(agent),
            capacity=agent.capacity,
            load=points[agent.id],
            shops=None if agent.role == ADMIN else frozenset(shops.get(agent.id, ())),
            teams=frozenset(teams.get(agent.id, ())),
            languages=frozenset(agent.languages) if agent.languages else None,
            skills=frozenset(agent.skills) if agent.skills else None,
            idle_since=idle.get(agent.id),
        )
        for agent in agents
    ]


def is_available(agent: Agent) -> bool:
    """Whether new work may come: the console is open, and the agent has not switched to away or offline."""
    return is_present(agent) and agent.availability == ONLINE


async def _groups(agent_ids: Collection[int]) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    shops: dict[int, set[int]] = {}
    teams: dict[int, set[int]] = {}
    for member in await ShopMember.filter(agent_id__in=list(agent_ids)):
        shops.setdefault(member.agent_id, set()).add(member.shop_id)
    for belongs in await TeamMember.filter(agent_id__in=list(agent_ids), team__retired_at=None):
        teams.setdefault(belongs.agent_id, set()).add(belongs.team_id)
    return shops, teams


async def _give_in_turn(found: Sequence[Assignment], by_id: Mapping[int, Waiting], weights: Weights) -> int:
    """Carry the plan out until something has changed. Returns how far that was."""
    for count, one in enumerate(found):
        if not await _give(by_id[one.waiting_id], one.agent_id, weights):
            return count
    return len(found)


async def _give(item: Waiting, agent_id: int, weights: Weights) -> bool:
    async with transaction():
        # The conversation before the agent, as everybody locks who answers.
        await Conversation.filter(id=item.id).select_for_update().first()
        agent = await Agent.filter(id=agent_id, active=True).select_for_update().first()
        if agent is None or not is_available(agent):
            return False
        load = (await loads([agent_id], weights))[agent_id]
        if agent_id != item.owner_id and load + item.cost > agent.capacity:
            return False
        return await claim_waiting(item.id, agent_id)


async def _take_back(visit: QueueVisit) -> bool:
    """Look again with the conversation locked: they may have answered a moment ago."""
    async with transaction():
        conversation = await Conversation.filter(id=visit.conversation_id).select_for_update().get()
        here = conversation.handler == AGENT and conversation.agent_id == visit.agent_id
        words = Message.filter(conversation_id=conversation.id, author_kind="agent", created_at__gte=visit.left_at)
        if not here or await words.exists():
            await QueueVisit.filter(id=visit.id).update(reason="answered" if here else "passed_on")
            return False
        try:
            await hand_to_queue(conversation.id, SYSTEM, "unanswered")
        except Conflict:
            return False
    return True
