"""Signed deliveries for the tests, and what is made of them without a database."""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from app.gateways.simulators.lives import take
from app.gateways.simulators.order import SimLine, SimOrder
from app.gateways.simulators.shop import incoming, tell
from app.gateways.simulators.wire import Wire
from core.ids import new_id
from core.shops import Shop
from orders.facts import Address, OrderFacts
from orders.receiving import lower
from orders.sources import SOURCES, generic, shopify
from orders.sources.reading import Delivery

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SAMPLES = Path(__file__).parents[1] / "data" / "orders"
SHOPIFY_SECRET, API_SECRET = "shop-secret", "whsec_c2VjcmV0LW9mLXRoZS1zaG9w"

LIFE = (
    "submit:unpaid",
    "pay_fails",
    "pay",
    "confirm",
    "hold:address",
    "release",
    "ship:first",
    "scan:label",
    "scan:collect",
    "scan:depart",
    "ship",
    "scan1:out",
    "scan1:attempt",
    "scan1:delivered",
    "scan:collect",
    "scan:out",
    "scan:delivered",
    "refund:part",
    "refund_arrives",
    "complete",
)


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes()


def a_shop(platform: str = "shopify", **values: Any) -> Shop:
    """A shop that is in no database."""
    chinese = platform == "generic"
    return Shop(
        id=values.pop("id", 1),
        public_id=new_id("shp"),
        key="chaye" if chinese else "lumen",
        name="茶野" if chinese else "Lumen & Oak",
        platform=platform,
        language="zh" if chinese else "en",
        timezone="Asia/Shanghai" if chinese else "America/New_York",
        country="CN" if chinese else "US",
        currency="CNY" if chinese else "USD",
        mail_address="help@shop.example",
        page_url="https://shop.example",
        secrets={"shopify": [SHOPIFY_SECRET], "api": [API_SECRET]},
        created_at=NOON,
        **values,
    )


def an_order(shop: Shop, number: int = 1001) -> SimOrder:
    """Two lines of one and two units, not placed yet."""
    order_id = 9_200_000_000_000_000 + number * 1000
    return SimOrder(
        shop=shop,
        id=str(order_id),
        number=number,
        placed_at=NOON - timedelta(hours=len(LIFE)),
        name="Ines Marlow",
        email="ines@example.com",
        phone="",
        address=Address(lines=("18 Willow Lane",), city="Burlington", region="VT", postcode="05401", country="US"),
        lines=[
            SimLine(str(order_id + 1), "Alder table lamp", "Oak", "LO-ALD", 1, 12900),
            SimLine(str(order_id + 2), "Filament bulb", "2200 K", "LO-BUL", 2, 2400),
        ],
        method="card",
        shipping=1200,
    )


def told(shop: Shop, steps: Iterable[str] = LIFE, number: int = 1001) -> list[Wire]:
    """What a shop sends while `steps` happen to an order, one an hour, up to noon."""
    order, random, steps = an_order(shop, number), Random(7), list(steps)
    wires = []
    for position, step in enumerate(steps):
        at = NOON - timedelta(hours=len(steps) - position)
        order.placed_at = at if position == 0 else order.placed_at
        wires += tell(order, take(order, step, at, random), at)
    return wires


def read(shop: Shop, wire: Wire) -> OrderFacts:
    """The facts in one delivery."""
    arrived = incoming(wire)
    headers = lower(arrived.headers)
    source = SOURCES[arrived.source]
    (facts,) = source.read(a_delivery(shop, source.topic(headers), arrived.body, headers)).orders
    return facts


def a_delivery(shop: Shop, topic: str, body: bytes, headers: dict[str, str] | None = None) -> Delivery:
    return Delivery(
        topic=topic,
        headers=headers or {},
        body=body,
        received_at=NOON,
        timezone=shop.timezone,
        country=shop.country,
        language=shop.language,
        currency=shop.currency,
    )


@cache
def facts_of_life(platform: str) -> tuple[OrderFacts, ...]:
    shop = a_shop(platform)
    return tuple(read(shop, wire) for wire in told(shop))


def webhook(topic: str, payload: dict[str, Any] | bytes, *, secret: str = SHOPIFY_SECRET, event: str = "") -> Wire:
    """A signed Shopify delivery for the shop `lumen`."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload, ensure_ascii=False).encode()
    headers = {
        "X-Shopify-Topic": topic,
        "X-Shopify-Event-Id": event or hashlib.sha256(body + topic.encode()).hexdigest()[:36],
        "X-Shopify-Hmac-SHA256": shopify.sign(secret, body),
    }
    return Wire("/webhooks/shopify/lumen", headers, body)


def upsert(document: dict[str, Any], at: datetime, *, shop: str = "chaye", secret: str = API_SECRET) -> Wire:
    """A signed order document, sent at `at`."""
    body = json.dumps(document, ensure_ascii=False).encode(errors="backslashreplace")
    name, sent = new_id("msg"), int(at.timestamp())
    headers = {
        "X-Wismo-Shop": shop,
        "webhook-id": name,
        "webhook-timestamp": str(sent),
        "webhook-signature": generic.sign(secret, name, sent, body),
    }
    return Wire("/api/v1/orders:upsert", headers, body)
