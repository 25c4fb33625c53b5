"""Feeds of orders against the twins of shops: nothing is left out while orders change, every trouble has its name."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from random import Random

import pytest

from app.gateways import feed_http
from app.gateways.feed_http import checked_address
from core.errors import Invalid
from orders.feeds import FeedMalformed, FeedRefused, FeedUnavailable, Fetched
from orders.sources import SOURCES
from tests.fakes.http import Reply
from tests.fakes.shops import PLATFORMS, Twin, a_twin, an_order, changed
from tests.orders.deliveries import NOON

pytestmark = pytest.mark.anyio

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


@pytest.fixture(params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def twin(platform: str) -> AsyncIterator[Twin]:
    found = a_twin(platform)
    async with found.fake.open():
        yield found


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_http, "PATIENCE", 1.0)
    monkeypatch.setattr(feed_http, "pause_before", lambda attempt: 0.0)


async def listed(twin: Twin, page: int = 3, *, since: timedelta = DAY) -> list[Fetched]:
    async with aclosing(twin.feed(page)) as feed:
        return [fetched async for fetched in feed.changed(NOON - since, NOON + DAY)]


def names(found: list[Fetched]) -> list[str]:
    return [fetched.source_id.removeprefix("o") for fetched in found]


async def test_changes_come_oldest_first_over_all_pages(twin: Twin, platform: str) -> None:
    twin.fake.put(*(an_order(platform, n, NOON - n * MINUTE) for n in range(1, 9)))
    twin.fake.put(an_order(platform, 99, NOON - 2 * DAY), an_order(platform, 98, NOON + 2 * DAY))
    found = await listed(twin)
    assert names(found) == [str(n) for n in range(8, 0, -1)]
    assert [fetched.updated_at for fetched in found] == [NOON - n * MINUTE for n in range(8, 0, -1)]


async def test_what_is_fetched_is_what_the_source_reads(twin: Twin, platform: str) -> None:
    twin.fake.put(an_order(platform, 7, NOON, "shipped"))
    (fetched,) = await listed(twin)
    assert fetched.source == platform
    assert SOURCES[platform].order_reference(fetched.topic, fetched.body) == fetched.source_id
    assert b"1Z7" in fetched.body


async def test_a_shop_without_changes_gives_nothing(twin: Twin) -> None:
    assert await listed(twin) == []


async def test_the_first_and_the_last_moment_are_included(twin: Twin, platform: str) -> None:
    twin.fake.put(an_order(platform, 1, NOON - DAY), an_order(platform, 2, NOON + DAY))
    assert names(await listed(twin)) == ["1", "2"]


@pytest.mark.parametrize("count", [3, 4, 7, 10])
async def test_a_second_that_fills_pages_is_read_to_its_end(twin: Twin, platform: str, count: int) -> None:
    twin.fake.put(*(an_order(platform, n, NOON) for n in range(1, count + 1)), an_order(platform, 50, NOON + SECOND))
    found = names(await listed(twin))
    assert set(found) == {str(n) for n in range(1, count + 1)} | {"50"}
    assert found[-1] == "50"


@pytest.mark.parametrize("seed", range(8))
async def test_no_order_is_left_out_while_others_move_to_the_end(twin: Twin, platform: str, seed: int) -> None:
    """Between any two pages somebody saves an order: it moves behind the last one, and all others move up."""
    random, later = Random(seed), NOON
    twin.fake.put(*(an_order(platform, n, NOON - MINUTE * random.choice([5, 5, 5, 6, 7])) for n in range(1, 15)))
    moves = random.sample(range(1, 15), 6)

    def save_one() -> None:
        nonlocal later
        if moves and random.random() < 0.7:
            later += SECOND
            number = moves.pop()
            twin.fake.put(changed(platform, an_order(platform, number, NOON), later))

    twin.fake.between = save_one
    assert set(names(await listed(twin))) == {str(n) for n in range(1, 15)}


async def test_one_order_is_asked_for_by_its_id(twin: Twin, platform: str) -> None:
    twin.fake.put(an_order(platform, 7, NOON, "shipped"))
    source_id = "o7" if platform == "generic" else "7"
    async with aclosing(twin.feed()) as feed:
        found = await feed.order(source_id)
        assert found is not None
        assert (found.source_id, found.updated_at) == (source_id, NOON)
        assert b"1Z7" in found.body
        assert await feed.order("o8" if platform == "generic" else "8") is None


async def test_the_answer_carries_the_shops_own_time(twin: Twin, platform: str) -> None:
    twin.fake.clock = lambda: NOON - DAY / 2
    twin.fake.put(an_order(platform, 7, NOON))
    assert [fetched.as_of for fetched in await listed(twin)] == [NOON - DAY / 2]


PASSING = [
    Reply(429, {}, {"Retry-After": "0"}),
    Reply(429, {}, {"Retry-After": "0.2"}),
    Reply(500, {"message": "no"}),
    Reply(502, raw=b"<html>"),
    Reply(data=[], cut=True),
]


@pytest.mark.parametrize("trouble", PASSING, ids=["429", "429 a while", "500", "502", "cut"])
async def test_a_passing_trouble_is_tried_again(twin: Twin, platform: str, trouble: Reply) -> None:
    twin.fake.put(an_order(platform, 7, NOON))
    twin.fake.troubles.extend([trouble, trouble])
    assert names(await listed(twin)) == ["7"]


@pytest.mark.parametrize("trouble", PASSING, ids=["429", "429 a while", "500", "502", "cut"])
async def test_a_trouble_that_stays_is_for_later(twin: Twin, trouble: Reply) -> None:
    twin.fake.troubles.extend([trouble] * 3)
    with pytest.raises(FeedUnavailable):
        await listed(twin)
    assert len(twin.fake.asked) == 3


async def test_a_shop_that_asks_for_long_patience_is_left_alone(twin: Twin) -> None:
    twin.fake.troubles.append(Reply(429, {}, {"Retry-After": "120"}))
    with pytest.raises(FeedUnavailable) as trouble:
        await listed(twin)
    assert (trouble.value.data["retry_after"], len(twin.fake.asked)) == (120, 1)


async def test_a_slow_shop_is_not_waited_for(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_http, "LONGEST", 0.05)
    twin.fake.troubles.extend([Reply(data=[], after=5)] * 3)
    with pytest.raises(FeedUnavailable):
        await listed(twin)


async def test_nobody_there_is_a_passing_trouble(platform: str) -> None:
    twin = a_twin(platform)
    async with twin.fake.open():
        pass
    with pytest.raises(FeedUnavailable):
        await listed(twin)


async def test_wrong_credentials_are_refused_at_once(twin: Twin) -> None:
    wrong = Twin(twin.fake, twin.path, dict.fromkeys(twin.credentials, "wrong"))
    with pytest.raises(FeedRefused) as trouble:
        await listed(wrong)
    assert (trouble.value.code, len(twin.fake.asked)) == ("feed_refused", 1)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(raw=b"<html>Our shop</html>"),
        Reply(data="soon"),
        Reply(data={"orders": [{"id": 1}], "items": [{"entity_id": 1}], "total_count": 1}),
        Reply(data=[{"id": 1}]),
        Reply(418, {}),
        Reply(404, {}),
        Reply(301, {}, {"Location": "https://elsewhere.example/"}),
    ],
    ids=["html", "text", "no time", "no time in a list", "418", "404", "redirect"],
)
async def test_an_answer_of_another_protocol_is_named_so(twin: Twin, reply: Reply) -> None:
    twin.fake.troubles.append(reply)
    with pytest.raises(FeedMalformed):
        await listed(twin)
    assert len(twin.fake.asked) <= 2  # never again


async def test_an_answer_without_end_is_cut_off(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_http, "LARGEST", 1000)
    twin.fake.troubles.append(Reply(data="x" * 5000))
    with pytest.raises(FeedMalformed) as trouble:
        await listed(twin)
    assert trouble.value.code == "feed_too_large"


async def test_our_feed_may_not_lead_in_a_circle() -> None:
    twin = a_twin("generic")
    async with twin.fake.open():
        page = {"orders": [an_order("generic", 1, NOON)], "next": "again"}
        twin.fake.troubles.extend([Reply(data=page)] * 3)
        with pytest.raises(FeedMalformed) as trouble:
            await listed(twin)
    assert (trouble.value.code, len(twin.fake.asked)) == ("feed_loops", 2)


@pytest.mark.parametrize(
    "address",
    [
        "https://shop.example",
        "https://shop.example/sub/",
        "http://127.0.0.1:8080",
        "http://[::1]:80",
        "http://localhost",
    ],
)
def test_an_address_may_be(address: str) -> None:
    assert checked_address(f" {address} ").startswith(address.rstrip("/").removesuffix(":80"))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "shop.example",
        "http://shop.example",
        "ftp://shop.example",
        "https://",
        "https://a:b@shop.example",
        "https://s.example?key=1",
        "http://127.0.0.1.evil.example",
        "https://s.example#x",
    ],
)
def test_an_address_may_not_be(address: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked_address(address)
    assert refused.value.code == "bad_address"
