"""What stock means for one order: which of its lines wait, known when it is first written, before it is confirmed."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from core.clock import now
from core.sql import Program, as_time, query
from orders.deriving import Lacking, Picture
from orders.stock.allocation import Figures, foreseen
from orders.tables import LINES, POSITIONS, SHORTAGES, Row

_LACKING = (
    "SELECT s.order_id, l.source_id, s.units, s.restock_eta, s.backorderable FROM stock_shortage AS s"
    " JOIN order_line AS l ON l.id = s.line_id WHERE s.order_id IN ({orders})"
)


@dataclass(frozen=True, slots=True)
class Outlook:
    """The SKUs of an order that somebody keeps count of, and its lines (by source id) that stock does not reach."""

    positions: Mapping[str, Row] = field(default_factory=dict)
    lacking: Mapping[str, Lacking] = field(default_factory=dict)


def outlooks(shop_id: int, orders: Sequence[tuple[Row, Picture]]) -> Program[list[Outlook]]:
    """Look at the stock of orders that are about to be written: one query where nobody keeps count, else two.

    What an order lacks was found out when stock was last shared out; for new ones it is foreseen, in their order.
    """
    skus = {line.facts.sku or "" for _, picture in orders for line in picture.lines.values()}
    positions = yield from _positions(shop_id, skus)
    if not positions:
        return [Outlook()] * len(orders)
    stored = [order["id"] for order, _ in orders if order["id"] is not None]
    lacking: dict[int, dict[str, Lacking]] = defaultdict(dict)
    for row in (yield query(_LACKING, orders=stored)) if stored else ():
        lack = Lacking(row["units"], as_time(row["restock_eta"]), blocks=not row["backorderable"])
        lacking[row["order_id"]][row["source_id"]] = lack
    asked = Counter[str]()
    return [
        Outlook(positions, _foreseen(picture, positions, asked) if order["id"] is None else lacking[order["id"]])
        for order, picture in orders
    ]


def keep_foreseen(shop_id: int, orders: Sequence[tuple[Row, Outlook]]) -> Program[None]:
    """Note what new orders lack, so that sharing out anew finds it and tells the order when it is covered."""
    short = {order["id"]: seen for order, seen in orders if seen.lacking}
    if not short:
        return
    rows = yield from LINES.read("order_id IN ({orders}) ORDER BY id", orders=list(short))
    lacking = [(row, short[row["order_id"]]) for row in rows if row["source_id"] in short[row["order_id"]].lacking]
    yield from SHORTAGES.insert([_shortage(shop_id, row, seen) for row, seen in lacking])


def _positions(shop_id: int, skus: Iterable[str]) -> Program[dict[str, Row]]:
    wanted = sorted(set(skus) - {""})
    if not wanted:
        return {}
    rows = yield from POSITIONS.read("shop_id = {shop} AND sku IN ({skus})", shop=shop_id, skus=wanted)
    return {row["sku"]: row for row in rows}


def _shortage(shop_id: int, line: Row, seen: Outlook) -> Row:
    lack, position = seen.lacking[line["source_id"]], seen.positions[line["sku"]]
    return SHORTAGES.new(
        shop_id=shop_id,
        sku=line["sku"],
        order_id=line["order_id"],
        line_id=line["id"],
        units=lack.units,
        backorderable=not lack.blocks,
        gone=position["gone"],
        restock_eta=lack.eta,
        since=now(),
    )


def _foreseen(picture: Picture, positions: Mapping[str, Row], asked: Counter[str]) -> dict[str, Lacking]:
    """`asked` are the units that orders before this one will take, and grows by its own."""
    found = dict[str, Lacking]()
    for name, line in picture.lines.items():
        sku = line.facts.sku or ""
        position = positions.get(sku)
        units = picture.wanted_units(line)
        if position is None or not units:
            continue
        figures = Figures(on_hand=position["on_hand"], available=position["available"], gone=position["gone"])
        short = foreseen(figures, position["demand"] + asked[sku], units) if figures.is_counted else 0
        asked[sku] += units
        if short:
            found[name] = Lacking(short, position["restock_eta"], blocks=not position["backorderable"])
    return found
