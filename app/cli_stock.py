"""`wismo stock`: bring in what lies where, look at what open orders want, and say that a SKU is gone for good."""

import hashlib
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from app.cli_orders import in_database, shop_of, tell_mistakes, write_report
from core.clock import now
from core.errors import NotFound
from core.people import SYSTEM
from core.shops import Shop
from orders.documents import time_text
from orders.sources.reading import when
from orders.stock.files import import_rows, read_stock_csv, read_stock_jsonl
from orders.stock.intake import discontinue
from orders.stock.models import StockPosition
from orders.stock.queries import levels_at, open_orders_of, positions_in_trouble

SHOWN = 200


@click.group()
def stock() -> None:
    """What lies where, and which open orders it does not reach."""


@stock.command("import")
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--shop", "shop_key", required=True, help="Key of the shop that the stock belongs to.")
@click.option("--as-of", help="Time of the rows that have no updated_at (ISO 8601); else now.")
@click.option("--dry-run", is_flag=True, help="Only look for mistakes; write nothing.")
@click.option(
    "--report", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Write mistakes here (CSV)."
)
@in_database
async def import_stock(path: Path, shop_key: str, as_of: str | None, dry_run: bool, report: Path | None) -> None:
    """Bring in stock from FILE: .csv or .jsonl with the fields of the stock API (docs/stock.md).

    Good rows are taken, the others are named. Ends with status 1 if a row was refused.
    """
    shop, data = await shop_of(shop_key), _bytes_of(path)
    lines = path.suffix.lower() in {".jsonl", ".ndjson"}
    drafts = list(read_stock_jsonl(data, shop.timezone)) if lines else read_stock_csv(data, shop.timezone)
    mistakes = [mistake for draft in drafts for mistake in draft.mistakes]
    good = sum(draft.stock is not None for draft in drafts)
    if dry_run:
        told = f"{good} readable"
    else:
        digest = hashlib.sha256(data).hexdigest()[:16]
        news = await import_rows(shop, drafts, when(as_of, shop.timezone) or now(), digest)
        told = f"{news} taken, {good - news} known"
    write_report(report, mistakes)
    tell_mistakes(mistakes)
    click.echo(told + (f", {len(drafts) - good} refused" if mistakes else ""))
    if mistakes:
        sys.exit(1)


@stock.command()
@click.argument("sku", required=False)
@click.option("--shop", "shop_key", help="Key of the shop.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@in_database
async def show(sku: str | None, shop_key: str | None, as_json: bool) -> None:
    """SKUs that stock does not reach; or one SKU with its places and the open orders that want it, in their turn."""
    shops = [await shop_of(shop_key)] if shop_key else await Shop.all().order_by("id")
    ids = [shop.id for shop in shops]
    if sku is None:
        found = await positions_in_trouble(ids, limit=SHOWN)
        told = [_summary(position) for position in found]
        click.echo(json.dumps(told, ensure_ascii=False, indent=2) if as_json else "\n".join(map(_line, told)) or "–")
        return
    positions = await StockPosition.filter(shop_id__in=ids, sku=sku)
    if not positions:
        raise NotFound("nobody has told of this SKU", code="sku_not_found")
    for position in positions:
        await _show_one(position, as_json)


@stock.command("discontinue")
@click.argument("sku")
@click.option("--shop", "shop_key", required=True, help="Key of the shop.")
@click.option("--sell-off", is_flag=True, help="What figures say is still there goes to the orders whose turn it is.")
@click.option("--undo", is_flag=True, help="It is not gone after all.")
@in_database
async def discontinue_command(sku: str, shop_key: str, sell_off: bool, undo: bool) -> None:
    """Say that SKU is gone for good. Its open orders are printed; a running desk flags them."""
    shop = await shop_of(shop_key)
    await discontinue(shop, sku, SYSTEM, gone=not undo, none_left=not sell_off)
    rows = await open_orders_of(shop.id, sku, limit=10_000)
    click.echo("\n".join(f"{row.number}  {row.units} ×  {row.customer}" for row in rows) or "no open orders")


async def _show_one(position: StockPosition, as_json: bool) -> None:
    rows = await open_orders_of(position.shop_id, position.sku, limit=SHOWN)
    levels = [
        {"source": level.item.source, "location": level.location, level.counts: level.quantity}
        for level in await levels_at(position)
    ]
    told = _summary(position) | {"levels": levels, "orders": [_order(asdict(row)) for row in rows]}
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    click.echo(_line(told))
    for level in levels:
        click.echo("  " + "  ".join(f"{name} {value}" for name, value in level.items() if value != ""))
    for row in rows:
        short = f"  {row.short} short" if row.short else ""
        click.echo(f"  {row.number}  {row.units} ×{short}  {row.headline}  {time_text(row.placed_at)}")


def _summary(position: StockPosition) -> dict[str, Any]:
    names = ("sku", "title", "on_hand", "available", "demand", "short", "orders_short", "backorderable", "gone")
    times = ("restock_eta", "first_short_at", "as_of")
    return {name: getattr(position, name) for name in names} | {n: time_text(getattr(position, n)) for n in times}


def _line(told: dict[str, Any]) -> str:
    figures = [f"{name} {told[name]}" for name in ("on_hand", "available", "demand", "short") if told[name] is not None]
    notes = ["gone for good"] if told["gone"] else []
    notes += [f"expected {told['restock_eta']}"] if told["restock_eta"] else []
    return "  ".join([told["sku"], told["title"], *figures, *notes])


def _order(row: dict[str, Any]) -> dict[str, Any]:
    kept = ("public_id", "number", "headline", "customer", "units", "short")
    return {name: row[name] for name in kept} | {"placed_at": time_text(row["placed_at"])}


def _bytes_of(path: Path) -> bytes:
    return path.read_bytes()
