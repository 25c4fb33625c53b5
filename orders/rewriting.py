"""Bringing an order's rows up to what is known: its own facts, joined with those of its handles."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from core.clock import now
from core.shops import Shop
from orders.deriving import Picture, derive
from orders.durations import confirmation_expected, ship_by_rule, usual_confirmation
from orders.facts import Handle
from orders.linking import joined, known_handles, orders_of
from orders.merging import Known, from_json
from orders.models import FactSheet, Order, SourceEvent
from orders.recording import Deadlines, write
from orders.statuses import Confirmation, Headline
from orders.stock import orders_moved
from orders.stock_gate import keep_foreseen, outlook

HISTORY = 200  # so many confirmed orders tell how long confirmation normally takes


async def rewrite(shop: Shop, order: Order, known: Known, *, announce: bool) -> Order | None:
    """Write the rows of `order` (stored or new); None, and nothing written, while its head has not arrived."""
    picture = derive(known)
    if picture is None:
        return None
    everything = await joined(shop, order, known, picture.header.placed_at)
    if everything is not known:
        picture = derive(everything) or picture
    seen, is_new = await outlook(order, shop.id, picture), order.pk is None
    if seen.lacking:
        confirmed = not is_new and order.confirmation == Confirmation.CONFIRMED
        picture = derive(everything, seen.lacking, confirmed=confirmed) or picture
    deadlines = await _deadlines(shop, order, picture)
    moved = await write(order, picture, shop, deadlines, everything.latest() or now(), announce=announce)
    if is_new:
        await keep_foreseen(order, seen)
    await orders_moved(shop.id, moved & seen.positions.keys())
    return order


async def rewrite_all(shop: Shop, orders: Iterable[Order], *, announce: bool) -> None:
    """Derive stored orders anew from their sheets."""
    for order in orders:
        name = {"shop_id": shop.id, "source": order.source, "source_id": order.source_id}
        sheet = await FactSheet.filter(**name).select_for_update().first()
        if sheet is not None:
            await rewrite(shop, order, from_json(sheet.facts), announce=announce)


async def claim_parked(shop: Shop, order: Order, gained: Collection[Handle], *, announce: bool) -> None:
    """What came before `order`, or before its handles, belongs to it now; and whoever shares them looks again."""
    parked = SourceEvent.filter(shop_id=shop.id, source=order.source, order_ref=order.source_id, state="parked")
    await parked.update(state="folded", order_id=order.id)
    spoken_of = await known_handles(shop, gained)
    if spoken_of:
        orders = await orders_of(shop, spoken_of)
        await claim(shop, orders, spoken_of)
        await rewrite_all(shop, [other for other in orders if other.id != order.id], announce=announce)


async def claim(shop: Shop, orders: Collection[Order], handles: Iterable[Handle]) -> None:
    """Give the deliveries that waited under `handles` to the first of `orders`."""
    if orders:
        names = [str(handle) for handle in handles]
        waiting = SourceEvent.filter(shop_id=shop.id, order_ref__in=names, state="parked")
        await waiting.update(state="folded", order_id=next(iter(orders)).id)


async def _deadlines(shop: Shop, order: Order, picture: Picture) -> Deadlines:
    """Times that the platform gives win; else what is usual, fixed at the first sight, and what rules ask for."""
    header = picture.header
    confirm_by = header.confirm_by or order.confirm_by
    if confirm_by is None and picture.headline is Headline.AWAITING_CONFIRMATION and header.placed_at is not None:
        usual = usual_confirmation(await _confirmation_times(shop))
        confirm_by = confirmation_expected(header.placed_at, picture.paid_at, usual)
    ship_by = header.promised_ship_by or ship_by_rule(shop.country, picture.paid_at)
    return Deadlines(confirm_by=confirm_by, promised_ship_by=ship_by)


async def _confirmation_times(shop: Shop) -> list[timedelta]:
    rows: list[tuple[datetime, datetime | None, datetime]] = list(
        await Order.filter(shop_id=shop.id, confirmed_at__not_isnull=True)
        .order_by("-placed_at")
        .limit(HISTORY)
        .values_list("placed_at", "paid_at", "confirmed_at")
    )
    return [confirmed - max(placed, paid or placed) for placed, paid, confirmed in rows]
