"""Open demand against stock: what each SKU reaches, line by line, in a constant number of queries."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import structlog

from core.clock import now
from core.jobs import Job, enqueue
from core.shops import Shop
from core.sql import as_time, carry_out, fetch
from core.transactions import record, transaction
from orders.events import StockCovered, StockShort
from orders.models import Order
from orders.rewriting import rewrite_all
from orders.stock.allocation import Claim, Figures, Source, allocate, figures_of, reach
from orders.stock.facts import item_of, levels_of, stated_at
from orders.stock.intake import RECOMPUTE, lane_of
from orders.stock.models import Shortage, StockItem, StockPosition
from orders.stock.queries import OPEN_CLAIMS

TELL = "orders.short"
TOLD_AT_ONCE = 25  # orders of one job
_WRITTEN_AT_ONCE = 500
log = structlog.get_logger(__name__)

_SETTLED = (
    "SELECT s.id, s.order_id, s.units FROM stock_shortage AS s JOIN order_line AS l ON l.id = s.line_id"
    " WHERE s.shop_id = {shop} AND s.sku = {sku} AND (l.open_units = 0 OR l.sku <> s.sku)"
)


@dataclass(frozen=True, slots=True)
class _Row:
    """An open line with the shortage that it has now."""

    claim: Claim
    shortage: int | None  # id of the row
    short: int
    eta: Any
    gone: bool
    backorderable: bool


async def recompute(shop_id: int, skus: Iterable[str]) -> None:
    """Share out the stock of each SKU among its open lines; note what changed, and plan to tell the orders."""
    for sku in skus:
        if not await _comes_again(shop_id, sku):
            async with transaction():
                await _share_out(shop_id, sku)


async def tell_orders(told: Iterable[tuple[int, int, int]]) -> None:
    """Derive orders anew whose open lines stock reaches otherwise now: (order, units short before, units short now)."""
    for order_id, before, after in told:
        async with transaction():
            await _tell(order_id, before, after)


async def _comes_again(shop_id: int, sku: str) -> bool:
    """Does another job for this SKU wait already? Then that one will see everything that this one would."""
    waiting = await Job.filter(lane=lane_of(shop_id, sku), kind=RECOMPUTE, state="ready").exists()
    if not waiting:
        return False
    fresh = await StockPosition.get_or_none(shop_id=shop_id, sku=sku)
    return fresh is not None and fresh.computed_at is not None and (now() - fresh.computed_at).total_seconds() < 2


async def _share_out(shop_id: int, sku: str) -> None:
    position = await StockPosition.filter(shop_id=shop_id, sku=sku).select_for_update().first()
    if position is None:
        return
    figures = await _figures(shop_id, sku)
    rows = [_row(row) for row in await fetch(OPEN_CLAIMS, shop=shop_id, sku=sku)]
    demand = sum(row.claim.units for row in rows)
    short = allocate((row.claim for row in rows), reach(figures, demand))
    changes: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    settled = await fetch(_SETTLED, shop=shop_id, sku=sku)
    for gone in settled:
        changes[gone["order_id"]][0] += gone["units"]
    stale = [row["id"] for row in settled] + await _write(shop_id, sku, figures, rows, short, changes)
    if stale:
        for start in range(0, len(stale), _WRITTEN_AT_ONCE):
            await Shortage.filter(id__in=stale[start : start + _WRITTEN_AT_ONCE]).delete()
    await _note(position, figures, demand, rows, short)
    told = [[order_id, before, after] for order_id, (before, after) in sorted(changes.items())]
    for start in range(0, len(told), TOLD_AT_ONCE):
        await enqueue(TELL, {"orders": told[start : start + TOLD_AT_ONCE]})


async def _figures(shop_id: int, sku: str) -> Figures:
    items = await StockItem.filter(shop_id=shop_id, sku=sku).order_by("source", "ref")
    return figures_of(
        [
            Source(
                name=item.source,
                item=item_of(item.facts),
                gone=item.gone,
                levels=levels_of(item.facts),
                discontinued_at=stated_at(item.facts, "discontinued"),
                restock_at=stated_at(item.facts, "restock_eta"),
                backorderable_at=stated_at(item.facts, "backorderable"),
            )
            for item in items
        ]
    )


async def _write(
    shop_id: int,
    sku: str,
    figures: Figures,
    rows: list[_Row],
    short: dict[int, int],
    changes: dict[int, list[int]],
) -> list[int]:
    """Bring the shortages of open lines to `short`. Returns the ids of those that are over."""
    fresh, over, same, moment = list[Shortage](), list[int](), dict[int, list[int]](), now()
    for row in rows:
        units = short.get(row.claim.line, 0)
        says = (units, figures.restock_eta, figures.gone, figures.backorderable)
        if row.shortage is None and not units:
            continue
        if row.shortage is not None and units and (row.short, row.eta, row.gone, row.backorderable) == says:
            continue
        changes[row.claim.order][0] += row.short
        changes[row.claim.order][1] += units
        if row.shortage is None:
            fresh.append(_shortage(shop_id, sku, row.claim, units, figures))
            fresh[-1].since = moment
        elif units:
            same.setdefault(units, []).append(row.shortage)
        else:
            over.append(row.shortage)
    await Shortage.bulk_create(fresh, batch_size=_WRITTEN_AT_ONCE)
    for units, ids in same.items():
        for start in range(0, len(ids), _WRITTEN_AT_ONCE):
            await Shortage.filter(id__in=ids[start : start + _WRITTEN_AT_ONCE]).update(
                units=units,
                restock_eta=figures.restock_eta,
                gone=figures.gone,
                backorderable=figures.backorderable,
            )
    return over


def _shortage(shop_id: int, sku: str, claim: Claim, units: int, figures: Figures) -> Shortage:
    return Shortage(
        shop_id=shop_id,
        sku=sku,
        order_id=claim.order,
        line_id=claim.line,
        units=units,
        restock_eta=figures.restock_eta,
        gone=figures.gone,
        backorderable=figures.backorderable,
    )


async def _note(
    position: StockPosition, figures: Figures, demand: int, rows: list[_Row], short: dict[int, int]
) -> None:
    position.title = figures.title or position.title or await _title_of(rows)
    position.on_hand, position.available = figures.on_hand, figures.available
    position.backorderable, position.gone = figures.backorderable, figures.gone
    position.restock_eta, position.as_of = figures.restock_eta, figures.as_of
    position.demand, position.short = demand, sum(short.values())
    position.orders_short = len({row.claim.order for row in rows if row.claim.line in short})
    position.first_short_at = (position.first_short_at or now()) if short else None
    position.computed_at = now()
    await position.save()


async def _title_of(rows: list[_Row]) -> str:
    """What orders call the thing, where no source of stock has a name for it."""
    if not rows:
        return ""
    found = await fetch("SELECT title, variant FROM order_line WHERE id = {line}", line=rows[0].claim.line)
    return " · ".join(part for part in (found[0]["title"], found[0]["variant"]) if part)[:500]


def _row(row: dict[str, Any]) -> _Row:
    claim = Claim(row["line_id"], row["order_id"], row["units"], row["turn"], row["placed_at"])
    return _Row(
        claim,
        row["shortage_id"],
        row["short"] or 0,
        as_time(row["restock_eta"]),
        bool(row["gone"]),
        bool(row["backorderable"]),
    )


async def _tell(order_id: int, before: int, after: int) -> None:
    order = await Order.get_or_none(id=order_id)
    if order is None:
        return
    shop = await Shop.get(id=order.shop_id)
    if order_id not in await carry_out(rewrite_all(shop, [order_id], announce=True)):
        return
    which = {"order_id": order.id, "shop_id": order.shop_id}
    if after > before:
        record(StockShort(**which, units=after))
    elif after < before:
        record(StockCovered(**which, units=before - after, still_short=after))
