"""`wismo orders reconcile`: compare with the shops now, show what is different, and repair it."""

import json
import sys
from contextlib import aclosing
from datetime import datetime
from typing import Any

import click

from app.cli_orders import in_database
from app.gateways.feeds import feed_of
from core.errors import Conflict, NotFound
from orders.comparing import WRONG
from orders.connections import end_turn, note_failure, note_success, take_turn
from orders.feeds import TROUBLE, OrderFeed
from orders.models import Connection, ReconciliationRun
from orders.reconciling import FIRST, MANUAL, reconcile_fully, reconcile_window
from orders.repairing import Compared, Ways
from orders.sources.reading import when

_WIDEST = 48
_PRIVATE = frozenset({"email", "phone", "customer_name", "ship_to", "signed_by", "pickup_code"})


@click.command()
@click.option("--shop", "shop_key", help="Key of one shop; otherwise every connection.")
@click.option("--since", help="Compare what changed since then (ISO 8601) instead of since the last run.")
@click.option("--full", is_flag=True, help="As at night: 60 days of changes, and every open order.")
@click.option("--dry-run", is_flag=True, help="Only show what is different; change nothing.")
@in_database
async def reconcile(shop_key: str | None, since: str | None, full: bool, dry_run: bool) -> None:
    """Compare orders with the shops, show order, field, ours and theirs, and repair.

    Contacts and addresses are masked. Ends with status 1 if something could not be repaired or a shop did not answer.
    """
    chosen = Connection.filter(shop__key=shop_key) if shop_key else Connection.filter(enabled=True)
    connections = await chosen.order_by("id").select_related("shop")
    if not connections:
        raise NotFound("no such shop is connected: see ./wismo shops connect", code="connection_not_found")
    start = when(since, "UTC") if since else None
    fine = [await _reconcile_one(connection, start, full=full, dry=dry_run) for connection in connections]
    if not all(fine):
        sys.exit(1)


async def _reconcile_one(connection: Connection, since: datetime | None, *, full: bool, dry: bool) -> bool:
    name = f"{connection.shop.key} ({connection.platform})"
    if not dry and not await take_turn(connection):
        raise Conflict(f"{name} is being compared right now: try again in a few minutes", code="reconciling")
    try:
        async with aclosing(feed_of(connection)) as feed:
            run = await _compared(connection, feed, since, full=full, dry=dry)
    except TROUBLE as trouble:
        if not dry:
            await note_failure(connection, trouble)
        click.echo(f"{name}: {trouble.detail} ({trouble.code})", err=True)
        return False
    finally:
        await end_turn(connection)
    if not dry:
        await note_success(connection)
    words = f"{run.missing} missing, {run.drifted} different, {run.vanished} unknown to the shop"
    click.echo(f"{name}: {run.fetched} compared, {words}; {run.repaired} repaired, {run.failed} not")
    return run.failed == 0


async def _compared(
    connection: Connection, feed: OrderFeed, since: datetime | None, *, full: bool, dry: bool
) -> ReconciliationRun:
    first = connection.last_full_at is None
    seen = 0

    def told(compared: Compared) -> None:
        nonlocal seen
        seen += 1
        if sys.stderr.isatty():
            click.echo(f"\r{connection.shop.key}: {seen} compared", nl=False, err=True)
        _show(compared)

    ways = Ways(quietly=first, dry=dry, told=told)
    if full or (first and since is None):
        run, _ = await reconcile_fully(connection, feed, ways, kind=FIRST if first else MANUAL)
    else:
        run = await reconcile_window(connection, feed, ways, since=since, kind=MANUAL if since else "window")
    if sys.stderr.isatty():
        click.echo(err=True)
    return run


def _show(compared: Compared) -> None:
    """One row a difference: order, finding, field, ours, theirs."""
    comparison = compared.comparison
    if comparison.finding not in WRONG:
        return
    head = [compared.number or compared.source_id, comparison.finding.value]
    if comparison.finding.value == "missing" or not comparison.differences:
        click.echo("\t".join(head))
        return
    for found in comparison.differences:
        ours, theirs = (_word(found.field, value) for value in (found.ours, found.theirs))
        click.echo("\t".join([*head, f"{found.part}.{found.field}", ours, theirs]))


def _word(field: str, value: Any) -> str:
    if field in _PRIVATE and value:
        return "…"
    text = "–" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
