"""Simulated shops and what is around them: they tell what happened in the real wire formats, for the real doors."""

from collections.abc import Sequence
from datetime import datetime

from app.gateways.simulators.generic_wire import upsert
from app.gateways.simulators.lives import SERVICE_ONLY, Told
from app.gateways.simulators.order import SimAttempt, SimOrder, SimParcel, SimRefund
from app.gateways.simulators.payments import Accounts
from app.gateways.simulators.shopify_wire import webhook
from app.gateways.simulators.signing import sealed
from app.gateways.simulators.trackers import push
from app.gateways.simulators.wire import Letter, Wire
from app.gateways.simulators.woocommerce_wire import saved
from orders.receiving import Incoming, accept
from orders.sources import generic, shopify, woocommerce

SIMULATED = (shopify.NAME, woocommerce.NAME, generic.NAME)


async def deliver(wire: Wire) -> None:
    """Hand a request to the verb behind the door it is addressed to: all of the way in but HTTP itself."""
    await accept(incoming(wire))


def incoming(wire: Wire) -> Incoming:
    """What the door at `wire.path` makes of the request."""
    return Incoming(source=wire.source, shop_key=wire.shop, headers=wire.headers, body=wire.body)


def tell(order: SimOrder, told: Sequence[Told], at: datetime, accounts: Accounts | None = None) -> list[Wire]:
    """The signed requests in which all who know of it tell what happened at `at`."""
    return [sealed(letter, order.shop.secrets, at) for letter in letters(order, told, at, accounts)]


def letters(order: SimOrder, told: Sequence[Told], at: datetime, accounts: Accounts | None = None) -> list[Letter]:
    """What the shop tells, then the tracking service if the order has one, then the payment service if there are any
    accounts.
    """
    own = [item for item in told if item.topic != SERVICE_ONLY and (order.scans_by_shop or item.scan is None)]
    written = _written(order, own, at)
    for item in told:
        if isinstance(item.part, SimParcel) and item.scan and not order.scans_by_shop:
            written.append(push(order, item.part))
        if accounts and isinstance(item.part, SimAttempt):
            written += accounts.tell_attempt(order, item.part)
        if accounts and isinstance(item.part, SimRefund):
            written += accounts.tell_refund(order, item.part, at)
    return written


def _written(order: SimOrder, told: Sequence[Told], at: datetime) -> list[Letter]:
    if order.shop.platform == shopify.NAME:
        return [webhook(order, item, at) for item in told]
    whole = saved if order.shop.platform == woocommerce.NAME else upsert
    return [whole(order, at)] if told else []
