"""Inside a simulated shop: one thing happens to an order at a time, and the shop knows what it has told so far."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from app.gateways.simulators.lives import Told
from app.gateways.simulators.order import SimOrder, remembered
from app.gateways.simulators.shop import incoming, letters
from app.gateways.simulators.signing import sealed
from core.clock import now
from core.errors import NotFound
from core.shops import Shop
from core.sql import carry_out
from core.transactions import transaction
from orders.folding import fold
from orders.linking import lock_links
from orders.merging import from_json
from orders.models import FactSheet, SourceEvent
from orders.receiving import accept


class Desk:
    """The order as the shop has it, and a way to tell of what happens to it. `at`: the next moment that is free."""

    def __init__(self, order: SimOrder, at: datetime) -> None:
        self.order, self.at = order, at

    async def tell(self, told: Sequence[Told], at: datetime) -> None:
        """Let the shop's word of it go through the real door, and be read at once: it is the shop's memory, too."""
        for letter in letters(self.order, told, at):
            event = await accept(incoming(sealed(letter, self.order.shop.secrets, now())))
            await fold(event.id)


@asynccontextmanager
async def at_shop(shop: Shop, source: str, source_id: str) -> AsyncIterator[Desk]:
    """Have the order of a simulated shop to oneself until the end of the block, which is one change. Raises NotFound.

    Whatever the shop has told and nobody has read yet is read first.
    """
    async with transaction():
        await carry_out(lock_links(shop, alone=False))
        mine = FactSheet.filter(shop_id=shop.id, source=source, source_id=source_id)
        if await mine.select_for_update().first() is None:
            raise NotFound("the shop knows no such order", code="order_not_found")
        unread = SourceEvent.filter(shop_id=shop.id, source=source, order_ref=source_id, state="received")
        if (last := await unread.order_by("-id").first()) is not None:
            await fold(last.id)
        known = from_json((await mine.get()).facts)
        newest = known.latest() or now()
        at = max(now().replace(microsecond=0), newest.replace(microsecond=0) + timedelta(seconds=1))
        yield Desk(remembered(shop, source_id, known), at)
