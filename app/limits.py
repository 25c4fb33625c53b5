"""How often one person or one address may do something: a table of rates, kept in memory or in Redis."""

import time
from typing import Any

import structlog
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from redis.asyncio import BlockingConnectionPool, ConnectionPool

from core.errors import TooMany

log = structlog.get_logger(__name__)

AWAY_SECONDS = 5.0  # before Redis is asked again

RATES = {
    "chat.hello.address": "120/minute",
    "chat.enquire.address": "20/hour",
    "chat.prove.address": "30/hour",
    "chat.prove.person": "20/hour",
    "chat.transcript.person": "10/hour",
    "chat.identify.address": "60/minute",
    "chat.poll.address": "1200/minute",
    "chat.post.person": "20/minute",
    "chat.post.address": "240/minute",
    "chat.file.person": "30/10minutes",
    "chat.file.address": "150/10minutes",
    "withdraw.address": "20/hour",
    "withdraw.contact": "10/hour",
    "console.file.person": "150/10minutes",
    "console.picture.person": "600/10minutes",
    "console.poll.person": "600/minute",
    "console.post.person": "120/minute",
    "console.test.person": "10/minute",
    "login.account": "10/15minutes",
    "login.address": "60/15minutes",
}


class Limiter:
    """Counts per rule and key. `scale` multiplies every rate (load tests); 0 switches the limits off."""

    def __init__(self, redis_url: str = "", *, scale: float = 1.0) -> None:
        self._memory = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._pool = _pool(redis_url) if redis_url else None
        self._shared = _shared(redis_url, self._pool) if self._pool else None
        self._away_until = 0.0
        self._scale = scale
        self._items: dict[str, RateLimitItem] = {}

    async def hit(self, rule: str, *keys: str) -> None:
        """Count one act. Raises TooMany with `retry_after` (seconds) when the rule's rate is used up.

        `rule` is a name in RATES, or a rate such as "5/10minutes". While Redis is away, this process counts alone.
        """
        if self._scale <= 0:
            return
        item = self._item(rule)
        for limiter in self._present():
            try:
                allowed = await limiter.hit(item, rule, *keys)
                if not allowed:
                    window = await limiter.get_window_stats(item, rule, *keys)
                    raise TooMany(f"limit {rule} reached", retry_after=max(1, round(window.reset_time - time.time())))
                return
            except StorageError:
                self._note_absence(rule)

    async def forget(self, rule: str, *keys: str) -> None:
        """Give all the tries of these keys back."""
        item = self._item(rule)
        for limiter in self._present():
            try:
                await limiter.clear(item, rule, *keys)
            except StorageError:
                self._note_absence(rule)

    async def close(self) -> None:
        """Let go of Redis."""
        if self._pool is not None:
            await self._pool.aclose()

    def _present(self) -> list[SlidingWindowCounterRateLimiter]:
        """Who counts now: a Redis that hangs may cost one act a second, not every act."""
        shared = self._shared if time.monotonic() >= self._away_until else None
        return [limiter for limiter in (shared, self._memory) if limiter is not None]

    def _note_absence(self, rule: str) -> None:
        self._away_until = time.monotonic() + AWAY_SECONDS
        log.warning("limits_storage_away", rule=rule)

    def _item(self, rule: str) -> RateLimitItem:
        if rule not in self._items:
            item = parse(RATES.get(rule, rule))
            self._items[rule] = type(item)(max(1, round(item.amount * self._scale)), item.multiples, item.namespace)
        return self._items[rule]


def _pool(redis_url: str) -> ConnectionPool:
    return BlockingConnectionPool.from_url(
        redis_url, max_connections=8, timeout=1, socket_timeout=1, socket_connect_timeout=1
    )


def _shared(redis_url: str, pool: ConnectionPool) -> SlidingWindowCounterRateLimiter:
    options: dict[str, Any] = {"connection_pool": pool}
    storage = RedisStorage(f"async+{redis_url}", implementation="redispy", wrap_exceptions=True, **options)
    return SlidingWindowCounterRateLimiter(storage)
