"""What a shop says about itself, read for the bot only when a message asks for it."""

from bots.decisions import Decision, OpenTicket
from bots.shop_facts import TOPICS, ShopFacts, Stocked, goods_named
from bots.summaries import wish_of
from core.shop_answers import answers_of
from core.shops import Shop
from orders.stock.models import StockPosition
from orders.stock.queries import named_positions

_TOPICS = frozenset(TOPICS)


def asks_shop(decision: Decision) -> bool:
    """Could the answer be another one if the shop's words and stock were known?"""
    dialogue = decision.dialogue
    wishes = {decision.receipt.intent, dialogue.pending, *(wish_of(each) for each in dialogue.queued)}
    reasons = {action.reason for action in decision.actions if isinstance(action, OpenTicket)}
    return not _TOPICS.isdisjoint(wishes | reasons)


async def shop_facts(shop_id: int, text: str) -> ShopFacts:
    """The shop's own answers, and the stock of goods that `text` names."""
    shop = await Shop.get(id=shop_id)
    skus, words = goods_named(text)
    stock = tuple(_stocked(row) for row in await named_positions(shop_id, skus, words)) if skus or words else ()
    return ShopFacts(answers=await answers_of(shop_id), stock=stock, timezone=shop.timezone)


def _stocked(row: StockPosition) -> Stocked:
    units = row.available if row.available is not None else None
    if units is None and row.on_hand is not None:
        units = row.on_hand - row.demand
    return Stocked(sku=row.sku, title=row.title, units=units, gone=row.gone, back_at=row.restock_eta)
