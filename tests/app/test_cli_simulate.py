"""`wismo simulate`: a bad day from the command line, against a desk that really runs."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tortoise.context import TortoiseContext

from app import cli_simulate
from app.cli import main
from app.gateways.simulators.keys import demo_secrets
from core.shops import Shop
from orders.models import Order
from tests.app.desks import open_desk
from tests.orders.deliveries import a_shop

pytestmark = pytest.mark.sqlite  # what it tests does not depend on the database

AT = "2026-03-02T12:00:00+00:00"


def dry(*words: str) -> Result:
    return CliRunner().invoke(main, ["simulate", "--dry-run", "--seed", "7", "--at", AT, *words])


async def a_demo_shop(platform: str = "shopify", **values: object) -> Shop:
    shop = a_shop(platform, **values)
    shop.secrets = demo_secrets(shop.key)
    await shop.save(force_create=True)
    return shop


@pytest.fixture
def wismo(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Awaitable[Result]]:
    """Type a command; it has a thread and a loop of its own, as a process would."""
    monkeypatch.setenv("WISMO_DATABASE_URL", database_url)
    monkeypatch.setenv("WISMO_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(cli_simulate, "configure_logs", lambda *_: None)

    async def run(*words: str) -> Result:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, lambda: CliRunner().invoke(main, ["simulate", *words]))

    return run


async def test_a_bad_day_leaves_the_record_right(
    database: TortoiseContext, database_url: str, tmp_path: Path, wismo: Callable[..., Awaitable[Result]]
) -> None:
    shop = await a_demo_shop(demo=True)
    faults = [f"--fault={fault}" for fault in ("late", "doubled", "shuffled", "forged=0.3", "timeouts")]
    options = [*faults, "--orders=4", "--over=0", "--rate=500", "--seed=7", "--check", "--plot=double_charge"]
    async with open_desk(database_url, tmp_path, work=True) as desk:
        done = await wismo("--to", desk.address, *options)
    assert done.exit_code == 0, done.output
    assert "4 right, 0 wrong, 0 missing; unexplained: 0" in done.stdout
    assert "401" in done.stdout
    assert "p99" in done.stdout
    assert "Deliveries" in done.stderr
    assert await Order.filter(shop_id=shop.id, payment="overpaid").count() == 4


async def test_a_desk_without_a_worker_is_found_out(
    database: TortoiseContext, database_url: str, tmp_path: Path, wismo: Callable[..., Awaitable[Result]]
) -> None:
    """What is wrong, and what nothing lost explains, ends with status 1."""
    shop = await a_demo_shop(demo=True)
    async with open_desk(database_url, tmp_path, work=False) as desk:
        words = ("--orders=1", "--over=0", "--plot=processing", "--check", "--settle=0s")
        done = await wismo("--to", desk.address, *words)
    assert (done.exit_code, await Order.filter(shop_id=shop.id).count()) == (1, 0)
    assert "does a worker run?" in done.stderr
    assert "1 missing; unexplained: 1" in done.stdout


async def test_it_harms_nobody_by_mistake(database: TortoiseContext, wismo: Callable[..., Awaitable[Result]]) -> None:
    await a_demo_shop()
    for words, sentence in (
        (("--to", "http://desk.example"), "--allow-remote"),
        (("--shop", "lumen"), "is no demo"),
        (("--shop", "nobody"), "no shop has this key"),
        (("--shop", "lumen", "--allow-real-shop", "--to", "http://127.0.0.1:9"), "nobody answers"),
        (("--shop", "lumen", "--allow-real-shop", "--gateway", "alipay"), "alipay takes CNY; shop lumen sells in USD"),
    ):
        done = await wismo(*words)
        assert done.exit_code in {1, 2}
        assert sentence in done.stderr
        assert isinstance(done.exception, SystemExit)


def test_a_dry_run_is_read_by_the_fold_command() -> None:
    first, again = dry("--orders=5", "--plot=faulty", "--fault=all"), dry("--orders=5", "--plot=faulty", "--fault=all")
    assert first.exit_code == 0
    assert first.stdout == again.stdout
    lines = [json.loads(line) for line in first.stdout.splitlines()]
    assert {line["source"] for line in lines} == {"shopify", "stripe"}
    assert {"forged", "repeated"} <= {line["fault"] for line in lines}
    clean = dry("--orders=3", "--plot=lost_parcel", "--carrier=17track").stdout
    folded = CliRunner().invoke(main, ["orders", "fold", "--strict"], input=clean)
    assert folded.exit_code == 0
    orders = [json.loads(line) for line in folded.stdout.splitlines()]
    assert [order["headline"] for order in orders] == ["shipped"] * 3
    assert {parcel["state"] for order in orders for parcel in order["parcels"]} == {"exception"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--plot", "flood"], "there are: "),
        (["--plot", "late=often"], "a weight is a number"),
        (["--fault", "late=7"], "a share from 0 to 1"),
        (["--over", "soon"], "a time is like"),
        (["--at", "tomorrow"], "a moment is like"),
        (["--platform", "woocommerce", "--plot", "customs_hold"], "cannot be told here"),
        (["--gateway", "none", "--plot", "double_charge"], "cannot be told here"),
    ],
)
def test_what_cannot_be_is_said_at_once(words: list[str], sentence: str) -> None:
    answer = dry(*words)
    assert answer.exit_code == 2
    assert sentence in answer.stderr
