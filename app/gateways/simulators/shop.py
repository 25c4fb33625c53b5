"""Simulated shops: they tell what happened in the real wire formats, signed, ready for the real doors."""

from collections.abc import Sequence
from datetime import datetime

from app.gateways.simulators.generic_wire import upsert
from app.gateways.simulators.lives import Told
from app.gateways.simulators.order import SimOrder
from app.gateways.simulators.shopify_wire import webhook
from app.gateways.simulators.wire import Wire
from orders.receiving import Incoming, accept
from orders.sources import generic, shopify


async def deliver(wire: Wire) -> None:
    """Hand a request to the verb behind the door it is addressed to: all of the way in but HTTP itself."""
    await accept(incoming(wire))


def incoming(wire: Wire) -> Incoming:
    """What the door at `wire.path` makes of the request."""
    source = shopify.NAME if wire.path.startswith("/webhooks/shopify/") else generic.NAME
    shop_key = wire.path.rpartition("/")[2] if source == shopify.NAME else wire.headers["X-Wismo-Shop"]
    return Incoming(source=source, shop_key=shop_key, headers=wire.headers, body=wire.body)


def tell(order: SimOrder, told: Sequence[Told], at: datetime) -> list[Wire]:
    """The requests in which the order's shop tells what happened at `at`."""
    if order.shop.platform == shopify.NAME:
        return [webhook(order, item, at) for item in told]
    return [upsert(order, at)]
