"""Reconciliation as it runs by itself: its turns, its patience with shops, what it tells whoever watches the desk."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from prometheus_client import generate_latest

from app import cli_orders
from app.cli import main
from app.drift_metrics import measure_drift
from app.gateways import feed_http
from app.gateways.mail import RecordingMailer
from app.jobs import HANDLERS
from app.jobs.context import JobContext
from app.jobs.reconciling import plan_first
from app.rulebook_shelf import Shelf
from app.settings import Settings
from bots.rulebook import own_rulebook
from core import jobs
from core.clock import FrozenClock, now
from core.jobs import Job
from core.people import SYSTEM
from orders.connections import connect_shop
from orders.models import Connection, Order, ReconciliationRun
from tests.app.test_cli_orders import Ask, ask  # noqa: F401  # a fixture
from tests.fakes.http import Reply
from tests.fakes.shops import Twin, a_twin, an_order
from tests.orders.deliveries import NOON, a_shop

pytestmark = pytest.mark.anyio

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Desk:
    """Two connected shops, and a worker that does whatever is due."""

    def __init__(self, context: JobContext, clock: FrozenClock, twins: dict[str, Twin]) -> None:
        self.context, self.clock, self.twins = context, clock, twins

    async def work(self) -> None:
        for _ in range(50):
            due = await jobs.claim(8)
            if not due:
                return
            for job in due:
                await HANDLERS[job.kind](job.args, self.context)
                await jobs.finish(job)

    async def pass_quarter(self) -> None:
        self.clock.advance(15 * MINUTE)
        await self.work()


@pytest.fixture
async def desk(
    database: object, clock: FrozenClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Desk]:
    clock.at = NOON
    monkeypatch.setattr(feed_http, "pause_before", lambda attempt: 0.0)
    context = JobContext(Settings(data_dir=tmp_path), RecordingMailer(), Shelf(own_rulebook()))
    desk = Desk(context, clock, {})
    async with AsyncExitStack() as stack:
        for place, platform in enumerate(("woocommerce", "magento"), 1):
            twin = desk.twins[platform] = a_twin(platform)
            await stack.enter_async_context(twin.fake.open())
            shop = a_shop(platform, id=place)
            shop.key = platform
            await shop.save(force_create=True)
            await plan_first(await connect_shop(shop, platform, twin.fake.address, twin.credentials, SYSTEM))
        await HANDLERS["orders.reconcile"]({}, context)
        yield desk


async def connection(platform: str) -> Connection:
    return await Connection.get(platform=platform)


async def kinds() -> list[str]:
    return [str(run.kind) for run in await ReconciliationRun.all().order_by("id")]


async def test_a_new_connection_brings_in_the_past_and_then_hears_of_changes(desk: Desk) -> None:
    woo = desk.twins["woocommerce"].fake
    woo.put(an_order("woocommerce", 1, NOON - DAY))
    await desk.work()
    assert (await Order.get()).source_id == "1"
    woo.put(an_order("woocommerce", 2, NOON + MINUTE))
    await desk.pass_quarter()
    assert await Order.all().count() == 2
    assert sorted((await kinds())[:2]) == ["first", "first"]
    assert (await kinds())[-2:] == ["window", "window"]
    before = len(await kinds())
    await desk.pass_quarter()
    assert len(await kinds()) == before + 2


async def test_every_night_has_one_full_comparison(desk: Desk) -> None:
    await desk.work()
    for _ in range(26 * 4):
        await desk.pass_quarter()
    assert (await kinds()).count("nightly") == 2


async def test_a_shop_that_fails_keeps_nobody_waiting_and_is_seen(desk: Desk) -> None:
    await desk.work()
    desk.twins["magento"].fake.troubles.extend([Reply(503)] * 30)
    desk.twins["woocommerce"].fake.put(an_order("woocommerce", 2, NOON + MINUTE))
    await desk.pass_quarter()
    assert await Order.all().count() == 1
    failing = await connection("magento")
    assert (failing.failures, failing.last_error) == (1, "feed_unavailable: the shop answered 503")
    await measure_drift()
    told = generate_latest().decode()
    assert 'wismo_reconciliation_failures{platform="magento",shop="magento"} 1.0' in told
    assert 'wismo_orders_drift{finding="missing",platform="woocommerce",shop="woocommerce"} 1.0' in told
    assert await Job.filter(state="dead").count() == 0


async def test_a_shop_is_asked_again_when_it_wishes(desk: Desk) -> None:
    await desk.work()
    magento = desk.twins["magento"].fake
    magento.troubles.append(Reply(429, {}, {"Retry-After": "90"}))
    desk.clock.advance(15 * MINUTE)
    await desk.work()
    asked = len(magento.asked)
    desk.clock.advance(MINUTE)
    await desk.work()
    assert len(magento.asked) == asked
    desk.clock.advance(MINUTE)
    await desk.work()
    assert len(magento.asked) > asked
    assert (await connection("magento")).failures == 0


async def test_refused_credentials_are_tried_less_and_less(desk: Desk) -> None:
    await desk.work()
    await Connection.filter(platform="magento").update(credentials={"access_token": "expired"})
    before = len(desk.twins["magento"].fake.asked)
    for _ in range(8 * 4):
        await desk.pass_quarter()
    assert 3 <= len(desk.twins["magento"].fake.asked) - before <= 8
    assert "feed_refused" in str((await connection("magento")).last_error)


async def test_a_comparison_under_way_elsewhere_is_left_alone(desk: Desk) -> None:
    await Connection.all().update(lease="another", lease_until=NOON + MINUTE)
    await desk.work()
    assert await kinds() == []


async def test_old_runs_are_forgotten(desk: Desk) -> None:
    await desk.work()
    desk.clock.advance(40 * DAY)
    await desk.work()
    assert all(run.started_at > NOON for run in await ReconciliationRun.all())


# At the command line


@pytest.fixture
def wismo(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("WISMO_DATABASE_URL", database_url)
    monkeypatch.setenv("WISMO_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(cli_orders, "configure_logs", lambda *_: None)

    def run(*words: str, stdin: str = "", status: int = 0) -> str:
        result: Result = CliRunner().invoke(main, list(words), input=stdin)
        assert result.exit_code == status, result.output
        return result.output

    return run


def test_connecting_never_shows_the_credentials(wismo: Any, ask: Ask[Any], tmp_path: Path) -> None:  # noqa: F811
    async def a_new_shop() -> None:
        await a_shop("woocommerce").save(force_create=True)

    ask(a_new_shop)
    at = ("--platform", "woocommerce", "--address", "https://shop.example")
    said = wismo("shops", "connect", "lumen", *at, stdin="ck_open\ncs_sesame\n")
    said += wismo("shops", "connections")
    assert "https://shop.example" in said
    assert "ck_open" not in said
    assert "cs_sesame" not in said
    file = tmp_path / "key.json"
    file.write_text(json.dumps({"consumer_key": "ck_two"}))
    refused = wismo("shops", "connect", "lumen", *at, "--credentials-file", str(file), status=1)
    assert "consumer_key, consumer_secret" in refused
    assert "ck_two" not in refused
    plain = ("--platform", "generic", "--address", "http://shop.example")
    assert "https" in wismo("shops", "connect", "lumen", *plain, stdin="t\n", status=1)
    assert "no shop" in wismo("shops", "connect", "nobody", *at, stdin="a\nb\n", status=2)
    assert "Disconnected" in wismo("shops", "disconnect", "lumen", "--platform", "woocommerce")
    assert wismo("shops", "connections") == ""
    assert "no such shop is connected" in wismo("orders", "reconcile", status=1)


async def test_a_run_by_hand_shows_what_is_different_and_repairs_it(wismo: Any, ask: Ask[Any]) -> None:  # noqa: F811
    twin = a_twin("woocommerce")
    async with twin.fake.open():

        async def a_connected_shop() -> None:
            shop = a_shop("woocommerce")
            await shop.save(force_create=True)
            await connect_shop(shop, "woocommerce", twin.fake.address, twin.credentials, SYSTEM)

        await asyncio.to_thread(ask, a_connected_shop)
        placed = now() - HOUR
        twin.fake.put(an_order("woocommerce", 1, placed))
        assert "1 repaired, 0 not" in await asyncio.to_thread(wismo, "orders", "reconcile")
        other = {"billing": {"first_name": "Omar", "last_name": "Reyes", "email": "new@shop.example"}}
        twin.fake.put(an_order("woocommerce", 1, placed + MINUTE, "paid", placed) | other)
        for dry in (("--dry-run",), ()):
            said = await asyncio.to_thread(wismo, "orders", "reconcile", "--shop", "lumen", *dry)
            assert "1\tdrifted\theader.payment\tpending\tpaid" in said
            assert "new@shop.example" not in said
        twin.fake.put(an_order("woocommerce", 1, placed))  # the shop has gone back to an older copy
        said = await asyncio.to_thread(wismo, "orders", "reconcile", "--full", status=1)
        assert "1\tahead\theader.payment\tpaid\tpending" in said
        twin.fake.troubles.extend([Reply(401)])
        assert "feed_refused" in await asyncio.to_thread(wismo, "orders", "reconcile", status=1)
