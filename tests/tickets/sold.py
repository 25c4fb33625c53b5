"""Orders with goods for the tests of what comes after the sale: told by the order API, as a shop does."""

import json
from datetime import datetime, timedelta
from typing import Any

from core.clock import now
from core.people import Actor, Customer
from core.shops import Shop
from orders.folding import fold
from orders.models import Order
from orders.receiving import receive
from orders.sources import generic
from tests.people import World, chat
from tickets.models import Ticket
from tickets.opening import open_ticket

_PARCEL = "out-1"


async def tell(shop: Shop, **order: Any) -> Order:
    """Fold what the shop says about one of its orders."""
    body = json.dumps({"updated_at": now().isoformat(), **order}).encode()
    key = generic.delivery_key({}, body)
    await fold((await receive(shop, "generic", generic.TOPIC, key, {}, body)).id)
    return await Order.get(shop_id=shop.id, source_id=order["id"])


async def sold(
    shop: Shop,
    *,
    name: str = "1001",
    stage: str = "delivered",
    ago: timedelta = timedelta(days=2),
    country: str = "DE",
    lines: tuple[tuple[str, int, str], ...] = (("shirt", 2, "30.00"), ("lamp", 1, "59.00")),
    email: str = "ines@example.com",
    currency: str = "EUR",
) -> Order:
    """A paid order with these lines (id, units, price of a unit), delivered `ago`, shipped, or not shipped yet."""
    arrived: datetime = now() - ago
    placed = arrived - timedelta(days=5)
    total = sum(units * round(float(price) * 100) for _, units, price in lines)
    scans = [{"at": (arrived - timedelta(days=2)).isoformat(), "state": "in_transit", "text": "Picked up"}]
    if stage == "delivered":
        scans.append({"at": arrived.isoformat(), "state": "delivered", "text": "Delivered"})
    parcel = {
        "id": _PARCEL,
        "carrier": "DHL",
        "tracking_number": f"OUT{name}",
        "lines": [{"line": line, "quantity": units} for line, units, _ in lines],
        "state": scans[-1]["state"],
        "scans": scans,
    }
    return await tell(
        shop,
        id=name,
        number=f"#{name}",
        currency=currency,
        placed_at=placed.isoformat(),
        paid_at=placed.isoformat(),
        confirmation="confirmed",
        payment="paid",
        customer={"name": "Ines", "email": email},
        ship_to={"country": country, "name": "Ines", "city": "Berlin", "postcode": "10115", "lines": ["Weg 1"]},
        totals={"total": f"{total / 100:.2f}", "goods": f"{total / 100:.2f}"},
        lines=[
            {"id": line, "title": line.capitalize(), "sku": line.upper(), "quantity": units, "unit_price": price}
            for line, units, price in lines
        ],
        payments=[
            {
                "id": "pay-1",
                "method": "card",
                "gateway": "simulator",
                "reference": f"ch_{name}",
                "state": "paid",
                "captured": f"{total / 100:.2f}",
                "at": placed.isoformat(),
            }
        ],
        shipments=[] if stage == "unshipped" else [parcel],
    )


async def scanned(shop: Shop, order: Order, parcel: str, *scans: tuple[str, timedelta]) -> Order:
    """The shop tells of scans of one of the order's parcels, each so long from now (a past one is negative)."""
    told = [{"at": (now() + after).isoformat(), "state": state, "text": state} for state, after in scans]
    return await tell(shop, id=order.source_id, shipments=[{"id": parcel, "scans": told}])


async def asks(world: World, *, shop: Shop | None = None, customer: Customer | None = None) -> Ticket:
    """A ticket of somebody who wants something after the sale."""
    shop = shop or world.lumen
    who = customer or (world.ines if shop.id == world.lumen.id else world.lin)
    talk = await chat(shop, who)
    return await open_ticket(talk.id, "aftersales", Actor.of(who), subject="After the sale")
