"""Visitor tokens and rate limits: unguessable, bound to the shop, counted by person and by address."""

import asyncio
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.auth import visitors
from app.limits import Limiter
from core.errors import TooMany
from core.people import Customer
from tests.people import World

pytestmark = pytest.mark.anyio

SECRET = b"the installation's own secret"


def test_a_token_is_ours_for_its_shop_only() -> None:
    token = visitors.issue(SECRET, "lumen")
    assert visitors.is_genuine(SECRET, "lumen", token)
    assert not visitors.is_genuine(SECRET, "chaye", token)
    assert not visitors.is_genuine(b"another installation", "lumen", token)
    assert visitors.issue(SECRET, "lumen") != token


@settings(deadline=None)
@given(st.text(max_size=200))
def test_nothing_else_is(text: str) -> None:
    assert not visitors.is_genuine(SECRET, "lumen", text)


@settings(deadline=None)
@given(st.integers(0, 200), st.characters())
def test_one_other_character_makes_it_foreign(place: int, character: str) -> None:
    token = visitors.issue(SECRET, "lumen")
    forged = token[:place] + character + token[place + 1 :]
    assert visitors.is_genuine(SECRET, "lumen", forged) == (forged == token)


async def test_a_guest_is_admitted_once(world: World) -> None:
    token = visitors.issue(SECRET, "lumen")
    assert await visitors.find(token, world.lumen) is None
    guest = await visitors.admit(token, world.lumen, language="zh")
    assert (await visitors.admit(token, world.lumen, language="en")).id == guest.id
    assert (guest.language, guest.email, guest.shop_id) == ("zh", None, world.lumen.id)
    assert await visitors.find(token, world.chaye) is None


async def test_an_ended_token_finds_nobody_until_it_is_forgotten(world: World) -> None:
    token = visitors.issue(SECRET, "lumen")
    await visitors.admit(token, world.lumen, language="en")
    await visitors.end(token)
    assert await visitors.is_dead(token)
    assert await visitors.find(token, world.lumen) is None
    assert await visitors.forget_dead_tokens(visitors.IDLE * 0) == 1
    assert await Customer.filter(email=None).count() == 1, "what was said stays"


async def test_limits_count_by_key_and_say_when_to_come_back() -> None:
    limiter = Limiter()
    for _ in range(3):
        await limiter.hit("3/minute", "ines")
    with pytest.raises(TooMany) as refused:
        await limiter.hit("3/minute", "ines")
    assert 1 <= int(str(refused.value.data["retry_after"])) <= 60
    await limiter.hit("3/minute", "lin")


async def test_limits_can_be_scaled_for_load_tests_or_switched_off() -> None:
    wide, off = Limiter(scale=2), Limiter(scale=0)
    for _ in range(6):
        await wide.hit("3/minute", "ines")
    with pytest.raises(TooMany):
        await wide.hit("3/minute", "ines")
    for _ in range(100):
        await off.hit("3/minute", "ines")


@pytest.mark.redis
async def test_limits_are_shared_between_processes(redis_url: str) -> None:
    one, other = Limiter(redis_url), Limiter(redis_url)
    await one.hit("2/minute", "shared")
    await other.hit("2/minute", "shared")
    with pytest.raises(TooMany):
        await one.hit("2/minute", "shared")
    await one.close()
    await other.close()


async def test_without_redis_each_process_counts_alone() -> None:
    limiter = Limiter("redis://127.0.0.1:1/0")
    await limiter.hit("1/minute", "ines")
    with pytest.raises(TooMany):
        await limiter.hit("1/minute", "ines")
    await limiter.close()


async def test_a_redis_that_hangs_is_not_waited_for_each_time() -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        limiter = Limiter(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0")
        started = time.monotonic()
        for number in range(20):
            await limiter.hit("1/minute", f"visitor {number}")
        with pytest.raises(TooMany):
            await limiter.hit("1/minute", "visitor 0")
        assert time.monotonic() - started < 5
        await limiter.close()
