"""Bringing the rows of orders up to what is known: their own facts, joined with those of their handles."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from core.clock import now
from core.shops import Shop
from core.sql import run_many
from orders.deriving import Picture, derive
from orders.durations import USUAL_CONFIRMATION, confirmation_expected, ship_by_rule, usual_confirmation
from orders.facts import Handle
from orders.linking import Subject, joined, names_of, orders_by_handle
from orders.merging import Known, from_json
from orders.models import Order
from orders.recording import Deadlines, Work, write
from orders.statuses import Confirmation, Headline
from orders.stock import orders_moved
from orders.stock_gate import Outlook, keep_foreseen, outlooks
from orders.tables import ORDERS, SHEETS, Row

HISTORY = 200  # so many confirmed orders tell how long confirmation normally takes

_CLAIM = (
    "UPDATE source_event SET state = 'folded', order_id = {order}"
    " WHERE shop_id = {shop} AND order_ref = {name} AND state = 'parked'"
)
_CLAIM_OWN = f"{_CLAIM} AND source = {{source}}"


async def rewrite(shop: Shop, orders: Sequence[tuple[Row, Known]], *, announce: bool) -> None:
    """Write the rows of orders (stored or new). One whose head has not arrived stays without an id, unwritten."""
    subjects, heads = [], []
    for order, known in orders:
        if (picture := derive(known)) is not None and picture.header.placed_at is not None:
            subjects.append(Subject(order, known, picture.header.placed_at))
            heads.append(picture)
    if not subjects:
        return
    everything = await joined(shop, subjects)
    pictures = [
        head if known is subject.known else derive(known) or head
        for subject, head, known in zip(subjects, heads, everything, strict=True)
    ]
    seen = await outlooks(shop.id, [(s.order, picture) for s, picture in zip(subjects, pictures, strict=True)])
    usual, works, new = await _usual(shop, pictures), list[Work](), list[tuple[Row, Outlook]]()
    for (order, _, _), known, stocked, outlook in zip(subjects, everything, pictures, seen, strict=True):
        picture = stocked
        if order["id"] is None:
            new.append((order, outlook))
        if outlook.lacking:
            confirmed = order["id"] is not None and order["confirmation"] == Confirmation.CONFIRMED
            picture = derive(known, outlook.lacking, confirmed=confirmed) or picture
        deadlines, newest = _deadlines(shop, order, picture, usual), known.latest() or now()
        works.append(Work(order=order, picture=picture, deadlines=deadlines, newest=newest))
    await write(works, shop, announce=announce)
    await keep_foreseen(shop.id, new)
    counted = {sku for outlook in seen for sku in outlook.positions}
    await orders_moved(shop.id, {sku for work in works for sku in work.demand} & counted)


async def rewrite_all(shop: Shop, order_ids: Collection[int], *, announce: bool) -> set[int]:
    """Derive stored orders anew from their sheets. Returns the ids of those that have one."""
    if not order_ids:
        return set()
    sheets = await SHEETS.lock("order_id IN ({ids})", ids=sorted(order_ids))
    orders = {row["id"]: row for row in await ORDERS.read("id IN ({ids})", ids=sorted(order_ids))}
    await rewrite(shop, [(orders[row["order_id"]], from_json(row["facts"])) for row in sheets], announce=announce)
    return set(orders)


async def claim_parked(shop: Shop, gains: Sequence[tuple[Row, Collection[Handle]]], *, announce: bool) -> None:
    """What came before an order, or before its handles, belongs to it now; and whoever shares them looks again."""
    await run_many(
        _CLAIM_OWN,
        [
            {"order": order["id"], "shop": shop.id, "name": order["source_id"], "source": order["source"]}
            for order, _ in gains
        ],
    )
    names = await names_of(shop, {handle for _, gained in gains for handle in gained})
    if not names:
        return
    found = await orders_by_handle(shop, frozenset[Handle]().union(*names.values()))
    claims, others = list[tuple[int, Iterable[Handle]]](), set[int]()
    for order, gained in gains:
        spoken_of = sorted({name for handle in gained for name in names.get(handle, ())})
        ids = ids_of(spoken_of, found)
        claims += [(ids[0], spoken_of)] if ids else []
        others.update(other for other in ids if other != order["id"])
    await claim(shop, claims)
    await rewrite_all(shop, others, announce=announce)


async def claim(shop: Shop, claims: Iterable[tuple[int, Iterable[Handle]]]) -> None:
    """Give the deliveries that waited under handles to an order, by id."""
    rows = [{"order": order_id, "shop": shop.id, "name": str(h)} for order_id, handles in claims for h in handles]
    await run_many(_CLAIM, rows)


def ids_of(handles: Iterable[Handle], orders: Mapping[Handle, Iterable[int]]) -> list[int]:
    """The orders of any of `handles`, by id."""
    return sorted({order_id for handle in handles for order_id in orders[handle]})


def _deadlines(shop: Shop, order: Row, picture: Picture, usual: timedelta) -> Deadlines:
    """Times that the platform gives win; else what is usual, fixed at the first sight, and what rules ask for."""
    header = picture.header
    confirm_by = header.confirm_by or order["confirm_by"]
    if confirm_by is None and picture.headline is Headline.AWAITING_CONFIRMATION and header.placed_at is not None:
        confirm_by = confirmation_expected(header.placed_at, picture.paid_at, usual)
    ship_by = header.promised_ship_by or ship_by_rule(shop.country, picture.paid_at)
    return Deadlines(confirm_by=confirm_by, promised_ship_by=ship_by)


async def _usual(shop: Shop, heads: Iterable[Picture]) -> timedelta:
    """How long confirmation normally takes here; looked up only when one of these orders waits for it."""
    if not any(head.headline is Headline.AWAITING_CONFIRMATION and head.header.confirm_by is None for head in heads):
        return USUAL_CONFIRMATION
    rows: list[tuple[datetime, datetime | None, datetime]] = list(
        await Order.filter(shop_id=shop.id, confirmed_at__not_isnull=True)
        .order_by("-placed_at")
        .limit(HISTORY)
        .values_list("placed_at", "paid_at", "confirmed_at")
    )
    return usual_confirmation([confirmed - max(placed, paid or placed) for placed, paid, confirmed in rows])
