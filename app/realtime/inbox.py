"""The news that rows of an inbox have changed: at once, and while they go on changing only now and then."""

import asyncio

from app.realtime.hub import Hub
from app.realtime.rendering import inbox_frame
from app.realtime.topics import shop_topic

QUIET_SECONDS = 0.25

News = tuple[str, int | None, str]  # conversation, ticket, what


class InboxNews:
    """Tells the consoles of a shop to ask for rows again: four times a second at most, however many rows change.

    The first news is told at once. What comes within QUIET_SECONDS is told at their end: the one row, or that there
    are several.
    """

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._waiting: dict[int, set[News]] = {}

    def tell(self, shop_id: int, conversation: str, *, ticket: int | None = None, what: str = "message") -> None:
        """Publish an inbox frame to the consoles of a shop, now or a moment later."""
        waiting = self._waiting.get(shop_id)
        if waiting is not None:
            waiting.add((conversation, ticket, what))
            return
        self._waiting[shop_id] = set()
        asyncio.get_running_loop().call_later(QUIET_SECONDS, self._end, shop_id)
        self.hub.publish(shop_topic(shop_id), inbox_frame(conversation, ticket=ticket, what=what))

    def _end(self, shop_id: int) -> None:
        news = self._waiting.pop(shop_id)
        if len(news) == 1:
            conversation, ticket, what = news.pop()
            self.tell(shop_id, conversation, ticket=ticket, what=what)
        elif news:
            self.tell(shop_id, "", what="several")
