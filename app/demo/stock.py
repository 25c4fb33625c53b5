"""Stock of the demo shops: most goods are there, one is sold out until a date, one is gone for good."""

from collections import Counter
from datetime import datetime, timedelta
from random import Random

from app.gateways.simulators.market import LIGHTS, TEAS
from core.shops import Shop
from core.transactions import transaction
from orders.facts import Version
from orders.models import OrderLine
from orders.stock.demand import recompute
from orders.stock.facts import ItemFacts, LevelFacts, StockFacts, StockStatement
from orders.stock.intake import fold_stock
from orders.stock.queries import open_orders_of

NEXT_DELIVERY = timedelta(days=9)
_UNPAID = 2  # the turn of orders that nobody has paid: they are the ones that go without


async def seed_stock(shop_en: Shop, shop_zh: Shop, now: datetime) -> None:
    """Give both shops figures for all of their goods. The same `now` makes the same figures."""
    for shop, goods in ((shop_en, LIGHTS), (shop_zh, TEAS)):
        wanted = Counter[str]()
        for row in await OrderLine.filter(shop_id=shop.id, open_units__gt=0).values("sku", "open_units"):
            wanted[row["sku"]] += row["open_units"]
        tight = [sku for _, _, sku, _ in goods if await _ends_unpaid(shop, sku)][:2]
        facts = [_facts(title, variant, sku, wanted[sku], tight, now) for title, variant, sku, _ in goods]
        async with transaction():
            await fold_stock(shop, "stock", facts)
        await recompute(shop.id, [sku for _, _, sku, _ in goods])


async def _ends_unpaid(shop: Shop, sku: str) -> bool:
    rows = await open_orders_of(shop.id, sku)
    return bool(rows) and rows[-1].turn == _UNPAID


def _facts(title: str, variant: str, sku: str, wanted: int, tight: list[str], now: datetime) -> StockFacts:
    version = Version(now)
    item = {"sku": sku, "title": " · ".join(part for part in (title, variant) if part)}
    short = sku in tight
    gone = short and tight.index(sku) == 1
    stated = {"discontinued": True} if gone else {"restock_eta": now + NEXT_DELIVERY} if short else {}
    lies = max(wanted - 1, 0) if short else wanted + Random(sku).randint(3, 40)
    level = LevelFacts(quantity=lies, counts="on_hand", closed=False)
    thing = StockStatement(ItemFacts.model_validate(item | stated), version)
    return StockFacts(sku, (thing, StockStatement(level, version, "1")))
