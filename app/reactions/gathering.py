"""News that a burst of changes would repeat: told at once, and once more at the end while it goes on."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from core.tasks import spawn

log = structlog.get_logger(__name__)


class Gathered:
    """Does `act` for a key now. Whoever asks again within `pause` seconds is served together with all others at its
    end, so that a burst costs one act a pause, and the last state is always told."""

    def __init__(self, act: Callable[[int], Awaitable[None]], pause: float) -> None:
        self._act, self._pause = act, pause
        self._again: dict[int, bool] = {}

    async def ask(self, key: int) -> None:
        """Something has changed for `key`."""
        if key in self._again:
            self._again[key] = True
            return
        self._again[key] = False
        try:
            await self._act(key)
        finally:
            spawn(self._once_more(key), name="news", loose=True)

    async def _once_more(self, key: int) -> None:
        await asyncio.sleep(self._pause)
        if not self._again.pop(key):
            return
        try:
            await self.ask(key)
        except Exception:
            log.exception("news_failed")  # nobody waits for it
