"""Agents whose last console has closed: they are said to be away when none has been opened for a while."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

from core.tasks import spawn

AWAY_SECONDS = 30.0  # a page that loads, a restart of the desk: nobody has left


class Departures:
    """Counts the lines of each agent in this process. `end` is asked when the last has been gone for AWAY_SECONDS; it
    returns False when the agent is seen at another process, and is then asked again."""

    def __init__(self) -> None:
        self._lines: Counter[int] = Counter()
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self.end: Callable[[int], Awaitable[bool]] | None = None

    def came(self, agent_id: int) -> None:
        """A line of the agent has opened."""
        self._lines[agent_id] += 1
        timer = self._timers.pop(agent_id, None)
        if timer is not None:
            timer.cancel()

    def left(self, agent_id: int) -> None:
        """A line of the agent has ended."""
        self._lines[agent_id] -= 1
        if self._lines[agent_id] <= 0:
            del self._lines[agent_id]
            self._wait(agent_id)

    def _wait(self, agent_id: int) -> None:
        if self.end is not None:
            self._timers[agent_id] = asyncio.get_running_loop().call_later(AWAY_SECONDS, self._expire, agent_id)

    def _expire(self, agent_id: int) -> None:
        del self._timers[agent_id]
        spawn(self._end(agent_id), name="desk.departure")

    async def _end(self, agent_id: int) -> None:
        if self.end is not None and not await self.end(agent_id) and not self._lines[agent_id]:
            self._wait(agent_id)
