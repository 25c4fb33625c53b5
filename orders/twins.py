"""Looking for the twin of an order in the same shop: two queries, whatever the size of the shop."""

from collections import defaultdict

from tortoise.expressions import Q

from orders.duplicates import WITHIN, Purchase, twins
from orders.models import Order, OrderLine
from orders.statuses import NOT_LEFT, Closure, Fulfilment

MOST_CANDIDATES = 20


async def twins_of(order: Order) -> list[Order]:
    """Orders that look like `order` placed twice by accident (orders/duplicates.py says when)."""
    contact = Q(email=order.email) if order.email else Q()
    if order.phone:
        contact = contact | Q(phone=order.phone) if order.email else Q(phone=order.phone)
    if not order.email and not order.phone:
        return []
    near = Order.filter(
        contact,
        shop_id=order.shop_id,
        placed_at__gte=order.placed_at - WITHIN,
        placed_at__lte=order.placed_at + WITHIN,
        closure=Closure.OPEN.value,
    )
    candidates = {found.id: found for found in await near.order_by("placed_at", "id").limit(MOST_CANDIDATES)}
    candidates[order.id] = order
    goods: dict[int, set[str]] = defaultdict(set)
    for line in await OrderLine.filter(order_id__in=list(candidates)):
        goods[line.order_id].add(line.sku or line.title)
    purchases = {found.public_id: _purchase(found, goods[found.id]) for found in candidates.values()}
    by_id = {found.public_id: found for found in candidates.values()}
    return [by_id[twin.order] for twin in twins(purchases[order.public_id], purchases.values())]


def _purchase(order: Order, goods: set[str]) -> Purchase:
    alive = order.closure == Closure.OPEN.value
    return Purchase(
        order=order.public_id,
        contacts=frozenset(contact for contact in (order.email, order.phone) if contact),
        goods=frozenset(goods),
        placed_at=order.placed_at,
        unshipped=alive and Fulfilment(order.fulfilment) in NOT_LEFT,
    )
