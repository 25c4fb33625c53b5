"""Taking in what sources say about stock: merge it, write the figures, and have the SKUs that it touches looked at."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from core import audit
from core.clock import now
from core.ids import new_id
from core.jobs import Plan, enqueue, enqueued
from core.people import Actor
from core.shops import Shop
from core.sql import Program, fetch
from core.text import reference
from core.transactions import transaction
from orders.facts import Version
from orders.stock.facts import (
    ItemFacts,
    StockFacts,
    StockStatement,
    is_gone,
    item_of,
    levels_of,
    merge_stock,
)
from orders.stock.models import StockItem, StockLevel

RECOMPUTE = "orders.stock.intake"
DESK = "desk"  # the source that agents and operators are
TOGETHER = 50  # SKUs of one job when many change at once
_LATER = timedelta(minutes=1)  # when orders that were being written while a SKU became known have surely been
_WATCH = (
    "INSERT INTO stock_position (shop_id, sku, sku_key, title, backorderable, gone, demand, short, orders_short)"
    " VALUES ({shop}, {sku}, {key}, '', {no}, {no}, 0, 0, 0) ON CONFLICT (shop_id, sku) DO NOTHING RETURNING id"
)


async def fold_stock(shop: Shop, source: str, parts: Sequence[StockFacts]) -> list[bool]:
    """Merge what one source says about things; part of the running change. Returns for each part whether it was news.

    The number of queries does not depend on how many things there are, except for those that changed.
    """
    items = await _items(shop, source, parts)
    told, touched, changed = list[bool](), set[str](), dict[str, StockItem]()
    for facts in parts:
        item = items.setdefault(facts.ref, StockItem(shop_id=shop.id, source=source, ref=facts.ref))
        merged = merge_stock(item.facts, facts.statements)
        told.append(merged != item.facts)
        if told[-1]:
            item.facts, changed[facts.ref] = merged, item
    for item in [*changed.values(), *await _variants(shop, source, items, changed)]:
        touched |= {item.sku}
        await _write(item, items)
        touched |= {item.sku}
    await recompute_later(shop.id, await watch(shop, touched - {""}))
    return told


async def watch(shop: Shop, skus: Iterable[str]) -> list[str]:
    """Have a position for each of `skus`. Returns them sorted. New ones are looked at once more a minute later."""
    found = sorted(set(skus))
    for sku in found:
        if await fetch(_WATCH, shop=shop.id, sku=sku, key=reference(sku)[:120], no=False):
            await enqueue(RECOMPUTE, {"shop": shop.id, "skus": [sku]}, run_at=now() + _LATER)
    return found


async def recompute_later(shop_id: int, skus: Sequence[str]) -> None:
    """Plan the sharing out of `skus`, part of the running change. A burst about one SKU is shared out once."""
    if len(skus) == 1:
        await enqueue(RECOMPUTE, {"shop": shop_id, "skus": [skus[0]]}, lane=lane_of(shop_id, skus[0]))
        return
    for start in range(0, len(skus), TOGETHER):
        await enqueue(RECOMPUTE, {"shop": shop_id, "skus": list(skus[start : start + TOGETHER])})


def orders_moved(shop_id: int, skus: Iterable[str]) -> Program[None]:
    """Open lines of `skus` came, went or changed their turn: share out anew what somebody keeps count of."""
    plans = [
        Plan(kind=RECOMPUTE, args={"shop": shop_id, "skus": [sku]}, lane=lane_of(shop_id, sku))
        for sku in sorted(set(skus))
    ]
    if plans:
        yield from enqueued(plans)


async def discontinue(shop: Shop, sku: str, actor: Actor, *, gone: bool = True, none_left: bool = True) -> None:
    """Say that a SKU is gone for good, or after all not; with `none_left` its figures do not count. Audited."""
    facts = ItemFacts(sku=sku, discontinued=gone, none_left=gone and none_left)
    statement = StockStatement(facts, Version(now(), "", new_id("msg")))
    async with transaction():
        await fold_stock(shop, DESK, [StockFacts(sku, (statement,))])
        await audit.note(actor, "stock.discontinued" if gone else "stock.continued", shop.public_id, sku=sku)


def lane_of(shop_id: int, sku: str) -> str:
    """The sharing out of one SKU happens one after the other."""
    return f"stock:{shop_id}:{sku}"[:120]


async def _items(shop: Shop, source: str, parts: Sequence[StockFacts]) -> dict[str, StockItem]:
    """The things that are spoken of and, where variants are, their products; locked in one order."""
    refs = {facts.ref for facts in parts}
    refs |= {s.facts.parent for f in parts for s in f.statements if isinstance(s.facts, ItemFacts) and s.facts.parent}
    mine = StockItem.filter(shop_id=shop.id, source=source)
    found = {item.ref: item for item in await mine.filter(ref__in=sorted(refs)).order_by("ref").select_for_update()}
    missing = {item.parent for item in found.values() if item.parent} - found.keys()
    if missing:
        rows = mine.filter(ref__in=sorted(missing)).order_by("ref").select_for_update()
        found |= {item.ref: item for item in await rows}
    return found


async def _variants(
    shop: Shop, source: str, items: dict[str, StockItem], changed: dict[str, StockItem]
) -> list[StockItem]:
    """Other variants of products that changed: whether they are gone may have changed with it."""
    products = [ref for ref, item in changed.items() if item_of(item.facts).children is not None]
    products += [ref for ref, item in changed.items() if ref not in products and item_of(item.facts).discontinued]
    if not products:
        return []
    rows = await StockItem.filter(shop_id=shop.id, source=source, parent__in=products).order_by("ref")
    others = [item for item in rows if item.ref not in changed]
    items |= {item.ref: item for item in others}
    return others


async def _write(item: StockItem, items: dict[str, StockItem]) -> None:
    facts = item_of(item.facts)
    parent = items.get(facts.parent or "")
    gone = is_gone(item.ref, facts, item_of(parent.facts) if parent else None)
    values: dict[str, Any] = {"parent": facts.parent or "", "sku": facts.sku or "", "gone": gone}
    for name, value in values.items():
        setattr(item, name, value)
    item.updated_at = now()
    is_new = item.pk is None
    await item.save()
    rows = {} if is_new else {row.location: row for row in await StockLevel.filter(item_id=item.id)}
    wanted = {level.place: level for level in levels_of(item.facts)}
    for place, level in wanted.items():
        row = rows.get(place) or StockLevel(item_id=item.id, location=place)
        if place in rows and (row.quantity, row.counts, row.source_updated_at) == (
            level.quantity,
            level.counts,
            level.at,
        ):
            continue
        row.quantity, row.counts, row.source_updated_at = level.quantity, level.counts, level.at
        await row.save()
    closed = [row.id for place, row in rows.items() if place not in wanted]
    if closed:
        await StockLevel.filter(id__in=closed).delete()
