"""Reconciliation: what a shop says now against what is recorded; what is missing or different is repaired.

Webhooks are hints that get lost. A fetched order is stored like a delivery and folded on the ordinary path, so that it
merges with what was pushed, by version. Nothing is awaited from the network inside a transaction, and the place up to
which we have read moves only behind what is committed: whatever is cut off is read again, without harm.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import datetime, timedelta

from tortoise.expressions import Q

from core.clock import now
from core.shops import Shop
from core.transactions import transaction
from orders.connections import keep_turn
from orders.feeds import TROUBLE, FeedTrouble, Fetched, OrderFeed
from orders.models import Connection, Order, ReconciliationRun
from orders.repairing import Round, Ways, note_vanished, settle

OVERLAP = timedelta(minutes=10)
REACH = timedelta(days=60)  # a full comparison lists what changed so lately, and looks at every open order besides
TOGETHER = 50
WINDOW, NIGHTLY, MANUAL, FIRST = "window", "nightly", "manual", "first"
_CLOCKS_DIFFER = timedelta(days=1)  # a shop's clock may be wrong, but not by so much
_RECHECKED = timedelta(days=7)  # open orders that have not changed for long are looked at once a week
_OPEN_FOR = timedelta(days=400)


async def reconcile_window(
    connection: Connection, feed: OrderFeed, ways: Ways, *, since: datetime | None = None, kind: str = WINDOW
) -> ReconciliationRun:
    """Compare what has changed since the last time (or since `since`, UTC), with an overlap.

    Raises FeedUnavailable, FeedRefused or FeedMalformed; what was read before is kept, and the run says why it ended.
    """
    since = since or (connection.polled_until or now() - REACH) - OVERLAP
    run = _run(connection, kind, since)
    await _keep(run, ways)
    try:
        await _list(await _round(connection, feed, run, ways), since)
    except TROUBLE as trouble:
        await _finish(run, ways, trouble)
        raise
    await _finish(run, ways)
    return run


async def reconcile_fully(
    connection: Connection, feed: OrderFeed, ways: Ways, *, kind: str = NIGHTLY
) -> tuple[ReconciliationRun, bool]:
    """List what changed in the last 60 days, then ask for every open order that the list did not show.

    Goes on where an earlier call was stopped. Returns the run, and False when it was stopped again. An order that the
    shop does not know any more is reported, never cancelled by guess. Raises what the feed raises.
    """
    run = await _full_run(connection, ways, kind)
    this = await _round(connection, feed, run, ways)
    try:
        done = await _list_fully(this) and await _look_at_open(this)
    except TROUBLE as trouble:
        run.error = _words(trouble)
        await _keep(run, ways)
        raise
    if done:
        await _finish(run, ways)
        await _note(this, full_since=None, full_until=None, last_full_at=run.started_at)
    return run, done


async def _list_fully(this: Round) -> bool:
    began, until = this.run.started_at, this.connection.full_until
    if until is not None and until >= began:
        return True
    if not await _list(this, until or this.run.since):
        return False
    await _note(this, full_until=began)
    return True


async def _list(this: Round, since: datetime) -> bool:
    """Settle every order that changed since `since`. False when stopped before the end.

    How far we have read is kept as the shop's own time of change, so it does not matter how the shop's clock goes.
    """
    async with aclosing(_portions(this.feed.changed(since, now() + _CLOCKS_DIFFER))) as portions:
        async for portion in portions:
            await settle(this, portion)
            await _move_on(this, portion)
            await keep_turn(this.connection)
            if len(portion) == TOGETHER and this.ways.stop():
                return False
    return True


async def _portions(orders: AsyncIterator[Fetched]) -> AsyncGenerator[list[Fetched]]:
    portion: list[Fetched] = []
    try:
        async for fetched in orders:
            portion.append(fetched)
            if len(portion) == TOGETHER:
                yield portion
                portion = []
        if portion:
            yield portion
    finally:
        if isinstance(orders, AsyncGenerator):
            await orders.aclose()


async def _move_on(this: Round, portion: list[Fetched]) -> None:
    """All up to the last change of the portion is recorded; a change dated in the shop's future does not count."""
    here, connection, run = max(min(f.updated_at, f.as_of) for f in portion), this.connection, this.run
    if run.started_at == connection.full_since:
        await _note(this, full_until=min(here, run.started_at - timedelta(seconds=1)))
    until = connection.polled_until
    follows = run.since <= until if until else run.kind != MANUAL
    if follows and (until is None or here > until):
        await _note(this, polled_until=here)


async def _look_at_open(this: Round) -> bool:
    """Ask for each open order that was not compared in this run. False when stopped before the end."""
    for order in await _open_orders(this):
        if order.source_id in this.seen:
            continue
        fetched = await this.feed.order(order.source_id)
        if fetched is None:
            await note_vanished(this, order)
        else:
            await settle(this, [fetched])
        await keep_turn(this.connection)
        if this.ways.stop():
            return False
    return True


async def _open_orders(this: Round) -> list[Order]:
    """Those that changed lately and were not listed; and older ones, each of them once a week."""
    began, since = this.run.started_at, this.run.started_at - REACH
    never = Q(compared_at__isnull=True)
    lately = Q(source_updated_at__gte=since) & (never | Q(compared_at__lt=began))
    old = Q(source_updated_at__lt=since) & (never | Q(compared_at__lt=began - _RECHECKED))
    mine = Order.filter(shop_id=this.shop.id, source=this.connection.platform, closure="open")
    return await mine.filter(lately | old, placed_at__gte=began - _OPEN_FOR).order_by("id")


async def _full_run(connection: Connection, ways: Ways, kind: str) -> ReconciliationRun:
    """The full comparison that is under way, or a new one."""
    under_way = ReconciliationRun.filter(connection_id=connection.id, finished_at__isnull=True)
    if connection.full_since is not None and not ways.dry:
        found = await under_way.get_or_none(started_at=connection.full_since)
        if found is not None:
            found.error = None
            return found
    run = _run(connection, kind, now() - REACH)
    if not ways.dry:
        async with transaction():
            await run.save()
            connection.full_since, connection.full_until = run.started_at, None
            await connection.save(update_fields=["full_since", "full_until"])
    return run


async def _round(connection: Connection, feed: OrderFeed, run: ReconciliationRun, ways: Ways) -> Round:
    return Round(await Shop.get(id=connection.shop_id), connection, feed, run, ways)


def _run(connection: Connection, kind: str, since: datetime) -> ReconciliationRun:
    moment = now()
    return ReconciliationRun(connection_id=connection.id, kind=kind, since=since, until=moment, started_at=moment)


async def _finish(run: ReconciliationRun, ways: Ways, trouble: FeedTrouble | None = None) -> None:
    run.finished_at, run.error = now(), _words(trouble) if trouble else None
    await _keep(run, ways)


def _words(trouble: FeedTrouble) -> str:
    return f"{trouble.code}: {trouble.detail}"[:500]


async def _keep(run: ReconciliationRun, ways: Ways) -> None:
    if not ways.dry:
        await run.save()


async def _note(this: Round, **places: datetime | None) -> None:
    """Keep in the connection how far we are."""
    if not this.ways.dry:
        await Connection.filter(id=this.connection.id).update(**places)
        for name, value in places.items():
            setattr(this.connection, name, value)
