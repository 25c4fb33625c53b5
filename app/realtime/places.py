"""Where everybody stands in a shop's queue, read once for all who ask at the same time."""

import asyncio
import contextvars
from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from core.people import anyone_online
from core.tasks import spawn
from tickets.queue import Place, places_in_queue


class Standing(NamedTuple):
    """The places of those who wait, by the conversation's database id, and whether somebody is at the desk."""

    places: Mapping[int, Place]
    online: bool


class Places:
    """Whoever asks while a shop's queue is being read shares the next reading. So a thousand customers who come back
    after a restart cost a few readings instead of a thousand, and nobody hears what was before they asked."""

    def __init__(self) -> None:
        self._turns: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._next: dict[int, asyncio.Task[Standing]] = {}

    async def read(self, shop_id: int) -> Standing:
        """The queue of the shop, not before now; five statements for all who wait for it. Not inside a transaction."""
        reading = self._next.get(shop_id)
        if reading is None or reading.done():  # the caller's context names the database
            context = contextvars.copy_context()
            reading = spawn(self._read(shop_id), name="queue.places", context=context, loose=True)
            self._next[shop_id] = reading
        return await asyncio.shield(reading)

    async def _read(self, shop_id: int) -> Standing:
        async with self._turns[shop_id]:
            del self._next[shop_id]
            return Standing(await places_in_queue(shop_id), await anyone_online(shop_id))
