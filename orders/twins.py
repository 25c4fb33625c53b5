"""Looking for the twin of an order in the same shop: two queries, whatever the size of the shop."""

from collections import defaultdict

from tortoise.expressions import Q

from core.text import fold
from orders.duplicates import WITHIN, Purchase, twins
from orders.models import Order, OrderLine
from orders.statuses import NOT_LEFT, Closure, Fulfilment

MOST_CANDIDATES = 100


async def twins_of(order: Order) -> list[Order]:
    """Orders that look like `order` placed twice by accident (orders/duplicates.py says when)."""
    fits = _same_customer(order)
    if fits is None:
        return []
    near = Order.filter(
        fits,
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


def _same_customer(order: Order) -> Q | None:
    """Who may have placed it: the same contact; where one of the two has none, the address decides afterwards."""
    contacts, nameless = _contacts(order), Q(email=None, phone=None)
    if not contacts:
        return Q() if _address(order) else None
    same = Q(email__in=[order.email] if order.email else []) | Q(phone__in=[order.phone] if order.phone else [])
    return same | nameless if _address(order) else same


def _purchase(order: Order, goods: set[str]) -> Purchase:
    alive = order.closure == Closure.OPEN.value
    return Purchase(
        order=order.public_id,
        contacts=_contacts(order),
        address=_address(order),
        goods=frozenset(goods),
        placed_at=order.placed_at,
        unshipped=alive and Fulfilment(order.fulfilment) in NOT_LEFT,
    )


def _contacts(order: Order) -> frozenset[str]:
    return frozenset(contact for contact in (order.email, order.phone) if contact)


def _address(order: Order) -> str:
    """In one form; empty without a street: a town alone tells nobody apart."""
    ship_to = order.ship_to
    street = " ".join(ship_to.get("lines") or ())
    parts = [ship_to.get("name"), street, ship_to.get("postcode"), ship_to.get("city"), ship_to.get("country")]
    return "|".join(fold(" ".join((part or "").split())) for part in parts) if street.strip() else ""
