"""What presses: clocks and promises of unfinished tickets that are due within two hours or overrun."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from tortoise.expressions import Q

from core.bundles import Bundle, Later
from core.clock import now
from core.people import AGENT, Agent
from tickets.models import Ticket
from tickets.promised import SOON
from tickets.queries import COUNT_LIMIT
from tickets.statuses import ACTIVE

REMEMBERED = timedelta(days=7)  # how long a broken promise still presses

_WORKING = "k.status IN ('open', 'pending') AND k.merged_into_id IS NULL AND ({whose} = 0 OR k.assignee_id = {whose})"
_COUNT = (
    "SELECT COUNT(*) AS found FROM (SELECT x.id FROM ("  # noqa: S608
    f"SELECT k.id FROM ticket AS k WHERE k.shop_id IN ({{shops}}) AND k.clock_due_at <= {{soon}} AND {_WORKING}"
    " UNION SELECT k.id FROM promise AS p JOIN ticket AS k ON k.public_id = p.subject WHERE p.state = 'open'"
    f" AND p.shop_id IN ({{shops}}) AND p.due_at <= {{soon}} AND {_WORKING}"
    " UNION SELECT k.id FROM promise AS p JOIN ticket AS k ON k.public_id = p.subject WHERE p.state = 'broken'"
    f" AND p.shop_id IN ({{shops}}) AND p.due_at >= {{since}} AND p.kind = 'agent' AND {_WORKING}"
    ") AS x LIMIT {most}) AS pressing"
)


def pressing_in(bundle: Bundle, agent: Agent, shop_ids: Collection[int]) -> Later[int]:
    """How many tickets press, up to COUNT_LIMIT, in a bundle: an agent's own; all of their shops for supervisors."""
    moment = now()
    rows = bundle.table(
        "found",
        _COUNT,
        shops=list(shop_ids),
        soon=moment + SOON,
        since=moment - REMEMBERED,
        whose=agent.id if agent.role == AGENT else 0,
        most=COUNT_LIMIT,
    )
    return lambda: int(rows[0]["found"])


async def late_clocks(shop_ids: Sequence[int], after: int, limit: int) -> list[Ticket]:
    """Unfinished tickets whose clock is due within two hours or overrun, the first due first, with shop and assignee;
    `after` is the number of the last one of the page before, 0 for the first page."""
    found = Ticket.filter(shop_id__in=list(shop_ids), status__in=ACTIVE, merged_into_id=None)
    found = found.filter(clock_due_at__lte=now() + SOON)
    last = await Ticket.get_or_none(number=after, shop_id__in=list(shop_ids)) if after else None
    if last is not None and last.clock_due_at is not None:
        found = found.filter(Q(clock_due_at__gt=last.clock_due_at) | Q(clock_due_at=last.clock_due_at, id__gt=last.id))
    return await found.order_by("clock_due_at", "id").limit(limit).select_related("shop", "assignee")
