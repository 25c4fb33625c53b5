"""Folding stored deliveries into orders: read, merge with what is known, derive, write. Safe to repeat in any order.

Many deliveries are folded together: all sheets are merged first, then every order that they touch is derived once and
written with a few statements for all. The sheets tell what is true, so it does not matter how they were grouped.
"""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress

import structlog

from core.clock import now
from core.errors import Invalid
from core.shops import Shop
from core.sql import Program, carry_out, run_many
from core.transactions import in_transaction_now, transact, transaction
from orders.applying import Outcome, apply_facts
from orders.facts import OrderFacts
from orders.linking import lock_links
from orders.models import SourceEvent
from orders.rereading import read_row
from orders.sheets import Name
from orders.sources.reading import Reading
from orders.stock.facts import StockFacts
from orders.stock.intake import fold_stock
from orders.tables import EVENTS, Row

log = structlog.get_logger(__name__)

TOGETHER = 50  # so many deliveries about one order are folded at once
HISTORY_TOGETHER = 20  # so many orders of the past are written at once
_BREATH = 16  # so many deliveries are read before others get their turn

_NOTED = ("state", "error", "processed_at", "source_updated_at", "order_id", "order_ref")
_NOTE_PAST = "UPDATE source_event SET state = {state}, order_id = {order}, processed_at = {moment} WHERE id = {id}"

Part = tuple[Row, Reading]  # a delivery and what it says
Told = tuple[Row, OrderFacts]  # a delivery and what it says about one order, or one handle


async def fold(source_event_id: int) -> None:
    """Fold one delivery, and whatever else waits for the same order with it: its rows are then written once.

    Raises Invalid for what can never be read; other trouble is worth another try. Either way the delivery is marked
    failed with the reason, until a later try succeeds.
    """
    failed = await fold_together([source_event_id], with_waiting=True)
    if source_event_id in failed:
        raise failed[source_event_id]


async def fold_together(source_event_ids: Sequence[int], *, with_waiting: bool = False) -> dict[int, Exception]:
    """Fold deliveries, those of one shop in one transaction. Returns why some failed: each is marked and named.

    If the transaction fails, each delivery is folded by itself, so that one cannot hold up the others.
    """
    ids = list(source_event_ids)
    events = await EVENTS.fetch("id IN ({ids}) AND state IN ('received', 'failed') ORDER BY id", ids=ids)
    shops = await _shops(events)
    failed = dict[int, Exception]()
    parts: dict[int, list[Part]] = defaultdict(list)
    for place, event in enumerate(events, start=1):
        try:
            reading = read_row(event, shops[event["shop_id"]])
            parts[event["shop_id"]].append((event, reading))
        except Exception as error:  # noqa: BLE001 - whoever asked is told
            failed[event["id"]] = error
        if place % _BREATH == 0:
            await asyncio.sleep(0)
    for shop_id, own in parts.items():
        waiting = await _waiting(own, shops[shop_id]) if with_waiting else []
        failed |= await _fold_or_split(shops[shop_id], own, waiting)
    for event_id, reason in failed.items():
        await mark_failed(event_id, reason)
    return failed


async def fold_read(shop: Shop, parts: Sequence[tuple[SourceEvent, Reading]], *, announce: bool) -> None:
    """Fold deliveries that have been read, in one transaction, and note what became of each."""
    rows = [(EVENTS.row_of(event), reading) for event, reading in parts]
    await _fold_parts(shop, rows, announce=announce)
    for (event, _), (row, _) in zip(parts, rows, strict=True):
        event.update_from_dict({name: row[name] for name in _NOTED})


async def refold(shop: Shop, source: str, source_id: str, parts: Sequence[tuple[SourceEvent, OrderFacts]]) -> None:
    """Fold deliveries about one order anew: what they said before is forgotten first, so that a better reading wins."""
    heard = frozenset(hashlib.sha256(bytes(event.body)).hexdigest()[:16] for event, _ in parts)
    facts = [facts for _, facts in parts]
    name = Name.handle(facts[0].handle) if facts[0].handle else Name(source, source_id)
    async with transaction():
        await carry_out(_refolded(shop, name, facts, heard))


async def mark_failed(event_id: int, error: Exception) -> None:
    """Keep the reason with the delivery."""
    await SourceEvent.filter(id=event_id).update(state="failed", error=repr(error)[:2000], processed_at=now())


async def fold_history(source_event_ids: Iterable[int]) -> None:
    """Fold deliveries of the past: each order is written once, a few of them in a transaction, and nobody is told."""
    events = await EVENTS.fetch("id IN ({ids}) AND state = 'received' ORDER BY id", ids=list(source_event_ids))
    shops = await _shops(events)
    together: dict[int, dict[Name, list[Told]]] = defaultdict(lambda: defaultdict(list))
    for event in events:
        reading = read_row(event, shops[event["shop_id"]])
        if reading.stock:
            await _fold_parts(shops[event["shop_id"]], [(event, reading)], announce=False)
        for facts in reading.orders:
            together[event["shop_id"]][Name.of(event["source"], facts)].append((event, facts))
    for shop_id, by_name in together.items():
        names = list(by_name)
        for start in range(0, len(names), HISTORY_TOGETHER):
            some = {name: by_name[name] for name in names[start : start + HISTORY_TOGETHER]}
            await _fold_some_history(shops[shop_id], some)


def _refolded(shop: Shop, name: Name, facts: Sequence[OrderFacts], heard: frozenset[str]) -> Program[None]:
    yield from lock_links(shop, alone=facts[0].handle is not None)
    yield from apply_facts(shop, {name: facts}, announce=True, forget=heard)


async def _shops(events: Sequence[Row]) -> dict[int, Shop]:
    ids = sorted({event["shop_id"] for event in events})
    return {shop.id: shop for shop in await Shop.filter(id__in=ids)} if ids else {}


async def _fold_parts(shop: Shop, parts: Sequence[Part], *, announce: bool) -> None:
    if not in_transaction_now() and not any(reading.stock for _, reading in parts):
        await transact(lambda: _folded(shop, parts, frozenset(), announce=announce))
        return
    async with transaction():
        stocked = await _fold_stock(shop, parts)
        await carry_out(_folded(shop, parts, stocked, announce=announce))


def _folded(shop: Shop, parts: Sequence[Part], stocked: Collection[int], *, announce: bool) -> Program[None]:
    yield from lock_links(shop, alone=any(facts.handle for _, reading in parts for facts in reading.orders))
    together: dict[Name, list[Told]] = defaultdict(list)
    for event, reading in parts:
        event["state"], event["error"] = "ignored" if reading.ignored else "stale", reading.ignored or None
        event["state"] = "folded" if event["id"] in stocked else event["state"]
        for facts in reading.orders:
            together[Name.of(event["source"], facts)].append((event, facts))
    outcomes = yield from apply_facts(shop, _facts_of(together), announce=announce)
    for name, told in together.items():
        _note(shop, told, outcomes[name])
    for event, _ in parts:
        event["processed_at"] = now()
    yield from EVENTS.update([event for event, _ in parts], _NOTED)


async def _fold_stock(shop: Shop, parts: Sequence[Part]) -> set[int]:
    """Take in what deliveries say about stock. Returns the ids of those that were news."""
    stock: dict[str, list[tuple[Row, StockFacts]]] = defaultdict(list)
    for event, reading in parts:
        for facts in reading.stock:
            event["source_updated_at"] = max((s.version.at for s in facts.statements), default=None)
            stock[event["source"]].append((event, facts))
    news = set[int]()
    for source, said in sorted(stock.items()):
        told = await fold_stock(shop, source, [facts for _, facts in said])
        news.update(event["id"] for (event, _), was_news in zip(said, told, strict=True) if was_news)
    return news


async def _waiting(own: Sequence[Part], shop: Shop) -> list[Part]:
    """Other deliveries about the same order that nobody has folded yet; what cannot be read is left to its own job."""
    event = own[0][0]
    if event["order_ref"] is None:
        return []
    others = await EVENTS.fetch(
        "shop_id = {shop} AND source = {source} AND order_ref = {ref} AND state = 'received' AND id <> {id}"
        " ORDER BY id LIMIT {limit}",
        shop=shop.id,
        source=event["source"],
        ref=event["order_ref"],
        id=event["id"],
        limit=TOGETHER,
    )
    readable = []
    for other in others:
        with suppress(Invalid):
            readable.append((other, read_row(other, shop)))
    return readable


async def _fold_or_split(shop: Shop, own: Sequence[Part], waiting: Sequence[Part]) -> dict[int, Exception]:
    """Fold all in one transaction, or else each of `own` in one of its own."""
    together = [*own, *waiting]
    try:
        await _fold_parts(shop, together, announce=True)
    except Exception as error:
        if len(together) == 1:
            return {own[0][0]["id"]: error}
        log.warning("folded_one_by_one", shop=shop.key, deliveries=len(together), exc_info=error)
    else:
        return {}
    failed = dict[int, Exception]()
    for part in own:
        try:
            await _fold_parts(shop, [part], announce=True)
        except Exception as error:  # noqa: BLE001 - whoever asked is told
            failed[part[0]["id"]] = error
    return failed


async def _fold_some_history(shop: Shop, together: Mapping[Name, Sequence[Told]]) -> None:
    async with transaction():
        await carry_out(_history_folded(shop, together))


def _history_folded(shop: Shop, together: Mapping[Name, Sequence[Told]]) -> Program[None]:
    yield from lock_links(shop, alone=any(told[0][1].handle for told in together.values()))
    outcomes = yield from apply_facts(shop, _facts_of(together), announce=False)
    rows = [
        {"id": event["id"], "order": order_id, "state": "folded" if order_id else "parked", "moment": now()}
        for name, told in together.items()
        for order_id in [outcomes[name].order_id]
        for event, _ in told
    ]
    yield from run_many(_NOTE_PAST, rows)


def _facts_of(together: Mapping[Name, Sequence[Told]]) -> dict[Name, list[OrderFacts]]:
    return {name: [facts for _, facts in told] for name, told in together.items()}


def _note(shop: Shop, told: Sequence[Told], outcome: Outcome) -> None:
    """What became of these deliveries, as far as this order (or this handle) is concerned."""
    for place, (event, facts) in enumerate(told):
        for warning in facts.warnings:
            log.warning("unknown_platform_value", shop=shop.key, source=event["source"], value=warning)
        event["source_updated_at"] = max((s.version.at for s in facts.statements), default=None)
        if event["order_ref"] is None and facts.handle is not None:
            event["order_ref"] = str(facts.handle)
        if outcome.order_id is not None:
            event["order_id"] = event["order_id"] or outcome.order_id
            if place in outcome.told or event["state"] == "parked":
                event["state"] = "folded"
        elif event["order_id"] is None and (facts.handle is None or place in outcome.told):
            event["state"] = "parked"
