"""How much an agent has to do: one count over chats, mail and tickets, in points."""

from collections.abc import Collection
from dataclasses import dataclass

from core.bundles import Bundle, Later, alone


@dataclass(frozen=True, slots=True)
class Weights:
    """Points that one conversation takes, by where it began: somebody waits at the other end of a chat."""

    chat: int = 2
    other: int = 1

    def of(self, channel: str) -> int:
        return self.chat if channel == "chat" else self.other


# A conversation counts once, however many tickets it has and whether the agent speaks, has a ticket, or both.
# What waits for the customer or is resolved takes no attention.
_LOADS = (
    "SELECT held.agent_id, c.channel, COUNT(*) AS held FROM ("
    "SELECT t.assignee_id AS agent_id, t.conversation_id FROM ticket AS t"
    " WHERE t.status = 'open' AND t.assignee_id IN ({assignees})"
    " UNION SELECT s.agent_id, s.id FROM conversation AS s WHERE s.handler = 'agent' AND s.agent_id IN ({speakers})"
    " AND (EXISTS (SELECT 1 FROM ticket AS o WHERE o.conversation_id = s.id AND o.status = 'open')"
    " OR NOT EXISTS (SELECT 1 FROM ticket AS r WHERE r.conversation_id = s.id AND r.status IN ('pending', 'resolved')))"
    ") AS held JOIN conversation AS c ON c.id = held.conversation_id GROUP BY held.agent_id, c.channel"
)


async def loads(agent_ids: Collection[int], weights: Weights) -> dict[int, int]:
    """Points that each of these agents has to do now; one statement."""
    return await alone(lambda bundle: loads_in(bundle, agent_ids, weights))


def loads_in(bundle: Bundle, agent_ids: Collection[int], weights: Weights) -> Later[dict[int, int]]:
    """What `loads` gives, as part of a bundle."""
    ids = list(agent_ids)
    rows = bundle.table("agent_id channel held", _LOADS, assignees=ids, speakers=ids)

    def found() -> dict[int, int]:
        points = dict.fromkeys(ids, 0)
        for row in rows:
            points[row["agent_id"]] += row["held"] * weights.of(row["channel"])
        return points

    return found
