"""Which facts belong to which orders when they are told by a tracking number, a payment reference or an order number.

The facts of a handle live in a sheet of their own, within their shop. An order reads the sheets of its handles each
time it is derived, so it does not matter which of both came first, and several orders may read the same sheet.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from tortoise.expressions import Q

from core.clock import utc
from core.shops import Shop
from core.sql import dialect, fetch
from orders.facts import Handle, HandleKind
from orders.handles import MOST_ROUNDS, aliases_of, handles_of, next_handles
from orders.joining import Span, join
from orders.merging import Known, from_json
from orders.models import FactSheet, Order, Payment, Shipment

REUSED_AFTER = timedelta(days=60)  # a number that comes again so much later is another parcel's, not a shared one
_EARLY = timedelta(days=1)  # a label may be older than the order that was added to its parcel
_LOCKS = 0x6F72646C << 31  # "ordl": our part of PostgreSQL's space of advisory locks


async def lock_links(shop: Shop, *, alone: bool) -> None:
    """Keep the facts of handles (`alone`) and orders that look for them from missing each other, until the commit.

    Orders exclude only the facts of handles, not one another. SQLite runs one writing transaction at a time anyway.
    """
    if dialect() == "postgres":
        shared = "" if alone else "_shared"
        await fetch(f"SELECT pg_advisory_xact_lock{shared}({{key}}::bigint)", key=_LOCKS + shop.id)


async def joined(shop: Shop, order: Order, known: Known, placed_at: datetime | None) -> Known:
    """Everything that is known about `order` (stored or new): its own facts and those of its handles."""
    own = handles_of(known, order.source_id)
    wanted, beside = own, dict[Handle, Known]()
    for _ in range(MOST_ROUNDS):
        found = await _sheets(shop, wanted)
        for handle in [handle for handle in found if handle.kind is HandleKind.NUMBER]:
            if not await _is_named(shop, order, handle):
                del found[handle]
        beside |= found
        wanted = next_handles(beside)
        if not wanted:
            break
    spans = await _spans(shop, order, beside, placed_at) if placed_at else {}
    return join(known, beside, spans)


async def orders_of(shop: Shop, handles: Iterable[Handle]) -> list[Order]:
    """The orders of `shop` that go by one of `handles`, by id."""
    values: dict[HandleKind, list[str]] = defaultdict(list)
    for handle in handles:
        values[handle.kind].append(handle.value)
    numbers = values[HandleKind.NUMBER]
    fits = Q(number_key__in=numbers) | Q(source_id__in=numbers)
    fits |= Q(id__in=await _ids(Shipment, shop, tracking_key__in=values[HandleKind.TRACKING]))
    fits |= Q(id__in=await _ids(Payment, shop, gateway_ref__in=values[HandleKind.PAYMENT]))
    return await Order.filter(fits, shop_id=shop.id).order_by("id")


async def known_handles(shop: Shop, handles: Iterable[Handle]) -> frozenset[Handle]:
    """Those of `handles` that somebody has spoken of, with all their other names."""
    found, wanted = dict[Handle, Known](), frozenset(handles)
    for _ in range(MOST_ROUNDS):
        found |= await _sheets(shop, wanted)
        wanted = frozenset(alias for known in found.values() for alias in aliases_of(known)) - frozenset(found)
        if not wanted:
            break
    return frozenset(found)


async def _sheets(shop: Shop, handles: Iterable[Handle]) -> dict[Handle, Known]:
    values: dict[HandleKind, list[str]] = defaultdict(list)
    for handle in handles:
        values[handle.kind].append(handle.value)
    if not values:
        return {}
    named = Q(*(Q(source=kind.value, source_id__in=names) for kind, names in sorted(values.items())), join_type="OR")
    sheets = await FactSheet.filter(named, shop_id=shop.id)
    return {Handle(HandleKind(sheet.source), sheet.source_id): from_json(sheet.facts) for sheet in sheets}


async def _is_named(shop: Shop, order: Order, handle: Handle) -> bool:
    """Is `order` the one that is meant by a number? An id beats a number, and two equal ones are neither."""
    fits = Q(number_key=handle.value) | Q(source_id=handle.value)
    others = Order.filter(fits & ~Q(source=order.source, source_id=order.source_id), shop_id=shop.id)
    ids = [str(row["source_id"]) for row in await others.values("source_id")]
    return not ids or (order.source_id == handle.value and handle.value not in ids)


async def _spans(shop: Shop, order: Order, beside: Mapping[Handle, Known], placed_at: datetime) -> dict[Handle, Span]:
    """From when to when a tracking number means a parcel of this order, where other orders have had it, too."""
    keys = [handle.value for handle in beside if handle.kind is HandleKind.TRACKING]
    if not keys:
        return {}
    rows = Shipment.filter(tracking_key__in=keys, order__shop_id=shop.id)
    times: dict[str, list[datetime]] = defaultdict(list)
    for row in await rows.values("tracking_key", "order__source_id", "order__placed_at"):
        if row["order__source_id"] != order.source_id:
            times[str(row["tracking_key"])].append(utc(row["order__placed_at"]))
    return {Handle(HandleKind.TRACKING, key): _span(placed_at, others) for key, others in times.items()}


def _span(mine: datetime, others: Iterable[datetime]) -> Span:
    others = list(others)
    later = [at for at in others if at >= mine + REUSED_AFTER]
    is_second = any(at <= mine - REUSED_AFTER for at in others)
    return Span(since=mine - _EARLY if is_second else None, until=min(later) - _EARLY if later else None)


async def _ids(model: type[Shipment] | type[Payment], shop: Shop, **filters: list[str]) -> list[int]:
    if not all(filters.values()):
        return []
    return list(await model.filter(order__shop_id=shop.id, **filters).values_list("order_id", flat=True))  # type: ignore[arg-type]
