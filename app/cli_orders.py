"""`wismo orders`: look at an order, import a file of them, fold deliveries again, or fold a stream by itself."""

import asyncio
import csv
import json
import re
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import click

from app.database import open_database
from app.logs import configure_logs
from app.order_text import order_text, word
from app.reactions import connect
from app.realtime.hub import Hub
from app.realtime.relay import RedisRelay
from app.settings import Settings, read_settings
from core.clock import now
from core.errors import Invalid, WismoError
from core.events import use_bus
from core.people import SYSTEM
from core.shops import Shop
from orders.fold_filter import ShopFacts, fold_stream
from orders.import_files import Draft, Mistake, read_csv, read_jsonl
from orders.importing import Result, import_order
from orders.models import SourceEvent
from orders.overview import named_order, overview
from orders.replaying import FAILED, MOST_PAGE, Replayed, failed_events, replay, replay_order
from orders.sources import SOURCES, generic
from orders.sources.reading import when

SHOWN_MISTAKES = 20
_REPORT_HEAD = ("row", "order", "field", "code", "detail")


@click.group()
def orders() -> None:
    """The record of orders."""


def in_database(body: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run an async command with the database open; open screens hear of changes if Redis connects the processes."""

    @wraps(body)
    def command(*args: Any, **kwargs: Any) -> None:
        settings = read_settings()
        settings.prepare()
        configure_logs(settings.log_format, "error")

        async def run() -> None:
            async with open_database(settings.database):
                hub = _hub(settings)
                await hub.start()
                use_bus(connect(hub))
                try:
                    await body(*args, **kwargs)
                finally:
                    await hub.stop()

        try:
            asyncio.run(run())
        except WismoError as error:
            raise click.ClickException(error.detail or error.code) from None

    return command


async def shop_of(key: str) -> Shop:
    """The shop whose key was given to a command. Raises BadParameter."""
    shop = await Shop.get_or_none(key=key)
    if shop is None:
        raise click.BadParameter(f"no shop has the key {key}")
    return shop


def _hub(settings: Settings) -> Hub:
    redis_url = settings.redis_url.get_secret_value()
    return RedisRelay(redis_url) if redis_url else Hub()


@orders.command()
@click.argument("number")
@click.option("--shop", "shop_key", help="Key of the shop, when several have an order of this number.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@in_database
async def show(number: str, shop_key: str | None, as_json: bool) -> None:
    """Everything that is recorded about an order: state, lines, parcels, money, and what it was made from."""
    order = await overview(await named_order(number, shop_key))
    if as_json:
        click.echo(json.dumps(order, ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(order_text(order, now())))


@orders.command("import")
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--shop", "shop_key", required=True, help="Key of the shop that the orders belong to.")
@click.option("--source", type=click.Choice(sorted(SOURCES)), default=generic.NAME, show_default=True)
@click.option("--as-of", help="Time of the table, when it has no column updated_at (ISO 8601).")
@click.option("--dry-run", is_flag=True, help="Only look for mistakes; write nothing.")
@click.option(
    "--report", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Write mistakes here (CSV)."
)
@in_database
async def import_command(
    path: Path, shop_key: str, source: str, as_of: str | None, dry_run: bool, report: Path | None
) -> None:
    """Bring in orders from FILE: .csv (columns: docs/orders.md) or .jsonl (documents of the order API, one a line).

    Each order is taken whole or not at all. Importing a file again changes nothing. Ends with status 1 if an order was
    refused.
    """
    shop = await shop_of(shop_key)
    drafts = _drafts(path, shop, source, as_of)
    counts, mistakes = Counter[Result](), list[Mistake]()
    with click.progressbar(drafts, label="Orders", file=sys.stderr) as bar:
        for draft in bar:
            imported = await import_order(shop, draft, source, dry_run=dry_run)
            counts[imported.result] += 1
            mistakes += imported.mistakes
    write_report(report, mistakes)
    tell_mistakes(mistakes)
    click.echo(", ".join(f"{counts[result]} {result}" for result in Result if counts[result]) or "no orders")
    if mistakes:
        sys.exit(1)


@orders.command("replay")
@click.argument("event_id", required=False)
@click.option("--failed", is_flag=True, help="Every delivery that failed, oldest first.")
@click.option("--order", "number", help="Fold everything that is stored about this order anew.")
@click.option("--shop", "shop_key", help="Key of the shop.")
@in_database
async def replay_command(event_id: str | None, failed: bool, number: str | None, shop_key: str | None) -> None:
    """Fold stored deliveries again (EVENT_ID is evt_…), and print what changed. Status 1 if something still fails."""
    if sum((event_id is not None, failed, number is not None)) != 1:
        raise click.UsageError("give one of EVENT_ID, --failed or --order")
    still = 0
    async for result in _replays(event_id, number, shop_key):
        click.echo("\n".join(_told(result)))
        still += bool(result.error)
    if still:
        sys.exit(1)


@orders.command()
@click.option("--timezone", default="UTC", show_default=True, help="Of times without an offset.")
@click.option("--country", default="US", show_default=True, help="Of phone numbers without a prefix.")
@click.option("--currency", default="USD", show_default=True, help="Of amounts that name none.")
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True)
@click.option("--strict", is_flag=True, help="End with status 1 if a line cannot be read.")
def fold(timezone: str, country: str, currency: str, language: str, strict: bool) -> None:
    """Read deliveries or events from standard input, a JSON object a line; write the resulting orders, one a line.

    Needs no database and no settings. Late, doubled and shuffled lines give identical output. Lines that cannot be
    read are named on standard error.
    """
    if timezone not in available_timezones():
        raise click.BadParameter("no such time zone; use a name like Europe/Berlin", param_hint="--timezone")
    if not re.fullmatch("[A-Za-z]{3}", currency):
        raise click.BadParameter("three letters, as in ISO 4217", param_hint="--currency")
    lines = (line.decode("utf-8", "replace") for line in sys.stdin.buffer)
    shop = ShopFacts(timezone=timezone, country=country.upper(), currency=currency.upper(), language=language)
    problems, documents = fold_stream(lines, shop)
    for problem in problems:
        click.echo(f"line {problem.line}: {problem.code}: {problem.detail}", err=True)
    for order in documents:
        click.echo(json.dumps(order, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))
    if strict and problems:
        sys.exit(1)


def _drafts(path: Path, shop: Shop, source: str, as_of: str | None) -> list[Draft]:
    data = path.read_bytes()
    if path.suffix.lower() in {".jsonl", ".ndjson"}:
        return list(read_jsonl(data))
    if path.suffix.lower() != ".csv":
        raise click.BadParameter("a file is .csv or .jsonl", param_hint="FILE")
    if source != generic.NAME:
        raise click.BadParameter("a table is always read as generic", param_hint="--source")
    stated = when(as_of, shop.timezone)
    try:
        return read_csv(data, shop.timezone, stated.isoformat() if stated else None)
    except Invalid as error:
        raise click.ClickException(f"{path.name}: {error.detail} ({error.code})") from None


def write_report(path: Path | None, mistakes: Iterable[Mistake]) -> None:
    """Mistakes as a table, if somebody wants one."""
    if path is None:
        return
    with path.open("w", encoding="utf-8-sig", newline="") as file:  # the mark lets spreadsheets read it as UTF-8
        writer = csv.writer(file)
        writer.writerow(_REPORT_HEAD)
        writer.writerows([m.row, _plain(m.order), m.field, m.code, _plain(m.detail)] for m in mistakes)


def _plain(text: str) -> str:
    """A spreadsheet takes a cell that begins with these for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def tell_mistakes(mistakes: list[Mistake]) -> None:
    """The first mistakes on standard error."""
    for m in mistakes[:SHOWN_MISTAKES]:
        click.echo(f"row {m.row}: {m.order or '–'}: {m.field or '–'}: {m.code}: {m.detail}", err=True)
    if len(mistakes) > SHOWN_MISTAKES:
        click.echo(f"… and {len(mistakes) - SHOWN_MISTAKES} more; --report writes all of them", err=True)


async def _replays(event_id: str | None, number: str | None, shop_key: str | None) -> Any:
    if number is not None:
        yield await replay_order(await named_order(number, shop_key), SYSTEM)
    elif event_id is not None:
        event = await SourceEvent.get_or_none(public_id=event_id)
        if event is None:
            raise click.BadParameter("there is no such delivery", param_hint="EVENT_ID")
        yield await replay(event.id, SYSTEM)
    else:
        for failed_id in await _failed_ids(shop_key):
            yield await replay(failed_id, SYSTEM)


async def _failed_ids(shop_key: str | None) -> list[int]:
    """All at once: what fails again must not be found again."""
    shops = [shop.id for shop in await (Shop.filter(key=shop_key) if shop_key else Shop.all())]
    found: list[int] = []
    while page := await failed_events(shops, found[-1] if found else None, MOST_PAGE, states=(FAILED,)):
        found += [event.id for event in page]
    return found[::-1]


def _told(result: Replayed) -> Iterator[str]:
    yield f"{result.name}: {result.before} → {result.after}" if result.before else f"{result.name}: folded anew"
    if result.error:
        yield f"  {result.error}"
    for change in result.changes:
        yield f"  order {result.order}: {change.name} {word(change.before)} → {word(change.after)}"
    if not result.changes:
        yield "  no change"
