"""Reconciliation as jobs: every 15 minutes each connection gets its turn, and each night a full comparison.

Two lanes let two shops be compared at once, however many there are; a run lasts half a minute at most and then goes to
the back of its lane, so that neither a large shop nor one that fails keeps the others waiting.
"""

import time
from datetime import datetime, timedelta
from typing import Any

from app.gateways.feeds import feed_of
from app.jobs.context import JobContext
from app.jobs.housekeeping import EVERY, plan_next
from core.clock import now
from core.jobs import enqueue
from core.shops import Shop
from orders.connections import end_turn, full_is_due, note_failure, note_success, take_turn
from orders.feeds import TROUBLE, OrderFeed
from orders.models import Connection, ReconciliationRun
from orders.reconciling import FIRST, reconcile_fully, reconcile_window
from orders.repairing import Ways

LANES = 2
AT_A_TIME = 30.0  # seconds
KEEP_RUNS = timedelta(days=30)
_TRIES = 3


async def plan_comparisons(args: dict[str, Any], context: JobContext) -> None:
    """Give every connection (or only `connection`) a comparison with its shop, and forget old runs."""
    if "connection" in args:
        await _plan(int(args["connection"]), f"{args.get('at', '')}")
        return
    await plan_next("orders.reconcile", now())
    slot = int(now().timestamp() // EVERY["orders.reconcile"].total_seconds())
    for connection in await Connection.filter(enabled=True).order_by("id").only("id"):
        await _plan(connection.id, str(slot))
    await ReconciliationRun.filter(started_at__lt=now() - KEEP_RUNS).delete()


async def compare_with_shop(args: dict[str, Any], context: JobContext) -> None:
    """Compare what `connection`'s shop has changed, and go on with a full comparison when it is due."""
    connection = await Connection.get_or_none(id=int(args["connection"]), enabled=True)
    if connection is None or (connection.not_before and connection.not_before > now()):
        return
    if not await take_turn(connection):
        return  # another process compares it now
    try:
        run_id = await _compare(connection)
    finally:
        await end_turn(connection)
    if run_id:
        await _plan(connection.id, f"run:{run_id}:{args.get('portion', 0)}", portion=int(args.get("portion", 0)) + 1)


async def plan_first(connection: Connection) -> None:
    """Compare a connection that has just been made, or changed, without waiting for its quarter of an hour."""
    await _plan(connection.id, f"connected:{now().timestamp()}")


async def _compare(connection: Connection) -> int | None:
    """Returns the id of a full run that has more to do."""
    feed = feed_of(connection)
    try:
        run_id = await _take_portion(connection, feed)
    except TROUBLE as trouble:
        await _come_back(connection, await note_failure(connection, trouble))
        return None
    finally:
        await feed.aclose()
    await note_success(connection)
    return run_id


async def _take_portion(connection: Connection, feed: OrderFeed) -> int | None:
    shop, deadline = await Shop.get(id=connection.shop_id), time.monotonic() + AT_A_TIME
    ways = Ways(stop=lambda: time.monotonic() >= deadline)
    if connection.last_full_at is None:  # the past comes in without a word to anybody
        run, done = await reconcile_fully(connection, feed, Ways(quietly=True, stop=ways.stop), kind=FIRST)
        return None if done else run.id
    await reconcile_window(connection, feed, ways)
    if not full_is_due(connection, shop.timezone, now()):
        return None
    run, done = await reconcile_fully(connection, feed, ways)
    return None if done else run.id


async def _come_back(connection: Connection, at: datetime) -> None:
    """Earlier than the next quarter of an hour, if the shop wishes so."""
    if at - now() < EVERY["orders.reconcile"]:
        moment = str(int(at.timestamp()))
        args = {"connection": connection.id, "at": moment}
        await enqueue("orders.reconcile", args, run_at=at, key=f"orders.reconcile:{connection.id}:{moment}")


async def _plan(connection_id: int, name: str, **args: int) -> None:
    await enqueue(
        "orders.compare",
        {"connection": connection_id, **args},
        key=f"orders.compare:{connection_id}:{name}",
        lane=f"reconcile:{connection_id % LANES}",
        max_attempts=_TRIES,
    )
