"""What a view of the inbox holds, as statements: whose tickets, of which statuses, and what else they must be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tickets.statuses import ACTIVE, Status

MOST_SHOPS = 100

MINE, NOBODYS, ANYBODYS = " AND t.assignee_id = {agent}", " AND t.assignee_id IS NULL", ""
_WHOLE = " AND t.merged_into_id IS NULL"
# What is few comes first: CROSS JOIN keeps SQLite from beginning with all tickets.
_FOLLOWED = "(SELECT f.ticket_id AS id FROM follower AS f WHERE f.agent_id = {agent}) AS few CROSS JOIN ticket AS t"
_NAMED = (
    "(SELECT DISTINCT k.id FROM mention AS m CROSS JOIN ticket AS k WHERE m.agent_id = {agent} AND m.read_at IS NULL"
    " AND k.conversation_id = m.conversation_id) AS few CROSS JOIN ticket AS t"
)
_OF_FEW = " AND t.id = few.id AND t.status <> 'closed'"


@dataclass(frozen=True, slots=True)
class View:
    """Statuses (none: whatever status) and whose; several are several parts, each of which an index yields in order.

    `extra` holds further conditions on `t`, with places for `values`; `few` is what the tickets are joined with when
    that is only few rows, and then all is one part.
    """

    statuses: Sequence[str]
    owners: Sequence[str] = (ANYBODYS,)
    extra: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    few: str = ""


BUILT_IN = {
    "open": View(ACTIVE, (NOBODYS, MINE)),
    "mine": View(ACTIVE, (MINE,)),
    "unassigned": View(ACTIVE, (NOBODYS,)),
    "mentions": View((), extra=_OF_FEW, few=_NAMED),
    "following": View((), extra=_OF_FEW, few=_FOLLOWED),
    "resolved": View((Status.RESOLVED,)),
    "all": View(()),
}


def found(view: View, shops: Sequence[int], *, after: str = "", order: str = "") -> str:
    """The ids of the view's first tickets.

    One part for each shop, status and owner, for only then does an index yield each part in order, however many tickets
    there are. Within a part the owner is one and the same: it leads the order, because PostgreSQL does not see that of
    nobody's. Agents of very many shops share one part: SQLite joins 500 at most.
    """
    of_shops = [f"t.shop_id = {{shop{place}}}" for place in range(len(shops))]
    if view.few or not 0 < len(shops) * len(view.owners) * max(len(view.statuses), 1) <= 4 * MOST_SHOPS:
        of_shops = ["t.shop_id IN ({shops})"]
    wheres = [f"{shop} AND t.status = '{status}'" for shop in of_shops for status in view.statuses] or of_shops
    parts = (
        f"SELECT t.id, t.updated_at FROM {view.few or 'ticket AS t'} WHERE {where}{owner}{_WHOLE}{view.extra}{after}"  # noqa: S608
        f"{order.format(owner='t.assignee_id DESC, ' if owner else '')} LIMIT {{limit}}"
        for where in wheres
        for owner in view.owners
    )
    return " UNION ALL ".join(f"SELECT id, updated_at FROM ({part}) AS part" for part in parts)  # noqa: S608


def places(view: View, agent_id: int, shops: Sequence[int]) -> dict[str, Any]:
    """The values for what `found` says."""
    own = {f"shop{place}": shop_id for place, shop_id in enumerate(shops)}
    return {**view.values, "agent": agent_id, "shops": list(shops), **own}
