"""Settling fetched orders: compare each with its record, repair what is missing or different, and look again.

A fetched order becomes a delivery like any other; its key makes the second of the same state nothing.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from core.clock import now
from core.errors import Invalid
from core.shops import Shop
from core.transactions import transaction
from orders.comparing import WRONG, Comparison, Finding, compare
from orders.facts import stamp
from orders.feeds import Fetched, OrderFeed
from orders.folding import fold, fold_history
from orders.merging import Known, from_json
from orders.models import Connection, FactSheet, Order, ReconciliationRun, SourceEvent
from orders.receiving import history_row, receive, store_history
from orders.rereading import read_event
from orders.sources.polled import AS_OF

log = structlog.get_logger(__name__)

KEPT_FINDINGS = 100
_KEPT_FIELDS = 20


@dataclass(frozen=True, slots=True)
class Compared:
    """One order of the shop: what was found, and whether our record is right now. `number` is "" for unknown ones."""

    source_id: str
    number: str
    comparison: Comparison
    repaired: bool = False


def _nobody_listens(compared: Compared) -> None:
    """For runs that nobody watches."""


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """How to reconcile: `quietly` tells no customer of it, `dry` changes nothing, `stop` is asked between portions,
    `told` hears of each order."""

    quietly: bool = False
    dry: bool = False
    stop: Callable[[], bool] = _never
    told: Callable[[Compared], None] = _nobody_listens


@dataclass(frozen=True, slots=True)
class Round:
    """One run with everything it needs; `seen` are the orders it has compared, by the platform's id."""

    shop: Shop
    connection: Connection
    feed: OrderFeed
    run: ReconciliationRun
    ways: Ways
    seen: set[str] = field(default_factory=set)


async def settle(this: Round, portion: Sequence[Fetched]) -> None:
    """Compare orders as they were fetched, and make the record right. Raises what the feed raises."""
    latest = {fetched.source_id: fetched for fetched in portion}
    found = await _compare_all(this, latest)
    for source_id in [name for name, comparison in found.items() if comparison.finding is Finding.AHEAD]:
        again = await this.feed.order(source_id)  # somebody may have told us of a change since the page was made
        if again is not None:
            latest[source_id] = again
            found |= await _compare_all(this, {source_id: again})
    news = {name: latest[name] for name, comparison in found.items() if comparison.finding is not Finding.SAME}
    after = found
    if news and not this.ways.dry:
        await _repair(this, news.values())
        after = found | await _compare_all(this, news)
    numbers = await _numbers(this, latest)
    for name, comparison in found.items():
        repaired = comparison.finding in WRONG and after[name].finding not in WRONG
        _count(this, Compared(name, numbers.get(name, ""), comparison, repaired))
    await _keep(this, latest)


async def note_vanished(this: Round, order: Order) -> None:
    """The shop does not know an order that is open here: people are told, the order stays as it is."""
    _count(this, Compared(order.source_id, order.number, Comparison(Finding.VANISHED)))
    await _keep(this, [order.source_id])


async def _compare_all(this: Round, orders: dict[str, Fetched]) -> dict[str, Comparison]:
    sheets = FactSheet.filter(shop_id=this.shop.id, source=this.connection.platform, source_id__in=list(orders))
    known = {sheet.source_id: sheet for sheet in await sheets}
    return {name: _compare(this.shop, fetched, known.get(name)) for name, fetched in orders.items()}


def _compare(shop: Shop, fetched: Fetched, sheet: FactSheet | None) -> Comparison:
    try:
        reading = read_event(_delivery(shop, fetched), shop)
    except Invalid:
        return Comparison(Finding.UNREADABLE)
    known, is_recorded = from_json(sheet.facts) if sheet else Known(), sheet is not None and sheet.order_id is not None
    for facts in reading.orders:
        if facts.source_id == fetched.source_id:
            return compare(known, facts, is_recorded=is_recorded)
    return Comparison(Finding.SAME if reading.ignored else Finding.UNREADABLE)


async def _repair(this: Round, orders: Iterable[Fetched]) -> None:
    """Store and fold each in one change. What cannot be folded is stored alone: its job fails where people look."""
    shop, quietly = this.shop, this.ways.quietly
    for row in [_delivery(shop, fetched) for fetched in orders]:
        try:
            async with transaction():
                if not quietly:
                    event = await receive(shop, row.source, row.topic, row.delivery_key, row.headers, row.body)
                    await fold(event.id)
                elif await store_history(row):
                    await fold_history([row.id])
        except Exception as error:
            log.warning("fetched_order_not_folded", shop=shop.key, order=row.order_ref, exc_info=error)
            await receive(shop, row.source, row.topic, row.delivery_key, row.headers, row.body)


def _delivery(shop: Shop, fetched: Fetched) -> SourceEvent:
    """The fetched state as a delivery that nobody has signed."""
    headers = {**fetched.headers, AS_OF: stamp(fetched.as_of)}
    row = history_row(shop, fetched.source, fetched.topic, headers, fetched.body)
    content = hashlib.sha256(f"{fetched.source_id}\n".encode() + fetched.body).hexdigest()
    row.topic, row.delivery_key = fetched.topic, f"polled:{stamp(fetched.updated_at)}:{content}"
    return row


async def _numbers(this: Round, orders: Iterable[str]) -> dict[str, str]:
    mine = Order.filter(shop_id=this.shop.id, source=this.connection.platform, source_id__in=list(orders))
    return {str(row["source_id"]): str(row["number"]) for row in await mine.values("source_id", "number")}


def _count(this: Round, compared: Compared) -> None:
    """Into the run go the names of fields, never what is in them."""
    finding, run = compared.comparison.finding, this.run
    run.fetched += finding is not Finding.VANISHED
    run.missing += finding is Finding.MISSING
    run.drifted += finding is Finding.DRIFTED
    run.vanished += finding is Finding.VANISHED
    run.repaired += compared.repaired
    if finding in WRONG:
        run.failed += not compared.repaired and not this.ways.dry and finding is not Finding.VANISHED
        fields = sorted({f"{part.part}.{part.field}" for part in compared.comparison.differences})[:_KEPT_FIELDS]
        log.info("order_drift", shop=this.shop.key, order=compared.source_id, finding=finding.value, fields=fields)
        entry: dict[str, Any] = {
            "finding": finding.value,
            "order": compared.source_id,
            "number": compared.number,
            "fields": fields,
        }
        run.findings = [*run.findings, entry | {"repaired": compared.repaired}][:KEPT_FINDINGS]
    this.ways.told(compared)


async def _keep(this: Round, orders: Iterable[str]) -> None:
    names = list(orders)
    this.seen.update(names)
    if not this.ways.dry:
        mine = Order.filter(shop_id=this.shop.id, source=this.connection.platform, source_id__in=names)
        await mine.update(compared_at=now())
        await this.run.save()
