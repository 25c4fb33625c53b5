"""What stock means for one order: which of its lines wait, known when it is first written, before it is confirmed."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.clock import now
from orders.deriving import Lacking, Picture
from orders.models import Order, OrderLine
from orders.stock import known_positions
from orders.stock_allocation import Figures, foreseen
from orders.stock_models import Shortage, StockPosition


@dataclass(frozen=True, slots=True)
class Outlook:
    """The SKUs of an order that somebody keeps count of, and its lines (by source id) that stock does not reach."""

    positions: Mapping[str, StockPosition] = field(default_factory=dict)
    lacking: Mapping[str, Lacking] = field(default_factory=dict)


async def outlook(order: Order, shop_id: int, picture: Picture) -> Outlook:
    """Look at the stock of an order that is about to be written: one query where nobody keeps count, else two.

    What an order lacks was found out when stock was last shared out; for a new one it is foreseen.
    """
    skus = [line.facts.sku or "" for line in picture.lines.values()]
    positions = await known_positions(shop_id, skus)
    if not positions:
        return Outlook()
    if order.pk is None:
        return Outlook(positions, _foreseen(picture, positions))
    rows = await Shortage.filter(order_id=order.id).values(
        "line__source_id", "units", "restock_eta", "gone", "backorderable"
    )
    return Outlook(
        positions,
        {
            str(row["line__source_id"]): Lacking(row["units"], row["restock_eta"], blocks=not row["backorderable"])
            for row in rows
        },
    )


async def keep_foreseen(order: Order, seen: Outlook) -> None:
    """Note what a new order lacks, so that sharing out anew finds it and tells the order when it is covered."""
    if not seen.lacking:
        return
    lines = {row.source_id: row for row in await OrderLine.filter(order_id=order.id)}
    await Shortage.bulk_create(
        [
            Shortage(
                shop_id=order.shop_id,
                sku=lines[name].sku,
                order_id=order.id,
                line_id=lines[name].id,
                units=lack.units,
                backorderable=not lack.blocks,
                gone=seen.positions[lines[name].sku].gone,
                restock_eta=lack.eta,
                since=now(),
            )
            for name, lack in seen.lacking.items()
        ]
    )


def _foreseen(picture: Picture, positions: Mapping[str, StockPosition]) -> dict[str, Lacking]:
    found, asked = dict[str, Lacking](), Counter[str]()
    for name, line in picture.lines.items():
        position = positions.get(line.facts.sku or "")
        units = picture.wanted_units(line)
        if position is None or not units:
            continue
        figures = Figures(on_hand=position.on_hand, available=position.available, gone=position.gone)
        short = foreseen(figures, position.demand + asked[position.sku], units) if figures.is_counted else 0
        asked[position.sku] += units
        if short:
            found[name] = Lacking(short, position.restock_eta, blocks=not position.backorderable)
    return found
