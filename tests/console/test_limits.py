"""Limits hold in one process, over several through Redis, and while Redis is away."""

import secrets

import pytest

from app.limits import Limiter
from core.errors import TooMany

pytestmark = pytest.mark.anyio
TWICE = "2/minute"


async def test_the_third_try_waits() -> None:
    limiter = Limiter()
    await limiter.hit(TWICE, "a")
    await limiter.hit(TWICE, "a")
    await limiter.hit(TWICE, "b")
    with pytest.raises(TooMany) as refused:
        await limiter.hit(TWICE, "a")
    assert refused.value.data["retry_after"] in range(1, 61)
    await limiter.forget(TWICE, "a")
    await limiter.hit(TWICE, "a")


@pytest.mark.redis
async def test_two_processes_share_the_count(redis_url: str) -> None:
    here, there = Limiter(redis_url), Limiter(redis_url)
    key = secrets.token_hex(8)  # other tests use this Redis, too
    await here.hit(TWICE, key)
    await there.hit(TWICE, key)
    for limiter in (here, there):
        with pytest.raises(TooMany):
            await limiter.hit(TWICE, key)
    await here.forget(TWICE, key)
    await there.hit(TWICE, key)
    await here.close()
    await there.close()


async def test_without_redis_each_process_counts_by_itself() -> None:
    limiter = Limiter("redis://127.0.0.1:1/0")  # nobody listens on port 1
    await limiter.hit(TWICE, "a")
    await limiter.hit(TWICE, "a")
    with pytest.raises(TooMany):
        await limiter.hit(TWICE, "a")
    await limiter.close()
