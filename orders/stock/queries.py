"""Looking at stock: SKUs in trouble, one SKU with its places, and the open orders that want it, in their turn."""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tortoise.expressions import Q

from core.clock import utc
from core.errors import Invalid, NotFound
from core.sql import as_time, fetch
from core.text import clean, reference
from orders.stock.models import Shortage, StockItem, StockLevel, StockPosition

PAGE, MOST = 50, 500
# Who comes first: money certain or confirmed; then half-way, or under review; then the rest. See stock_allocation.
_TURN = (
    "CASE WHEN CAST(o.holds AS TEXT) LIKE '%\"fraud\"%' OR CAST(o.holds AS TEXT) LIKE '%\"payment_review\"%' THEN 1"
    " WHEN o.confirmation = 'confirmed' OR o.payment IN ('paid', 'overpaid') THEN 0"
    " WHEN o.payment IN ('authorized', 'partially_paid') THEN 1 ELSE 2 END"
)
_OPEN = (
    " FROM order_line AS l JOIN shop_order AS o ON o.id = l.order_id"
    " LEFT JOIN stock_shortage AS s ON s.line_id = l.id"
    " WHERE l.shop_id = {shop} AND l.sku = {sku} AND l.open_units > 0"
)
OPEN_CLAIMS = (
    f"SELECT l.id AS line_id, l.order_id, l.open_units AS units, o.placed_at, {_TURN} AS turn,"
    " s.id AS shortage_id, s.units AS short, s.restock_eta, s.gone, s.backorderable" + _OPEN
)
_OPEN_ORDERS = (
    f"SELECT l.id AS line_id, o.id AS order_id, o.public_id, o.number, o.headline, o.placed_at,"
    f" o.customer_name, o.email, l.open_units, s.units AS short, {_TURN} AS turn" + _OPEN
)
_AFTER = f" AND ({_TURN}, o.placed_at, o.id, l.id) > ({{turn}}, {{placed}}, {{order}}, {{line}})"
_IN_TURN = " ORDER BY turn, o.placed_at, o.id, l.id LIMIT {limit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrder:
    """An open line that wants a SKU, in its turn; `short` units of it stock does not reach."""

    line_id: int
    order_id: int
    public_id: str
    number: str
    headline: str
    placed_at: datetime
    customer: str
    units: int
    short: int
    turn: int

    @property
    def cursor(self) -> str:
        """Where the page after this one begins."""
        text = f"{self.turn}|{self.placed_at.isoformat()}|{self.order_id}|{self.line_id}"
        return base64.urlsafe_b64encode(text.encode()).decode()


async def open_orders_of(shop_id: int, sku: str, *, after: str | None = None, limit: int = MOST) -> list[OpenOrder]:
    """The open lines of `sku`, in the order in which stock is shared out: one query. Raises Invalid (bad_cursor)."""
    values = _read_cursor(after) if after else {}
    statement = _OPEN_ORDERS + (_AFTER if after else "") + _IN_TURN
    rows = await fetch(statement, shop=shop_id, sku=sku, limit=max(1, limit), **values)
    return [
        OpenOrder(
            line_id=row["line_id"],
            order_id=row["order_id"],
            public_id=row["public_id"],
            number=row["number"],
            headline=row["headline"],
            placed_at=as_time(row["placed_at"]) or utc(row["placed_at"]),
            customer=row["customer_name"] or row["email"] or "",
            units=row["open_units"],
            short=row["short"] or 0,
            turn=row["turn"],
        )
        for row in rows
    ]


async def positions_in_trouble(
    shop_ids: Sequence[int], after: str | None = None, limit: int = PAGE
) -> list[StockPosition]:
    """SKUs that stock does not reach, the longest trouble first. Raises Invalid (bad_cursor)."""
    mine = StockPosition.filter(shop_id__in=list(shop_ids), first_short_at__not_isnull=True)
    if after:
        moment, row_id = _read_position(after)
        mine = mine.filter(Q(first_short_at__gt=moment) | Q(first_short_at=moment, id__gt=row_id))
    return await mine.order_by("first_short_at", "id").limit(limit)


async def find_positions(
    shop_ids: Sequence[int], text: str, after: int | None = None, limit: int = PAGE
) -> list[StockPosition]:
    """SKUs whose name begins with `text`, or whose title holds it, oldest row first."""
    words, key = clean(text, limit=120), reference(text)[:120]
    if not words:
        return []
    fits = Q(title__icontains=words) | (Q(sku_key__startswith=key) if key else Q(sku=words))
    mine = StockPosition.filter(fits, shop_id__in=list(shop_ids), id__gt=after or 0)
    return await mine.order_by("id").limit(limit)


async def named_positions(
    shop_id: int, skus: Sequence[str], words: Sequence[str], most: int = 2
) -> list[StockPosition]:
    """At most `most` SKUs of a shop with one of these names; without one, those whose title holds all the words."""
    keys = [reference(sku)[:120] for sku in skus]
    found = await StockPosition.filter(shop_id=shop_id, sku_key__in=keys).limit(most) if keys else []
    if found or not words:
        return found
    fits = Q(*(Q(title__icontains=word) for word in words))
    return await StockPosition.filter(fits, shop_id=shop_id).order_by("id").limit(most)


async def count_in_trouble(shop_ids: Sequence[int], most: int = 100) -> int:
    """How many SKUs stock does not reach; counting stops at `most`."""
    mine = StockPosition.filter(shop_id__in=list(shop_ids), first_short_at__not_isnull=True)
    return len(await mine.limit(most).values_list("id"))


async def position_in_view(shop_ids: Sequence[int], position_id: int) -> StockPosition:
    """One SKU of these shops. Raises NotFound, also for another shop's."""
    found = await StockPosition.get_or_none(id=position_id, shop_id__in=list(shop_ids)).select_related("shop")
    if found is None:
        raise NotFound("there is no such SKU", code="sku_not_found")
    return found


async def levels_at(position: StockPosition) -> list[StockLevel]:
    """What sources say of the SKU, place by place."""
    items = await StockItem.filter(shop_id=position.shop_id, sku=position.sku).values_list("id", flat=True)
    levels = StockLevel.filter(item_id__in=list(items))
    return await levels.order_by("item__source", "location", "id").select_related("item")


async def shortages_of(order_ids: Iterable[int]) -> dict[int, Shortage]:
    """The shortages of orders, by line: one query."""
    return {row.line_id: row for row in await Shortage.filter(order_id__in=list(order_ids))}


def cursor(position: StockPosition) -> str:
    """Where the page of troubles after `position` begins."""
    moment = position.first_short_at.isoformat() if position.first_short_at else ""
    return base64.urlsafe_b64encode(f"{moment}|{position.id}".encode()).decode()


def _read_position(text: str) -> tuple[datetime, int]:
    try:
        moment, row_id = _parts(text, 2)
        return utc(datetime.fromisoformat(moment)), int(row_id)
    except (ValueError, OverflowError):
        raise Invalid("not a cursor of this list", code="bad_cursor") from None


def _read_cursor(text: str) -> dict[str, datetime | int]:
    try:
        turn, moment, order_id, line_id = _parts(text, 4)
        placed = utc(datetime.fromisoformat(moment))
        return {"turn": int(turn), "placed": placed, "order": int(order_id), "line": int(line_id)}
    except (ValueError, OverflowError):
        raise Invalid("not a cursor of this list", code="bad_cursor") from None


def _parts(text: str, count: int) -> list[str]:
    parts = base64.b64decode(text, altchars=b"-_", validate=True).decode().split("|")
    if len(parts) != count or any(len(part) > 40 for part in parts):
        raise ValueError("no cursor")
    return parts
