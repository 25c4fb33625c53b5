"""The news that a row of an inbox has changed: at once, and while it goes on changing only now and then."""

import asyncio
from typing import Any

from app.realtime.hub import Hub
from app.realtime.topics import shop_topic

QUIET_SECONDS = 0.25


class InboxNews:
    """Tells consoles to ask for rows again. The same news within QUIET_SECONDS is told once more, at their end."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._again: dict[tuple[int, str, int | None, str], bool] = {}

    def tell(self, shop_id: int, frame: dict[str, Any]) -> None:
        """Publish an inbox frame to the consoles of a shop, now or a moment later."""
        key = (shop_id, frame["conversation"], frame["ticket"], frame["what"])
        if key in self._again:
            self._again[key] = True
            return
        self._again[key] = False
        asyncio.get_running_loop().call_later(QUIET_SECONDS, self._end, key, frame)
        self.hub.publish(shop_topic(shop_id), frame)

    def _end(self, key: tuple[int, str, int | None, str], frame: dict[str, Any]) -> None:
        if self._again.pop(key):
            self.tell(key[0], frame)
