"""`wismo orders`: what an operator types and sees."""

import asyncio
import csv
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from click.testing import CliRunner, Result

from app import cli_orders
from app.cli import main
from app.database import open_database
from core.audit import AuditEntry
from core.shops import Shop
from orders.models import Order, SourceEvent
from tests.orders.deliveries import SAMPLES, a_shop
from tests.orders.test_importing import TABLE

T = TypeVar("T")
Ask = Callable[[Callable[[], Awaitable[T]]], T]


@pytest.fixture
def wismo(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Type a command; the database is this test's own."""
    monkeypatch.setenv("WISMO_DATABASE_URL", database_url)
    monkeypatch.setenv("WISMO_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(cli_orders, "configure_logs", lambda *_: None)

    def run(*words: str, stdin: str | bytes = "") -> Result:
        return CliRunner().invoke(main, ["orders", *words], input=stdin)

    return run


@pytest.fixture
def ask(database_url: str) -> Ask[Any]:
    """Look into the database between two commands."""

    def run(question: Callable[[], Awaitable[T]]) -> T:
        async def inside() -> T:
            async with open_database(database_url):
                return await question()

        return asyncio.run(inside())

    return run


@pytest.fixture
def table(tmp_path: Path, ask: Ask[Any]) -> Path:
    """A shop, and a file of its orders."""

    async def open_shop() -> None:
        await a_shop("generic").save(force_create=True)

    ask(open_shop)
    path = tmp_path / "orders.csv"
    path.write_bytes(TABLE.encode("gb18030"))
    return path


def test_import_counts_what_it_did_and_a_second_time_does_nothing(wismo: Callable[..., Result], table: Path) -> None:
    first = wismo("import", str(table), "--shop", "chaye")
    assert (first.exit_code, first.stdout) == (0, "2 taken\n")
    assert "Orders" in first.stderr
    assert wismo("import", str(table), "--shop", "chaye").stdout == "2 known\n"


def test_import_reports_each_mistake_and_takes_the_rest(
    wismo: Callable[..., Result], table: Path, tmp_path: Path, ask: Ask[Any]
) -> None:
    table.write_text(TABLE.replace(",20.00\r\n", ",=2+3\r\n"), encoding="utf-8-sig")
    report = tmp_path / "errors.csv"
    done = wismo("import", str(table), "--shop", "chaye", "--report", str(report))
    assert (done.exit_code, done.stdout) == (1, "1 taken, 1 refused\n")
    assert "row 4: A2: unit_price: bad_value" in done.stderr
    head, mistake = csv.reader(report.read_text(encoding="utf-8-sig").splitlines())
    assert head == ["row", "order", "field", "code", "detail"]
    assert mistake[:4] == ["4", "A2", "unit_price", "bad_value"]
    assert ask(lambda: Order.all().count()) == 1


def test_a_dry_run_writes_nothing(wismo: Callable[..., Result], table: Path, ask: Ask[Any]) -> None:
    assert wismo("import", str(table), "--shop", "chaye", "--dry-run").stdout == "2 readable\n"
    assert ask(lambda: SourceEvent.all().count()) == 0


@pytest.mark.parametrize(
    ("name", "words", "says"),
    [
        ("orders.csv", ["--shop", "nobody"], "no shop has the key nobody"),
        ("orders.xlsx", ["--shop", "chaye"], "a file is .csv or .jsonl"),
        ("orders.csv", ["--shop", "chaye", "--source", "shopify"], "always read as generic"),
        ("broken.csv", ["--shop", "chaye"], "unknown_column"),
    ],
)
def test_import_says_what_is_wrong_with_the_call(
    wismo: Callable[..., Result], table: Path, name: str, words: list[str], says: str
) -> None:
    path = table.with_name(name)
    path.write_text(TABLE if name != "broken.csv" else "order_id,updated_at,colour\n")
    done = wismo("import", str(path), *words)
    assert done.exit_code != 0
    assert says in done.stderr


def test_show_tells_everything_about_an_order(wismo: Callable[..., Result], table: Path, ask: Ask[Any]) -> None:
    wismo("import", str(table), "--shop", "chaye")
    shown = wismo("show", "#1001")
    assert shown.exit_code == 0
    for words in ("Order 1001", "payment paid", "2 ×  TEA-2  茶杯, 白", "Gates     –", "orders:upsert  folded"):
        assert words in shown.stdout
    order = json.loads(wismo("show", "1001", "--shop", "chaye", "--json").stdout)
    assert (order["shop"], order["number"], order["axes"]["payment"]) == ("chaye", "1001", "paid")
    assert order["times"]["placed_at"] == "2026-03-02T01:58:00Z"
    assert [event["state"] for event in order["events"]] == ["folded"]
    assert ask(lambda: AuditEntry.filter(action="order.read").count()) == 2


def test_show_of_an_unknown_and_of_an_ambiguous_number(
    wismo: Callable[..., Result], table: Path, ask: Ask[Any]
) -> None:
    assert "there is no such order" in wismo("show", "404").stderr

    async def open_another() -> Shop:
        shop = a_shop("shopify", id=2)
        await shop.save(force_create=True)
        return shop

    ask(open_another)
    for key in ("chaye", "lumen"):
        wismo("import", str(table), "--shop", key)
    several = wismo("show", "1001")
    assert several.exit_code == 1
    assert "(chaye)" in several.stderr
    assert wismo("show", "1001", "--shop", "lumen").exit_code == 0


def test_replay_says_what_changed(wismo: Callable[..., Result], table: Path, ask: Ask[Any]) -> None:
    wismo("import", str(table), "--shop", "chaye")

    async def spoil() -> str:
        await Order.filter(number="1001").update(headline="cancelled", payment="none")
        event = await SourceEvent.get(order_ref="A1")
        return str(event.public_id)

    name = ask(spoil)
    assert "no change" in wismo("replay", "--order", "1002").stdout
    again = wismo("replay", name)
    assert again.exit_code == 0
    assert f"{name}: folded → folded" in again.stdout
    assert "order 1001: headline cancelled → processing" in again.stdout
    assert "order 1001: payment none → paid" in again.stdout


def test_replay_of_what_failed(wismo: Callable[..., Result], table: Path, ask: Ask[Any]) -> None:
    wismo("import", str(table), "--shop", "chaye")

    async def fail() -> None:
        await SourceEvent.all().update(state="failed", error="a mistake of ours")
        broken = await SourceEvent.filter(order_ref="A2").get()
        broken.body = b"{"
        await broken.save()

    ask(fail)
    done = wismo("replay", "--failed")
    assert done.exit_code == 1
    assert "failed → stale" in done.stdout
    assert "failed → failed" in done.stdout
    assert "the body is not JSON" in done.stdout
    assert "one of EVENT_ID" in wismo("replay").stderr
    assert "no such delivery" in wismo("replay", "evt_nothing").stderr


def test_fold_is_a_filter_without_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WISMO_DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing")
    lines = (SAMPLES / "events" / "events.jsonl").read_text(encoding="utf-8").splitlines()
    run = CliRunner()
    straight = run.invoke(main, ["orders", "fold"], input="\n".join(lines))
    doubled = run.invoke(main, ["orders", "fold"], input="\n".join([*reversed(lines), *lines[:20], "nonsense"]))
    assert straight.exit_code == doubled.exit_code == 0
    assert straight.stdout_bytes == doubled.stdout_bytes
    assert len([json.loads(line)["headline"] for line in straight.stdout.splitlines()]) == 16
    assert f"line {len(lines) + 21}: bad_json" in doubled.stderr
    assert run.invoke(main, ["orders", "fold", "--strict"], input="nonsense").exit_code == 1
    assert run.invoke(main, ["orders", "fold", "--timezone", "Moon"], input="").exit_code == 2
    assert run.invoke(main, ["orders", "fold"], input=b"\xff\xfe\n\n").exit_code == 0
