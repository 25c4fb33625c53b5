"""Reconciliation against the twins of shops: whatever was lost on the way, the record becomes what the shop has."""

import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from app.gateways import feed_http
from core.clock import FrozenClock
from core.jobs import Job
from core.people import SYSTEM
from core.shops import Shop
from orders.comparing import Finding
from orders.connections import connect_shop, disconnect_shop, end_turn, full_is_due, keep_turn, take_turn
from orders.events import OrderChanged, OrderCreated
from orders.feeds import FeedUnavailable
from orders.folding import fold
from orders.models import Connection, Order, OrderLine, Payment, ReconciliationRun, Refund, Shipment, SourceEvent
from orders.receiving import receive
from orders.reconciling import MANUAL, OVERLAP, reconcile_fully, reconcile_window
from orders.repairing import Compared, Ways
from tests.fakes.http import Reply
from tests.fakes.shops import PLATFORMS, STATES, Body, Twin, a_twin, an_order, changed
from tests.heard import Heard
from tests.orders.deliveries import NOON, a_shop

pytestmark = pytest.mark.anyio

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ALOUD = Ways()


@pytest.fixture(params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_http, "pause_before", lambda attempt: 0.0)


@pytest.fixture
async def twin(platform: str) -> AsyncIterator[Twin]:
    found = a_twin(platform)
    async with found.fake.open():
        yield found


@pytest.fixture
async def shop(database: object, platform: str, clock: FrozenClock) -> Shop:
    clock.at = NOON
    shop = a_shop(platform)
    await shop.save(force_create=True)
    return shop


@pytest.fixture
async def connection(shop: Shop, platform: str, twin: Twin) -> Connection:
    connection = await connect_shop(shop, platform, twin.fake.address, twin.credentials, SYSTEM)
    connection.polled_until = NOON - HOUR
    connection.last_full_at = NOON - HOUR
    await connection.save()
    return connection


async def window(connection: Connection, twin: Twin, ways: Ways = ALOUD, **options: Any) -> ReconciliationRun:
    async with aclosing(twin.feed()) as feed:
        run = await reconcile_window(connection, feed, ways, **options)
    await connection.refresh_from_db()
    return run


async def fully(connection: Connection, twin: Twin, ways: Ways = ALOUD) -> ReconciliationRun:
    async with aclosing(twin.feed()) as feed:
        run, done = await reconcile_fully(connection, feed, ways)
    assert done
    await connection.refresh_from_db()
    return run


async def push(shop: Shop, order: Body) -> SourceEvent:
    """The shop tells of an order itself, and the worker folds it."""
    topic = {"woocommerce": "order.updated", "generic": "orders:upsert"}.get(shop.platform, "pulled")
    body = json.dumps(order).encode()
    event = await receive(shop, shop.platform, topic, f"pushed:{hash(body)}", {}, body)
    await fold(event.id)
    return await SourceEvent.get(id=event.id)


def counts(run: ReconciliationRun) -> dict[str, int]:
    names = ("fetched", "missing", "drifted", "repaired", "vanished", "failed")
    return {name: getattr(run, name) for name in names if getattr(run, name)}


async def headlines() -> dict[str, str]:
    return {str(order.source_id).removeprefix("o"): str(order.headline) for order in await Order.all()}


async def test_what_is_missing_comes_in_and_what_drifted_is_repaired(
    shop: Shop, platform: str, connection: Connection, twin: Twin, heard: Heard
) -> None:
    at = NOON - 30 * MINUTE
    same, drifted, missing = (an_order(platform, n, at, "paid") for n in (1, 2, 3))
    await push(shop, same)
    await push(shop, an_order(platform, 2, at - MINUTE, placed=at))
    twin.fake.put(same, drifted, missing)
    run = await window(connection, twin)
    assert counts(run) == {"fetched": 3, "missing": 1, "drifted": 1, "repaired": 2}
    assert len(set((await headlines()).values())) == 1
    assert [len(heard.of(kind)) for kind in (OrderCreated, OrderChanged)] == [3, 4]
    assert (run.finished_at, run.error, connection.polled_until) == (NOON, None, at)
    assert {found["finding"] for found in run.findings} == {"missing", "drifted"}
    assert all(found["repaired"] and found["fields"] for found in run.findings)


async def test_nothing_changes_the_second_time(shop: Shop, platform: str, connection: Connection, twin: Twin) -> None:
    twin.fake.put(an_order(platform, 1, NOON - MINUTE, "shipped"))
    await window(connection, twin)
    stored = await SourceEvent.all().count()
    run = await window(connection, twin)
    assert counts(run) == {"fetched": 1}
    assert await SourceEvent.all().count() == stored == 1
    assert (await Order.get()).compared_at == NOON


async def test_the_next_window_begins_ten_minutes_before_the_last_change(
    shop: Shop, platform: str, connection: Connection, twin: Twin, clock: FrozenClock
) -> None:
    twin.fake.put(an_order(platform, 1, NOON - 5 * MINUTE))
    await window(connection, twin)
    clock.advance(15 * MINUTE)
    run = await window(connection, twin)
    assert run.since == NOON - 5 * MINUTE - OVERLAP


@pytest.mark.parametrize("skew", [-5 * HOUR, 5 * HOUR])
async def test_a_shops_wrong_clock_hides_no_change(
    shop: Shop, platform: str, connection: Connection, twin: Twin, clock: FrozenClock, skew: timedelta
) -> None:
    twin.fake.clock = lambda: clock.at + skew
    connection.polled_until = NOON + skew
    for number in range(1, 4):
        twin.fake.put(an_order(platform, number, NOON + skew + number * 15 * MINUTE))
        clock.at = NOON + number * 15 * MINUTE + SECOND
        await window(connection, twin)
    assert len(await headlines()) == 3


async def test_an_interrupted_run_keeps_what_it_has_and_goes_on(
    shop: Shop, platform: str, connection: Connection, twin: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders.reconciling.TOGETHER", 3)
    twin.fake.put(*(an_order(platform, n, NOON - (20 - n) * MINUTE) for n in range(1, 8)))
    async with aclosing(twin.feed()) as feed:
        ways = Ways(told=lambda compared: twin.fake.troubles.extend([Reply(500)] * 3))
        with pytest.raises(FeedUnavailable):
            await reconcile_window(connection, feed, ways)
    (broken,) = await ReconciliationRun.all()
    assert broken.error is not None
    assert counts(broken) == {"fetched": 3, "missing": 3, "repaired": 3}
    await connection.refresh_from_db()
    assert connection.polled_until == NOON - 17 * MINUTE
    twin.fake.troubles.clear()
    run = await window(connection, twin)
    assert counts(run) == {"fetched": 7, "missing": 4, "repaired": 4}


async def test_the_shops_word_after_the_second_wins_over_what_was_pushed_in_it(
    shop: Shop, platform: str, connection: Connection, twin: Twin
) -> None:
    """Both carry the same time, so only the bytes would decide; but the shop has said what became of it."""
    at = NOON - 10 * MINUTE
    pushed = [an_order(platform, n, at, "paid") for n in range(1, 7)]
    for order in pushed:
        await push(shop, order)
    twin.fake.put(*(an_order(platform, n, at, "placed", placed=at) for n in range(1, 7)))
    run = await window(connection, twin)
    assert counts(run) == {"fetched": 6, "drifted": 6, "repaired": 6}
    assert {order.payment for order in await Order.all()} == {"pending"}
    assert counts(await window(connection, twin)) == {"fetched": 6}


async def test_nobody_guesses_when_ours_is_newer(shop: Shop, platform: str, connection: Connection, twin: Twin) -> None:
    await push(shop, an_order(platform, 1, NOON - MINUTE, "paid"))
    before = await headlines()
    twin.fake.put(an_order(platform, 1, NOON - 2 * MINUTE))
    run = await window(connection, twin)
    assert counts(run) == {"fetched": 1, "failed": 1}
    assert run.findings[0]["finding"] == "ahead"
    assert await headlines() == before


async def test_an_order_that_was_told_of_meanwhile_is_asked_for_again(
    shop: Shop, platform: str, connection: Connection, twin: Twin
) -> None:
    """The page is older than the push; the shop's answer now is not."""
    await push(shop, an_order(platform, 1, NOON - MINUTE, "paid"))
    twin.fake.put(an_order(platform, 1, NOON - 2 * MINUTE))

    def catch_up() -> None:
        twin.fake.put(an_order(platform, 1, NOON - MINUTE, "paid"))

    twin.fake.between = catch_up
    assert counts(await window(connection, twin)) == {"fetched": 1}


async def test_an_order_that_cannot_be_read_is_shown_and_holds_nobody_up(
    shop: Shop, platform: str, connection: Connection, twin: Twin
) -> None:
    broken = an_order(platform, 1, NOON - 2 * MINUTE)
    wrong: Body = {"total": "much", "grand_total": "much"} if platform != "generic" else {"totals": {"total": "much"}}
    twin.fake.put(broken | wrong, an_order(platform, 2, NOON - MINUTE))
    run = await window(connection, twin)
    assert counts(run) == {"fetched": 2, "missing": 1, "repaired": 1, "failed": 1}
    assert list(await headlines()) == ["2"]
    assert await Job.filter(kind="orders.fold", state="ready").count() == 2  # the worker will say why
    assert counts(await window(connection, twin)) == {"fetched": 2, "failed": 1}


async def test_a_rehearsal_changes_nothing(shop: Shop, platform: str, connection: Connection, twin: Twin) -> None:
    found: list[Compared] = []
    await push(shop, an_order(platform, 1, NOON - 5 * MINUTE))
    twin.fake.put(an_order(platform, 1, NOON - MINUTE, "paid"), an_order(platform, 2, NOON - MINUTE))
    before = await headlines()
    run = await window(connection, twin, Ways(dry=True, told=found.append))
    assert counts(run) == {"fetched": 2, "missing": 1, "drifted": 1}
    assert {compared.comparison.finding for compared in found} == {Finding.MISSING, Finding.DRIFTED}
    assert await headlines() == before
    assert await ReconciliationRun.all().count() == 0
    assert connection.polled_until == NOON - HOUR


async def test_the_past_comes_in_quietly(
    shop: Shop, platform: str, connection: Connection, twin: Twin, heard: Heard
) -> None:
    twin.fake.put(*(an_order(platform, n, NOON - n * DAY, "shipped") for n in range(1, 5)))
    connection.polled_until = None
    run = await fully(connection, twin, Ways(quietly=True))
    assert counts(run) == {"fetched": 4, "missing": 4, "repaired": 4}
    assert len(await headlines()) == 4
    assert not heard.of(OrderCreated)
    assert await Job.filter(kind="orders.fold").count() == 0
    again = await Connection.get()
    assert (again.last_full_at, again.full_since, again.polled_until) == (NOON, None, NOON - DAY)


async def test_at_night_every_open_order_is_looked_at(
    shop: Shop, platform: str, connection: Connection, twin: Twin
) -> None:
    """One changed before the reach, one was taken out of the shop, one was put into the bin, which is not listed."""
    old = NOON - 90 * DAY
    for number, at in ((1, old), (2, NOON - DAY), (3, NOON - DAY)):
        await push(shop, an_order(platform, number, at))
    before = await headlines()
    binned = changed(platform, an_order(platform, 3, NOON - DAY), NOON - HOUR)
    status = {"woocommerce": {"status": "trash"}, "magento": {"state": "canceled"}}.get(
        platform, {"cancelled_at": "2026-03-02T11:00:00Z"}
    )
    twin.fake.put(changed(platform, an_order(platform, 1, old, "paid", placed=old), old + DAY), binned | status)
    run = await fully(connection, twin)
    assert counts(run) == {"fetched": 2, "drifted": 2, "repaired": 2, "vanished": 1}
    now = await headlines()
    assert now["1"] != before["1"]
    assert now["2"] == before["2"]
    assert now["3"] == "cancelled"
    (vanished,) = [found for found in run.findings if found["finding"] == "vanished"]
    assert vanished["number"].lstrip("0") == "2"


async def test_a_long_night_goes_on_where_it_was_stopped(
    shop: Shop, platform: str, connection: Connection, twin: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders.reconciling.TOGETHER", 2)
    twin.fake.put(*(an_order(platform, n, NOON - n * HOUR) for n in range(1, 8)))
    await push(shop, an_order(platform, 50, NOON - DAY))
    for rounds in range(20):
        async with aclosing(twin.feed()) as feed:
            _, done = await reconcile_fully(connection, feed, Ways(stop=lambda: True))
        await connection.refresh_from_db()
        if done:
            assert rounds >= 4
            break
    run = await ReconciliationRun.get()
    assert (run.missing, run.repaired, run.vanished) == (7, 7, 1)


async def test_a_run_by_hand_leaves_no_gap_behind(
    shop: Shop, platform: str, connection: Connection, twin: Twin
) -> None:
    twin.fake.put(an_order(platform, 1, NOON - 20 * MINUTE), an_order(platform, 2, NOON - MINUTE))
    await window(connection, twin, since=NOON - 5 * MINUTE, kind=MANUAL)
    assert connection.polled_until == NOON - HOUR
    await window(connection, twin)
    assert len(await headlines()) == 2


TRUE = ("shipped", "refunded", "paid", "placed")


@pytest.mark.parametrize("seed", range(3))
async def test_a_day_with_losses_ends_as_the_day_without(
    shop: Shop, platform: str, connection: Connection, twin: Twin, seed: int
) -> None:
    """Any of a day's events may be lost, doubled or late; after reconciling, the rows are those of the full stream."""
    random, stream = Random(seed), []
    for number in range(1, 9):
        placed = NOON - DAY + number * MINUTE
        for step in range(random.randint(1, len(STATES))):
            at = placed + step * 3 * HOUR
            stream.append(an_order(platform, number, at, STATES[step], placed))
            twin.fake.put(stream[-1])
    heard = [order for order in stream if random.random() < 0.6 for _ in range(random.choice([1, 1, 2]))]
    random.shuffle(heard)
    for order in heard:
        await push(shop, order)
    await window(connection, twin, since=NOON - 2 * DAY)
    with_losses = await rows(shop)
    await Order.filter(shop_id=shop.id).delete()
    shop_without = a_shop(platform, id=2)
    shop_without.key = "whole"
    await shop_without.save(force_create=True)
    for order in stream:
        await push(shop_without, order)
    assert with_losses == await rows(shop_without)


# What the platform does not tell is the time at which we first saw it.
_FIRST_SEEN = {"magento": ("confirmed_at", "paid_at", "promised_ship_by")}
_OURS = ("id", "public_id", "shop_id", "order_id", "folded_at", "compared_at", "version", "confirm_by", "last_event_at")


async def rows(shop: Shop) -> list[Any]:
    """Every row of a shop's orders, without what is ours alone."""
    found = []
    for order in await Order.filter(shop_id=shop.id).order_by("source_id"):
        parts = [_plain(order, *_FIRST_SEEN.get(shop.platform, ()))]
        for model in (OrderLine, Payment, Shipment, Refund):
            parts += [_plain(row) for row in await model.filter(order_id=order.id).order_by("source_id")]
        found.append(parts)
    return found


def _plain(row: Any, *beside: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row._meta.db_fields if name not in {*_OURS, *beside}}


async def test_only_one_compares_at_a_time(shop: Shop, connection: Connection, clock: FrozenClock) -> None:
    other = await Connection.get(id=connection.id)
    assert await take_turn(connection)
    assert not await take_turn(other)
    clock.advance(2 * MINUTE)
    await keep_turn(connection)
    clock.advance(2 * MINUTE)
    assert not await take_turn(other)
    await end_turn(connection)
    assert await take_turn(other)
    clock.advance(4 * MINUTE)  # its process was killed
    assert await take_turn(connection)


async def test_a_full_comparison_is_for_the_shops_night(connection: Connection) -> None:
    def due(last: datetime | None, at: datetime) -> bool:
        connection.last_full_at = last
        return full_is_due(connection, "America/New_York", at)

    noon_there = NOON + 5 * HOUR
    assert due(None, noon_there)
    assert not due(noon_there - 22 * HOUR, noon_there)
    assert due(noon_there - 31 * HOUR, noon_there - 9 * HOUR)
    assert not due(noon_there - 28 * HOUR, noon_there - 9 * HOUR)
    assert due(noon_there - 40 * HOUR, noon_there)


async def test_connecting_again_replaces_and_disconnecting_forgets(
    shop: Shop, platform: str, connection: Connection
) -> None:
    again = await connect_shop(shop, platform, "https://new.example", {"token": "t"}, SYSTEM)
    assert again.id == connection.id
    assert (await Connection.get()).address == "https://new.example"
    await ReconciliationRun.create(connection_id=again.id, kind=MANUAL, since=NOON, until=NOON, started_at=NOON)
    await disconnect_shop(again, SYSTEM)
    assert await Connection.all().count() == await ReconciliationRun.all().count() == 0
