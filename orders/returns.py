"""Parcels that the desk itself knows of: goods on their way back, and what is sent instead.

They become facts of the order like any other, so that later deliveries of the shop keep them and carriers' scans of
their number find them.
"""

import hashlib
import json
from collections.abc import Sequence

from core.clock import now
from core.errors import Invalid
from core.shops import Shop
from core.sql import Program, carry_out
from core.text import clean, reference
from core.transactions import transaction
from orders.applying import apply_facts
from orders.facts import Kind, OrderFacts, ShipmentFacts, Statement, Version
from orders.linking import lock_links
from orders.models import Order, Shipment
from orders.sheets import Name

BACK, INSTEAD = "return", "replacement"
NUMBER_LIMIT = 120  # characters


async def announce_parcel(
    order: Order, name: str, direction: str, carrier: str, number: str, lines: Sequence[tuple[str, int]] = ()
) -> Shipment:
    """Note the parcel `name` of an order, which goes `BACK` or is sent `INSTEAD`; the same name again corrects it.

    A parcel of that number that the platform has told already is that parcel. `lines` are source ids and units.
    Raises Invalid (bad_tracking) without a number, or for an order whose source has told nothing.
    """
    tracking = clean(number, limit=NUMBER_LIMIT)
    if not reference(tracking):
        raise Invalid("a parcel has a tracking number", code="bad_tracking")
    known = Shipment.filter(order_id=order.id, direction=direction, tracking_key=reference(tracking), cancelled=False)
    if (told := await known.exclude(source_id=name).first()) is not None:
        return told
    facts = ShipmentFacts(
        direction=direction,
        carrier=clean(carrier, limit=NUMBER_LIMIT),
        tracking_number=tracking,
        lines=tuple(lines),
        cancelled=False,
    )
    digest = hashlib.sha256(json.dumps([name, carrier, tracking]).encode()).hexdigest()[:16]
    statement = Statement(Kind.SHIPMENT, name, facts, Version(now(), "", digest))
    shop = await Shop.get(id=order.shop_id)
    async with transaction():
        await carry_out(_told(shop, order, OrderFacts(order.source_id, (statement,))))
        made = await Shipment.get_or_none(order_id=order.id, source_id=name)
    if made is None:
        raise Invalid("nothing is known of this order", code="bad_tracking")
    return made


def _told(shop: Shop, order: Order, facts: OrderFacts) -> Program[None]:
    yield from lock_links(shop, alone=False)
    yield from apply_facts(shop, {Name(order.source, order.source_id): [facts]}, announce=True)
