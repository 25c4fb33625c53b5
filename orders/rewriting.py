"""Bringing the rows of orders up to what is known: their own facts, joined with those of their handles."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from core.clock import now
from core.shops import Shop
from core.sql import Program, as_time, query, run_many
from orders.deriving import Picture, derive
from orders.durations import USUAL_CONFIRMATION, confirmation_expected, ship_by_rule, usual_confirmation
from orders.facts import Handle
from orders.linking import Subject, joined, names_of, orders_by_handle
from orders.merging import Known, from_json
from orders.recording import Deadlines, Work, write
from orders.statuses import Confirmation, Headline
from orders.stock.gate import Outlook, keep_foreseen, outlooks
from orders.stock.intake import orders_moved
from orders.tables import ORDERS, SHEETS, Row

HISTORY = 200  # so many confirmed orders tell how long confirmation normally takes

_CLAIM = (
    "UPDATE source_event SET state = 'folded', order_id = {order}"
    " WHERE shop_id = {shop} AND order_ref = {name} AND state = 'parked'"
)
_CONFIRMED = (
    "SELECT placed_at, paid_at, confirmed_at FROM shop_order WHERE shop_id = {shop} AND confirmed_at IS NOT NULL"
    " ORDER BY placed_at DESC LIMIT {limit}"
)
_CLAIM_OWN = f"{_CLAIM} AND source = {{source}}"


def rewrite(shop: Shop, orders: Sequence[tuple[Row, Known]], *, announce: bool) -> Program[None]:
    """Write the rows of orders (stored or new). One whose head has not arrived stays without an id, unwritten."""
    subjects, heads = [], []
    for order, known in orders:
        if (picture := derive(known)) is not None and picture.header.placed_at is not None:
            subjects.append(Subject(order, known, picture.header.placed_at))
            heads.append(picture)
    if not subjects:
        return
    everything = yield from joined(shop, subjects)
    pictures = [
        head if known is subject.known else derive(known) or head
        for subject, head, known in zip(subjects, heads, everything, strict=True)
    ]
    seen = yield from outlooks(shop.id, [(s.order, picture) for s, picture in zip(subjects, pictures, strict=True)])
    usual, works, new = (yield from _usual(shop, pictures)), list[Work](), list[tuple[Row, Outlook]]()
    for (order, _, _), known, stocked, outlook in zip(subjects, everything, pictures, seen, strict=True):
        picture = stocked
        if order["id"] is None:
            new.append((order, outlook))
        if outlook.lacking:
            confirmed = order["id"] is not None and order["confirmation"] == Confirmation.CONFIRMED
            picture = derive(known, outlook.lacking, confirmed=confirmed) or picture
        deadlines, newest = _deadlines(shop, order, picture, usual), known.latest() or now()
        works.append(Work(order=order, picture=picture, deadlines=deadlines, newest=newest))
    yield from write(works, shop, announce=announce)
    yield from keep_foreseen(shop.id, new)
    counted = {sku for outlook in seen for sku in outlook.positions}
    yield from orders_moved(shop.id, {sku for work in works for sku in work.demand} & counted)


def rewrite_all(shop: Shop, order_ids: Collection[int], *, announce: bool) -> Program[set[int]]:
    """Derive stored orders anew from their sheets. Returns the ids of those that have one."""
    if not order_ids:
        return set()
    sheets = yield from SHEETS.lock("order_id IN ({ids})", ids=sorted(order_ids))
    orders = {row["id"]: row for row in (yield from ORDERS.read("id IN ({ids})", ids=sorted(order_ids)))}
    yield from rewrite(shop, [(orders[row["order_id"]], from_json(row["facts"])) for row in sheets], announce=announce)
    return set(orders)


def claim_parked(shop: Shop, gains: Sequence[tuple[Row, Collection[Handle]]], *, announce: bool) -> Program[None]:
    """What came before an order, or before its handles, belongs to it now; and whoever shares them looks again."""
    yield from run_many(
        _CLAIM_OWN,
        [
            {"order": order["id"], "shop": shop.id, "name": order["source_id"], "source": order["source"]}
            for order, _ in gains
        ],
    )
    names = yield from names_of(shop, {handle for _, gained in gains for handle in gained})
    if not names:
        return
    found = yield from orders_by_handle(shop, frozenset[Handle]().union(*names.values()))
    claims, others = list[tuple[int, Iterable[Handle]]](), set[int]()
    for order, gained in gains:
        spoken_of = sorted({name for handle in gained for name in names.get(handle, ())})
        ids = ids_of(spoken_of, found)
        claims += [(ids[0], spoken_of)] if ids else []
        others.update(other for other in ids if other != order["id"])
    yield from claim(shop, claims)
    yield from rewrite_all(shop, others, announce=announce)


def claim(shop: Shop, claims: Iterable[tuple[int, Iterable[Handle]]]) -> Program[None]:
    """Give the deliveries that waited under handles to an order, by id."""
    rows = [{"order": order_id, "shop": shop.id, "name": str(h)} for order_id, handles in claims for h in handles]
    yield from run_many(_CLAIM, rows)


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


def _usual(shop: Shop, heads: Iterable[Picture]) -> Program[timedelta]:
    """How long confirmation normally takes here; looked up only when one of these orders waits for it."""
    if not any(head.headline is Headline.AWAITING_CONFIRMATION and head.header.confirm_by is None for head in heads):
        return USUAL_CONFIRMATION
    rows = yield query(_CONFIRMED, shop=shop.id, limit=HISTORY)
    spans = [
        _until_confirmed(as_time(row["placed_at"]), as_time(row["paid_at"]), as_time(row["confirmed_at"]))
        for row in rows
    ]
    return usual_confirmation(spans)


def _until_confirmed(placed: datetime | None, paid: datetime | None, confirmed: datetime | None) -> timedelta:
    assert placed is not None
    assert confirmed is not None
    return confirmed - max(placed, paid or placed)
